/* recount: counting anew under another query, in slices, and windows that move; see
 * profile_state.h.
 *
 * A sample that comes while a recount is on is added to the new generation only where the walk has
 * passed it already, so nothing is lost or doubled. What a window holds is told by the place of a
 * sample in the history, which is where it entered and where it leaves.
 */
#include "ctop/mem.h"
#include "ctop/vec.h"
#include "profile_state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TOTALS_BATCH = 256, ENTRIES_BATCH = 4096 };

/* Samples may stand that far from their place in the order of time: they waited for a file. */
static const uint64_t DISORDER_NS = UINT64_C(2000000000);
enum { HALVES_MOST = 20 }; /* what has been halved more often is not looked for */

static void tally_fini(struct tally *t)
{
	count_array_fini(&t->nodes);
	count_array_fini(&t->by_func);
}

void generation_fini(struct generation *g)
{
	tally_fini(&g->now);
	tally_fini(&g->base);
	tree_unref(g->tree);
	filters_fini(&g->filters);
	verdicts_fini(&g->verdicts);
	free(g->done.sums);
	free(g->base_done.sums);
	*g = (struct generation){0};
}

static uint64_t earlier(uint64_t time_ns, uint64_t by_ns)
{
	return time_ns > by_ns ? time_ns - by_ns : 0;
}

static uint64_t newest_time(struct profile *p)
{
	size_t n = p->history.count;
	return n > 0 ? history_at(&p->history, n - 1)->time_ns : p->c.start_ns;
}

/* The place in the history from which a window must look. */
static uint64_t first_entry(struct profile *p, const struct profile_window *w, uint64_t now_ns)
{
	uint64_t from = 0;
	if (w->kind == WINDOW_LAST)
		from = earlier(now_ns, w->span_ns);
	else if (w->kind == WINDOW_DECAY)
		from = earlier(now_ns, w->span_ns * HALVES_MOST);
	else if (w->kind == WINDOW_RANGE)
		from = earlier(w->from_ns, DISORDER_NS);
	return history_oldest(&p->history) + history_find(&p->history, from);
}

struct generation generation_new(struct profile *p, const struct profile_query *q, uint64_t command)
{
	struct generation g = {.query = *q, .command = command};
	filters_init(&g.filters, q);
	g.base_done.left = g.base_done.entered = first_entry(
	        p, &(struct profile_window){.kind = WINDOW_RANGE, .from_ns = q->base_from_ns}, 0);
	if (q->window.kind != WINDOW_ALL) {
		g.done.as_of_ns = newest_time(p);
		g.done.left = g.done.entered = first_entry(p, &q->window, g.done.as_of_ns);
	}
	return g;
}

/* Whether stacks have the same nodes under both, so that one tree serves. */
static bool is_grouped_alike(const struct profile_query *a, const struct profile_query *b)
{
	if (a->hide_kernel != b->hide_kernel || a->group != b->group ||
	    a->hide_inlined != b->hide_inlined || a->filter_count != b->filter_count)
		return false;
	for (uint32_t i = 0; i < a->filter_count; i++)
		if (a->filters[i].kind != b->filters[i].kind ||
		    strcmp(a->filters[i].text, b->filters[i].text) != 0)
			return false;
	return true;
}

void recount_begin(struct profile *p, const struct profile_query *q, uint64_t command, bool afresh)
{
	const struct generation *newest = profile_newest(p);
	struct generation next = generation_new(p, q, command);
	if (!afresh && is_grouped_alike(&newest->query, q)) {
		next.tree = tree_ref(newest->tree);
		next.number = newest->number;
	} else {
		next.tree = tree_new();
		next.number = ++p->generations;
		tree_seal(p->shown.tree); /* it is only shown from now on */
		stacks_clear_groups(&p->stacks);
	}
	generation_fini(&p->next);
	p->next = next;
}

/* --- windows ------------------------------------------------------------------------------- */

static bool is_windowed(const struct generation *g)
{
	return g->query.window.kind != WINDOW_ALL;
}

static struct stack_sum *sum_of(struct progress *d, uint32_t stack)
{
	if (stack >= d->sum_count) {
		d->sums = vec_reserve(d->sums, &d->sum_cap, stack + 1, sizeof *d->sums);
		memset(d->sums + d->sum_count, 0, (stack + 1 - d->sum_count) * sizeof *d->sums);
		d->sum_count = stack + 1;
	}
	return &d->sums[stack];
}

