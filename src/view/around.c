/* around: a function between its callers and its callees, live; see around.h.
 *
 * Side by side where there is room, else one above the other. Enter makes the function under the
 * cursor the one in the middle, so that one walks along the calls; Esc goes back the same way.
 */
#include "around.h"

#include "ctop/action.h"
#include "ctop/surface.h"
#include "ctop/utf8.h"
#include "format.h"
#include "view.h"

#include <stdio.h>
#include <string.h>

enum { WIDE = 100, SHARE_CELLS = 8, TIME_CELLS = 9 };

void around_fini(struct around_state *t)
{
	edges_fini(&t->edges[AROUND_CALLERS]);
	edges_fini(&t->edges[AROUND_CALLEES]);
}

static void show(struct around_state *t, uint32_t func)
{
	t->func = func;
	t->of = NULL;
	for (int side = 0; side < AROUND_SIDES; side++) {
		t->list[side] = (struct list){0};
		t->follow[side] = 0;
	}
}

void around_open(struct screen *s, uint32_t func)
{
	struct around_state *t = &s->around;
	s->overlay = OVERLAY_AROUND;
	s->selected = func;
	t->visit_count = 0;
	t->side = AROUND_CALLEES;
	show(t, func);
}

/* --- rows --------------------------------------------------------------------------------- */

static void follow_cursor(struct around_state *t, int side)
{
	const struct edges *e = &t->edges[side];
	struct list *l = &t->list[side];
	l->count = e->count;
	for (size_t i = 0; t->follow[side] != 0 && i < e->count; i++)
		if (e->rows[i].func == t->follow[side])
			l->cursor = i;
	if (l->cursor >= l->count)
		l->cursor = l->count > 0 ? l->count - 1 : 0;
}

/* Once a snapshot. */
static void update(struct screen *s)
{
	struct around_state *t = &s->around;
	uint64_t samples = snapshot_stats(s->shown)->samples;
	if (t->of == s->shown && t->samples == samples)
		return;
	t->of = s->shown;
	t->samples = samples;
	edges_callers(s->shown, t->func, &t->edges[AROUND_CALLERS]);
	edges_callees(s->shown, t->func, &t->edges[AROUND_CALLEES]);
	for (int side = 0; side < AROUND_SIDES; side++)
		follow_cursor(t, side);
	/* The cursor is where there is something, if there is anything. */
	if (t->list[t->side].count == 0 && t->list[1 - t->side].count > 0)
		t->side = 1 - t->side;
}

static void take_cursor(struct around_state *t)
{
	const struct list *l = &t->list[t->side];
	bool at_top = l->cursor == 0 || l->cursor >= t->edges[t->side].count;
	t->follow[t->side] = at_top ? 0 : t->edges[t->side].rows[l->cursor].func;
}

uint32_t around_current(struct screen *s)
{
	const struct around_state *t = &s->around;
	size_t at = t->list[t->side].cursor;
	return at < t->edges[t->side].count ? t->edges[t->side].rows[at].func : t->func;
}

/* --- drawing ------------------------------------------------------------------------------ */

/* What its total is, of which the shares are. */
static void draw_heading(struct screen *s, struct surface *out, struct area a)
{
	const struct func *f = snapshot_func(s->shown, s->around.func);
	struct counts c = snapshot_func_counts(s->shown, s->around.func);
	char name[FORMAT_NAME_MAX], total[16], share[16], self[16], text[200];
	format_weight(total, sizeof total, view_unit(s), c.total_ns);
	format_percent(share, sizeof share, c.total_ns, view_whole(s));
	format_percent(self, sizeof self, c.self_ns, c.total_ns);
	surface_fill(out, a.row, 0, a.cols, STYLE_HEADING, " ");
	bool wide = a.cols >= 72;
	snprintf(text, sizeof text,
	         wide ? " · total %s (%s of all) · SHARE is of that · %s in itself" : " %s", total,
	         share, self);
	int room = a.cols - (int)utf8_str_width(text) - 1;
	int col = 1 + surface_ellipsis(out, a.row, 1, room, STYLE_HEADING_ON, format_name(f, name));
	surface_text(out, a.row, col, a.cols - col, STYLE_HEADING, text);
}

/* A part of the screen for one of the lists. */
struct part {
	int row, rows, col, cols;
};

static void draw_row(struct screen *s, struct surface *out, int row, const struct part *p,
                     const struct edge *e)
{
	const struct func *f = snapshot_func(s->shown, e->func);
	uint64_t whole = snapshot_func_counts(s->shown, s->around.func).total_ns;
	char text[32], name[FORMAT_NAME_MAX];
	int col = p->col + SHARE_CELLS, end = p->col + p->cols;
	format_percent(text, sizeof text, e->ns, whole);
	surface_right(out, row, p->col, SHARE_CELLS, e->ns * 2 >= whole ? STYLE_HOT : STYLE_NUMBER,
	              text);
	format_weight(text, sizeof text, view_unit(s), e->ns);
	surface_right(out, row, col, TIME_CELLS, STYLE_NUMBER, text);
	col += TIME_CELLS + 2;
	int used = search_draw_text(s, out, row, col, end - col, format_style(f->kind),
	                            format_name(f, name));
	if (e->func == s->around.func)
		surface_ellipsis(out, row, col + used, end - col - used, STYLE_DIM, " (recursion)");
}

