/* symtab: function symbols sorted by address; see symtab.h.
 *
 * While symbols are added they carry a rank that tells which of several aliases
 * to keep; symtab_finish() sorts, drops the losers and packs what is left into
 * 16-byte entries over one block of names.
 */
#include "ctop/symtab.h"

#include "ctop/elf.h"
#include "ctop/mem.h"
#include "ctop/vec.h"

#include <assert.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

enum { SYMBOLS_MAX = 16 << 20, SCAN_BACK = 64, NAME_MAX_LEN = 1 << 16 };
static const uint64_t OPEN_MOST = UINT64_C(1) << 20; /* reach of an unsized symbol */
static const uint64_t SPARSE_MOST = 4096;            /* the same in a stripped file */

struct entry {
	uint64_t start;
	uint32_t size;
	uint32_t name; /* offset in names */
};
static_assert(sizeof(struct entry) == 16, "a symbol takes 16 bytes");

struct candidate {
	struct entry e;
	uint32_t rank; /* smaller is better */
	bool open;     /* unsized: e.size is the farthest it may reach */
};

struct symtab {
	char *names;
	size_t names_len, names_cap;
	struct candidate *adding;
	size_t adding_count, adding_cap;
	struct entry *entries;
	size_t count;
};

struct symtab *symtab_new(void)
{
	return mem_zalloc(1, sizeof(struct symtab));
}

void symtab_free(struct symtab *t)
{
	if (t == NULL)
		return;
	free(t->names);
	free(t->adding);
	free(t->entries);
	free(t);
}

/* Copies bytes behind the names; returns their offset. */
static size_t add_names(struct symtab *t, const char *s, size_t len)
{
	size_t at = t->names_len;
	t->names = vec_reserve(t->names, &t->names_cap, at + len + 1, 1);
	memcpy(t->names + at, s, len);
	t->names[at + len] = '\0';
	t->names_len = at + len + 1;
	return at;
}

