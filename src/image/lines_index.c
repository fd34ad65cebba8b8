/* lines_index: one compilation unit of DWARF made flat; see lines_unit.h.
 *
 * The tree of scopes is walked once (functions, blocks, inlined calls; types only where functions
 * may be within); each scope leaves its ranges with its depth, and a sweep over them, sorted, keeps
 * the innermost for every address. Format: DWARF 5, sections 3.3 (subroutines), 2.17 (ranges) and
 * 6.2 (lines).
 */
#include "ctop/hash.h"
#include "ctop/mem.h"
#include "ctop/vec.h"
#include "lines_unit.h"

#include <dwarf.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MOST = 256, SCOPES_MOST = 1 << 24, ROWS_MOST = 1 << 26, TEXT_MOST = 1 << 30 };

/* A range with how deep its scope is. */
struct nested {
	uint64_t lo, hi;
	uint32_t scope, depth;
};

/* Names of the files one table numbers, as offsets in the text; 0: not asked for yet. */
struct file_names {
	Dwarf_Files *files;
	size_t count;
	uint32_t *text;
};

struct builder {
	struct line_unit *u;
	uint64_t shift;
	struct nested *nested;
	size_t nested_count, nested_cap;
	struct file_names of_calls, of_rows;
	const char *dir;           /* in which the compiler ran, or NULL */
	struct hash_map functions; /* offset of an abstract function's DIE → its name in the text */
};

/* --- text ---------------------------------------------------------------------------------------
 */

static uint32_t add_text(struct builder *b, const char *s)
{
	struct strbuf *t = &b->u->text;
	size_t len = s != NULL ? strlen(s) : 0;
	if (t->len == 0)
		strbuf_add(t, "", 1);
	if (len == 0 || t->len + len + 1 > TEXT_MOST)
		return 0;
	uint32_t at = (uint32_t)t->len;
	strbuf_add(t, s, len + 1);
	return at;
}

static void names_init(struct file_names *n, Dwarf_Files *files, size_t count)
{
	n->files = files;
	n->count = count;
	n->text = mem_zalloc(count + 1, sizeof *n->text);
}

/* A path that does not begin at the root begins where the compiler ran. */
static uint32_t add_path(struct builder *b, const char *path)
{
	char whole[PATH_MAX];
	if (path == NULL || path[0] == '/' || path[0] == '<' || b->dir == NULL)
		return add_text(b, path);
	int n = snprintf(whole, sizeof whole, "%s/%s", b->dir, path);
	return add_text(b, n > 0 && (size_t)n < sizeof whole ? whole : path);
}

static uint32_t file_name(struct builder *b, struct file_names *n, uint64_t index)
{
	if (index >= n->count)
		return 0;
	if (n->text[index] == 0)
		n->text[index] = add_path(b, dwarf_filesrc(n->files, index, NULL, NULL));
	return n->text[index];
}

/* --- scopes --------------------------------------------------------------------------------------
 */

static uint64_t number_of(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute a;
	Dwarf_Word n = 0;
	return dwarf_attr(die, name, &a) != NULL && dwarf_formudata(&a, &n) == 0 ? n : 0;
}

static const char *string_of(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute a;
	return dwarf_attr_integrate(die, name, &a) != NULL ? dwarf_formstring(&a) : NULL;
}

static uint32_t read_name(struct builder *b, Dwarf_Die *die)
{
	const char *s = string_of(die, DW_AT_linkage_name);
	if (s == NULL)
		s = string_of(die, DW_AT_MIPS_linkage_name);
	if (s == NULL)
		s = string_of(die, DW_AT_name);
	return add_text(b, s);
}

/* The name of a function, of which there may be many inlined copies. */
static uint32_t function_name(struct builder *b, Dwarf_Die *die)
{
	Dwarf_Attribute a;
	Dwarf_Die origin;
	if (dwarf_attr(die, DW_AT_abstract_origin, &a) == NULL ||
	    dwarf_formref_die(&a, &origin) == NULL)
		return read_name(b, die);
	/* By address in memory: an origin may be in another file. */
	uint64_t key = hash_u64((uintptr_t)origin.addr) | 1;
	uint32_t name;
	if (hash_map_get(&b->functions, key, &name, NULL))
		return name;
	name = read_name(b, &origin);
	hash_map_add(&b->functions, key, name);
	return name;
}

