/* heat: CPU use as a grid of seconds and their parts; see heat.h. */
#include "heat.h"

#include "ctop/clock.h"
#include "view.h"

#include <stdio.h>

enum { LABEL = 7, ROWS_MOST = 50 };

static const struct snapshot_heat *grid(const struct screen *s)
{
	const struct snapshot_heat *h = s->shown != NULL ? snapshot_heat(s->shown) : NULL;
	return h != NULL && h->us != NULL ? h : NULL;
}

static uint64_t part_ns(const struct snapshot_heat *h)
{
	return CLOCK_NS_PER_SEC / h->rows;
}

static uint64_t time_of(const struct snapshot_heat *h, int column, int row)
{
	return h->from_ns + (uint64_t)column * CLOCK_NS_PER_SEC + (uint64_t)row * part_ns(h);
}

/* As many seconds as fit, the newest at the right; each in as many parts as there are rows. */
static struct action ask(struct screen *s, bool on)
{
	struct heat_state *t = &s->heat;
	t->columns = s->cols > LABEL + 1 ? s->cols - LABEL : 1;
	int rows = s->rows > 8 ? s->rows - 7 : 1;
	t->rows = rows < ROWS_MOST ? rows : ROWS_MOST;
	return (struct action){.kind = ACTION_HEAT,
	                       .on = on,
	                       .from_ns = on ? (uint64_t)t->columns : 0,
	                       .to_ns = (uint64_t)t->rows};
}

struct action heat_open(struct screen *s)
{
	struct action a = ask(s, true);
	s->heat.picking = false;
	uint64_t seconds = snapshot_stats(s->shown)->elapsed_ns / CLOCK_NS_PER_SEC;
	int newest = s->heat.columns - 1;
	s->heat.column = seconds < (uint64_t)newest ? (int)seconds : newest;
	s->heat.row = 0;
	return a;
}

/* --- drawing -----------------------------------------------------------------------------------
 */

static const char *shade(uint32_t us, uint32_t most)
{
	static const char *const shades[] = {" ", "░", "▒", "▓", "█"};
	if (us == 0 || most == 0)
		return shades[0];
	unsigned level = 1 + (unsigned)((uint64_t)us * 4 / ((uint64_t)most + 1));
	return shades[level < 4 ? level : 4];
}

static bool is_chosen(const struct screen *s, uint64_t time_ns)
{
	const struct profile_window *w = &s->query.window;
	return w->kind == WINDOW_RANGE && time_ns >= w->from_ns && time_ns < w->to_ns;
}

static void draw_cells(struct screen *s, struct surface *out, struct area a,
                       const struct snapshot_heat *h)
{
	uint32_t most = 0;
	for (uint32_t i = 0; i < h->columns * h->rows; i++)
		most = h->us[i] > most ? h->us[i] : most;
	for (int c = 0; c < (int)h->columns && LABEL + c < a.cols; c++) {
		for (int r = 0; r < (int)h->rows && r + 2 < a.rows; r++) {
			uint64_t at = time_of(h, c, r);
			uint32_t us = h->us[(uint32_t)c * h->rows + (uint32_t)r];
			bool cursor = c == s->heat.column && r == s->heat.row;
			bool picked = s->heat.picking && at == s->heat.picked_ns;
			int style = picked ? STYLE_WARN : STYLE_STRIP;
			bool reverse = cursor || is_chosen(s, at);
			surface_text(out, a.row + 1 + r, LABEL + c, 1,
			             style | (reverse ? STYLE_REVERSE : 0), shade(us, most));
		}
	}
}

static void draw_labels(const struct screen *s, struct surface *out, struct area a,
                        const struct snapshot_heat *h)
{
	char text[64];
	for (int r = 0; r < (int)h->rows && r + 2 < a.rows; r += 5) {
		snprintf(text, sizeof text, "%.0f ms", (double)r * (double)part_ns(h) / 1e6);
		surface_right(out, a.row + 1 + r, 0, LABEL - 1, STYLE_DIM, text);
	}
	int axis = a.row + a.rows - 1;
	for (int c = 0; c < (int)h->columns; c += 20) {
		strip_moment(s, time_of(h, c, 0), text, sizeof text);
		surface_text(out, axis, LABEL + c, 1, STYLE_DIM, "▏");
		surface_text(out, axis, LABEL + c + 1, out->cols - LABEL - c - 1, STYLE_DIM, text);
	}
}

