/* tree: the call tree, top-down.
 *
 * Open rows are known by the hash of their path, so they stay open across snapshots
 * and generations. A chain in which every step has one callee worth showing is one row.
 */
#include "tree.h"
#include "ctop/mem.h"
#include "ctop/strbuf.h"
#include "ctop/utf8.h"
#include "ctop/vec.h"
#include "format.h"
#include "paths.h"
#include "view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_MOST = 20000, CHAIN_MOST = 512 };
/* A chain goes on while one callee has this share of the caller's time. */
static const double CHAIN_SHARE = 0.98;
/* The first rows are opened while one callee has this share. */
static const double START_SHARE = 0.60;

/* --- rows ------------------------------------------------------------------------- */

uint32_t tree_only_callee(const struct screen *s, uint32_t node)
{
	uint32_t hottest = query_hottest_child(s->shown, node);
	if (hottest == NODE_NONE)
		return NODE_NONE;
	double mine = (double)snapshot_counts(s->shown, node).total_ns;
	double its = (double)snapshot_counts(s->shown, hottest).total_ns;
	return its >= mine * CHAIN_SHARE ? hottest : NODE_NONE;
}

uint64_t tree_path_below(const struct screen *s, uint64_t path, uint32_t child)
{
	return query_path_child(path, snapshot_node(s->shown, child).func);
}

/* Follows a chain from row->first; processes are never part of one. */
void tree_chain(const struct screen *s, struct tree_row *row)
{
	const struct func *f = snapshot_func(s->shown, snapshot_node(s->shown, row->first).func);
	row->last = row->first;
	row->last_path = row->path;
	if (f->kind == FUNC_PROCESS || paths_has(&s->tree.unfolded, row->path))
		return;
	for (int i = 0; i < CHAIN_MOST; i++) {
		uint32_t next = tree_only_callee(s, row->last);
		if (next == NODE_NONE || query_hottest_child(s->shown, next) == NODE_NONE)
			return;
		row->last_path = tree_path_below(s, row->last_path, next);
		row->last = next;
	}
}

static void add_rows(struct screen *s, uint32_t parent, uint64_t parent_path, uint16_t depth)
{
	struct tree_state *t = &s->tree;
	struct query_nodes kids = {0};
	query_children(s->shown, parent, t->order, &kids);
	for (size_t i = 0; i < kids.count && t->list.count < ROWS_MOST; i++) {
		struct tree_row row = {.first = kids.ids[i], .depth = depth};
		if (scope_hides(s, snapshot_counts(s->shown, row.first).total_ns))
			continue;
		row.path = tree_path_below(s, parent_path, row.first);
		tree_chain(s, &row);
		row.has_children = query_hottest_child(s->shown, row.last) != NODE_NONE;
		row.open = row.has_children && paths_has(&t->open, row.path);
		t->rows = vec_reserve(t->rows, &t->cap, t->list.count + 1, sizeof *t->rows);
		t->rows[t->list.count++] = row;
		if (row.open)
			add_rows(s, row.last, row.last_path, (uint16_t)(depth + 1));
	}
	query_nodes_fini(&kids);
}

/* Opens the way to the first place where the time parts. */
static void open_start(struct screen *s)
{
	uint64_t path = query_path_root;
	uint32_t node = NODE_ROOT, child;
	while ((child = query_hottest_child(s->shown, node)) != NODE_NONE) {
		double mine = (double)snapshot_counts(s->shown, node).total_ns;
		if ((double)snapshot_counts(s->shown, child).total_ns < mine * START_SHARE)
			return;
		path = tree_path_below(s, path, child);
		paths_set(&s->tree.open, path, true);
		node = child;
	}
}

static void update(struct screen *s, const struct screen_facts *facts)
{
	struct tree_state *t = &s->tree;
	(void)facts;
	if (!t->started && snapshot_stats(s->shown)->samples > 0) {
		t->started = true;
		open_start(s);
	}
	t->list.count = 0;
	add_rows(s, NODE_ROOT, query_path_root, 0);
	for (size_t i = 0; i < t->list.count; i++)
		if (t->rows[i].path == t->cursor_path)
			t->list.cursor = i;
}

void tree_update(struct screen *s)
{
	update(s, NULL);
}

/* --- drawing ------------------------------------------------------------------------ */

static struct counts row_counts(const struct screen *s, const struct tree_row *r)
{
	struct counts sum = snapshot_counts(s->shown, r->first);
	for (uint32_t n = r->last; n != r->first; n = snapshot_node(s->shown, n).parent) {
		struct counts c = snapshot_counts(s->shown, n);
		sum.self_ns += c.self_ns;
		sum.self_n += c.self_n;
	}
	return sum;
}

