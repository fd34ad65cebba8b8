/* functions: one row a function, self and total. */
#include "format.h"
#include "view.h"

#include <stdio.h>

static void update(struct screen *s, const struct screen_facts *facts)
{
	struct functions_state *f = &s->functions;
	(void)facts;
	table_build(&f->table, s->shown, (enum table_column)f->column, f->inverted);
	if (delta_on(s))
		delta_sort(s, &f->table, false);
	size_t kept = 0;
	for (size_t i = 0; i < f->table.count; i++)
		if (!scope_hides(s, delta_larger(s, f->table.rows[i].func)))
			f->table.rows[kept++] = f->table.rows[i];
	f->table.count = kept;
	f->list.count = f->table.count;
	if (!f->follow)
		return;
	for (size_t i = 0; i < f->table.count; i++)
		if (f->table.rows[i].func == s->selected)
			f->list.cursor = i;
}

static void draw_heading(struct screen *s, struct surface *out, int row, const struct columns *c)
{
	static const char *const names[TABLE_COLUMNS] = {"SELF%", "TOTAL%", "FUNCTION", "MODULE"};
	const struct functions_state *f = &s->functions;
	const char *mark = f->inverted ? "▲" : "▼";
	int at[TABLE_COLUMNS] = {c->self, c->total, c->name, c->module};
	surface_fill(out, row, 0, out->cols, STYLE_HEADING, " ");
	for (int i = 0; i < TABLE_COLUMNS; i++) {
		bool on = f->column == (unsigned)i;
		char text[32];
		if (at[i] < 0)
			continue;
		snprintf(text, sizeof text, "%s%s", names[i], on ? mark : "");
		int style = on ? STYLE_HEADING_ON : STYLE_HEADING;
		if (i <= TABLE_TOTAL)
			surface_right(out, row, at[i] - (i == TABLE_SELF), 7 + (i == TABLE_SELF),
			              style, text);
		else
			surface_text(out, row, at[i], 20, style, text);
		hits_add(&s->hits, row, at[i], i <= TABLE_TOTAL ? 7 : out->cols - at[i], HIT_SORT,
		         (uint32_t)i);
	}
	if (c->self_s >= 0) {
		surface_right(out, row, c->self_s, 8, STYLE_HEADING, "SELF");
		surface_right(out, row, c->total_s, 8, STYLE_HEADING, "TOTAL");
		hits_add(&s->hits, row, c->self_s, 8, HIT_SORT, TABLE_SELF);
		hits_add(&s->hits, row, c->total_s, 8, HIT_SORT, TABLE_TOTAL);
	}
}

static void draw_names(struct screen *s, struct surface *out, int row, const struct columns *c,
                       const struct func *f)
{
	char name[FORMAT_NAME_MAX];
	search_draw_text(s, out, row, c->name, c->name_width, format_style(f->kind),
	                 format_name(f, name));
	if (c->module >= 0)
		surface_ellipsis(out, row, c->module, out->cols - c->module, STYLE_DIM, f->module);
}

static void draw_row(struct screen *s, struct surface *out, int row, const struct columns *c,
                     const struct table_row *r)
{
	uint64_t whole = view_whole(s);
	const struct func *f = snapshot_func(s->shown, r->func);
	char text[32];
	bool hot = whole > 0 && r->counts.self_ns * 10 >= whole;
	if (delta_on(s)) {
		struct delta d = delta_of_func(s, r->func);
		delta_numbers(s, out, row, c, &d);
		draw_names(s, out, row, c, f);
		return;
	}
	format_percent(text, sizeof text, r->counts.self_ns, whole);
	surface_right(out, row, c->self, 7, hot ? STYLE_HOT : STYLE_NUMBER, text);
	format_percent(text, sizeof text, r->counts.total_ns, whole);
	surface_right(out, row, c->total, 7, STYLE_NUMBER, text);
	if (c->self_s >= 0) {
		format_weight(text, sizeof text, view_unit(s), r->counts.self_ns);
		surface_right(out, row, c->self_s, 8, STYLE_NUMBER, text);
		format_weight(text, sizeof text, view_unit(s), r->counts.total_ns);
		surface_right(out, row, c->total_s, 8, STYLE_NUMBER, text);
	}
	draw_names(s, out, row, c, f);
}