static bool add_ranges(struct builder *b, Dwarf_Die *die, uint32_t scope, unsigned depth)
{
	Dwarf_Addr base, lo, hi;
	ptrdiff_t at = 0;
	bool any = false;
	while ((at = dwarf_ranges(die, at, &base, &lo, &hi)) > 0) {
		if (lo == 0 || lo >= hi || b->nested_count >= SCOPES_MOST)
			continue;
		b->nested = vec_reserve(b->nested, &b->nested_cap, b->nested_count + 1,
		                        sizeof *b->nested);
		b->nested[b->nested_count++] =
		        (struct nested){lo + b->shift, hi + b->shift, scope, depth};
		any = true;
	}
	return any;
}

/* Enters a scope when it has code; LINES_NONE when it has none. */
static uint32_t add_scope(struct builder *b, Dwarf_Die *die, uint32_t parent, unsigned depth)
{
	struct line_unit *u = b->u;
	uint32_t id = (uint32_t)u->scope_count;
	if (!add_ranges(b, die, id, depth))
		return LINES_NONE;
	struct line_scope s = {.parent = parent, .function = function_name(b, die)};
	if (parent != LINES_NONE) {
		s.call_file = file_name(b, &b->of_calls, number_of(die, DW_AT_call_file));
		s.call_line = (uint32_t)number_of(die, DW_AT_call_line);
	}
	u->scopes = vec_reserve(u->scopes, &u->scope_cap, u->scope_count + 1, sizeof *u->scopes);
	u->scopes[u->scope_count++] = s;
	return id;
}

static void walk(struct builder *b, Dwarf_Die *die, uint32_t scope, unsigned depth);

static void visit(struct builder *b, Dwarf_Die *die, uint32_t scope, unsigned depth)
{
	uint32_t inner;
	switch (dwarf_tag(die)) {
	case DW_TAG_subprogram:
		/* One without code is a declaration, or what inlined copies refer to. */
		inner = add_scope(b, die, LINES_NONE, depth);
		if (inner != LINES_NONE)
			walk(b, die, inner, depth + 1);
		break;
	case DW_TAG_inlined_subroutine:
		inner = scope != LINES_NONE ? add_scope(b, die, scope, depth) : LINES_NONE;
		walk(b, die, inner != LINES_NONE ? inner : scope, depth + 1);
		break;
	case DW_TAG_lexical_block:
	case DW_TAG_try_block:
	case DW_TAG_catch_block:
		walk(b, die, scope, depth + 1);
		break;
	case DW_TAG_namespace: /* Rust's methods are within types, which are within namespaces */
	case DW_TAG_module:
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
		walk(b, die, LINES_NONE, depth + 1);
		break;
	default:
		break;
	}
}

static void walk(struct builder *b, Dwarf_Die *die, uint32_t scope, unsigned depth)
{
	Dwarf_Die child;
	if (depth > DEPTH_MOST || b->u->scope_count >= SCOPES_MOST || dwarf_child(die, &child) != 0)
		return;
	do
		visit(b, &child, scope, depth);
	while (dwarf_siblingof(&child, &child) == 0);
}

/* --- making it flat ----------------------------------------------------------------------------
 */

static int by_nesting(const void *va, const void *vb)
{
	const struct nested *a = va, *b = vb;
	if (a->lo != b->lo)
		return (a->lo > b->lo) - (a->lo < b->lo);
	if (a->depth != b->depth)
		return (a->depth > b->depth) - (a->depth < b->depth);
	return (a->scope > b->scope) - (a->scope < b->scope);
}

static void emit(struct line_unit *u, uint64_t lo, uint64_t hi, uint32_t scope)
{
	if (lo >= hi)
		return;
	struct line_range *last = u->range_count > 0 ? &u->ranges[u->range_count - 1] : NULL;
	if (last != NULL && last->hi == lo && last->scope == scope) {
		last->hi = hi;
		return;
	}
	u->ranges = vec_reserve(u->ranges, &u->range_cap, u->range_count + 1, sizeof *u->ranges);
	u->ranges[u->range_count++] = (struct line_range){lo, hi, scope, 0};
}

