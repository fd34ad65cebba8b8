/* symtab: function symbols sorted by address; see symtab.h.
 *
 * 16 bytes a symbol, from the first to the last: while symbols are added, the upper bits of the
 * size hold what decides between aliases, and the array is sorted in place. Names stay where
 * they are, in the files, and are read when one is asked for; those that stand in no file
 * (kernel, PLT stubs, unpacked files) are kept in one block.
 */
#include "ctop/symtab.h"

#include "ctop/elf.h"
#include "ctop/mem.h"
#include "ctop/vec.h"

#include <assert.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SYMBOLS_MAX = 16 << 20, SCAN_BACK = 64, NAME_MOST = 1 << 12 };
static const uint64_t OPEN_MOST = UINT64_C(1) << 20; /* reach of an unsized symbol */
static const uint64_t SPARSE_MOST = 4096;            /* the same in a stripped file */

/* `size` while symbols are added: {rank, open, size}. */
enum { SIZE_BITS = 25, RANK_SHIFT = SIZE_BITS + 1, RANK_MOST = 63 };
static const uint32_t SIZE_MOST = (UINT32_C(1) << SIZE_BITS) - 1;
static const uint32_t OPEN = UINT32_C(1) << SIZE_BITS; /* unsized: the farthest it may reach */

/* `name`: an offset into the block, or into all string tables of files, one behind another. */
static const uint32_t IN_BLOCK = UINT32_C(1) << 31;

struct entry {
	uint64_t start;
	uint32_t size;
	uint32_t name;
};
static_assert(sizeof(struct entry) == 16, "a symbol takes 16 bytes");

/* A string table in a file. */
struct strings {
	int fd;
	bool owned;
	uint64_t offset, len;
	uint32_t base; /* of its names among all */
};

/* Stretches of string tables read last, while symbols are added. */
enum { PIECE = 1 << 14, PIECES = 64 };
struct piece {
	uint64_t at; /* piece number + 1, 0: none */
	size_t len;
	char bytes[PIECE + NAME_MOST]; /* a name may reach beyond the piece it begins in */
};

struct symtab {
	char *block;
	size_t block_len, block_cap;
	struct strings *strings;
	size_t string_count, string_cap;
	uint32_t string_end;
	struct piece *pieces; /* until it is finished */
	struct entry *entries;
	size_t count, cap;
};

struct symtab *symtab_new(void)
{
	return mem_zalloc(1, sizeof(struct symtab));
}

void symtab_free(struct symtab *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->string_count; i++)
		if (t->strings[i].owned)
			close(t->strings[i].fd);
	free(t->strings);
	free(t->pieces);
	free(t->block);
	free(t->entries);
	free(t);
}

/* --- names ------------------------------------------------------------------------- */

/* Copies bytes into the block; returns the name they are. */
static uint32_t add_to_block(struct symtab *t, const void *s, size_t len)
{
	size_t at = t->block_len;
	t->block = vec_reserve(t->block, &t->block_cap, at + len + 1, 1);
	memcpy(t->block + at, s, len);
	t->block[at + len] = '\0';
	t->block_len = at + len + 1;
	return IN_BLOCK | (uint32_t)at;
}

static bool block_has_room(const struct symtab *t, uint64_t len)
{
	return len < IN_BLOCK && t->block_len + len + 1 < IN_BLOCK;
}

static const struct strings *strings_of(const struct symtab *t, uint32_t name)
{
	size_t i = t->string_count;
	while (i > 0 && t->strings[i - 1].base > name)
		i--;
	return i > 0 ? &t->strings[i - 1] : NULL;
}

/* Bytes of a string table from `at` on; returns how many there are. */
static size_t read_strings(const struct strings *s, uint64_t at, char *buf, size_t len)
{
	if (at >= s->len)
		return 0;
	size_t left = s->len - at < len ? (size_t)(s->len - at) : len;
	ssize_t n = pread(s->fd, buf, left, (off_t)(s->offset + at));
	return n > 0 ? (size_t)n : 0;
}

/* A name in a file while symbols are added, its first bytes if it is very long: borrowed until a
 * few others have been asked for. "" when it is not there. */
