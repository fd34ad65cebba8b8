/* flame: a text flamegraph.
 *
 * Width is share of samples, siblings stand in name order, so it does not dance.
 * Frames narrower than a cell are merged into one that shows their number. The
 * layout is made for the width at hand, only below the zoomed frame, and only where
 * something is wide enough to see.
 */
#include "ctop/utf8.h"
#include "ctop/vec.h"
#include "format.h"
#include "view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEVELS_MOST = 2048 };

/* --- layout ------------------------------------------------------------------------- */

static size_t add_cell(struct flame_state *f, const struct flame_cell *c)
{
	f->cells = vec_reserve(f->cells, &f->cap, f->count + 1, sizeof *f->cells);
	f->cells[f->count] = *c;
	if (c->level + 1 > f->levels)
		f->levels = c->level + 1;
	return f->count++;
}

/* Cells [0, w) of the parent shared out to its children by their weight. */
struct share {
	uint64_t whole; /* weight of the parent */
	uint64_t sum;   /* of the children placed so far */
	int x, w;       /* the parent's */
	/* The run of children, from cell `from` on, that got no cell of their own. */
	uint32_t merged;
	int from;
	bool match; /* the search finds something in it */
};

static int place(const struct share *sh, uint64_t sum)
{
	return sh->x + (int)((double)sh->w * (double)sum / (double)sh->whole + 1e-9);
}

static void lay_out(struct screen *s, size_t parent);

static void merge(struct screen *s, struct share *sh, uint32_t node, int from)
{
	if (sh->merged++ == 0) {
		sh->from = from;
		sh->match = false;
	}
	sh->match = sh->match || search_below(s, node);
}

/* Ends the run at cell `end`. */
static void add_merged(struct screen *s, struct share *sh, size_t parent, int end)
{
	struct flame_state *f = &s->flame;
	int level = f->cells[parent].level + 1;
	if (sh->merged > 0 && end > sh->from)
		add_cell(f, &(struct flame_cell){NODE_NONE, sh->merged, sh->from, end - sh->from,
		                                 level, parent, sh->match});
	sh->merged = 0;
}

static void lay_out(struct screen *s, size_t parent)
{
	struct flame_state *f = &s->flame;
	struct flame_cell up = f->cells[parent];
	struct share sh = {.whole = delta_width(s, up.node), .x = up.x, .w = up.w};
	struct query_nodes kids = {0};
	if (up.level + 1 >= LEVELS_MOST || sh.whole == 0)
		return;
	query_children(s->shown, up.node, QUERY_BY_NAME, &kids);
	for (size_t i = 0; i < kids.count; i++) {
		uint32_t node = kids.ids[i];
		int from = place(&sh, sh.sum);
		uint64_t weight = delta_width(s, node);
		sh.sum += weight;
		int end = place(&sh, sh.sum);
		bool wide = (double)weight * sh.w >= (double)sh.whole;
		if (!wide || end <= from) {
			merge(s, &sh, node, from);
			continue;
		}
		add_merged(s, &sh, parent, from);
		bool match = search_func_matches(s, snapshot_node(s->shown, node).func);
		size_t cell = add_cell(f, &(struct flame_cell){node, 0, from, end - from,
		                                               up.level + 1, parent, match});
		lay_out(s, cell);
	}
	/* What is left at the end shows when it is at least half a cell. */
	add_merged(s, &sh, parent, place(&sh, sh.sum));
	query_nodes_fini(&kids);
}

/* Finds zoom and selection again when node ids have changed. */
static void follow_generation(struct screen *s)
{
	struct flame_state *f = &s->flame;
	uint64_t generation = snapshot_generation(s->shown);
	if (f->generation == generation)
		return;
	f->generation = generation;
	if (f->zoom != NODE_ROOT) {
		f->zoom = query_find_path(s->shown, f->zoom_func, f->zoom_path);
		if (f->zoom == NODE_NONE)
			f->zoom = NODE_ROOT;
	}
	f->selected = f->selected_func != 0
	                      ? query_find_path(s->shown, f->selected_func, f->selected_path)
	                      : NODE_NONE;
	if (f->selected == NODE_NONE)
		f->selected = f->zoom;
}

static void update(struct screen *s, const struct screen_facts *facts)
{
	struct flame_state *f = &s->flame;
	(void)facts;
	follow_generation(s);
	f->count = 0;
	f->levels = 0;
	f->cols = s->cols;
	if (!snapshot_has_node(s->shown, f->zoom))
		return;
	bool match = search_func_matches(s, snapshot_node(s->shown, f->zoom).func);
	lay_out(s, add_cell(f, &(struct flame_cell){f->zoom, 0, 0, s->cols, 0, 0, match}));
}

/* --- drawing -------------------------------------------------------------------------- */

