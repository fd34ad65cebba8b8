/* lines_scopes: the functions and inlined calls of a unit, and where each is the innermost; see
 * lines_builder.h.
 *
 * The tree is walked once with libdw (functions, blocks, inlined calls; types only where functions
 * may be within); each scope leaves its ranges with its depth, and a sweep over them, sorted, keeps
 * the innermost for every address. Format: DWARF 5, section 3.3.
 */
#include "lines_builder.h"

#include "ctop/vec.h"

#include <dwarf.h>
#include <stdlib.h>

enum { DEPTH_MOST = 256, SCOPES_MOST = 1 << 24 };

/* --- abbreviations -------------------------------------------------------------------------------
 */

/* Reads a number of which only zero, DW_FORM_implicit_const and the rest matter; false: it has
 * more bytes than libdw reads as one. */
static bool skip_number(struct bytes *b, unsigned *value)
{
	enum { BYTES_MOST = 10 };
	*value = 0;
	for (int i = 0; i < BYTES_MOST && b->at < b->end; i++) {
		uint8_t byte = *b->at++;
		*value |= i == 0 ? byte & 0x7fU : (byte & 0x7fU) << 7;
		if ((byte & 0x80) == 0)
			return true;
	}
	return false;
}

/* Whether no abbreviation of a table has more attributes than compilers give one. A DIE of one
 * byte takes libdw as long as that list, and one call of it visits any number of DIEs. */
static bool are_short(struct bytes b)
{
	enum { ATTRIBUTES_MOST = 128 };
	unsigned code, tag, name, form, constant;
	while (skip_number(&b, &code) && code != 0) {
		if (!skip_number(&b, &tag) || b.at == b.end)
			return false;
		b.at++; /* whether it has children */
		int left = ATTRIBUTES_MOST;
		do {
			if (left-- == 0 || !skip_number(&b, &name) || !skip_number(&b, &form) ||
			    (form == DW_FORM_implicit_const && !skip_number(&b, &constant)))
				return false;
		} while (name != 0 || form != 0);
	}
	return true;
}

static bool may_walk(const struct unit_source *s)
{
	Dwarf_Die split = s->split;
	const struct bytes *sections = s->is_split ? s->split_sections : s->sections;
	Dwarf_Off next, abbreviations, start = dwarf_dieoffset(&split) - dwarf_cuoffset(&split);
	return dwarf_next_unit(dwarf_cu_getdwarf(split.cu), start, &next, NULL, NULL,
	                       &abbreviations, NULL, NULL, NULL, NULL) == 0 &&
	       are_short(lines_ranges_from(sections[DWARF_ABBREV], abbreviations));
}

/* --- walking -------------------------------------------------------------------------------------
 */

static void add_range(void *ctx, uint64_t lo, uint64_t hi)
{
	struct lines_builder *b = ctx;
	if (b->nested_count >= SCOPES_MOST)
		return;
	b->nested = vec_reserve(b->nested, &b->nested_cap, b->nested_count + 1, sizeof *b->nested);
	b->nested[b->nested_count++] = (struct lines_nested){
	        lo + b->source->shift, hi + b->source->shift, b->scope, b->depth};
}

/* Enters a scope when it has code; LINES_NONE when it has none. */
static uint32_t add_scope(struct lines_builder *b, Dwarf_Die *die, uint32_t parent, unsigned depth)
{
	struct line_unit *u = b->u;
	struct lines_attributes a = lines_ranges_attributes(die);
	size_t before = b->nested_count;
	b->scope = (uint32_t)u->scope_count;
	b->depth = depth;
	lines_ranges_of(&b->lists, &a, add_range, b);
	if (b->nested_count == before)
		return LINES_NONE;
	struct line_scope s = {.parent = parent, .function = lines_names_function(b, die, &a)};
	if (parent != LINES_NONE && a.has_call_file)
		s.call_file = lines_names_file(b, b->of_calls, lines_ranges_number(&a.call_file));
	if (parent != LINES_NONE && a.has_call_line)
		s.call_line = (uint32_t)lines_ranges_number(&a.call_line);
	u->scopes = vec_reserve(u->scopes, &u->scope_cap, u->scope_count + 1, sizeof *u->scopes);
	u->scopes[u->scope_count++] = s;
	return (uint32_t)u->scope_count - 1;
}

static void walk(struct lines_builder *b, Dwarf_Die *die, uint32_t scope, unsigned depth);

static void visit(struct lines_builder *b, Dwarf_Die *die, uint32_t scope, unsigned depth)
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

static void walk(struct lines_builder *b, Dwarf_Die *die, uint32_t scope, unsigned depth)
{
	Dwarf_Die child;
	if (depth > DEPTH_MOST || b->u->scope_count >= SCOPES_MOST || dwarf_child(die, &child) != 0)
		return;
	do {
		/* Trees are stored in the order of the walk. */
		if ((const char *)child.addr <= b->walked ||
		    (++b->visited % 64 == 0 && lines_is_late(b->start_ns)))
			return;
		b->walked = child.addr;
		visit(b, &child, scope, depth);
	} while (dwarf_siblingof(&child, &child) == 0);
}

void lines_scopes_walk(struct lines_builder *b)
{
	Dwarf_Die split = b->source->split;
	if (may_walk(b->source))
		walk(b, &split, LINES_NONE, 0);
}

/* --- making it flat ------------------------------------------------------------------------------
 */

static int by_nesting(const void *va, const void *vb)
{
	const struct lines_nested *a = va, *b = vb;
	if (a->lo != b->lo)
		return (a->lo > b->lo) - (a->lo < b->lo);
	if (a->depth != b->depth)
		return (a->depth > b->depth) - (a->depth < b->depth);
	return (a->scope > b->scope) - (a->scope < b->scope);
}

static void emit(struct lines_builder *b, uint64_t lo, uint64_t hi, uint32_t scope)
{
	if (lo >= hi)
		return;
	struct lines_flat *last = b->flat_count > 0 ? &b->flat[b->flat_count - 1] : NULL;
	if (last != NULL && last->hi == lo && last->scope == scope) {
		last->hi = hi;
		return;
	}
	b->flat = vec_reserve(b->flat, &b->flat_cap, b->flat_count + 1, sizeof *b->flat);
	b->flat[b->flat_count++] = (struct lines_flat){lo, hi, scope};
}

/* A sweep; ranges open at the moment stand in `open`, outermost first. */
void lines_scopes_flatten(struct lines_builder *b)
{
	struct lines_nested open[DEPTH_MOST + 2];
	size_t n = 0;
	uint64_t at = 0;
	if (b->nested_count > 0)
		qsort(b->nested, b->nested_count, sizeof *b->nested, by_nesting);
	for (size_t i = 0; i <= b->nested_count; i++) {
		struct lines_nested next =
		        i < b->nested_count ? b->nested[i]
		                            : (struct lines_nested){UINT64_MAX, UINT64_MAX, 0, 0};
		while (n > 0 && open[n - 1].hi <= next.lo) {
			emit(b, at, open[n - 1].hi, open[n - 1].scope);
			at = at > open[n - 1].hi ? at : open[n - 1].hi;
			n--;
		}
		if (n > 0)
			emit(b, at, next.lo, open[n - 1].scope);
		at = next.lo;
		/* One that goes on behind what it is within is cut. */
		if (n > 0 && next.hi > open[n - 1].hi)
			next.hi = open[n - 1].hi;
		if (n < sizeof open / sizeof open[0] && next.lo < next.hi)
			open[n++] = next;
	}
}