/* The names of a chain, root first. Returns how many. */
static size_t chain_of(const struct screen *s, const struct tree_row *r,
                       const struct func *out[CHAIN_MOST + 1])
{
	size_t n = 0;
	for (uint32_t node = r->last;; node = snapshot_node(s->shown, node).parent) {
		out[n++] = snapshot_func(s->shown, snapshot_node(s->shown, node).func);
		if (node == r->first || n > CHAIN_MOST)
			break;
	}
	for (size_t i = 0; i < n / 2; i++) {
		const struct func *other = out[i];
		out[i] = out[n - 1 - i];
		out[n - 1 - i] = other;
	}
	return n;
}

static int label_width(const struct func *f)
{
	char label[FORMAT_NAME_MAX];
	return (int)utf8_str_width(format_name(f, label));
}

/* Draws a chain; when it does not fit, its beginning gives way: the last function is
 * where the time goes. */
static void draw_chain(struct screen *s, struct surface *out, int row, int col, int room,
                       const struct tree_row *r)
{
	const struct func *names[CHAIN_MOST + 1];
	char label[FORMAT_NAME_MAX];
	size_t n = chain_of(s, r, names), from = n - 1;
	int width = label_width(names[from]);
	while (from > 0) {
		int more = label_width(names[from - 1]) + 3;
		if (width + more + (from > 1 ? 4 : 0) > room)
			break;
		width += more;
		from--;
	}
	int used = 0;
	bool match = false; /* in what gives way */
	for (size_t i = 0; i < from && !match; i++)
		match = search_text_matches(s, format_name(names[i], label));
	if (from > 0) {
		used = surface_text(out, row, col, room, match ? STYLE_MATCH : STYLE_DIM, "…");
		used += surface_text(out, row, col + used, room - used, STYLE_DIM, " › ");
	}
	for (size_t i = from; i < n; i++) {
		int style = format_style(names[i]->kind);
		used += search_draw_text(s, out, row, col + used, room - used, style,
		                         format_name(names[i], label));
		if (i + 1 < n)
			used += surface_text(out, row, col + used, room - used, STYLE_DIM, " › ");
	}
	if (names[n - 1]->kind == FUNC_KERNEL && used + 9 <= room)
		surface_text(out, row, col + used, 9, STYLE_DIM, " [kernel]");
}

static void draw_numbers(struct screen *s, struct surface *out, int row, const struct columns *c,
                         const struct tree_row *r)
{
	uint64_t whole = view_whole(s);
	struct counts n = row_counts(s, r);
	char text[32];
	format_percent(text, sizeof text, n.total_ns, whole);
	surface_right(out, row, c->self, 7, STYLE_NUMBER, text);
	format_percent(text, sizeof text, n.self_ns, whole);
	bool hot = whole > 0 && n.self_ns * 10 >= whole;
	surface_right(out, row, c->total, 7, hot ? STYLE_HOT : STYLE_NUMBER, text);
	if (c->self_s >= 0) {
		format_weight(text, sizeof text, view_unit(s), n.total_ns);
		surface_right(out, row, c->self_s, 8, STYLE_NUMBER, text);
	}
}

static void draw_row(struct screen *s, struct surface *out, int row, const struct columns *c,
                     const struct tree_row *r)
{
	struct delta d = delta_of_node(s, r->last);
	if (delta_on(s))
		delta_numbers(s, out, row, c, &d);
	else
		draw_numbers(s, out, row, c, r);
	/* Deep rows indent less, so that the name keeps a third of the width. */
	int most = c->name_width * 2 / 3, indent = 2 * r->depth;
	int col = c->name + (indent < most ? indent : most);
	const char *mark = r->open ? "▾ " : r->has_children ? "▸ " : "  ";
	surface_text(out, row, col, 2, STYLE_DIM, mark);
	draw_chain(s, out, row, col + 2, out->cols - col - 2, r);
}

static struct columns tree_columns(const struct screen *s, int cols)
{
	struct columns c = view_columns(cols, false);
	if (c.self_s >= 0 && !delta_on(s)) { /* one column of seconds, not two */
		c.name -= 8;
		c.name_width += 8;
	}
	return c;
}