/* "12": as many frames, too narrow to draw. */
static void draw_merged(struct surface *out, int row, const struct flame_cell *c)
{
	char n[16];
	int len = snprintf(n, sizeof n, "%u", c->merged);
	int style = c->match ? STYLE_MATCH : STYLE_DIM | STYLE_REVERSE;
	surface_fill(out, row, c->x, c->w, style, " ");
	if (len <= c->w)
		surface_text(out, row, c->x + (c->w - len) / 2, len, style, n);
}

/* Reversed, so that a cell has its colour as a ground. */
static int hue_of_change(const struct screen *s, uint32_t node)
{
	struct delta d = delta_of_node(s, node);
	return delta_style(delta_points(s, d.base_ns, d.now_ns), d.verdict) | STYLE_REVERSE;
}

static void draw_cell(struct screen *s, struct surface *out, int row, const struct flame_cell *c)
{
	char text[512];
	if (c->node == NODE_NONE) {
		draw_merged(out, row, c);
		return;
	}
	const struct func *f = snapshot_func(s->shown, snapshot_node(s->shown, c->node).func);
	uint64_t total = snapshot_counts(s->shown, c->node).total_ns;
	int style = c->match      ? STYLE_MATCH
	            : delta_on(s) ? hue_of_change(s, c->node)
	                          : format_hue(f->name);
	if (c->node == s->flame.selected)
		style = (style ^ STYLE_REVERSE) | STYLE_BOLD;
	surface_fill(out, row, c->x, c->w, style, " ");
	int edge = c->x > 0 && c->w > 1;
	if (edge)
		surface_text(out, row, c->x, 1, style, "│");
	char share[16];
	format_percent(share, sizeof share, total, view_whole(s));
	if (delta_on(s))
		delta_mark(s, c->node, share, sizeof share);
	snprintf(text, sizeof text, "%s %s", f->name, share);
	int room = c->w - edge;
	if ((int)utf8_str_width(text) > room)
		snprintf(text, sizeof text, "%s", f->name);
	if (room > 1)
		surface_ellipsis(out, row, c->x + edge, room, style, text);
}

static void draw_breadcrumb(struct screen *s, struct surface *out, int row, int cols)
{
	const struct flame_state *f = &s->flame;
	char share[16], note[128];
	const struct func *fn = snapshot_func(s->shown, snapshot_node(s->shown, f->zoom).func);
	surface_fill(out, row, 0, cols, STYLE_HEADING, " ");
	hits_add(&s->hits, row, 0, cols, HIT_KEY, f->zoom == NODE_ROOT ? 'f' : KEY_CODE_ESC);
	if (f->zoom == NODE_ROOT) {
		snprintf(note, sizeof note, " all · %s · Enter zooms in, f flips",
		         f->root_below ? "root below" : "root on top");
		surface_ellipsis(out, row, 0, cols, STYLE_HEADING, note);
		return;
	}
	format_percent(share, sizeof share, snapshot_counts(s->shown, f->zoom).total_ns,
	               view_whole(s));
	snprintf(note, sizeof note, "zoomed: %s of all · Esc goes back", share);
	int width = (int)utf8_str_width(note);
	int used = surface_text(out, row, 0, cols, STYLE_HEADING, " all › … › ");
	surface_ellipsis(out, row, used, cols - used - width - 2, STYLE_HEADING_ON, fn->name);
	surface_right(out, row, cols - width - 1, width, STYLE_HEADING, note);
}

static const struct flame_cell *selected_cell(const struct flame_state *f)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->cells[i].node == f->selected)
			return &f->cells[i];
	return NULL;
}

static void draw(struct screen *s, struct surface *out, struct area a)
{
	struct flame_state *f = &s->flame;
	f->page = a.rows - 1;
	if (f->cols != a.cols)
		update(s, NULL);
	const struct flame_cell *sel = selected_cell(f);
	if (sel != NULL && sel->level < f->top)
		f->top = sel->level;
	if (sel != NULL && sel->level >= f->top + f->page)
		f->top = sel->level - f->page + 1;
	if (f->top > f->levels - f->page)
		f->top = f->levels > f->page ? f->levels - f->page : 0;
	draw_breadcrumb(s, out, a.row, a.cols);
	for (size_t i = 0; i < f->count; i++) {
		int line = f->cells[i].level - f->top;
		if (line < 0 || line >= f->page)
			continue;
		int row = f->root_below ? a.row + a.rows - 1 - line : a.row + 1 + line;
		draw_cell(s, out, row, &f->cells[i]);
		hits_add(&s->hits, row, f->cells[i].x, f->cells[i].w, HIT_ROW, (uint32_t)i);
	}
}

/* --- keys ----------------------------------------------------------------------------- */

static void choose(struct screen *s, uint32_t node)
{
	struct flame_state *f = &s->flame;
	f->selected = node;
	f->selected_path = query_path(s->shown, node);
	f->selected_func = snapshot_node(s->shown, node).func;
	if (node != NODE_ROOT)
		s->selected = f->selected_func;
}