static bool holds(const struct profile *p, const struct generation *g,
                  const struct history_entry *e)
{
	const struct profile_window *w = &g->query.window;
	if (w->kind == WINDOW_RANGE && (e->time_ns < w->from_ns || e->time_ns >= w->to_ns))
		return false;
	return grouping_accepts_thread(p, &g->query, e->thread);
}

static uint64_t weight_of(const struct generation *g, const struct history_entry *e)
{
	const struct profile_window *w = &g->query.window;
	if (w->kind != WINDOW_DECAY || w->span_ns == 0)
		return e->weight_ns;
	double age = (double)g->done.as_of_ns - (double)e->time_ns;
	return (uint64_t)((double)e->weight_ns * exp2(-age / (double)w->span_ns));
}

/* An entry comes into the window: into the sums and, once its stack has been walked, the counts.
 */
static void enter(struct profile *p, struct generation *g, const struct history_entry *e)
{
	if (!holds(p, g, e))
		return;
	uint64_t weight_ns = weight_of(g, e);
	struct stack_sum *s = sum_of(&g->done, e->stack);
	s->weight_ns += weight_ns;
	s->n = saturating(s->n, 1);
	if (g->done.summed && e->stack < g->done.walked)
		grouping_count(p, g, &g->now, e->stack, weight_ns, 1);
}

/* Takes away what enter() has added. Decaying weights just fade. */
static void leave(struct profile *p, struct generation *g, const struct history_entry *e)
{
	if (!holds(p, g, e) || g->query.window.kind != WINDOW_LAST)
		return;
	struct stack_sum *s = sum_of(&g->done, e->stack);
	s->weight_ns -= e->weight_ns;
	s->n--;
	if (g->done.summed && e->stack < g->done.walked)
		grouping_uncount(p, g, e->stack, e->weight_ns);
}

/* Beyond what a range holds, whatever the order. */
static bool is_beyond(uint64_t time_ns, uint64_t to_ns)
{
	return time_ns > to_ns && time_ns - to_ns > DISORDER_NS;
}

static void sum_entries(struct profile *p, struct generation *g)
{
	struct progress *d = &g->done;
	const struct profile_window *w = &g->query.window;
	uint64_t oldest = history_oldest(&p->history), end = oldest + p->history.count;
	for (size_t n = 0; d->entered < end && n < ENTRIES_BATCH; n++) {
		const struct history_entry *e = history_at(&p->history, d->entered - oldest);
		if (w->kind == WINDOW_RANGE && is_beyond(e->time_ns, w->to_ns))
			d->entered = end - 1;
		enter(p, g, e);
		d->entered++;
	}
	d->summed = d->entered >= end;
}

/* The base line is summed up once: it does not move. */
static void sum_base(struct profile *p, struct generation *g)
{
	struct progress *d = &g->base_done;
	const struct profile_query *q = &g->query;
	uint64_t oldest = history_oldest(&p->history), end = oldest + p->history.count;
	d->entered = d->entered > oldest ? d->entered : oldest;
	for (size_t n = 0; d->entered < end && n < ENTRIES_BATCH; n++, d->entered++) {
		const struct history_entry *e = history_at(&p->history, d->entered - oldest);
		if (is_beyond(e->time_ns, q->base_to_ns))
			d->entered = end - 1;
		if (e->time_ns < q->base_from_ns || e->time_ns >= q->base_to_ns ||
		    !grouping_accepts_thread(p, q, e->thread))
			continue;
		struct stack_sum *s = sum_of(d, e->stack);
		s->weight_ns += e->weight_ns;
		s->n = saturating(s->n, 1);
	}
	d->summed = d->entered >= end;
}

/* --- walking --------------------------------------------------------------------------------- */

static bool walk_totals(struct profile *p, struct generation *g)
{
	size_t *at = &g->done.walked;
	for (size_t n = 0; *at < p->total_count && n < TOTALS_BATCH; n++, ++*at) {
		const struct total *t = &p->totals[*at];
		if (grouping_accepts_thread(p, &g->query, t->thread))
			grouping_count(p, g, &g->now, t->stack, t->weight_ns, t->n);
	}
	return *at >= p->total_count;
}