static const char *peek_strings(struct symtab *t, uint32_t name)
{
	const struct strings *s = strings_of(t, name);
	if (s == NULL || name - s->base >= s->len)
		return "";
	uint64_t at = name - s->base, number = at / PIECE;
	uint64_t id = ((uint64_t)s->base + number * PIECE) + 1;
	if (t->pieces == NULL)
		t->pieces = mem_zalloc(PIECES, sizeof *t->pieces);
	struct piece *p = &t->pieces[(id / PIECE) % PIECES];
	if (p->at != id) {
		p->at = id;
		p->len = read_strings(s, number * PIECE, p->bytes, sizeof p->bytes - 1);
		p->bytes[p->len] = '\0';
	}
	size_t in = (size_t)(at % PIECE);
	return in < p->len ? p->bytes + in : "";
}

static const char *peek_name(struct symtab *t, uint32_t name)
{
	return (name & IN_BLOCK) != 0 ? t->block + (name & ~IN_BLOCK) : peek_strings(t, name);
}

const char *symtab_name(const struct symtab *t, const struct symtab_hit *hit, char *buf, size_t cap)
{
	if ((hit->name & IN_BLOCK) != 0)
		return t->block + (hit->name & ~IN_BLOCK);
	const struct strings *s = strings_of(t, hit->name);
	size_t n = s != NULL ? read_strings(s, hit->name - s->base, buf, cap - 1) : 0;
	buf[n] = '\0';
	return buf;
}

/* --- adding ------------------------------------------------------------------------ */

static uint32_t clamp(uint64_t n)
{
	return n < SIZE_MOST ? (uint32_t)n : SIZE_MOST;
}

/* `rank`: smaller is better; `open`: unsized, and `size` is the farthest it may reach. */
static void add(struct symtab *t, uint64_t start, uint64_t size, bool open, uint32_t rank,
                uint32_t name)
{
	if (t->count >= SYMBOLS_MAX)
		return;
	t->entries = vec_reserve(t->entries, &t->cap, t->count + 1, sizeof *t->entries);
	t->entries[t->count++] =
	        (struct entry){start, clamp(size) | (open ? OPEN : 0) | rank << RANK_SHIFT, name};
}

void symtab_add(struct symtab *t, uint64_t start, uint64_t size, const char *name, size_t len)
{
	if (len == 0 || len >= NAME_MOST || !block_has_room(t, len))
		return;
	bool open = size == 0;
	add(t, start, open ? OPEN_MOST : size, open, 0, add_to_block(t, name, len));
}

/* --- from ELF --------------------------------------------------------------- */

/* What is known of the sections symbols stand in. */
struct section {
	uint64_t end;
	bool executable;
};

static struct section *read_sections(Elf *elf, size_t *count)
{
	*count = 0;
	if (elf_getshdrnum(elf, count) != 0)
		return NULL;
	struct section *s = mem_zalloc(*count, sizeof *s);
	for (size_t i = 0; i < *count; i++) {
		GElf_Shdr h;
		Elf_Scn *scn = elf_getscn(elf, i);
		if (scn == NULL || gelf_getshdr(scn, &h) == NULL)
			continue;
		s[i].end = h.sh_addr + h.sh_size;
		s[i].executable = (h.sh_flags & SHF_EXECINSTR) != 0;
	}
	return s;
}

static bool is_function(const Elf64_Sym *sym, const struct section *sec)
{
	switch (ELF64_ST_TYPE(sym->st_info)) {
	case STT_FUNC:
	case STT_GNU_IFUNC:
		return true;
	case STT_NOTYPE:
		return sec->executable && sym->st_value != 0;
	default:
		return false;
	}
}

/* Global before weak before local, functions before labels, plain names before
 * reserved ones: what a person would call the function. */
static uint32_t rank_of(const Elf64_Sym *sym, const char *name)
{
	unsigned bind = ELF64_ST_BIND(sym->st_info);
	uint32_t rank = bind == STB_GLOBAL ? 0 : bind == STB_WEAK ? 1 : 2;
	if (ELF64_ST_TYPE(sym->st_info) == STT_NOTYPE)
		rank += 8;
	if (sym->st_size == 0)
		rank += 4;
	uint32_t underscores = 0;
	while (underscores < 3 && name[underscores] == '_')
		underscores++;
	return underscores * 16 + rank;
}
static_assert(3 * 16 + 2 + 8 + 4 <= RANK_MOST, "every rank has its place");

/* One table being added. */
struct adding {
	struct symtab *t;
	struct elf *elf;
	const struct section *sections;
	size_t section_count;
	uint32_t names; /* the first of its string table */
	uint64_t names_len, shift;
	bool sparse; /* only exported symbols are here: the next one may be far */
};

