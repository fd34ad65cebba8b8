/* matches: what a search pattern matches; see search.h. */
#include "ctop/mem.h"
#include "ctop/surface.h"
#include "ctop/utf8.h"
#include "ctop/vec.h"
#include "format.h"
#include "view.h"

#include <stdlib.h>
#include <string.h>

enum verdict { UNKNOWN, NO, YES };

void search_forget_pattern(struct search *f)
{
	if (f->funcs != NULL)
		memset(f->funcs, UNKNOWN, f->func_count);
	f->below_known = false;
}

void search_forget_snapshot(struct search *f)
{
	f->below_known = false;
}

bool search_text_matches(const struct screen *s, const char *text)
{
	return s->search.on && s->search.match != NULL && match_has(s->search.match, text);
}

/* --- functions ---------------------------------------------------------------------------- */

static void make_room(struct search *f, size_t count)
{
	if (count <= f->func_count)
		return;
	f->funcs = vec_reserve(f->funcs, &f->func_cap, count, 1);
	memset(f->funcs + f->func_count, UNKNOWN, count - f->func_count);
	f->func_count = count;
}

/* Whatever the highlighting. */
static bool func_matches(struct screen *s, uint32_t func)
{
	struct search *f = &s->search;
	char name[FORMAT_NAME_MAX];
	make_room(f, (size_t)func + 1);
	if (f->funcs[func] == UNKNOWN) {
		const struct func *fn = snapshot_func(s->shown, func);
		bool yes = fn->kind != FUNC_ROOT && match_has(f->match, format_name(fn, name));
		f->funcs[func] = yes ? YES : NO;
	}
	return f->funcs[func] == YES;
}

bool search_func_matches(struct screen *s, uint32_t func)
{
	return s->search.on && s->search.match != NULL && func_matches(s, func);
}

/* --- sub-trees ---------------------------------------------------------------------------- */

static void set_below(struct search *f, uint32_t node)
{
	f->below[node / 64] |= UINT64_C(1) << node % 64;
}

static bool get_below(const struct search *f, uint32_t node)
{
	return node < f->below_nodes && (f->below[node / 64] >> node % 64 & 1) != 0;
}

/* One sweep from the newest node to the root: a parent's id is smaller than its children's. */
static void find_below(struct screen *s)
{
	struct search *f = &s->search;
	f->below_nodes = snapshot_node_count(s->shown);
	f->below = vec_reserve(f->below, &f->below_cap, f->below_nodes / 64 + 1, sizeof *f->below);
	memset(f->below, 0, (f->below_nodes / 64 + 1) * sizeof *f->below);
	f->below_known = true;
	for (uint32_t n = (uint32_t)f->below_nodes; n-- > 0;) {
		struct node_info info = snapshot_node(s->shown, n);
		if (!get_below(f, n) && func_matches(s, info.func) &&
		    snapshot_counts(s->shown, n).total_n > 0)
			set_below(f, n);
		if (get_below(f, n) && info.parent != NODE_NONE)
			set_below(f, info.parent);
	}
}

bool search_below(struct screen *s, uint32_t node)
{
	struct search *f = &s->search;
	if (!f->on || f->match == NULL)
		return false;
	if (!f->below_known)
		find_below(s);
	return get_below(f, node);
}

static uint32_t func_of(const struct screen *s, uint32_t node)
{
	return snapshot_node(s->shown, node).func;
}

/* Down to the first match of each branch: stacks may be thousands of frames deep, so the way
 * back is by the parents and not by the C stack. */
uint64_t search_weight(struct screen *s, uint32_t top)
{
	uint64_t sum = 0;
	uint32_t node = top;
	while (node != NODE_NONE) {
		bool below = search_below(s, node);
		bool match = below && search_func_matches(s, func_of(s, node));
		uint32_t next = below && !match ? snapshot_children(s->shown, node) : NODE_NONE;
		if (match)
			sum += snapshot_counts(s->shown, node).total_ns;
		while (next == NODE_NONE && node != top) {
			next = snapshot_node(s->shown, node).prev_sibling;
			node = next == NODE_NONE ? snapshot_node(s->shown, node).parent : node;
		}
		node = next;
	}
	return sum;
}

/* --- drawing ------------------------------------------------------------------------------ */

static void highlight(struct surface *out, int row, int from, int to)
{
	for (int col = from; col < to; col++) {
		struct cell *c = &out->cells[(size_t)row * (size_t)out->cols + (size_t)col];
		c->style = (uint16_t)((c->style & ~STYLE_MASK) | STYLE_MATCH);
	}
}

static int width_of(const char *text, size_t from, size_t to)
{
	int width = 0;
	uint32_t cp;
	while (from < to) {
		from += utf8_decode(text + from, to - from, &cp);
		width += utf8_width(cp);
	}
	return width;
}

int search_draw_text(const struct screen *s, struct surface *out, int row, int col, int cells,
                     int style, const char *text)
{
	const struct search *f = &s->search;
	struct match_range r = {0};
	int used = surface_ellipsis(out, row, col, cells, style, text), at = 0;
	if (!f->on || f->match == NULL || used <= 0 || row < 0 || row >= out->rows || col < 0)
		return used;
	while (at < used) {
		size_t done = r.to;
		if (!match_next(f->match, text, r.to, &r))
			break;
		int from = at + width_of(text, done, r.from);
		at = from + width_of(text, r.from, r.to);
		/* What was cut off shows on the sign for that. */
		from = from < used ? from : used - 1;
		highlight(out, row, col + from, col + (at < used ? at : used));
	}
	return used;
}