/* The next drawn frame of the selected one's level, to the left or right. */
static void go_sideways(struct screen *s, int direction)
{
	const struct flame_state *f = &s->flame;
	const struct flame_cell *from = selected_cell(f), *best = NULL;
	for (size_t i = 0; from != NULL && i < f->count; i++) {
		const struct flame_cell *c = &f->cells[i];
		if (c->level != from->level || c->node == NODE_NONE ||
		    (c->x - from->x) * direction <= 0)
			continue;
		if (best == NULL || (c->x - best->x) * direction < 0)
			best = c;
	}
	if (best != NULL)
		choose(s, best->node);
}

static void go_to_caller(struct screen *s)
{
	const struct flame_state *f = &s->flame;
	const struct flame_cell *c = selected_cell(f);
	if (c != NULL && c->level > 0)
		choose(s, f->cells[c->parent].node);
}

/* The widest drawn callee. */
static void go_to_callee(struct screen *s)
{
	const struct flame_state *f = &s->flame;
	const struct flame_cell *from = selected_cell(f), *best = NULL;
	for (size_t i = 0; from != NULL && i < f->count; i++) {
		const struct flame_cell *c = &f->cells[i];
		if (c->level == from->level + 1 && c->node != NODE_NONE &&
		    &f->cells[c->parent] == from && (best == NULL || c->w > best->w))
			best = c;
	}
	if (best != NULL)
		choose(s, best->node);
}

static void zoom(struct screen *s, uint32_t node)
{
	struct flame_state *f = &s->flame;
	f->zoom = node;
	f->zoom_path = query_path(s->shown, node);
	f->zoom_func = snapshot_node(s->shown, node).func;
	f->top = 0;
	s->stale = true;
}

static struct action zoom_key(struct screen *s, enum act act)
{
	struct flame_state *f = &s->flame;
	if (act == ACT_ENTER || act == ACT_EXPAND) {
		if (f->selected != NODE_NONE)
			zoom(s, f->selected);
		return view_handled();
	}
	if (f->zoom == NODE_ROOT)
		return view_ignored();
	choose(s, f->zoom);
	zoom(s, snapshot_node(s->shown, f->zoom).parent);
	return view_handled();
}

static struct action key(struct screen *s, enum act act)
{
	struct flame_state *f = &s->flame;
	bool out_is_up = !f->root_below; /* towards the root */
	switch (act) {
	case ACT_FLAME:
		f->root_below = !f->root_below;
		return view_handled();
	case ACT_LEFT:
	case ACT_RIGHT:
		go_sideways(s, act == ACT_LEFT ? -1 : 1);
		return view_handled();
	case ACT_UP:
	case ACT_DOWN:
		if ((act == ACT_UP) == out_is_up)
			go_to_caller(s);
		else
			go_to_callee(s);
		return view_handled();
	case ACT_PAGE_UP:
	case ACT_PAGE_DOWN:
		for (int i = 1; i < f->page; i++)
			((act == ACT_PAGE_UP) == out_is_up ? go_to_caller : go_to_callee)(s);
		return view_handled();
	case ACT_HALF_UP:
	case ACT_HALF_DOWN:
		for (int i = 0; i < f->page / 2; i++)
			((act == ACT_HALF_UP) == out_is_up ? go_to_caller : go_to_callee)(s);
		return view_handled();
	case ACT_HOME:
		choose(s, f->zoom);
		return view_handled();
	case ACT_END:
	case ACT_HOTTEST:
		for (int i = 0; i < f->levels; i++)
			go_to_callee(s);
		return view_handled();
	case ACT_ENTER:
	case ACT_EXPAND:
	case ACT_COLLAPSE:
	case ACT_ESCAPE:
		return zoom_key(s, act);
	default:
		return view_ignored();
	}
}

/* A frame as it was drawn; of those too narrow to draw, their caller, which is to be zoomed. */
static void pick(struct screen *s, size_t cell)
{
	struct flame_state *f = &s->flame;
	if (cell >= f->count || f->generation != snapshot_generation(s->shown))
		return;
	const struct flame_cell *c = &f->cells[cell];
	if (c->node == NODE_NONE)
		view_say(s, "frames too narrow to draw: a double click zooms in on their caller");
	choose(s, c->node != NODE_NONE ? c->node : f->cells[c->parent].node);
}

static const struct flame_cell *widest_of(const struct flame_state *f, int level)
{
	const struct flame_cell *best = NULL;
	for (size_t i = 0; i < f->count; i++) {
		const struct flame_cell *c = &f->cells[i];
		if (c->level == level && c->node != NODE_NONE && (best == NULL || c->w > best->w))
			best = c;
	}
	return best;
}

