/* bottomup: hottest leaf functions first; expanding a row shows its callers, with
 * the share of the row's own root that each is responsible for.
 */
#include "ctop/vec.h"
#include "format.h"
#include "paths.h"
#include "view.h"

#include <stdio.h>

enum { ROWS_MOST = 20000, DEPTH_MOST = 256 };

static void add_row(struct screen *s, const struct bottomup_row *row)
{
	struct bottomup_state *b = &s->bottomup;
	b->rows = vec_reserve(b->rows, &b->cap, b->list.count + 1, sizeof *b->rows);
	b->rows[b->list.count++] = *row;
}

/* The rows of one level of callers and what is open above them. */
static void add_callers(struct screen *s, const struct query_callers *callers,
                        const struct bottomup_row *below)
{
	struct bottomup_state *b = &s->bottomup;
	for (size_t i = 0; i < callers->count && b->list.count < ROWS_MOST; i++) {
		const struct query_caller *c = &callers->rows[i];
		enum func_kind kind = snapshot_func(s->shown, c->func)->kind;
		struct bottomup_row row = {
		        .func = c->func,
		        .self_ns = c->self_ns,
		        .self_n = c->self_n,
		        .root_ns = below->root_ns,
		        .path = query_path_child(below->path, c->func),
		        .depth = (uint16_t)(below->depth + 1),
		        .has_callers = kind != FUNC_PROCESS && kind != FUNC_ROOT,
		};
		if (kind == FUNC_ROOT || scope_hides(s, row.self_ns))
			continue;
		row.open = row.has_callers && paths_has(&b->open, row.path);
		add_row(s, &row);
		if (!row.open || row.depth >= DEPTH_MOST)
			continue;
		struct query_callers above = {0};
		query_callers_above(s->shown, callers, i, &above);
		add_callers(s, &above, &row);
		query_callers_fini(&above);
	}
}

static void update(struct screen *s, const struct screen_facts *facts)
{
	struct bottomup_state *b = &s->bottomup;
	(void)facts;
	table_build(&b->table, s->shown, TABLE_SELF, false);
	if (delta_on(s))
		delta_sort(s, &b->table, true);
	b->list.count = 0;
	for (size_t i = 0; i < b->table.count && b->list.count < ROWS_MOST; i++) {
		const struct table_row *t = &b->table.rows[i];
		struct bottomup_row row = {
		        .func = t->func,
		        .self_ns = t->counts.self_ns,
		        .self_n = t->counts.self_n,
		        .root_ns = t->counts.self_ns,
		        .path = query_path_child(query_path_root, t->func),
		        .has_callers = true,
		};
		if (!delta_on(s) && (t->counts.self_n == 0 || scope_hides(s, t->counts.self_ns)))
			break; /* sorted: no more */
		if (delta_on(s) && !delta_has_self(s, t->func))
			continue;
		row.open = paths_has(&b->open, row.path);
		add_row(s, &row);
		if (!row.open)
			continue;
		struct query_callers callers = {0};
		query_callers_of(s->shown, t->func, &callers);
		add_callers(s, &callers, &row);
		query_callers_fini(&callers);
	}
	for (size_t i = 0; b->cursor_path != 0 && i < b->list.count; i++)
		if (b->rows[i].path == b->cursor_path)
			b->list.cursor = i;
}

static void draw_row(struct screen *s, struct surface *out, int row, const struct columns *c,
                     const struct bottomup_row *r)
{
	const struct func *f = snapshot_func(s->shown, r->func);
	uint64_t whole = view_whole(s);
	char text[32], name[FORMAT_NAME_MAX];
	struct delta d = delta_of_self(s, r->func);
	if (r->depth == 0 && delta_on(s)) {
		delta_numbers(s, out, row, c, &d);
	} else if (r->depth == 0) {
		bool hot = whole > 0 && r->self_ns * 10 >= whole;
		format_percent(text, sizeof text, r->self_ns, whole);
		surface_right(out, row, c->self, 7, hot ? STYLE_HOT : STYLE_NUMBER, text);
	} else {
		format_percent(text, sizeof text, r->self_ns, r->root_ns);
		surface_right(out, row, c->total, 7, STYLE_NUMBER, text);
	}
	if (c->self_s >= 0 && !delta_on(s)) {
		format_weight(text, sizeof text, view_unit(s), r->self_ns);
		surface_right(out, row, c->self_s, 8, STYLE_NUMBER, text);
	}
	int most = c->name_width * 2 / 3, indent = 2 * r->depth;
	int col = c->name + (indent < most ? indent : most);
	int end = c->module >= 0 ? c->module - 1 : out->cols;
	const char *mark = r->open ? "▾ " : r->has_callers ? "▸ " : "  ";
	surface_text(out, row, col, 2, STYLE_DIM, mark);
	search_draw_text(s, out, row, col + 2, end - col - 2, format_style(f->kind),
	                 format_name(f, name));
	if (c->module >= 0)
		surface_ellipsis(out, row, c->module, out->cols - c->module, STYLE_DIM, f->module);
}