static void add_symbol(const struct adding *a, const Elf64_Sym *sym)
{
	if (sym->st_shndx == SHN_UNDEF || sym->st_shndx >= a->section_count ||
	    sym->st_name >= a->names_len)
		return;
	const struct section *sec = &a->sections[sym->st_shndx];
	if (!is_function(sym, sec))
		return;
	const char *name = peek_name(a->t, a->names + sym->st_name);
	if (name[0] == '\0' || name[0] == '$' || name[0] == '.')
		return;
	bool open = sym->st_size == 0;
	uint64_t size = sym->st_size;
	if (open) {
		size = sec->end > sym->st_value ? sec->end - sym->st_value : 0;
		size = a->sparse && size > SPARSE_MOST ? SPARSE_MOST : size;
	}
	add(a->t, sym->st_value + a->shift, size, open, rank_of(sym, name),
	    a->names + sym->st_name);
}

/* The string table: a reference to the file, or a copy where there is none. */
static bool add_strings(struct adding *a, const GElf_Shdr *h, bool owned)
{
	struct symtab *t = a->t;
	int fd = elf_fd(a->elf);
	uint64_t size = elf_size(a->elf);
	a->names_len = h->sh_size < size ? h->sh_size : size;
	if (fd < 0) {
		if (!block_has_room(t, a->names_len))
			return false;
		char *copy = mem_alloc(a->names_len + 1);
		a->names_len = elf_read(a->elf, h->sh_offset, copy, a->names_len);
		a->names = add_to_block(t, copy, a->names_len);
		free(copy);
		return true;
	}
	if (a->names_len >= IN_BLOCK - t->string_end)
		return false;
	if (owned && (fd = fcntl(fd, F_DUPFD_CLOEXEC, 0)) < 0)
		return false;
	t->strings =
	        vec_reserve(t->strings, &t->string_cap, t->string_count + 1, sizeof *t->strings);
	t->strings[t->string_count++] =
	        (struct strings){fd, owned, h->sh_offset, a->names_len, t->string_end};
	a->names = t->string_end;
	t->string_end += (uint32_t)a->names_len;
	return true;
}

/* Adds one symbol table; what `common` says holds for all tables of the file. */
static void add_table(const struct adding *common, const GElf_Shdr *h, bool owned)
{
	enum { BATCH = 512 };
	struct adding a = *common;
	Elf64_Sym batch[BATCH];
	GElf_Shdr strings;
	Elf_Scn *scn = elf_getscn(elf_handle(a.elf), h->sh_link);
	if (scn == NULL || gelf_getshdr(scn, &strings) == NULL || strings.sh_size == 0 ||
	    strings.sh_type != SHT_STRTAB || h->sh_entsize != sizeof batch[0] ||
	    !add_strings(&a, &strings, owned))
		return;
	uint64_t count = h->sh_size / sizeof batch[0];
	for (uint64_t i = 0; i < count && i < SYMBOLS_MAX; i += BATCH) {
		size_t want = count - i < BATCH ? (size_t)(count - i) : BATCH;
		size_t got = elf_read(a.elf, h->sh_offset + i * sizeof batch[0], batch,
		                      want * sizeof batch[0]) /
		             sizeof batch[0];
		for (size_t k = 0; k < got; k++)
			add_symbol(&a, &batch[k]);
		if (got < want)
			break;
	}
}

/* The first section of a type: a file has no more than one of either table. False when it has
 * none. */
static bool find_table(Elf *elf, uint32_t type, GElf_Shdr *h)
{
	for (Elf_Scn *scn = NULL; (scn = elf_nextscn(elf, scn)) != NULL;)
		if (gelf_getshdr(scn, h) != NULL && h->sh_type == type && h->sh_size > 0)
			return true;
	return false;
}

enum ctop_err symtab_add_elf(struct symtab *t, struct elf *f, uint64_t shift, bool lives,
                             struct err *e)
{
	Elf *elf = elf_handle(f);
	GElf_Shdr whole, dynamic;
	bool has_whole = find_table(elf, SHT_SYMTAB, &whole);
	bool has_dynamic = find_table(elf, SHT_DYNSYM, &dynamic);
	struct adding common = {.t = t, .elf = f, .shift = shift, .sparse = !has_whole};
	struct section *sections = read_sections(elf, &common.section_count);
	if (sections == NULL)
		return err_set(e, CTOP_EFORMAT, "bad section headers: %s", elf_errmsg(-1));
	common.sections = sections;
	if (has_whole)
		add_table(&common, &whole, !lives);
	/* The whole table holds the exported symbols too, but for one that was thinned out. */
	if (has_dynamic && (!has_whole || whole.sh_size < dynamic.sh_size))
		add_table(&common, &dynamic, !lives);
	free(sections);
	return CTOP_OK;
}