/* The selection goes along where it would get out of sight. */
static void scroll(struct screen *s, int by)
{
	struct flame_state *f = &s->flame;
	int most = f->levels > f->page ? f->levels - f->page : 0;
	int top = f->top + (f->root_below ? -by : by);
	f->top = top < 0 ? 0 : top > most ? most : top;
	const struct flame_cell *c = selected_cell(f);
	const struct flame_cell *widest = widest_of(f, f->top);
	if (c != NULL && c->level < f->top && widest != NULL)
		choose(s, widest->node);
	for (c = selected_cell(f); c != NULL && f->page > 0 && c->level >= f->top + f->page;
	     c = selected_cell(f))
		go_to_caller(s);
}

static void select_func(struct screen *s, uint32_t func)
{
	struct flame_state *f = &s->flame;
	uint32_t best = NODE_NONE;
	uint64_t most = 0;
	follow_generation(s);
	for (uint32_t n = func != 0 ? snapshot_func_nodes(s->shown, func) : NODE_NONE;
	     n != NODE_NONE; n = snapshot_node(s->shown, n).prev_same) {
		struct counts c = snapshot_counts(s->shown, n);
		if (c.total_ns > most) {
			most = c.total_ns;
			best = n;
		}
	}
	if (best != NODE_NONE)
		choose(s, best);
	else if (f->selected == NODE_NONE)
		f->selected = f->zoom;
	s->stale = true;
}

static uint32_t current_func(struct screen *s)
{
	const struct flame_state *f = &s->flame;
	return f->selected != NODE_NONE && f->selected != NODE_ROOT ? f->selected_func : 0;
}

/* --- search --------------------------------------------------------------------------- */

bool flame_matched(struct screen *s, char *out, size_t cap)
{
	char share[16];
	if (!s->search.on || s->shown == NULL)
		return false;
	uint64_t all = snapshot_counts(s->shown, s->flame.zoom).total_ns;
	format_percent(share, sizeof share, search_weight(s, s->flame.zoom), all);
	snprintf(out, cap, s->cols < 60 ? "matched: %s" : "matched: %s of the visible time", share);
	return true;
}

static bool cell_matches(struct screen *s, const void *ctx, size_t cell)
{
	const struct flame_cell *c = &s->flame.cells[cell];
	(void)ctx;
	return c->node != NODE_NONE && c->match;
}

/* The drawn frame closest to a match that has no cell of its own. */
static enum search_result find_narrow(struct screen *s)
{
	const struct flame_state *f = &s->flame;
	const struct flame_cell *best = NULL;
	for (size_t i = 0; i < f->count; i++) {
		const struct flame_cell *c = &f->cells[i];
		if (c->node != NODE_NONE && search_below(s, c->node) &&
		    (best == NULL || c->level > best->level))
			best = c;
	}
	if (best == NULL)
		return SEARCH_NONE;
	choose(s, best->node);
	view_say(s, "what is found is too narrow to draw: Enter zooms in");
	return SEARCH_FOUND;
}

/* Among the frames drawn, branch by branch. */
static enum search_result find(struct screen *s, enum search_way way)
{
	struct flame_state *f = &s->flame;
	size_t at = 0;
	update(s, NULL);
	const struct flame_cell *from = selected_cell(f);
	struct list cells = {.count = f->count};
	cells.cursor = from != NULL ? (size_t)(from - f->cells) : 0;
	enum search_result r = search_rows(s, &cells, way, cell_matches, NULL, &at);
	if (r == SEARCH_NONE)
		return find_narrow(s);
	choose(s, f->cells[at].node);
	return r;
}

static void describe(struct screen *s, char *out, size_t cap)
{
	const struct flame_state *f = &s->flame;
	char self[16], total[16], n[32], name[FORMAT_NAME_MAX], matched[96] = "";
	if (f->selected == NODE_NONE || f->selected >= snapshot_node_count(s->shown))
		return;
	const struct func *fn = snapshot_func(s->shown, snapshot_node(s->shown, f->selected).func);
	struct counts c = snapshot_counts(s->shown, f->selected);
	format_percent(self, sizeof self, c.self_ns, view_whole(s));
	format_percent(total, sizeof total, c.total_ns, view_whole(s));
	format_count(n, sizeof n, c.total_n);
	bool searched = flame_matched(s, matched, sizeof matched);
	snprintf(out, cap, "%s%s%s%s%s · here: self %s total %s · %s samples", matched,
	         searched ? " · " : "", format_name(fn, name), fn->module[0] != '\0' ? " · " : "",
	         fn->module, self, total, n);
}

const struct view view_flame = {
        .name = "Flame",
        .update = update,
        .draw = draw,
        .key = key,
        .select = select_func,
        .current = current_func,
        .describe = describe,
        .find = find,
        .pick = pick,
        .scroll = scroll,
};