static void draw_none(const struct screen *s, struct surface *out, const struct part *p, int side)
{
	bool group = s->query.group != GROUP_FUNCTION;
	const char *text = side == AROUND_CALLEES ? "it calls nothing that was sampled"
	                   : group                ? "nothing above it"
	                                          : "no caller was seen";
	surface_ellipsis(out, p->row + 1, p->col + 2, p->cols - 2, STYLE_DIM, text);
}

static void draw_part(struct screen *s, struct surface *out, const struct part *p, int side)
{
	static const char *const titles[AROUND_SIDES] = {"CALLED BY", "CALLS"};
	const struct edges *e = &s->around.edges[side];
	struct list *l = &s->around.list[side];
	int style = s->around.side == (enum around_side)side ? STYLE_HEADING_ON : STYLE_HEADING;
	if (p->rows < 1)
		return;
	list_fit(l, e->count, p->rows - 1);
	surface_fill(out, p->row, p->col, p->cols, STYLE_HEADING, " ");
	surface_right(out, p->row, p->col, SHARE_CELLS, STYLE_HEADING, "SHARE");
	surface_right(out, p->row, p->col + SHARE_CELLS, TIME_CELLS, STYLE_HEADING, "TIME");
	surface_printf(out, p->row, p->col + SHARE_CELLS + TIME_CELLS + 2, p->cols, style, "%s %zu",
	               titles[side], e->count);
	if (e->count == 0)
		draw_none(s, out, p, side);
	for (int i = 0; i < p->rows - 1 && l->top + (size_t)i < e->count; i++) {
		size_t at = l->top + (size_t)i;
		int row = p->row + 1 + i;
		draw_row(s, out, row, p, &e->rows[at]);
		hits_add(&s->hits, row, p->col, p->cols, HIT_ROW,
		         around_hit((enum around_side)side, at));
		if (at == l->cursor && s->around.side == (enum around_side)side)
			view_mark_cells(out, row, p->col, p->cols);
	}
}

/* Of lists one above the other each has half, and what the other one does not need. */
static int rows_above(const struct around_state *t, int rows)
{
	int up = (int)t->edges[AROUND_CALLERS].count + 1;
	int down = (int)t->edges[AROUND_CALLEES].count + 1;
	up = up > 1 ? up : 2; /* or why there is none */
	down = down > 1 ? down : 2;
	if (up < rows / 2)
		return up + 1; /* and a gap */
	return down < rows - rows / 2 ? rows - down : rows / 2;
}

void around_draw(struct screen *s, struct surface *out, struct area a)
{
	int rows = a.rows - 1;
	draw_heading(s, out, a);
	update(s);
	bool wide = a.cols >= WIDE;
	int half = wide ? (a.cols - 1) / 2 : rows_above(&s->around, rows);
	struct part up = {a.row + 1, wide ? rows : half, 0, wide ? half : a.cols};
	struct part down = {wide ? a.row + 1 : a.row + 1 + half, wide ? rows : rows - half,
	                    wide ? half + 1 : 0, wide ? a.cols - half - 1 : a.cols};
	draw_part(s, out, &up, AROUND_CALLERS);
	draw_part(s, out, &down, AROUND_CALLEES);
}

/* --- keys --------------------------------------------------------------------------------- */

static struct action enter(struct screen *s)
{
	struct around_state *t = &s->around;
	uint32_t func = around_current(s);
	enum func_kind kind = snapshot_func(s->shown, func)->kind;
	if (func == t->func) {
		view_say(s, "that is this function itself");
		return view_handled();
	}
	if (kind == FUNC_ROOT) {
		view_say(s, "nothing calls it");
		return view_handled();
	}
	if (t->visit_count == AROUND_VISITS)
		memmove(t->visits, t->visits + 1, --t->visit_count * sizeof *t->visits);
	t->visits[t->visit_count++] = t->func;
	s->selected = func;
	show(t, func);
	return view_handled();
}

/* Whoever has walked comes out where the walk has ended. */
static struct action leave(struct screen *s)
{
	s->overlay = OVERLAY_NONE;
	if (s->around.visit_count > 0)
		view_table[s->view]->select(s, s->selected);
	return view_handled();
}