static uint32_t clamp(uint64_t n)
{
	return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

static void add(struct symtab *t, const struct candidate *c)
{
	if (t->adding_count >= SYMBOLS_MAX)
		return;
	t->adding = vec_reserve(t->adding, &t->adding_cap, t->adding_count + 1, sizeof *t->adding);
	t->adding[t->adding_count++] = *c;
}

void symtab_add(struct symtab *t, uint64_t start, uint64_t size, const char *name, size_t len)
{
	if (len == 0 || len > NAME_MAX_LEN || t->names_len + len >= UINT32_MAX)
		return;
	struct candidate c = {.e = {start, clamp(size), 0}, .open = size == 0};
	if (c.open)
		c.e.size = (uint32_t)OPEN_MOST;
	c.e.name = (uint32_t)add_names(t, name, len);
	add(t, &c);
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

static bool is_function(const GElf_Sym *sym, const struct section *sec)
{
	switch (GELF_ST_TYPE(sym->st_info)) {
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
static uint32_t rank_of(const GElf_Sym *sym, const char *name)
{
	unsigned bind = GELF_ST_BIND(sym->st_info);
	uint32_t rank = bind == STB_GLOBAL ? 0 : bind == STB_WEAK ? 1 : 2;
	if (GELF_ST_TYPE(sym->st_info) == STT_NOTYPE)
		rank += 8;
	if (sym->st_size == 0)
		rank += 4;
	uint32_t underscores = 0;
	while (underscores < 3 && name[underscores] == '_')
		underscores++;
	return underscores * 16 + rank;
}

/* One table being added. */
struct adding {
	struct symtab *t;
	Elf_Data *data;
	const struct section *sections;
	size_t section_count;
	const char *strings;
	size_t strings_len;
	size_t base; /* of the strings in names */
	uint64_t shift;
	bool sparse; /* only exported symbols are here: the next one may be far */
};

static void add_symbol(const struct adding *a, int i)
{
	GElf_Sym sym;
	if (gelf_getsym(a->data, i, &sym) == NULL || sym.st_shndx == SHN_UNDEF ||
	    sym.st_shndx >= a->section_count || sym.st_name >= a->strings_len)
		return;
	const struct section *sec = &a->sections[sym.st_shndx];
	const char *name = a->strings + sym.st_name;
	if (name[0] == '\0' || name[0] == '$' || name[0] == '.' || !is_function(&sym, sec) ||
	    memchr(name, '\0', a->strings_len - sym.st_name) == NULL)
		return;
	struct candidate c = {
	        .e = {sym.st_value + a->shift, clamp(sym.st_size),
	              (uint32_t)(a->base + sym.st_name)},
	        .rank = rank_of(&sym, name),
	        .open = sym.st_size == 0,
	};
	if (c.open) {
		uint64_t room = sec->end > sym.st_value ? sec->end - sym.st_value : 0;
		c.e.size = clamp(a->sparse && room > SPARSE_MOST ? SPARSE_MOST : room);
	}
	add(a->t, &c);
}

/* Adds one symbol table; what `common` says holds for all tables of the file. */
static void add_table(const struct adding *common, Elf *elf, Elf_Scn *scn, const GElf_Shdr *h)
{
	struct adding a = *common;
	Elf_Scn *str_scn = elf_getscn(elf, h->sh_link);
	Elf_Data *str = str_scn != NULL ? elf_getdata(str_scn, NULL) : NULL;
	a.data = elf_getdata(scn, NULL);
	if (a.data == NULL || str == NULL || str->d_buf == NULL || str->d_size == 0 ||
	    h->sh_entsize == 0 || a.t->names_len + str->d_size >= UINT32_MAX)
		return;
	a.strings = str->d_buf;
	a.strings_len = str->d_size;
	a.base = add_names(a.t, a.strings, a.strings_len);
	size_t count = a.data->d_size / h->sh_entsize;
	for (size_t i = 1; i < count && i < SYMBOLS_MAX; i++)
		add_symbol(&a, (int)i);
}

static bool has_table(Elf *elf, uint32_t type)
{
	for (Elf_Scn *scn = NULL; (scn = elf_nextscn(elf, scn)) != NULL;) {
		GElf_Shdr h;
		if (gelf_getshdr(scn, &h) != NULL && h.sh_type == type)
			return true;
	}
	return false;
}

enum ctop_err symtab_add_elf(struct symtab *t, struct elf *f, uint64_t shift, struct err *e)
{
	Elf *elf = elf_handle(f);
	struct adding common = {.t = t, .shift = shift, .sparse = !has_table(elf, SHT_SYMTAB)};
	struct section *sections = read_sections(elf, &common.section_count);
	if (sections == NULL)
		return err_set(e, CTOP_EFORMAT, "bad section headers: %s", elf_errmsg(-1));
	common.sections = sections;
	for (Elf_Scn *scn = NULL; (scn = elf_nextscn(elf, scn)) != NULL;) {
		GElf_Shdr h;
		if (gelf_getshdr(scn, &h) != NULL &&
		    (h.sh_type == SHT_SYMTAB || h.sh_type == SHT_DYNSYM))
			add_table(&common, elf, scn, &h);
	}
	free(sections);
	return CTOP_OK;
}

/* --- sorted ------------------------------------------------------------------ */

/* By address; among aliases the best rank, then the shortest name, then by its letters. */
static int by_start_rank(const void *va, const void *vb, void *ctx)
{
	const struct candidate *a = va, *b = vb;
	const char *names = ctx;
	if (a->e.start != b->e.start)
		return (a->e.start > b->e.start) - (a->e.start < b->e.start);
	if (a->rank != b->rank)
		return (a->rank > b->rank) - (a->rank < b->rank);
	const char *na = names + a->e.name, *nb = names + b->e.name;
	size_t la = strlen(na), lb = strlen(nb);
	return la != lb ? (la > lb) - (la < lb) : strcmp(na, nb);
}

static void sort(struct candidate *c, size_t count, char *names)
{
	if (count > 1)
		qsort_r(c, count, sizeof *c, by_start_rank, names);
}

/* Where the addresses already rise, as the kernel's do, only aliases are left to sort. */
static void sort_candidates(struct candidate *c, size_t count, char *names)
{
	for (size_t i = 1; i < count; i++) {
		if (c[i - 1].e.start > c[i].e.start) {
			sort(c, count, names);
			return;
		}
	}
	for (size_t from = 0, to; from < count; from = to) {
		for (to = from + 1; to < count && c[to].e.start == c[from].e.start;)
			to++;
		sort(c + from, to - from, names);
	}
}

void symtab_finish(struct symtab *t)
{
	struct candidate *c = t->adding;
	size_t n = 0;
	sort_candidates(c, t->adding_count, t->names);
	for (size_t i = 0; i < t->adding_count; i++)
		if (n == 0 || c[i].e.start != c[n - 1].e.start)
			c[n++] = c[i];
	t->entries = mem_alloc(n * sizeof *t->entries);
	for (size_t i = 0; i < n; i++) {
		t->entries[i] = c[i].e;
		if (c[i].open && i + 1 < n && c[i + 1].e.start - c[i].e.start < c[i].e.size)
			t->entries[i].size = (uint32_t)(c[i + 1].e.start - c[i].e.start);
	}
	t->count = n;
	free(t->adding);
	t->adding = NULL;
	t->adding_count = t->adding_cap = 0;
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
			*hit = (struct symtab_hit){t->names + e->name, e->start, e->size};
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
	return t->names_cap + t->count * sizeof(struct entry);
}
