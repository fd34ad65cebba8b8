/* delta: what is shown against a base line; see delta.h. */
#include "delta.h"

#include "ctop/table.h"
#include "format.h"
#include "view.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double LEAST = 0.05; /* points: less is shown as none */

bool delta_on(const struct screen *s)
{
	return s->shown != NULL && snapshot_base(s->shown)->on;
}

struct delta delta_of_func(const struct screen *s, uint32_t func)
{
	struct counts base = snapshot_base_func_counts(s->shown, func);
	struct counts now = snapshot_func_counts(s->shown, func);
	return (struct delta){base.total_ns, now.total_ns, base.self_ns, now.self_ns,
	                      snapshot_verdict_of(s->shown, func, false)};
}

struct delta delta_of_self(const struct screen *s, uint32_t func)
{
	struct delta d = delta_of_func(s, func);
	d.base_ns = d.base_self_ns;
	d.now_ns = d.now_self_ns;
	d.verdict = snapshot_verdict_of(s->shown, func, true);
	return d;
}

bool delta_has_self(const struct screen *s, uint32_t func)
{
	struct delta d = delta_of_self(s, func);
	return d.base_ns > 0 || d.now_ns > 0;
}

struct delta delta_of_node(const struct screen *s, uint32_t node)
{
	struct counts base = snapshot_base_counts(s->shown, node);
	struct counts now = snapshot_counts(s->shown, node);
	uint32_t func = snapshot_node(s->shown, node).func;
	return (struct delta){base.total_ns, now.total_ns, base.self_ns, now.self_ns,
	                      snapshot_verdict_of(s->shown, func, false)};
}

/* --- keys ----------------------------------------------------------------------------------- */

struct action delta_set(struct screen *s)
{
	struct profile_query *q = &s->query;
	if (s->shown == NULL || snapshot_stats(s->shown)->samples == 0) {
		view_say(s, "nothing is counted that could be a base line");
		return view_handled();
	}
	const struct snapshot_strip *strip = snapshot_strip(s->shown);
	uint64_t now = strip->start_ns + snapshot_stats(s->shown)->elapsed_ns;
	bool range = q->window.kind == WINDOW_RANGE;
	uint64_t from = range ? q->window.from_ns
	                : q->window.kind == WINDOW_LAST && now > q->window.span_ns
	                        ? now - q->window.span_ns
	                        : strip->start_ns;
	q->compare = true;
	q->base_from_ns = from > strip->history_ns ? from : strip->history_ns;
	q->base_to_ns = range && q->window.to_ns < now ? q->window.to_ns : now;
	q->window = (struct profile_window){
	        .kind = WINDOW_RANGE, .from_ns = q->base_to_ns, .to_ns = UINT64_MAX};
	s->strip.focused = false;
	view_say(s, "base line set: what comes from now on is compared with it; [ chooses another "
	            "range, B ends");
	s->stale = true;
	return (struct action){.kind = ACTION_STRIP, .query = *q};
}

struct action delta_drop(struct screen *s)
{
	if (!s->query.compare) {
		view_say(s, "there is no base line: b sets one");
		return view_handled();
	}
	s->query.compare = false;
	s->query.base_from_ns = s->query.base_to_ns = 0;
	view_say(s, "no base line");
	return scope_range(s, 0, 0);
}

/* --- differences ---------------------------------------------------------------------------------
 */

static double share(uint64_t part, uint64_t whole)
{
	return whole > 0 ? 100 * (double)part / (double)whole : 0;
}

double delta_points(const struct screen *s, uint64_t base_ns, uint64_t now_ns)
{
	return share(now_ns, view_whole(s)) - share(base_ns, snapshot_base(s->shown)->weight_ns);
}

int delta_style(double points, enum snapshot_verdict verdict)
{
	if (verdict != SNAPSHOT_CHANGED || fabs(points) < LEAST)
		return STYLE_DIM;
	return points > 0 ? STYLE_GREW : STYLE_SHRANK;
}

static void format_points(double points, bool arrow, char *out, size_t cap)
{
	if (fabs(points) < LEAST)
		snprintf(out, cap, arrow ? "0.0  " : "0.0");
	else
		snprintf(out, cap, "%+.1f%s", points, !arrow ? "" : points > 0 ? " ▲" : " ▼");
}

void delta_heading(const struct screen *s, struct surface *out, int row, const struct columns *c,
                   const char *name)
{
	static const char *const by[DELTA_ORDERS] = {"changed most", "grown most", "shrunk most",
	                                             "most now"};
	char text[160];
	surface_fill(out, row, 0, out->cols, STYLE_HEADING, " ");
	surface_right(out, row, 0, 8, STYLE_HEADING_ON, "Δ TOTAL");
	if (c->self_s >= 0) {
		surface_right(out, row, 8, 8, STYLE_HEADING, "BASE");
		surface_right(out, row, 16, 8, STYLE_HEADING, "NOW");
		surface_right(out, row, 24, 8, STYLE_HEADING, "Δ SELF");
	} else {
		surface_right(out, row, 8, 6, STYLE_HEADING, "NOW");
	}
	snprintf(text, sizeof text, "%s · %s first%s", name, by[s->delta_order],
	         snapshot_base(s->shown)->judged
	                 ? " · grey: chance would do (5 % false discoveries)"
	                 : " · too little data to tell from chance");
	surface_ellipsis(out, row, c->name, out->cols - c->name, STYLE_HEADING, text);
}