static struct action go_back(struct screen *s)
{
	struct around_state *t = &s->around;
	if (t->visit_count == 0) {
		s->overlay = OVERLAY_NONE;
		return view_handled();
	}
	uint32_t from = t->func;
	s->selected = t->visits[--t->visit_count];
	show(t, s->selected);
	/* The cursor is where one went. */
	update(s);
	for (int side = 0; side < AROUND_SIDES; side++) {
		t->follow[side] = from;
		follow_cursor(t, side);
		bool here = t->list[side].count > 0 &&
		            t->edges[side].rows[t->list[side].cursor].func == from;
		t->side = here ? (enum around_side)side : t->side;
	}
	return view_handled();
}

/* Down from the last caller, up from the first callee: the lists stand one above the other. */
static bool cross(struct screen *s, enum act act)
{
	struct around_state *t = &s->around;
	struct list *l = &t->list[t->side], *other = &t->list[1 - t->side];
	bool down = act == ACT_DOWN && t->side == AROUND_CALLERS && l->cursor + 1 >= l->count;
	bool up = act == ACT_UP && t->side == AROUND_CALLEES && l->cursor == 0;
	if (s->cols >= WIDE || (!down && !up) || other->count == 0)
		return false;
	t->side = 1 - t->side;
	other->cursor = down ? 0 : other->count - 1;
	return true;
}

static void change_side(struct screen *s, enum around_side side)
{
	if (s->around.list[side].count > 0)
		s->around.side = side;
}

/* The function goes along into a view. */
static struct action to_view(struct screen *s, enum act act, key_code key)
{
	leave(s);
	return act == ACT_FLAME && s->view == VIEW_FLAME ? view_handled()
	                                                 : view_common_key(s, act, key);
}

static struct action other_key(struct screen *s, enum act act, key_code key)
{
	struct action a = view_common_key(s, act, key);
	if (a.kind != ACTION_IGNORED)
		return a;
	view_say(s, "Enter goes to what is under the cursor, Tab to the other list, Esc back");
	return view_handled();
}

struct action around_key(struct screen *s, enum act act, key_code key)
{
	struct around_state *t = &s->around;
	update(s);
	if (cross(s, act) || list_move(&t->list[t->side], act)) {
		take_cursor(t);
		return view_handled();
	}
	switch (act) {
	case ACT_ENTER:
	case ACT_AROUND:
		return enter(s);
	case ACT_LEFT:
	case ACT_RIGHT:
		change_side(s, act == ACT_LEFT ? AROUND_CALLERS : AROUND_CALLEES);
		return view_handled();
	case ACT_NEXT_VIEW:
	case ACT_PREV_VIEW:
		change_side(s, 1 - t->side);
		return view_handled();
	case ACT_ESCAPE:
		return go_back(s);
	case ACT_QUIT:
		return leave(s);
	case ACT_DETAIL:
		return view_detail(s, around_current(s));
	case ACT_VIEW:
	case ACT_PROCESSES:
	case ACT_TOGGLE_TREE:
	case ACT_FLAME:
		return to_view(s, act, key);
	default:
		return other_key(s, act, key);
	}
}

void around_pick(struct screen *s, uint32_t hit)
{
	struct around_state *t = &s->around;
	enum around_side side = (enum around_side)(hit % AROUND_SIDES);
	if (hit / AROUND_SIDES >= t->edges[side].count)
		return;
	t->side = side;
	t->list[side].cursor = hit / AROUND_SIDES;
	take_cursor(t);
}

void around_scroll(struct screen *s, enum around_side side, int by)
{
	struct around_state *t = &s->around;
	size_t before = t->list[side].cursor;
	list_scroll(&t->list[side], by);
	if (t->list[side].cursor != before)
		around_pick(s, around_hit(side, t->list[side].cursor));
}

/* --- search ------------------------------------------------------------------------------- */

static uint32_t func_at(const struct around_state *t, size_t row)
{
	size_t callers = t->edges[AROUND_CALLERS].count;
	return row < callers ? t->edges[AROUND_CALLERS].rows[row].func
	                     : t->edges[AROUND_CALLEES].rows[row - callers].func;
}

static bool row_matches(struct screen *s, const void *ctx, size_t row)
{
	(void)ctx;
	return search_func_matches(s, func_at(&s->around, row));
}

/* Through the callers, then the callees. */
enum search_result around_find(struct screen *s, enum search_way way)
{
	struct around_state *t = &s->around;
	size_t found;
	update(s);
	size_t callers = t->edges[AROUND_CALLERS].count;
	struct list all = {.count = callers + t->edges[AROUND_CALLEES].count};
	all.cursor = t->list[t->side].cursor + (t->side == AROUND_CALLEES ? callers : 0);
	enum search_result r = search_rows(s, &all, way, row_matches, NULL, &found);
	if (r != SEARCH_NONE)
		around_pick(s, found < callers ? around_hit(AROUND_CALLERS, found)
		                               : around_hit(AROUND_CALLEES, found - callers));
	return r;
}