void heat_draw(struct screen *s, struct surface *out, struct area a)
{
	const struct snapshot_heat *h = grid(s);
	surface_fill(out, a.row, 0, a.cols, STYLE_HEADING, " ");
	surface_ellipsis(out, a.row, 0, a.cols, STYLE_HEADING,
	                 " HEAT · a column is a second · arrows move, Space picks a beginning, "
	                 "Enter chooses up to the cursor, Esc back");
	if (h == NULL) {
		surface_ellipsis(out, a.row + 1, 1, a.cols - 1, STYLE_DIM, "counting …");
		return;
	}
	draw_cells(s, out, a, h);
	draw_labels(s, out, a, h);
}

void heat_describe(const struct screen *s, char *out, size_t cap)
{
	const struct snapshot_heat *h = grid(s);
	const struct heat_state *t = &s->heat;
	char clock[48];
	out[0] = '\0';
	if (h == NULL || t->column >= (int)h->columns || t->row >= (int)h->rows)
		return;
	strip_moment(s, time_of(h, t->column, t->row), clock, sizeof clock);
	uint32_t us = h->us[(uint32_t)t->column * h->rows + (uint32_t)t->row];
	double ms = (double)part_ns(h) / 1e6;
	snprintf(out, cap, "%s + %.0f ms: %.0f%% CPU over %.0f ms", clock, t->row * ms,
	         (double)us / 10 / ms, ms);
}

/* --- keys
 * ------------------------------------------------------------------------------------------ */

static struct action close_page(struct screen *s)
{
	s->overlay = OVERLAY_NONE;
	return ask(s, false);
}

/* From what was picked, or the part of a second under the cursor alone. */
static struct action choose(struct screen *s)
{
	const struct snapshot_heat *h = grid(s);
	if (h == NULL) {
		view_say(s, "not counted yet");
		return view_handled();
	}
	uint64_t at = time_of(h, s->heat.column, s->heat.row), from = at, to = at;
	if (s->heat.picking) {
		from = s->heat.picked_ns < at ? s->heat.picked_ns : at;
		to = s->heat.picked_ns < at ? at : s->heat.picked_ns;
	}
	s->heat.picking = false;
	view_say(s, "every view shows that range: Esc closes the heat and then drops the range");
	return scope_range(s, from, to + part_ns(h));
}

static void move(int *at, int by, int count)
{
	*at += by;
	*at = *at < 0 ? 0 : *at >= count ? count - 1 : *at;
}

struct action heat_key(struct screen *s, enum act act)
{
	struct heat_state *t = &s->heat;
	const struct snapshot_heat *h = grid(s);
	int columns = h != NULL ? (int)h->columns : 1, rows = h != NULL ? (int)h->rows : 1;
	switch (act) {
	case ACT_LEFT:
	case ACT_RIGHT:
		move(&t->column, act == ACT_RIGHT ? 1 : -1, columns);
		break;
	case ACT_UP:
	case ACT_DOWN:
		move(&t->row, act == ACT_DOWN ? 1 : -1, rows);
		break;
	case ACT_PAGE_UP:
	case ACT_PAGE_DOWN:
		move(&t->column, act == ACT_PAGE_DOWN ? 10 : -10, columns);
		break;
	case ACT_HOME:
		t->column = 0;
		break;
	case ACT_END:
		t->column = columns - 1;
		break;
	case ACT_PAUSE: /* Space */
		t->picking = h != NULL;
		t->picked_ns = h != NULL ? time_of(h, t->column, t->row) : 0;
		break;
	case ACT_ENTER:
		return choose(s);
	case ACT_ESCAPE:
	case ACT_QUIT:
	case ACT_HEAT:
		return close_page(s);
	default:
		view_say(s, "arrows move, Space picks, Enter chooses, Esc goes back");
		break;
	}
	return view_handled();
}