void delta_numbers(const struct screen *s, struct surface *out, int row, const struct columns *c,
                   const struct delta *d)
{
	char text[32];
	double points = delta_points(s, d->base_ns, d->now_ns);
	int style = delta_style(points, d->verdict);
	bool wide = c->self_s >= 0;
	format_points(points, true, text, sizeof text);
	surface_right(out, row, 0, 8, style, text);
	format_percent(text, sizeof text, d->now_ns, view_whole(s));
	surface_right(out, row, wide ? 16 : 8, wide ? 8 : 6, STYLE_NUMBER, text);
	if (!wide)
		return;
	format_percent(text, sizeof text, d->base_ns, snapshot_base(s->shown)->weight_ns);
	surface_right(out, row, 8, 8, STYLE_NUMBER, text);
	format_points(delta_points(s, d->base_self_ns, d->now_self_ns), false, text, sizeof text);
	surface_right(out, row, 24, 8, style, text);
}

uint64_t delta_larger(const struct screen *s, uint32_t func)
{
	uint64_t now = snapshot_func_counts(s->shown, func).total_ns;
	if (!delta_on(s))
		return now;
	double base = share(snapshot_base_func_counts(s->shown, func).total_ns,
	                    snapshot_base(s->shown)->weight_ns);
	uint64_t as_now = (uint64_t)(base / 100 * (double)view_whole(s));
	return as_now > now ? as_now : now;
}

/* --- order
 * ----------------------------------------------------------------------------------------- */

struct sorting {
	const struct screen *s;
	bool self;
};

static double rank(const struct sorting *o, uint32_t func)
{
	const struct screen *s = o->s;
	struct delta d = o->self ? delta_of_self(s, func) : delta_of_func(s, func);
	double points = delta_points(s, d.base_ns, d.now_ns);
	switch (s->delta_order) {
	case DELTA_BY_GROWTH:
		return points;
	case DELTA_BY_SHRINKAGE:
		return -points;
	case DELTA_BY_NOW:
		return share(d.now_ns, view_whole(s));
	default:
		return fabs(points);
	}
}

static int by_rank(const void *va, const void *vb, void *ctx)
{
	const struct table_row *a = va, *b = vb;
	double ra = rank(ctx, a->func), rb = rank(ctx, b->func);
	return ra != rb ? (ra < rb) - (ra > rb) : (a->func > b->func) - (a->func < b->func);
}

void delta_sort(const struct screen *s, struct table *t, bool self)
{
	struct sorting o = {s, self};
	if (t->count > 1)
		qsort_r(t->rows, t->count, sizeof *t->rows, by_rank, &o);
}

/* --- flamegraph
 * -------------------------------------------------------------------------------------- */

uint64_t delta_width(const struct screen *s, uint32_t node)
{
	if (!delta_on(s))
		return snapshot_counts(s->shown, node).total_ns;
	struct delta d = delta_of_node(s, node);
	double both = share(d.now_ns, view_whole(s)) +
	              share(d.base_ns, snapshot_base(s->shown)->weight_ns);
	return (uint64_t)(both * 1e9);
}

void delta_mark(const struct screen *s, uint32_t node, char *out, size_t cap)
{
	struct delta d = delta_of_node(s, node);
	double points = delta_points(s, d.base_ns, d.now_ns);
	out[0] = '\0';
	if (fabs(points) >= LEAST)
		snprintf(out, cap, "%+.1f", points);
}

/* --- in words
 * ------------------------------------------------------------------------------------------ */

/* Milliseconds of CPU a second. */
static double per_second(uint64_t weight_ns, uint64_t from_ns, uint64_t to_ns)
{
	return to_ns > from_ns ? 1e3 * (double)weight_ns / (double)(to_ns - from_ns) : 0;
}

/* The time that is counted now. */
static void now_range(const struct screen *s, uint64_t *from, uint64_t *to)
{
	const struct snapshot_strip *strip = snapshot_strip(s->shown);
	const struct profile_window *w = &s->query.window;
	uint64_t end = strip->start_ns + snapshot_stats(s->shown)->elapsed_ns;
	bool last = w->kind == WINDOW_LAST && end > w->span_ns;
	*from = w->kind == WINDOW_RANGE ? w->from_ns : last ? end - w->span_ns : strip->start_ns;
	*to = w->kind == WINDOW_RANGE && w->to_ns < end ? w->to_ns : end;
}

void delta_tell(struct screen *s, char *out, size_t cap)
{
	static const char *const said[] = {[SNAPSHOT_NOISE] = "chance would do",
	                                   [SNAPSHOT_CHANGED] = "changed",
	                                   [SNAPSHOT_TOO_LITTLE] = "too little data to tell"};
	const struct snapshot_base *base = snapshot_base(s->shown);
	uint32_t func = view_table[s->view]->current(s);
	char name[FORMAT_NAME_MAX];
	uint64_t from, to;
	if (func == 0)
		return;
	struct delta d = delta_of_func(s, func);
	now_range(s, &from, &to);
	snprintf(out, cap, "%s · total %+.1f points: %s · %.1f → %.1f ms of CPU a second",
	         format_name(snapshot_func(s->shown, func), name),
	         delta_points(s, d.base_ns, d.now_ns), said[d.verdict],
	         per_second(d.base_ns, base->from_ns, base->to_ns), per_second(d.now_ns, from, to));
}

void delta_scope(const struct screen *s, char *out, size_t cap)
{
	char range[96];
	out[0] = '\0';
	if (!s->query.compare)
		return;
	strip_range(s, s->query.base_from_ns, s->query.base_to_ns, range, sizeof range);
	snprintf(out, cap, " · base %s", range);
}