static void draw_heading(struct screen *s, struct surface *out, int row, const struct columns *c)
{
	int on[] = {STYLE_HEADING, STYLE_HEADING, STYLE_HEADING};
	on[s->tree.order] = STYLE_HEADING_ON;
	surface_fill(out, row, 0, out->cols, STYLE_HEADING, " ");
	surface_right(out, row, c->self, 7, on[QUERY_BY_TOTAL], "TOTAL%");
	surface_right(out, row, c->total, 7, on[QUERY_BY_SELF], "SELF%");
	if (c->self_s >= 0)
		surface_right(out, row, c->self_s, 8, STYLE_HEADING, "TOTAL");
	surface_text(out, row, c->name, c->name_width, on[QUERY_BY_NAME], "CALL TREE");
	hits_add(&s->hits, row, c->name, c->name_width, HIT_SORT, QUERY_BY_NAME);
	hits_add(&s->hits, row, c->self, 7, HIT_SORT, QUERY_BY_TOTAL);
	hits_add(&s->hits, row, c->total, 7, HIT_SORT, QUERY_BY_SELF);
	hits_add(&s->hits, row, c->self_s, c->self_s >= 0 ? 8 : 0, HIT_SORT, QUERY_BY_TOTAL);
}

static void draw(struct screen *s, struct surface *out, struct area a)
{
	struct tree_state *t = &s->tree;
	struct columns c = tree_columns(s, a.cols);
	list_fit(&t->list, t->list.count, a.rows - 1);
	if (delta_on(s))
		delta_heading(s, out, a.row, &c, "CALL TREE");
	else
		draw_heading(s, out, a.row, &c);
	for (int i = 0; i < a.rows - 1 && t->list.top + (size_t)i < t->list.count; i++) {
		size_t at = t->list.top + (size_t)i;
		draw_row(s, out, a.row + 1 + i, &c, &t->rows[at]);
		hits_add(&s->hits, a.row + 1 + i, 0, a.cols, HIT_ROW, (uint32_t)at);
		if (at == t->list.cursor)
			view_mark_cursor(out, a.row + 1 + i, a.cols);
	}
}

/* --- keys --------------------------------------------------------------------------- */

static struct tree_row *current(struct screen *s)
{
	struct tree_state *t = &s->tree;
	return t->list.cursor < t->list.count ? &t->rows[t->list.cursor] : NULL;
}

static void take_selection(struct screen *s)
{
	const struct tree_row *r = current(s);
	if (r == NULL)
		return;
	s->tree.cursor_path = r->path;
	s->selected = snapshot_node(s->shown, r->last).func;
}

/* Opens every row below a node, within reason. */
static void open_all(struct screen *s, uint32_t node, uint64_t path, size_t *budget)
{
	struct query_nodes kids = {0};
	if (*budget == 0)
		return;
	(*budget)--;
	paths_set(&s->tree.open, path, true);
	query_children(s->shown, node, QUERY_BY_TOTAL, &kids);
	for (size_t i = 0; i < kids.count; i++)
		open_all(s, kids.ids[i], tree_path_below(s, path, kids.ids[i]), budget);
	query_nodes_fini(&kids);
}

/* Opens the path of the largest callees and puts the cursor at its end. */
static void open_hottest(struct screen *s, uint32_t node, uint64_t path)
{
	uint32_t child;
	paths_set(&s->tree.open, path, true);
	while ((child = query_hottest_child(s->shown, node)) != NODE_NONE) {
		path = tree_path_below(s, path, child);
		node = child;
		paths_set(&s->tree.open, path, true);
	}
	s->tree.cursor_path = path;
}

/* The cursor of a path that lies inside a folded chain belongs on the chain's row. */
static void land_on_path(struct screen *s)
{
	struct tree_state *t = &s->tree;
	for (size_t i = 0; i < t->list.count; i++) {
		struct tree_row *r = &t->rows[i];
		uint64_t path = r->last_path;
		bool here = r->path == t->cursor_path || path == t->cursor_path;
		if (here) {
			t->list.cursor = i;
			t->cursor_path = r->path;
		}
	}
}

static void go_to_caller(struct screen *s)
{
	struct tree_state *t = &s->tree;
	size_t i = t->list.cursor;
	uint16_t depth = t->rows[i].depth;
	while (i > 0 && t->rows[i].depth >= depth)
		i--;
	t->list.cursor = i;
	take_selection(s);
}

/* Marks every step of a chain to be shown as a row of its own, or takes that back. */
static void unfold(struct screen *s, const struct tree_row *r)
{
	struct tree_state *t = &s->tree;
	bool on = !paths_has(&t->unfolded, r->path);
	uint32_t node = r->first;
	uint64_t path = r->path;
	if (on && r->first == r->last) {
		view_say(s, "this row is no chain");
		return;
	}
	for (int i = 0; i < CHAIN_MOST && node != NODE_NONE; i++) {
		paths_set(&t->unfolded, path, on);
		if (on)
			paths_set(&t->open, path, true);
		if (on && node == r->last)
			break;
		node = tree_only_callee(s, node);
		if (node != NODE_NONE)
			path = tree_path_below(s, path, node);
	}
}