static struct columns bottomup_columns(const struct screen *s, int cols)
{
	struct columns c = view_columns(cols, true);
	if (c.self_s >= 0 && !delta_on(s)) {
		c.name -= 8;
		c.name_width += 8;
	}
	return c;
}

static void draw_heading(struct surface *out, int row, const struct columns *c)
{
	surface_fill(out, row, 0, out->cols, STYLE_HEADING, " ");
	surface_right(out, row, c->self, 7, STYLE_HEADING_ON, "SELF%");
	surface_right(out, row, c->total, 7, STYLE_HEADING, "VIA%");
	if (c->self_s >= 0)
		surface_right(out, row, c->self_s, 8, STYLE_HEADING, "SELF");
	surface_text(out, row, c->name, c->name_width, STYLE_HEADING, "BOTTOM-UP");
}

static void draw(struct screen *s, struct surface *out, struct area a)
{
	struct bottomup_state *b = &s->bottomup;
	struct columns c = bottomup_columns(s, a.cols);
	list_fit(&b->list, b->list.count, a.rows - 1);
	hits_add(&s->hits, a.row, 0, a.cols, HIT_SORT, 0);
	if (delta_on(s))
		delta_heading(s, out, a.row, &c, "BOTTOM-UP (self)");
	else
		draw_heading(out, a.row, &c);
	for (int i = 0; i < a.rows - 1 && b->list.top + (size_t)i < b->list.count; i++) {
		size_t at = b->list.top + (size_t)i;
		draw_row(s, out, a.row + 1 + i, &c, &b->rows[at]);
		hits_add(&s->hits, a.row + 1 + i, 0, a.cols, HIT_ROW, (uint32_t)at);
		if (at == b->list.cursor)
			view_mark_cursor(out, a.row + 1 + i, a.cols);
	}
}

static struct bottomup_row *current(struct screen *s)
{
	struct bottomup_state *b = &s->bottomup;
	return b->list.cursor < b->list.count ? &b->rows[b->list.cursor] : NULL;
}

static void take_selection(struct screen *s)
{
	const struct bottomup_row *r = current(s);
	if (r == NULL)
		return;
	/* The top row stays the top row; elsewhere the cursor follows its row. */
	s->bottomup.cursor_path = s->bottomup.list.cursor > 0 ? r->path : 0;
	s->selected = r->func;
}

static void go_to_root(struct screen *s)
{
	struct bottomup_state *b = &s->bottomup;
	size_t i = b->list.cursor;
	uint16_t depth = b->rows[i].depth;
	while (i > 0 && depth > 0 && b->rows[i].depth >= depth)
		i--;
	b->list.cursor = i;
	take_selection(s);
}

/* Opens the callers with the largest share, up to the process. */
static void open_hottest(struct screen *s, const struct bottomup_row *r)
{
	struct bottomup_state *b = &s->bottomup;
	uint64_t path = query_path_child(query_path_root, r->func);
	struct query_callers level = {0};
	if (r->depth > 0)
		return view_say(s, "H opens the hottest callers of a top row");
	query_callers_of(s->shown, r->func, &level);
	paths_set(&b->open, path, true);
	for (int i = 0; level.count > 0 && i < DEPTH_MOST; i++) {
		struct query_callers above = {0};
		path = query_path_child(path, level.rows[0].func);
		paths_set(&b->open, path, true);
		query_callers_above(s->shown, &level, 0, &above);
		query_callers_fini(&level);
		level = above;
	}
	query_callers_fini(&level);
}

