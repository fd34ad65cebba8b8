/* pclntab: Go's function table; see pclntab.h.
 *
 * All versions are the same four tables, found through a header that moved: an index
 * {address, where its record stands} in the order of addresses, the records, their names,
 * and runs of (value, length) pairs that give one number for every address of a function.
 */
#include "ctop/pclntab.h"

#include "ctop/bytes.h"
#include "ctop/elf.h"
#include "ctop/mem.h"
#include "ctop/symtab.h"

#include <stdlib.h>
#include <string.h>

enum { HEADER = 72, RECORD = 44, FUNCTIONS_MAX = 4 << 20, NAME_MOST = 4096, RUN_MOST = 4096 };
enum { FRAME_MOST = 1 << 30 };           /* bytes; Go's stacks are at most that */
enum { FLAG_TOP = 1, FLAG_SPWRITE = 2 }; /* runtime/symtab.go: funcFlag */

/* Where things stand in one version. 0 for what it has not. */
struct layout {
	uint32_t magic;
	uint8_t text;               /* header: address of the first function */
	uint8_t names, runs, index; /* header: offsets of the tables */
	uint8_t word;               /* bytes of a number in the index */
	uint8_t name, run, flag;    /* record: fields */
};

/* clang-format off */
static const struct layout layouts[] = {
        /* magic     text names runs index word name run flag */
        {0xfffffffb,    0,   0,   0,    0,   8,   8, 20,  0}, /* Go 1.2 */
        {0xfffffffa,    0,  24,  48,   56,   8,   8, 20,  0}, /* Go 1.16 */
        {0xfffffff0,   24,  32,  56,   64,   4,   4, 16, 37}, /* Go 1.18 */
        {0xfffffff1,   24,  32,  56,   64,   4,   4, 16, 41}, /* Go 1.20 */
};
/* clang-format on */

struct pclntab {
	unsigned char *data; /* owned */
	size_t len;
	const struct layout *v;
	uint64_t text; /* what addresses in the index count from */
	size_t names, runs, index;
	uint32_t count;
	uint32_t quantum; /* bytes of the smallest instruction */
};

/* --- the header ------------------------------------------------------------------- */

static uint64_t word_at(const struct pclntab *t, size_t offset, unsigned size)
{
	uint64_t v = 0;
	if (offset <= t->len && t->len - offset >= size)
		memcpy(&v, t->data + offset, size);
	return v;
}

static bool read_header(struct pclntab *t, uint64_t text)
{
	uint32_t magic = (uint32_t)word_at(t, 0, 4);
	for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++)
		if (layouts[i].magic == magic)
			t->v = &layouts[i];
	if (t->v == NULL || t->len < HEADER || t->data[7] != 8 || t->data[6] == 0)
		return false;
	uint64_t count = word_at(t, 8, 8);
	t->quantum = t->data[6];
	t->text = t->v->text != 0 ? word_at(t, t->v->text, 8) : 0;
	if (t->v->text != 0 && t->text == 0)
		t->text = text;
	t->names = t->v->names != 0 ? (size_t)word_at(t, t->v->names, 8) : 0;
	t->runs = t->v->runs != 0 ? (size_t)word_at(t, t->v->runs, 8) : 0;
	t->index = t->v->index != 0 ? (size_t)word_at(t, t->v->index, 8) : 16;
	if (count == 0 || count > FUNCTIONS_MAX || t->index > t->len || t->names > t->len ||
	    t->runs > t->len || (t->len - t->index) / t->v->word < 2 * count + 1)
		return false;
	t->count = (uint32_t)count;
	return true;
}

/* Takes over `data`. */
static struct pclntab *new_table(unsigned char *data, size_t len, uint64_t text)
{
	struct pclntab *t = mem_zalloc(1, sizeof *t);
	t->data = data;
	t->len = len;
	if (read_header(t, text))
		return t;
	pclntab_free(t);
	return NULL;
}

struct pclntab *pclntab_parse(const void *bytes, size_t len, uint64_t text)
{
	unsigned char *copy = mem_alloc(len);
	if (len > 0)
		memcpy(copy, bytes, len);
	return new_table(copy, len, text);
}

/* Position-independent programs have the section under the second name. */
const char *pclntab_section(const struct elf *f, uint64_t *vaddr)
{
	static const char *const names[] = {".gopclntab", ".data.rel.ro.gopclntab"};
	uint64_t size;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (elf_section_place(f, names[i], vaddr, &size))
			return names[i];
	return NULL;
}

/* Position-independent programs have the address of the text in a relocation; Go 1.26 has
 * it nowhere in the table. It then is where .text begins, unless a C linker has put its own
 * code there first. */
struct pclntab *pclntab_load(struct elf *f)
{
	uint64_t vaddr, text = 0, unused;
	size_t len;
	const char *name = pclntab_section(f, &vaddr);
	unsigned char *data = name != NULL ? elf_section_bytes(f, name, &len) : NULL;
	if (data == NULL)
		return NULL;
	if (!elf_relative(f, vaddr + 24, &text))
		elf_section_place(f, ".text", &text, &unused);
	return new_table(data, len, text);
}

void pclntab_free(struct pclntab *t)
{
	if (t == NULL)
		return;
	free(t->data);
	free(t);
}

/* --- functions -------------------------------------------------------------------------- */

static uint64_t start_of(const struct pclntab *t, uint32_t i)
{
	return t->text + word_at(t, t->index + (size_t)i * 2 * t->v->word, t->v->word);
}

static size_t record_of(const struct pclntab *t, uint32_t i)
{
	uint64_t at = word_at(t, t->index + ((size_t)i * 2 + 1) * t->v->word, t->v->word);
	/* Before 1.16 all offsets count from the beginning of the whole. */
	size_t base = t->v->index != 0 ? t->index : 0;
	return at < t->len ? base + (size_t)at : t->len;
}

