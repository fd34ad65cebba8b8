/* strip: CPU use over time, and choosing a range on it; see strip.h. */
#include "strip.h"

#include "ctop/clock.h"
#include "ctop/mem.h"
#include "ctop/utf8.h"
#include "format.h"
#include "scope.h"
#include "view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CELLS_MOST = 1024 };
static const uint64_t SHORTEST_NS = 10 * CLOCK_NS_PER_MS; /* range that is looked at */

/* A part of time, from `from` to before `to`. */
struct span {
	uint64_t from, to;
};

static bool holds(const struct span *s, uint64_t time_ns)
{
	return time_ns >= s->from && time_ns < s->to;
}

/* --- times in words ------------------------------------------------------------------------------
 */

/* "10:42:07.2", or since the start "00:07.2"; the tenth only where a second is long. */
static void format_moment(const struct screen *s, uint64_t time_ns, bool tenths, char *out,
                          size_t cap)
{
	const struct strip_state *t = &s->strip;
	uint64_t start = s->shown != NULL ? snapshot_strip(s->shown)->start_ns : 0;
	uint64_t ns = t->clock_offset_ns != 0 ? time_ns + t->clock_offset_ns
	              : time_ns > start       ? time_ns - start
	                                      : 0;
	time_t seconds = (time_t)(ns / CLOCK_NS_PER_SEC);
	unsigned tenth = (unsigned)(ns % CLOCK_NS_PER_SEC / (CLOCK_NS_PER_SEC / 10));
	char clock[32];
	struct tm tm;
	if (t->clock_offset_ns != 0 && localtime_r(&seconds, &tm) != NULL)
		strftime(clock, sizeof clock, "%H:%M:%S", &tm);
	else
		format_clock(clock, sizeof clock, ns);
	snprintf(out, cap, tenths ? "%s.%u" : "%s", clock, tenth);
}

void strip_moment(const struct screen *s, uint64_t time_ns, char *out, size_t cap)
{
	format_moment(s, time_ns, false, out, cap);
}

void strip_range(const struct screen *s, uint64_t from_ns, uint64_t to_ns, char *out, size_t cap)
{
	char from[48], to[48];
	format_moment(s, from_ns, true, from, sizeof from);
	format_moment(s, to_ns, true, to, sizeof to);
	snprintf(out, cap, "%s–%s (%.1f s)", from, to, (double)(to_ns - from_ns) / 1e9);
}

/* What can be chosen. */
static struct span limits(const struct screen *s)
{
	uint64_t start = snapshot_strip(s->shown)->start_ns;
	return (struct span){start, start + snapshot_stats(s->shown)->elapsed_ns};
}

static struct span chosen(const struct screen *s)
{
	const struct profile_window *w = &s->query.window;
	uint64_t end = limits(s).to;
	return (struct span){w->from_ns, w->to_ns < end ? w->to_ns : end};
}

/* --- cells
 * ----------------------------------------------------------------------------------------- */

/* The time the strip shows: the newest buckets, one a cell, or all that it was asked for. */
static struct span shown_span(const struct screen *s, int cells)
{
	const struct snapshot_strip *strip = snapshot_strip(s->shown);
	if (s->strip.focused)
		return (struct span){strip->from_ns, strip->end_ns};
	return (struct span){strip->end_ns - (uint64_t)cells * strip->bucket_ns, strip->end_ns};
}

static struct span cell_span(const struct span *all, int cell, int cells)
{
	uint64_t width = all->to - all->from;
	return (struct span){all->from + width * (uint64_t)cell / (uint64_t)cells,
	                     all->from + width * (uint64_t)(cell + 1) / (uint64_t)cells};
}

/* What is in a cell. */
struct tick {
	double rate; /* CPUs used: the most of its buckets */
	bool lost, marked, chosen, old;
};

static void read_buckets(const struct snapshot_strip *strip, const struct span *at, struct tick *c)
{
	uint64_t width = strip->bucket_ns;
	if (at->to <= strip->from_ns)
		return;
	uint64_t from = at->from > strip->from_ns ? at->from - strip->from_ns : 0;
	for (uint64_t i = from / width; i < strip->count; i++) {
		if (strip->from_ns + i * width >= at->to)
			return;
		double rate = (double)strip->us[i] * 1e3 / (double)width;
		c->rate = rate > c->rate ? rate : c->rate;
		c->lost = c->lost || strip->lost[i] > 0;
	}
}