static struct action expand_key(struct screen *s, enum act act)
{
	struct tree_state *t = &s->tree;
	struct tree_row *r = current(s);
	size_t budget = ROWS_MOST / 4;
	if (r == NULL)
		return view_ignored();
	switch (act) {
	case ACT_ENTER:
		paths_set(&t->open, r->path, !r->open);
		break;
	case ACT_EXPAND:
	case ACT_RIGHT:
		paths_set(&t->open, r->path, true);
		break;
	case ACT_COLLAPSE:
		paths_set(&t->open, r->path, false);
		break;
	case ACT_LEFT:
		if (r->open)
			paths_set(&t->open, r->path, false);
		else
			go_to_caller(s);
		break;
	case ACT_EXPAND_ALL:
		paths_set(&t->open, r->path, true);
		open_all(s, r->last, r->last_path, &budget);
		break;
	case ACT_HOTTEST:
		paths_set(&t->open, r->path, true);
		open_hottest(s, r->last, r->last_path);
		update(s, NULL);
		land_on_path(s);
		take_selection(s);
		break;
	default:
		unfold(s, r);
		break;
	}
	s->stale = true;
	return view_handled();
}

static struct action key(struct screen *s, enum act act)
{
	struct tree_state *t = &s->tree;
	if (list_move(&t->list, act)) {
		take_selection(s);
		return view_handled();
	}
	switch (act) {
	case ACT_ENTER:
	case ACT_EXPAND:
	case ACT_COLLAPSE:
	case ACT_EXPAND_ALL:
	case ACT_LEFT:
	case ACT_RIGHT:
	case ACT_HOTTEST:
	case ACT_UNFOLD:
		return expand_key(s, act);
	case ACT_SORT_LEFT:
	case ACT_SORT_RIGHT:
		t->order = t->order == QUERY_BY_SELF ? QUERY_BY_TOTAL : QUERY_BY_SELF;
		s->stale = true;
		return view_handled();
	default:
		return view_ignored();
	}
}

static struct list *list_of(struct screen *s)
{
	return &s->tree.list;
}

/* The row as it was drawn: a newer snapshot may have come meanwhile, in which its nodes are others.
 */
static void pick(struct screen *s, size_t row)
{
	struct tree_state *t = &s->tree;
	if (row >= t->list.count)
		return;
	t->list.cursor = row;
	t->cursor_path = t->rows[row].path;
	if (s->stale)
		update(s, NULL);
	take_selection(s);
}

static void sort(struct screen *s, unsigned column)
{
	s->tree.order = (enum query_order)column;
	s->stale = true;
}

/* Opens the way to the heaviest place of a function and lands there. */
static void select_func(struct screen *s, uint32_t func)
{
	struct tree_state *t = &s->tree;
	uint32_t best = NODE_NONE;
	uint64_t most = 0;
	for (uint32_t n = snapshot_func_nodes(s->shown, func); func != 0 && n != NODE_NONE;
	     n = snapshot_node(s->shown, n).prev_same) {
		struct counts c = snapshot_counts(s->shown, n);
		if (c.total_ns > most) {
			most = c.total_ns;
			best = n;
		}
	}
	t->started = t->started || best != NODE_NONE;
	if (best != NODE_NONE)
		t->cursor_path = tree_reveal(s, best, NULL);
	s->stale = true;
}

static uint32_t current_func(struct screen *s)
{
	const struct tree_row *r = current(s);
	return r != NULL ? snapshot_node(s->shown, r->last).func : 0;
}

static void describe(struct screen *s, char *out, size_t cap)
{
	const struct tree_row *r = current(s);
	char self[16], total[16], n[32], name[FORMAT_NAME_MAX];
	if (r == NULL)
		return;
	struct counts c = snapshot_counts(s->shown, r->last);
	const struct func *f = snapshot_func(s->shown, snapshot_node(s->shown, r->last).func);
	format_percent(self, sizeof self, c.self_ns, view_whole(s));
	format_percent(total, sizeof total, c.total_ns, view_whole(s));
	format_count(n, sizeof n, c.total_n);
	snprintf(out, cap, "%s%s%s · here: self %s total %s · %s samples", format_name(f, name),
	         f->module[0] != '\0' ? " · " : "", f->module, self, total, n);
}

const struct view view_tree = {
        .name = "Tree",
        .update = update,
        .draw = draw,
        .key = key,
        .select = select_func,
        .current = current_func,
        .describe = describe,
        .find = tree_find,
        .list = list_of,
        .pick = pick,
        .sort = sort,
        .columns = (const char *const[]){"total", "self", "function", NULL},
};