static const char *name_of(const struct pclntab *t, size_t record, size_t *len)
{
	size_t at = t->names + (uint32_t)word_at(t, record + t->v->name, 4);
	*len = 0;
	if (at >= t->len)
		return "";
	size_t most = t->len - at < NAME_MOST ? t->len - at : NAME_MOST;
	*len = strnlen((const char *)t->data + at, most);
	if (*len == most)
		*len = 0;
	return *len > 0 ? (const char *)t->data + at : "";
}

static bool is_one_of(const char *name, const char *const *list)
{
	for (; *list != NULL; list++) {
		size_t n = strlen(*list);
		if (strncmp(name, *list, n) == 0 && (name[n] == '\0' || name[n] == '.'))
			return true;
	}
	return false;
}

/* Flags say it since 1.18; names always do, for the functions that count. */
static bool is_top(const struct pclntab *t, size_t record, const char *name)
{
	static const char *const tops[] = {
	        "runtime.goexit",      "runtime.mstart",    "runtime.rt0_go", "runtime.mcall",
	        "runtime.systemstack", "runtime.morestack", "runtime.gogo",   NULL};
	static const char *const handlers[] = {"runtime.sigtramp", NULL};
	if (is_one_of(name, tops))
		return true;
	if (t->v->flag == 0 || is_one_of(name, handlers))
		return false; /* sigtramp's caller is the code that was interrupted */
	return (word_at(t, record + t->v->flag, 1) & (FLAG_TOP | FLAG_SPWRITE)) != 0;
}

static bool find(const struct pclntab *t, uint64_t vaddr, uint32_t *out)
{
	uint32_t lo = 0, hi = t->count;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (start_of(t, mid) <= vaddr)
			lo = mid + 1;
		else
			hi = mid;
	}
	*out = lo - 1;
	/* Behind the last entry stands the end of the text. */
	return lo > 0 && vaddr < start_of(t, lo);
}

bool pclntab_find(const struct pclntab *t, uint64_t vaddr, struct pclntab_func *out)
{
	static const char *const returns[] = {"runtime.sigreturn", "runtime.sigreturn__sigaction",
	                                      NULL};
	uint32_t i;
	size_t len;
	if (!find(t, vaddr, &i))
		return false;
	size_t record = record_of(t, i);
	out->start = start_of(t, i);
	out->end = start_of(t, i + 1);
	out->name = name_of(t, record, &len);
	out->top = is_top(t, record, out->name);
	out->signal = is_one_of(out->name, returns);
	return true;
}

void pclntab_add_symbols(const struct pclntab *t, struct symtab *to)
{
	for (uint32_t i = 0; i < t->count; i++) {
		size_t len;
		const char *name = name_of(t, record_of(t, i), &len);
		uint64_t start = start_of(t, i), end = start_of(t, i + 1);
		if (len > 0 && end > start)
			symtab_add(to, start, end - start, name, len);
	}
}

/* --- runs ---------------------------------------------------------------------------------- */

/* The value for `vaddr` in the run at `at`; *used gets the bytes read. */
static bool run_value(const struct pclntab *t, size_t at, uint64_t start, uint64_t vaddr,
                      int64_t *value, size_t *used)
{
	size_t room = at < t->len ? t->len - at : 0;
	struct bytes b = bytes_of(t->data + (room > 0 ? at : 0), room < RUN_MOST ? room : RUN_MOST);
	const unsigned char *from = b.at;
	uint64_t pc = start, sum = UINT64_MAX; /* −1; wraps on damaged data */
	*value = -1;
	*used = 0;
	for (bool first = true; !b.bad; first = false) {
		uint64_t delta = bytes_uleb(&b);
		if (delta == 0 && !first)
			return false;
		sum += (delta & 1) != 0 ? ~(delta >> 1) : delta >> 1;
		*value = (int64_t)sum;
		pc += bytes_uleb(&b) * t->quantum;
		*used = (size_t)(b.at - from);
		if (vaddr < pc)
			return !b.bad;
	}
	return false;
}

bool pclntab_frame(const struct pclntab *t, uint64_t vaddr, uint32_t *bytes)
{
	uint32_t i;
	int64_t value;
	size_t used;
	if (!find(t, vaddr, &i))
		return false;
	uint32_t run = (uint32_t)word_at(t, record_of(t, i) + t->v->run, 4);
	if (run == 0 || !run_value(t, t->runs + run, start_of(t, i), vaddr, &value, &used) ||
	    value < 0 || value > FRAME_MOST)
		return false;
	*bytes = (uint32_t)value;
	return true;
}

void pclntab_common_pieces(const struct pclntab *t, pclntab_piece_fn *piece, void *ctx)
{
	piece(ctx, 0, HEADER);
	piece(ctx, t->index, (size_t)(2 * t->count + 1) * t->v->word);
}

void pclntab_pieces(const struct pclntab *t, uint64_t vaddr, pclntab_piece_fn *piece, void *ctx)
{
	uint32_t i;
	int64_t value;
	size_t used, len;
	if (!find(t, vaddr, &i))
		return;
	size_t record = record_of(t, i);
	if (record + RECORD <= t->len)
		piece(ctx, record, RECORD);
	const char *name = name_of(t, record, &len);
	if (len > 0)
		piece(ctx, (size_t)((const unsigned char *)name - t->data), len + 1);
	size_t run = t->runs + (uint32_t)word_at(t, record + t->v->run, 4);
	run_value(t, run, start_of(t, i), vaddr, &value, &used);
	if (used > 0)
		piece(ctx, run, used);
}

size_t pclntab_bytes(const struct pclntab *t)
{
	return sizeof *t + t->len;
}
