/* perf_busiest: where there are more threads than descriptors for their events, and no right to
 * sample by CPU, those that use most of the CPU are sampled; see perf_source.h.
 *
 * Who is busy is told by the run time in /proc/PID/task/TID/schedstat. The events stay as they are
 * until threads without any use a share of the time that is worth opening all anew.
 */
#include "ctop/broker.h"
#include "ctop/clock.h"
#include "ctop/target.h"
#include "ctop/vec.h"
#include "perf_source.h"

#include <stdlib.h>
#include <string.h>

static const uint64_t LOOK_NS = CLOCK_NS_PER_SEC;
enum { LIST_PART = 50 };     /* of a CPU, at most, goes into looking */
enum { LEFT_OUT_PART = 20 }; /* of the time: less is not worth opening all anew */

static int by_tid(const void *va, const void *vb)
{
	const struct perf_busy *a = va, *b = vb;
	return (a->tid > b->tid) - (a->tid < b->tid);
}

static int by_growth(const void *va, const void *vb)
{
	const struct perf_busy *a = va, *b = vb;
	if (a->growth_ns != b->growth_ns)
		return (a->growth_ns < b->growth_ns) - (a->growth_ns > b->growth_ns);
	return by_tid(va, vb);
}

/* What a thread had used at the last look; 0 when it was not there. */
static uint64_t used_before(const struct perf_crowd *c, pid_t tid)
{
	struct perf_busy key = {.tid = tid};
	const struct perf_busy *b =
	        c->count > 0 ? bsearch(&key, c->threads, c->count, sizeof key, by_tid) : NULL;
	return b != NULL ? b->used_ns : 0;
}

static void look_at_process(struct perf_source *s, pid_t pid, struct perf_crowd *next)
{
	pid_t *tids = NULL;
	size_t count = 0;
	if (target_threads(s->broker, pid, &tids, &count, NULL) != CTOP_OK)
		return;
	for (size_t i = 0; i < count; i++) {
		struct perf_busy b = {.pid = pid, .tid = tids[i]};
		if (!target_cpu(s->broker, pid, tids[i], &b.used_ns))
			continue;
		b.growth_ns = b.used_ns - used_before(&s->crowd, tids[i]);
		next->threads = vec_reserve(next->threads, &next->cap, next->count + 1, sizeof b);
		next->threads[next->count++] = b;
	}
	free(tids);
}

/* Which threads there are, and what each has used since the last look. */
static void look(struct perf_source *s)
{
	struct perf_crowd next = s->crowd;
	next.threads = NULL;
	next.count = next.cap = 0;
	for (size_t i = 0; i < s->proc_count; i++)
		if (s->procs[i].alive)
			look_at_process(s, s->procs[i].pid, &next);
	free(s->crowd.threads);
	s->crowd = next;
}

static void order(struct perf_crowd *c, int (*by)(const void *, const void *))
{
	if (c->count > 1)
		qsort(c->threads, c->count, sizeof *c->threads, by);
}

/* How many threads can have events. */
static size_t places(const struct perf_source *s)
{
	size_t each = s->lane_count * (s->side_wide ? 1 : 2);
	return each > 0 ? s->fd_most / each : 0;
}

/* Whether threads that would be among the busiest use much, and have no events. */
static bool is_outdated(struct perf_source *s)
{
	uint64_t all = 0, left_out = 0;
	for (size_t i = 0; i < s->crowd.count; i++) {
		const struct perf_busy *b = &s->crowd.threads[i];
		all += b->growth_ns;
		if (i < places(s) && perf_find_thread(s, b->tid) == NULL)
			left_out += b->growth_ns;
	}
	return left_out > all / LEFT_OUT_PART;
}

void perf_open_busiest(struct perf_source *s)
{
	struct err e = {0};
	if (s->crowd.count == 0)
		look(s);
	order(&s->crowd, by_growth);
	for (size_t i = 0; i < s->crowd.count && i < places(s); i++)
		if (perf_open_thread(s, s->crowd.threads[i].pid, s->crowd.threads[i].tid, &e) ==
		    CTOP_ELIMIT)
			break;
	order(&s->crowd, by_tid);
	s->resync = true; /* what the others have mapped meanwhile was not told */
}

void perf_watch_crowd(struct perf_source *s, uint64_t now)
{
	if (!s->crowd.on || s->way != WAY_PERF_THREADS || now < s->crowd.due)
		return;
	uint64_t from = clock_thread_cpu_ns();
	look(s);
	order(&s->crowd, by_growth);
	bool outdated = is_outdated(s);
	order(&s->crowd, by_tid);
	if (outdated)
		perf_reopen(s);
	uint64_t pause = LIST_PART * (clock_thread_cpu_ns() - from);
	s->crowd.due = now + (pause > LOOK_NS ? pause : LOOK_NS);
}