static bool walk_sums(struct profile *p, struct generation *g, struct progress *d, struct tally *t)
{
	for (size_t n = 0; d->walked < d->sum_count && n < TOTALS_BATCH; d->walked++) {
		const struct stack_sum *s = &d->sums[d->walked];
		if (s->n == 0)
			continue;
		grouping_count(p, g, t, (uint32_t)d->walked, s->weight_ns, s->n);
		n++;
	}
	return d->walked >= d->sum_count;
}

/* A slice of the base line; true when it is whole. */
static bool count_base(struct profile *p, struct generation *g)
{
	struct progress *d = &g->base_done;
	if (!g->query.compare || d->walked == SIZE_MAX)
		return true;
	if (!d->summed)
		sum_base(p, g);
	else if (walk_sums(p, g, d, &g->base))
		d->walked = SIZE_MAX;
	return false;
}

void recount_batch(struct profile *p)
{
	struct generation *g = &p->next;
	if (!count_base(p, g))
		return;
	if (is_windowed(g) && !g->done.summed) {
		sum_entries(p, g);
		return;
	}
	if (!(is_windowed(g) ? walk_sums(p, g, &g->done, &g->now) : walk_totals(p, g)))
		return;
	/* Whatever comes from now on has been walked. */
	g->done.walked = SIZE_MAX;
	generation_fini(&p->shown);
	p->shown = p->next;
	p->next = (struct generation){0};
}

/* --- as time goes on -------------------------------------------------------------------------- */

static struct generation *growing(struct profile *p)
{
	return p->next.tree != NULL ? &p->next : &p->shown;
}

void recount_add(struct profile *p, size_t total, const struct history_entry *e,
                 const struct total *sample)
{
	struct generation *g = growing(p);
	if (!is_windowed(g)) {
		bool walked = g == &p->shown || total < g->done.walked;
		if (walked && grouping_accepts_thread(p, &g->query, sample->thread))
			grouping_count(p, g, &g->now, sample->stack, sample->weight_ns, sample->n);
	} else if (e != NULL && (g == &p->shown || g->done.summed)) {
		enter(p, g, e);
		g->done.entered = history_oldest(&p->history) + p->history.count;
	}
}

void recount_lose(struct profile *p)
{
	struct generation *g = growing(p);
	struct progress *d = &g->done;
	uint64_t oldest = history_oldest(&p->history);
	if (!is_windowed(g) || d->left != oldest)
		return;
	if (d->entered > oldest)
		leave(p, g, history_at(&p->history, 0));
	else
		d->entered++;
	d->left++;
}

static void slide(struct profile *p, struct generation *g, uint64_t from_ns)
{
	struct progress *d = &g->done;
	uint64_t oldest = history_oldest(&p->history);
	while (d->left < d->entered) {
		const struct history_entry *e = history_at(&p->history, d->left - oldest);
		if (e->time_ns >= from_ns)
			return;
		leave(p, g, e);
		d->left++;
	}
}

static void decay(struct generation *g, uint64_t now_ns)
{
	struct progress *d = &g->done;
	if (now_ns <= d->as_of_ns || g->query.window.span_ns == 0)
		return;
	double by = exp2(-(double)(now_ns - d->as_of_ns) / (double)g->query.window.span_ns);
	d->as_of_ns = now_ns;
	for (size_t i = 0; i < d->sum_count; i++)
		d->sums[i].weight_ns = (uint64_t)((double)d->sums[i].weight_ns * by);
	count_array_scale(&g->now.nodes, by);
	count_array_scale(&g->now.by_func, by);
	g->now.weight_ns = (uint64_t)((double)g->now.weight_ns * by);
}

void recount_slide(struct profile *p, uint64_t now_ns)
{
	struct generation *g = &p->shown;
	if (p->next.tree != NULL) /* it follows when it is shown */
		return;
	if (g->query.window.kind == WINDOW_LAST)
		slide(p, g, earlier(now_ns, g->query.window.span_ns));
	else if (g->query.window.kind == WINDOW_DECAY)
		decay(g, now_ns);
}