/* Sweeps over the nested ranges; those open at the moment stand in `open`, outermost first. */
static void flatten(struct builder *b)
{
	struct nested open[DEPTH_MOST + 2];
	size_t n = 0;
	uint64_t at = 0;
	if (b->nested_count > 0)
		qsort(b->nested, b->nested_count, sizeof *b->nested, by_nesting);
	for (size_t i = 0; i <= b->nested_count; i++) {
		struct nested next = i < b->nested_count
		                             ? b->nested[i]
		                             : (struct nested){UINT64_MAX, UINT64_MAX, 0, 0};
		while (n > 0 && open[n - 1].hi <= next.lo) {
			emit(b->u, at, open[n - 1].hi, open[n - 1].scope);
			at = at > open[n - 1].hi ? at : open[n - 1].hi;
			n--;
		}
		if (n > 0)
			emit(b->u, at, next.lo, open[n - 1].scope);
		at = next.lo;
		/* One that goes on behind what it is within is cut. */
		if (n > 0 && next.hi > open[n - 1].hi)
			next.hi = open[n - 1].hi;
		if (n < sizeof open / sizeof open[0] && next.lo < next.hi)
			open[n++] = next;
	}
}

/* --- rows ----------------------------------------------------------------------------------------
 */

static void add_row(struct line_unit *u, struct line_row r)
{
	struct line_row *last = u->row_count > 0 ? &u->rows[u->row_count - 1] : NULL;
	if (last != NULL && last->addr == r.addr) {
		*last = r; /* the one before it covers nothing */
		return;
	}
	if (last != NULL && last->file == r.file && last->line == r.line)
		return;
	if (u->row_count >= ROWS_MOST)
		return;
	u->rows = vec_reserve(u->rows, &u->row_cap, u->row_count + 1, sizeof *u->rows);
	u->rows[u->row_count++] = r;
}

static void read_row(struct builder *b, Dwarf_Line *line)
{
	Dwarf_Addr addr;
	Dwarf_Files *files; /* the unit's own, which of_rows has too */
	size_t index;
	int number;
	bool end = false;
	if (dwarf_lineaddr(line, &addr) != 0 || addr == 0)
		return;
	struct line_row r = {.addr = addr + b->shift};
	dwarf_lineendsequence(line, &end);
	if (!end && dwarf_lineno(line, &number) == 0 && number >= 0 &&
	    dwarf_line_file(line, &files, &index) == 0) {
		r.line = (uint32_t)number;
		r.file = file_name(b, &b->of_rows, index);
	}
	add_row(b->u, r);
}

static void read_rows(struct builder *b, Dwarf_Die *die)
{
	Dwarf_Lines *lines;
	size_t count;
	if (dwarf_getsrclines(die, &lines, &count) != 0)
		return;
	for (size_t i = 0; i < count; i++) {
		Dwarf_Line *line = dwarf_onesrcline(lines, i);
		if (line != NULL)
			read_row(b, line);
	}
}

static int by_address(const void *va, const void *vb)
{
	const struct line_row *a = va, *b = vb;
	return (a->addr > b->addr) - (a->addr < b->addr);
}

/* libdw gives them in order, but for a table that contradicts itself. */
static void sort_rows(struct line_unit *u)
{
	for (size_t i = 1; i < u->row_count; i++) {
		if (u->rows[i].addr >= u->rows[i - 1].addr)
			continue;
		qsort(u->rows, u->row_count, sizeof *u->rows, by_address);
		return;
	}
}

static void open_names(struct file_names *n, Dwarf_Die *die)
{
	Dwarf_Files *files = NULL;
	size_t count = 0;
	if (dwarf_getsrcfiles(die, &files, &count) != 0)
		count = 0;
	names_init(n, files, count);
}

enum ctop_err line_unit_fill(struct line_unit *u, Dwarf_Die *die, Dwarf_Die *split, uint64_t shift,
                             struct err *e)
{
	struct builder b = {.u = u, .shift = shift};
	add_text(&b, "");
	b.dir = string_of(die, DW_AT_comp_dir);
	open_names(&b.of_rows, die);
	open_names(&b.of_calls, split);
	walk(&b, split, LINES_NONE, 0);
	flatten(&b);
	read_rows(&b, die);
	sort_rows(u);
	free(b.of_rows.text);
	free(b.of_calls.text);
	free(b.nested);
	hash_map_fini(&b.functions);
	if (u->range_count == 0 && u->row_count == 0)
		return err_set(e, CTOP_ENOENT, "a unit without code");
	return CTOP_OK;
}