static void draw(struct screen *s, struct surface *out, struct area a)
{
	struct functions_state *f = &s->functions;
	struct columns c = view_columns(a.cols, true);
	list_fit(&f->list, f->table.count, a.rows - 1);
	if (delta_on(s))
		delta_heading(s, out, a.row, &c, "FUNCTION");
	else
		draw_heading(s, out, a.row, &c);
	for (int i = 0; i < a.rows - 1 && f->list.top + (size_t)i < f->table.count; i++) {
		size_t at = f->list.top + (size_t)i;
		draw_row(s, out, a.row + 1 + i, &c, &f->table.rows[at]);
		hits_add(&s->hits, a.row + 1 + i, 0, a.cols, HIT_ROW, (uint32_t)at);
		if (at == f->list.cursor)
			view_mark_cursor(out, a.row + 1 + i, a.cols);
	}
}

static void take_selection(struct screen *s)
{
	struct functions_state *f = &s->functions;
	if (f->list.cursor < f->table.count)
		s->selected = f->table.rows[f->list.cursor].func;
	/* At the top the cursor stays at the top; elsewhere it follows its function. */
	f->follow = f->list.cursor > 0;
}

static struct action key(struct screen *s, enum act act)
{
	struct functions_state *f = &s->functions;
	if (list_move(&f->list, act)) {
		take_selection(s);
		return view_handled();
	}
	if (delta_on(s) && (act == ACT_SORT_LEFT || act == ACT_SORT_RIGHT)) {
		unsigned step = act == ACT_SORT_RIGHT ? 1 : DELTA_ORDERS - 1;
		s->delta_order = (enum delta_order)((s->delta_order + step) % DELTA_ORDERS);
		s->stale = true;
		return view_handled();
	}
	if (act == ACT_ENTER)
		return view_common_key(s, ACT_AROUND, 0);
	if (!list_sort(act, &f->column, TABLE_COLUMNS, &f->inverted))
		return view_ignored();
	s->stale = true;
	return view_handled();
}

static struct list *list_of(struct screen *s)
{
	return &s->functions.list;
}

static void pick(struct screen *s, size_t row)
{
	s->functions.list.cursor = row;
	take_selection(s);
}

static void sort(struct screen *s, unsigned column)
{
	struct functions_state *f = &s->functions;
	f->inverted = f->column == column && !f->inverted;
	f->column = (enum table_column)column;
	s->stale = true;
}

static bool row_matches(struct screen *s, const void *ctx, size_t row)
{
	(void)ctx;
	return search_func_matches(s, s->functions.table.rows[row].func);
}

static enum search_result find(struct screen *s, enum search_way way)
{
	struct functions_state *f = &s->functions;
	enum search_result r = search_rows(s, &f->list, way, row_matches, NULL, &f->list.cursor);
	if (r != SEARCH_NONE)
		take_selection(s);
	return r;
}

static void select_func(struct screen *s, uint32_t func)
{
	s->functions.follow = func != 0;
	s->stale = true;
}

static uint32_t current_func(struct screen *s)
{
	const struct functions_state *f = &s->functions;
	return f->list.cursor < f->table.count ? f->table.rows[f->list.cursor].func : 0;
}

static void describe(struct screen *s, char *out, size_t cap)
{
	const struct functions_state *f = &s->functions;
	if (f->list.cursor < f->table.count)
		view_describe(s, f->table.rows[f->list.cursor].func, out, cap);
}

const struct view view_functions = {
        .name = "Functions",
        .update = update,
        .draw = draw,
        .key = key,
        .select = select_func,
        .current = current_func,
        .describe = describe,
        .find = find,
        .list = list_of,
        .pick = pick,
        .sort = sort,
        .columns = (const char *const[]){"self", "total", "function", "module", NULL},
};