/* --- sorted ------------------------------------------------------------------ */

/* By address, then rank. Names are left to pick_alias(): a comparison must not depend on what may
 * change while it is made. */
static int by_start_rank(const void *va, const void *vb)
{
	const struct entry *a = va, *b = vb;
	if (a->start != b->start)
		return (a->start > b->start) - (a->start < b->start);
	uint32_t ra = a->size >> RANK_SHIFT, rb = b->size >> RANK_SHIFT;
	if (ra != rb)
		return (ra > rb) - (ra < rb);
	return (a->name > b->name) - (a->name < b->name);
}

/* Of the aliases at one address the one of the best rank with the shortest name, then by its
 * letters. They stand sorted from `from` on; returns which, and in *to where they end. */
static size_t pick_alias(struct symtab *t, size_t from, size_t *to)
{
	const struct entry *e = t->entries;
	char best[NAME_MOST];
	size_t at = from, len = 0;
	for (*to = from + 1; *to < t->count && e[*to].start == e[from].start; ++*to) {
		if (e[*to].size >> RANK_SHIFT != e[from].size >> RANK_SHIFT)
			continue;
		if (*to == from + 1) {
			const char *first = peek_name(t, e[from].name);
			len = strnlen(first, sizeof best);
			memcpy(best, first, len);
		}
		const char *name = peek_name(t, e[*to].name);
		size_t n = strnlen(name, sizeof best);
		if (n > len || n == 0 || (n == len && memcmp(name, best, n) >= 0))
			continue;
		memcpy(best, name, n);
		len = n;
		at = *to;
	}
	return at;
}

static void sort(struct symtab *t, size_t from, size_t to)
{
	if (to - from > 1)
		qsort(t->entries + from, to - from, sizeof *t->entries, by_start_rank);
}

/* Where the addresses already rise, as the kernel's do, only aliases are left to sort. */
static void sort_entries(struct symtab *t)
{
	const struct entry *e = t->entries;
	for (size_t i = 1; i < t->count; i++) {
		if (e[i - 1].start > e[i].start) {
			sort(t, 0, t->count);
			return;
		}
	}
	for (size_t from = 0, to; from < t->count; from = to) {
		for (to = from + 1; to < t->count && e[to].start == e[from].start;)
			to++;
		sort(t, from, to);
	}
}

void symtab_finish(struct symtab *t)
{
	struct entry *e = t->entries;
	size_t n = 0;
	sort_entries(t);
	for (size_t from = 0, to; from < t->count; from = to)
		e[n++] = e[pick_alias(t, from, &to)];
	for (size_t i = 0; i < n; i++) {
		bool open = (e[i].size & OPEN) != 0;
		e[i].size &= SIZE_MOST;
		if (open && i + 1 < n && e[i + 1].start - e[i].start < e[i].size)
			e[i].size = (uint32_t)(e[i + 1].start - e[i].start);
	}
	t->count = n;
	if (n < t->cap && n > 0) {
		t->entries = mem_realloc(e, n, sizeof *e);
		t->cap = n;
	}
	free(t->pieces);
	t->pieces = NULL;
}

bool symtab_find(const struct symtab *t, uint64_t addr, struct symtab_hit *hit)
{
	size_t lo = 0, hi = t->count;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (t->entries[mid].start <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	/* An enclosing function may start before a smaller one inside it. */
	for (size_t i = lo, back = 0; i-- > 0 && back < SCAN_BACK; back++) {
		const struct entry *e = &t->entries[i];
		if (addr - e->start < e->size) {
			*hit = (struct symtab_hit){e->start, e->size, e->name};
			return true;
		}
	}
	return false;
}

size_t symtab_count(const struct symtab *t)
{
	return t->count;
}

size_t symtab_bytes(const struct symtab *t)
{
	return t->block_cap + t->cap * sizeof(struct entry) +
	       t->string_cap * sizeof(struct strings);
}