static void read_cells(const struct screen *s, const struct span *all, struct tick *cells, int n)
{
	const struct snapshot_strip *strip = snapshot_strip(s->shown);
	const struct profile_window *w = &s->query.window;
	struct span chosen = {w->from_ns, w->to_ns};
	uint32_t marks;
	const struct snapshot_mark *mark = snapshot_marks(s->shown, &marks);
	for (int i = 0; i < n; i++) {
		struct span at = cell_span(all, i, n);
		cells[i] = (struct tick){.old = at.to <= strip->history_ns};
		read_buckets(strip, &at, &cells[i]);
		cells[i].chosen =
		        w->kind == WINDOW_RANGE && at.from < chosen.to && at.to > chosen.from;
		for (uint32_t k = 0; k < marks; k++)
			cells[i].marked = cells[i].marked || holds(&at, mark[k].time_ns);
	}
}

static void draw_cells(struct surface *out, int row, int col, const struct tick *cells, int n)
{
	double most = 0.1; /* the scale never magnifies less than a tenth of a CPU */
	for (int i = 0; i < n; i++)
		most = cells[i].rate > most ? cells[i].rate : most;
	for (int i = 0; i < n; i++) {
		const struct tick *c = &cells[i];
		int style = c->marked || c->lost ? STYLE_WARN : c->old ? STYLE_DIM : STYLE_STRIP;
		surface_text(out, row, col + i, 1, style | (c->chosen ? STYLE_REVERSE : 0),
		             c->marked ? "┃" : format_spark(c->rate / most));
	}
}

/* Times along the strip, and at the end what the keys do. */
static void draw_axis(struct screen *s, struct surface *out, int row, const struct span *all,
                      int cells)
{
	static const char *const hints[] = {
	        "← → move  + - stretch  * busiest  n N spike  Enter zoom  [ keep  Esc live",
	        "← → + - * n N  Enter zoom  [ keep  Esc live", "Esc live"};
	char text[64];
	size_t h = 0;
	while (h < 2 && (int)utf8_str_width(hints[h]) > out->cols / 2)
		h++;
	int width = (int)utf8_str_width(hints[h]), room = out->cols - width - 2;
	for (int cell = 0; cell + 12 < room && cell < cells; cell += 20) {
		format_moment(s, cell_span(all, cell, cells).from,
		              all->to - all->from < 60 * CLOCK_NS_PER_SEC, text, sizeof text);
		surface_text(out, row, cell, 1, STYLE_DIM, "▏");
		surface_text(out, row, cell + 1, room - cell - 1, STYLE_DIM, text);
	}
	surface_right(out, row, out->cols - width - 1, width, STYLE_DIM, hints[h]);
}

int strip_draw(struct screen *s, struct surface *out, int row)
{
	struct strip_state *t = &s->strip;
	char state[128];
	int style;
	header_state(s, state, sizeof state, &style);
	if (t->focused && s->query.window.kind == WINDOW_RANGE && out->cols >= 70) {
		strip_range(s, chosen(s).from, chosen(s).to, state, sizeof state);
		style = STYLE_TITLE;
	}
	int w = (int)utf8_str_width(state), n = out->cols - w - 3;
	n = n < CELLS_MOST ? n : CELLS_MOST;
	surface_fill(out, row, 0, out->cols, STYLE_TEXT, " ");
	surface_right(out, row, out->cols - w - 1, w, style | STYLE_BOLD, state);
	t->cells = n;
	if (n <= 0)
		return 1;
	int first = 0, count = (int)snapshot_strip(s->shown)->count;
	if (!t->focused && count < n) { /* the newest stands at the right end */
		first = n - count;
		n = count;
	}
	struct span all = shown_span(s, n);
	struct tick *cells = mem_zalloc((size_t)n, sizeof *cells);
	read_cells(s, &all, cells, n);
	draw_cells(out, row, first, cells, n);
	free(cells);
	if (!t->focused)
		return 1;
	surface_fill(out, row + 1, 0, out->cols, STYLE_TEXT, " ");
	draw_axis(s, out, row + 1, &all, n);
	return 2;
}

/* --- choosing a range ----------------------------------------------------------------------------
 */