/* Opens all callers above a row, within reason. */
static void open_all(struct screen *s, const struct query_callers *callers, uint64_t path,
                     size_t *budget)
{
	for (size_t i = 0; i<callers->count && * budget> 0; i++) {
		struct query_callers above = {0};
		uint64_t mine = query_path_child(path, callers->rows[i].func);
		(*budget)--;
		paths_set(&s->bottomup.open, mine, true);
		query_callers_above(s->shown, callers, i, &above);
		open_all(s, &above, mine, budget);
		query_callers_fini(&above);
	}
}

static void open_subtree(struct screen *s, const struct bottomup_row *r)
{
	size_t budget = ROWS_MOST / 4;
	struct query_callers callers = {0};
	paths_set(&s->bottomup.open, r->path, true);
	if (r->depth > 0)
		return view_say(s, "* opens all callers of a top row");
	query_callers_of(s->shown, r->func, &callers);
	open_all(s, &callers, r->path, &budget);
	query_callers_fini(&callers);
}

static struct action key(struct screen *s, enum act act)
{
	struct bottomup_state *b = &s->bottomup;
	struct bottomup_row *r = current(s);
	if (list_move(&b->list, act)) {
		take_selection(s);
		return view_handled();
	}
	if (r == NULL)
		return view_ignored();
	if (act == ACT_ENTER)
		paths_set(&b->open, r->path, !r->open);
	else if (act == ACT_EXPAND || act == ACT_RIGHT)
		paths_set(&b->open, r->path, true);
	else if (act == ACT_COLLAPSE || (act == ACT_LEFT && r->open))
		paths_set(&b->open, r->path, false);
	else if (act == ACT_LEFT)
		go_to_root(s);
	else if (act == ACT_HOTTEST)
		open_hottest(s, r);
	else if (act == ACT_EXPAND_ALL)
		open_subtree(s, r);
	else
		return view_ignored();
	s->stale = true;
	return view_handled();
}

static struct list *list_of(struct screen *s)
{
	return &s->bottomup.list;
}

static void pick(struct screen *s, size_t row)
{
	s->bottomup.list.cursor = row;
	take_selection(s);
}

static bool row_matches(struct screen *s, const void *ctx, size_t row)
{
	(void)ctx;
	return search_func_matches(s, s->bottomup.rows[row].func);
}

/* Among the rows there are: the callers above a row are made when it is opened. */
static enum search_result find(struct screen *s, enum search_way way)
{
	struct list *l = &s->bottomup.list;
	enum search_result r = search_rows(s, l, way, row_matches, NULL, &l->cursor);
	if (r != SEARCH_NONE)
		take_selection(s);
	return r;
}

static void select_func(struct screen *s, uint32_t func)
{
	if (func != 0)
		s->bottomup.cursor_path = query_path_child(query_path_root, func);
	s->stale = true;
}

static uint32_t current_func(struct screen *s)
{
	const struct bottomup_row *r = current(s);
	return r != NULL ? r->func : 0;
}

static void describe(struct screen *s, char *out, size_t cap)
{
	const struct bottomup_row *r = current(s);
	char self[16], via[16], n[32], name[FORMAT_NAME_MAX];
	if (r == NULL)
		return;
	const struct func *f = snapshot_func(s->shown, r->func);
	format_percent(self, sizeof self, r->self_ns, view_whole(s));
	format_percent(via, sizeof via, r->self_ns, r->root_ns);
	format_count(n, sizeof n, r->self_n);
	if (r->depth == 0)
		snprintf(out, cap, "%s · %s · self %s · %s samples", format_name(f, name),
		         f->module, self, n);
	else
		snprintf(out, cap,
		         "through %s · %s · %s of the row's function, %s of all · %s samples",
		         f->name, f->module, via, self, n);
}

const struct view view_bottomup = {
        .name = "Bottom-up",
        .update = update,
        .draw = draw,
        .key = key,
        .select = select_func,
        .current = current_func,
        .describe = describe,
        .find = find,
        .list = list_of,
        .pick = pick,
};
