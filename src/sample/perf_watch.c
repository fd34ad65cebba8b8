/* perf_watch: what a live source knows of its targets and of its own completeness: losses,
 * CPU time, the end; see perf_source.h.
 */
#include "ctop/broker.h"
#include "ctop/clock.h"
#include "ctop/ring.h"
#include "ctop/target.h"
#include "perf_source.h"

#include <stdlib.h>
#include <unistd.h>

static const uint64_t SCAN_NS = 20 * CLOCK_NS_PER_MS;

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

uint64_t perf_target_cpu(struct perf_source *s, uint32_t *alive)
{
	struct cputime_sum sum = {0};
	*alive = 0;
	for (size_t i = 0; i < s->proc_count; i++) {
		struct perf_process *p = &s->procs[i];
		uint64_t now;
		if (p->alive && clock_pid_cpu_ns(p->pid, &now) && now >= p->used.cpu_ns)
			p->used.cpu_ns = now;
		cputime_add(&sum, &p->used, p->alive, p->is_root);
		*alive += p->alive;
	}
	return cputime_total(&sum);
}

uint64_t perf_counted(const struct perf_source *s)
{
	uint64_t sum = s->counted_before, value;
	bool ours = s->way == WAY_PERF_THREADS || s->way == WAY_PERF_CGROUP;
	if (s->fd_count > EVENTS_READ || !ours || s->counts_partly)
		return 0;
	for (size_t i = 0; i < s->fd_count; i++)
		if (s->fds[i].seq != 0 && read(s->fds[i].fd, &value, sizeof value) == sizeof value)
			sum += value;
	return sum;
}

/* The CPU time the targets have used. What a process used moves to its parent when it is
 * waited for, and is in neither sum until then: the highest reading stands. */
static uint64_t used_cpu(struct perf_source *s, uint32_t *alive)
{
	/* A cgroup's events count whoever comes into it. */
	uint64_t counted = s->way == WAY_PERF_THREADS ? perf_counted(s) : 0;
	uint64_t now = larger(perf_target_cpu(s, alive), counted);
	s->used_ns = larger(s->used_ns, now);
	return s->used_ns;
}

static bool put_stats(struct perf_source *s, struct ring *out, uint64_t now)
{
	struct record_stats r = {
	        .h = {sizeof r, RECORD_STATS, 0, now, 0, 0},
	        .event_ns = perf_counted(s),
	        .weight_ns = s->weight_ns,
	        .sampler_cpu_ns = clock_thread_cpu_ns(),
	        .late = s->late,
	        .rate_hz = s->kind.rate_hz,
	        .way = s->way,
	        .threads = (uint32_t)s->thread_count,
	};
	r.target_cpu_ns = used_cpu(s, &r.targets);
	if (s->way == WAY_PERF_SYSTEM)
		r.target_cpu_ns = s->weight_ns; /* nothing to hold it against */
	return record_put(out, &r);
}

bool perf_put_losses(struct perf_source *s, struct ring *out, uint64_t now)
{
	for (unsigned i = 0; i < LOST_CAUSES; i++) {
		struct record_lost r = {.h = {sizeof r, RECORD_LOST, 0, now, 0, 0},
		                        .count = s->lost[i],
		                        .cause = i};
		if (s->lost[i] == 0)
			continue;
		if (!record_put(out, &r))
			return false;
		s->lost[i] = 0;
	}
	return true;
}

static bool is_alive(struct perf_source *s, struct perf_process *p)
{
	struct target_info info;
	if (target_read(s->broker, p->pid, 0, &info, NULL) != CTOP_OK ||
	    (p->start_ticks != 0 && info.start_ticks != p->start_ticks))
		return false;
	if (info.children_ns > p->used.children_ns)
		p->used.children_ns = info.children_ns;
	return info.state != 'Z' && info.state != 'X';
}

/* Forgets processes that have ended; true while one is left. A zombie's clock still
 * tells what it used, so the clocks are read first. */
static bool targets_left(struct perf_source *s)
{
	uint32_t alive;
	if (s->config.whole_machine)
		return true;
	perf_target_cpu(s, &alive);
	bool left = false;
	for (size_t i = 0; i < s->proc_count; i++) {
		struct perf_process *p = &s->procs[i];
		p->alive = p->alive && is_alive(s, p);
		left = left || p->alive;
	}
	return left;
}

/* Side-band records were lost: the maps are read again. */
static void queue_resync(struct perf_source *s, uint64_t now)
{
	struct record r = {sizeof r, RECORD_RESYNC, 0, now, 0, 0};
	s->resync = false;
	for (size_t i = 0; i < s->proc_count; i++) {
		if (!s->procs[i].alive)
			continue;
		r.pid = r.tid = (uint32_t)s->procs[i].pid;
		perf_queue(s, &r);
		perf_describe(s, s->procs[i].pid, now, true);
		s->procs[i].scan = s->scanning = true;
	}
}

bool perf_put_end(struct perf_source *s, struct ring *out, uint64_t now)
{
	struct record_end r = {.h = {sizeof r, RECORD_END, 0, now, 0, 0}, .wait_status = -1};
	return perf_put_losses(s, out, now) && put_stats(s, out, now) && record_put(out, &r);
}

void perf_housekeeping(struct perf_source *s, struct ring *out, uint64_t now)
{
	if (s->scanning)
		perf_scan(s, SCAN_NS);
	if (s->resync)
		queue_resync(s, now);
	perf_watch_ways(s, now);
	perf_watch_crowd(s, now);
	if (now >= s->check_due) {
		s->check_due = now + PERF_CHECK_NS * 5;
		s->stopping = s->stopping || !targets_left(s);
	}
	if (now >= s->stats_due && put_stats(s, out, now))
		s->stats_due = now + CLOCK_NS_PER_SEC;
}