static struct action choose(struct screen *s, struct span r)
{
	struct span all = limits(s);
	uint64_t length = r.to > r.from ? r.to - r.from : 0;
	length = length > SHORTEST_NS ? length : SHORTEST_NS;
	if (r.from < all.from)
		r.from = all.from;
	r.to = r.from + length;
	return scope_range(s, r.from, r.to);
}

/* The strip shows the whole run, or what is zoomed to. */
static struct action show(struct screen *s)
{
	struct strip_state *t = &s->strip;
	struct action a = {.kind = ACTION_STRIP, .query = s->query};
	if (t->focused) {
		a.from_ns = t->view_from;
		a.to_ns = t->view_to != 0 ? t->view_to : UINT64_MAX;
	}
	return a;
}

struct action strip_open(struct screen *s)
{
	struct strip_state *t = &s->strip;
	if (s->shown == NULL)
		return view_handled();
	t->focused = true;
	t->view_from = t->view_to = 0;
	if (s->query.window.kind != WINDOW_RANGE) {
		struct span all = limits(s);
		uint64_t part = (all.to - all.from) / 10; /* a second at least, if there is one */
		part = part > CLOCK_NS_PER_SEC ? part : CLOCK_NS_PER_SEC;
		part = part < all.to - all.from ? part : all.to - all.from;
		choose(s, (struct span){all.to - part, all.to});
	}
	return show(s);
}

static struct action leave(struct screen *s, bool keep)
{
	s->strip.focused = false;
	if (!keep)
		scope_range(s, 0, 0);
	view_say(s, keep ? "the range stays chosen: Esc goes back to all, [ to the time line"
	                 : "all that was sampled");
	return show(s);
}

/* Time that is moved by at a key: a cell. */
static uint64_t step(const struct screen *s)
{
	const struct snapshot_strip *strip = snapshot_strip(s->shown);
	uint64_t width = strip->end_ns - strip->from_ns;
	uint64_t cells = s->strip.cells > 0 ? (uint64_t)s->strip.cells : 1;
	return width / cells > CLOCK_NS_PER_MS ? width / cells : CLOCK_NS_PER_MS;
}

static struct action move(struct screen *s, int64_t by)
{
	struct span r = chosen(s), all = limits(s);
	uint64_t length = r.to - r.from;
	if (by < 0 && r.from < all.from + (uint64_t)-by)
		r.from = all.from;
	else
		r.from += (uint64_t)by;
	if (r.from + length > all.to)
		r.from = all.to > all.from + length ? all.to - length : all.from;
	return choose(s, (struct span){r.from, r.from + length});
}

static struct action stretch(struct screen *s, int64_t by)
{
	struct span r = chosen(s);
	if (by < 0 && r.to - r.from <= (uint64_t)-by)
		by = -(int64_t)(r.to - r.from) / 2;
	r.to += (uint64_t)by;
	return choose(s, r);
}

static struct action zoom(struct screen *s)
{
	struct strip_state *t = &s->strip;
	struct span r = chosen(s);
	uint64_t margin = (r.to - r.from) / 2;
	t->view_from = r.from > limits(s).from + margin ? r.from - margin : limits(s).from;
	t->view_to = r.to + margin;
	return show(s);
}

static struct action escape(struct screen *s)
{
	struct strip_state *t = &s->strip;
	if (t->view_to == 0)
		return leave(s, false);
	t->view_from = t->view_to = 0;
	return show(s);
}

/* The second with the most CPU of what the strip shows. */
static struct action busiest(struct screen *s)
{
	const struct snapshot_strip *strip = snapshot_strip(s->shown);
	uint64_t n = CLOCK_NS_PER_SEC / strip->bucket_ns, best = 0, at = 0, sum = 0;
	n = n > 0 ? n : 1;
	for (uint64_t i = 0; i < strip->count; i++) {
		sum += strip->us[i];
		if (i >= n)
			sum -= strip->us[i - n];
		if (sum > best) {
			best = sum;
			at = i + 1 > n ? i + 1 - n : 0;
		}
	}
	uint64_t from = strip->from_ns + at * strip->bucket_ns;
	return choose(s, (struct span){from, from + n * strip->bucket_ns});
}

/* Above what a bucket uses on average by half as much again. */
static bool is_spike(const struct snapshot_strip *strip, uint64_t i)
{
	uint64_t sum = 0;
	for (uint32_t k = 0; k < strip->count; k++)
		sum += strip->us[k];
	return i < strip->count && (uint64_t)strip->us[i] * strip->count * 2 > sum * 3;
}

/* The next run of buckets that stand out, before or after the chosen range. */
static struct action spike(struct screen *s, int direction)
{
	const struct snapshot_strip *strip = snapshot_strip(s->shown);
	struct span r = chosen(s);
	uint64_t edge = direction > 0 ? r.to : r.from, width = strip->bucket_ns;
	int64_t i = edge > strip->from_ns ? (int64_t)((edge - strip->from_ns) / width) : 0;
	i -= direction < 0;
	while (i >= 0 && i < strip->count && !is_spike(strip, (uint64_t)i))
		i += direction;
	if (i < 0 || i >= strip->count) {
		view_say(s, direction > 0 ? "no spike after the chosen range"
		                          : "no spike before the chosen range");
		return view_handled();
	}
	int64_t first = i, last = i;
	while (first > 0 && is_spike(strip, (uint64_t)first - 1))
		first--;
	while (is_spike(strip, (uint64_t)last + 1))
		last++;
	return choose(s, (struct span){strip->from_ns + (uint64_t)first * width,
	                               strip->from_ns + (uint64_t)(last + 1) * width});
}

/* From the last mark at or before the chosen range's beginning to the next one. */
static struct action between_marks(struct screen *s)
{
	uint32_t n;
	const struct snapshot_mark *m = snapshot_marks(s->shown, &n);
	struct span all = limits(s), r = {all.from, all.to};
	uint64_t at = chosen(s).from;
	for (uint32_t i = 0; i < n; i++) {
		if (m[i].time_ns <= at)
			r.from = m[i].time_ns;
		else if (m[i].time_ns < r.to)
			r.to = m[i].time_ns;
	}
	if (n == 0)
		view_say(s, "there are no marks: m sets one");
	return n > 0 ? choose(s, r) : view_handled();
}

struct action strip_key(struct screen *s, enum act act, key_code key)
{
	int64_t cell = (int64_t)step(s), length = (int64_t)(chosen(s).to - chosen(s).from);
	switch (act) {
	case ACT_LEFT:
		return move(s, -cell);
	case ACT_RIGHT:
		return move(s, cell);
	case ACT_PAGE_UP:
		return move(s, -length);
	case ACT_PAGE_DOWN:
		return move(s, length);
	case ACT_HOME:
		return move(s, INT64_MIN / 2);
	case ACT_END:
		return move(s, INT64_MAX / 2);
	case ACT_EXPAND:
		return stretch(s, cell);
	case ACT_COLLAPSE:
		return stretch(s, -cell);
	case ACT_EXPAND_ALL:
		return busiest(s);
	case ACT_SEARCH_NEXT:
		return spike(s, 1);
	case ACT_SEARCH_PREVIOUS:
		return spike(s, -1);
	case ACT_ENTER:
		return zoom(s);
	case ACT_TIMELINE:
		return leave(s, true);
	case ACT_ESCAPE:
		return escape(s);
	default:
		return key == '|' ? between_marks(s) : view_ignored();
	}
}

/* --- marks
 * ------------------------------------------------------------------------------------------ */

static void mark_edited(struct screen *s)
{
	(void)s;
}

struct action strip_set_mark(struct screen *s, const char *name)
{
	struct action a = {.kind = ACTION_MARK};
	if (s->shown != NULL && s->strip.focused)
		a.from_ns = chosen(s).from;
	snprintf(a.name, sizeof a.name, "%.55s", name);
	view_say(s, "marked; [ shows it on the time line, | there takes what lies between marks");
	return a;
}

static struct action mark_accepted(struct screen *s)
{
	return strip_set_mark(s, s->prompt.text);
}

static const struct prompt_use mark_use = {
        .label = "name of the mark: ",
        .edited = mark_edited,
        .accepted = mark_accepted,
        .cancelled = mark_edited,
};

struct action strip_mark(struct screen *s)
{
	if (s->shown == NULL)
		return view_handled();
	view_prompt(s, &mark_use, &s->strip.names);
	return view_handled();
}
