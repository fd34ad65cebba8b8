/* perf_ways: by which events the targets are sampled, and the change from one way to another;
 * see perf_source.h.
 *
 * Each way misses something: a thread's own events lose time when threads change fast, and are
 * not there yet when threads live for a moment only; a CPU's events lose sleepers that wake with
 * the sampling timer, or count them twice. How far off a way is, is measured all the time
 * (CPU time by the kernel's clocks against the weight of the samples), and when it is much,
 * the other way is tried for a moment: the better one stays.
 */
#include "ctop/broker.h"
#include "ctop/clock.h"
#include "ctop/target.h"
#include "ctop/vec.h"
#include "perf_source.h"
#include "refusal.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { STORM_BIRTHS_SECOND = 200, STORM_BIRTHS_LEAST = 12 };
enum { STORM_SWITCHES = 50000, STORM_THREADS = 64 };
static const uint64_t RESCAN_NS = 20 * CLOCK_NS_PER_MS;
/* Coverage: how long it is measured, alone and on trial, and how soon another trial may be. */
static const uint64_t COVER_NS = CLOCK_NS_PER_SEC, TRIAL_NS = CLOCK_NS_PER_SEC / 2;
static const uint64_t COVER_LEAST_NS = CLOCK_NS_PER_SEC / 5; /* of CPU, to tell anything */
static const uint64_t RETRY_NS = 60 * CLOCK_NS_PER_SEC, DWELL_NS = 5 * CLOCK_NS_PER_SEC;
static const double COVER_BAD = 0.10, COVER_BETTER = 0.03;

/* --- events --------------------------------------------------------------------- */

static enum ctop_err keep_event(struct perf_source *s, int fd, const struct lane *lane, pid_t tid,
                                struct err *e)
{
	uint64_t id = 0;
	if (ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, lane->data.fd) != 0 ||
	    ioctl(fd, PERF_EVENT_IOC_ID, &id) != 0) {
		int why = errno;
		close(fd);
		return err_errno(e, CTOP_EUNSUP, why, "cannot direct an event into its ring");
	}
	s->fds = vec_reserve(s->fds, &s->fd_cap, s->fd_count + 1, sizeof *s->fds);
	hash_map_add(&s->by_id, id, (uint32_t)s->fd_count);
	hash_map_add(&s->sampling_ids, id, 0);
	s->fds[s->fd_count++] = (struct perf_fd){fd, tid, s->seq};
	return CTOP_OK;
}

/* Where side-band events may not see the whole machine, each thread has its own. */
static int open_side(struct perf_source *s, const struct lane *lane, pid_t tid)
{
	struct perf_event_attr a;
	perf_event_side(&a, &s->kind);
	int fd = broker_perf_event(s->broker, &a, tid, lane->cpu, -1, 0);
	if (fd < 0)
		return -fd;
	if (ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, lane->side.fd) != 0) {
		int why = errno;
		close(fd);
		return why;
	}
	s->fds = vec_reserve(s->fds, &s->fd_cap, s->fd_count + 1, sizeof *s->fds);
	s->fds[s->fd_count++] = (struct perf_fd){fd, tid, 0};
	return 0;
}

static enum ctop_err open_on_lane(struct perf_source *s, const struct lane *lane, pid_t tid,
                                  struct err *e)
{
	struct perf_event_attr a;
	if (!s->side_wide && tid >= 0) {
		int why = open_side(s, lane, tid);
		if (why != 0)
			return refusal_of_perf(s->broker, tid, why, e);
	}
	perf_event_sampling(&a, &s->kind);
	if (tid < 0) {
		a.inherit = 0;
		a.inherit_thread = 0;
	}
	bool by_group = tid < 0 && s->way == WAY_PERF_CGROUP;
	int fd = broker_perf_event(s->broker, &a, by_group ? s->cgroup : tid, lane->cpu, -1,
	                           by_group ? PERF_FLAG_PID_CGROUP : 0);
	if (fd < 0)
		return refusal_of_perf(s->broker, tid < 0 ? 0 : tid, -fd, e);
	return keep_event(s, fd, lane, tid, e);
}

enum ctop_err perf_open_thread(struct perf_source *s, pid_t pid, pid_t tid, struct err *e)
{
	s->seq++;
	for (size_t i = 0; i < s->lane_count; i++) {
		enum ctop_err rc = open_on_lane(s, &s->lanes[i], tid, e);
		if (rc != CTOP_OK)
			return rc;
	}
	perf_add_thread(s, pid, tid, clock_now_ns())->own = s->seq;
	return CTOP_OK;
}

enum ctop_err perf_open_cpus(struct perf_source *s, struct err *e)
{
	s->seq++;
	for (size_t i = 0; i < s->lane_count; i++) {
		enum ctop_err rc = open_on_lane(s, &s->lanes[i], -1, e);
		if (rc != CTOP_OK)
			return rc;
	}
	return CTOP_OK;
}

void perf_close_events(struct perf_source *s)
{
	for (size_t i = 0; i < s->fd_count; i++)
		close(s->fds[i].fd);
	s->fd_count = 0;
	hash_map_clear(&s->by_id);
}

/* --- ways ----------------------------------------------------------------------- */

/* Whether the processes of a cgroup and ours are the same ones. */
static bool are_targets(struct perf_source *s, const pid_t *pids, size_t count)
{
	size_t alive = 0;
	for (size_t i = 0; i < count; i++)
		if (perf_find_process(s, pids[i]) == NULL)
			return false;
	for (size_t i = 0; i < s->proc_count; i++)
		alive += s->procs[i].alive;
	return count == alive;
}

bool perf_open_cgroup(struct perf_source *s)
{
	pid_t *pids;
	size_t count;
	int fd;
	if (!s->side_wide || !s->config.follow_children || s->config.launched ||
	    s->proc_count == 0 ||
	    broker_cgroup(s->broker, s->procs[0].pid, &fd, &pids, &count, NULL) != CTOP_OK)
		return false;
	bool own = are_targets(s, pids, count);
	free(pids);
	s->cgroup = fd;
	s->way = WAY_PERF_CGROUP;
	if (own && perf_open_cpus(s, NULL) == CTOP_OK)
		return true;
	perf_close_events(s);
	s->way = WAY_PERF_THREADS;
	s->cgroup = -1;
	close(fd);
	return false;
}

/* Opens the events of the way in force anew. */
static void reopen(struct perf_source *s)
{
	s->kind.enable_on_exec = false;
	s->cover.due = 0; /* the gap until all are open again is not the threads' doing */
	if (s->way != WAY_PERF_THREADS && perf_open_cpus(s, NULL) == CTOP_OK)
		return;
	if (s->way != WAY_PERF_THREADS) {
		perf_close_events(s);
		s->no_wide = s->no_wide || s->way == WAY_PERF_CPUS;
		if (s->way == WAY_PERF_CGROUP) {
			close(s->cgroup);
			s->cgroup = -1;
		}
		s->way = WAY_PERF_THREADS;
	}
	s->thread_count = 0;
	hash_map_clear(&s->by_tid);
	if (s->crowd.on) {
		perf_open_busiest(s);
		return;
	}
	for (size_t i = 0; i < s->proc_count; i++)
		s->procs[i].scan = s->procs[i].alive;
	s->scanning = true;
	perf_scan(s, RESCAN_NS);
}

/* The events of a closed way have counted, but not all of them are known for long. */
static void change_way(struct perf_source *s, enum source_way way)
{
	perf_close_events(s);
	s->counts_partly = true;
	s->way = way;
	reopen(s);
}

static bool may_go_wide(struct perf_source *s)
{
	struct perf_event_attr a;
	if (!s->side_wide || s->no_wide)
		return false;
	perf_event_sampling(&a, &s->kind);
	a.inherit = a.inherit_thread = 0;
	a.disabled = 1;
	int fd = broker_perf_event(s->broker, &a, -1, s->lanes[0].cpu, -1, 0);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool is_narrow(const struct perf_source *s)
{
	return s->way == WAY_PERF_THREADS || s->way == WAY_PERF_CGROUP;
}

void perf_go_wide(struct perf_source *s, const char *why)
{
	if (!is_narrow(s) || !may_go_wide(s))
		return;
	change_way(s, WAY_PERF_CPUS);
	if (s->way == WAY_PERF_CPUS)
		perf_note(s, "sampling by CPU: %s", why);
}

void perf_reopen(struct perf_source *s)
{
	uint64_t counted = perf_counted(s); /* 0 for too many events */
	if (counted > s->counted_before)
		s->counted_before = counted;
	perf_close_events(s);
	reopen(s);
}

void perf_set_stack(struct perf_source *s, uint32_t bytes)
{
	s->kind.stack_bytes = bytes;
	perf_reopen(s);
}

/* --- storms --------------------------------------------------------------------- */

static uint64_t count_births(struct perf_source *s, const struct lane *lane)
{
	struct perf_ring look = lane->side; /* a copy: nothing is consumed */
	const struct perf_event_header *h;
	uint64_t births = 0;
	perf_ring_look(&look);
	while ((h = perf_ring_next(&look)) != NULL) {
		uint32_t ids[2]; /* pid, ppid */
		if (h->type != PERF_RECORD_FORK || h->size < sizeof *h + sizeof ids)
			continue;
		memcpy(ids, h + 1, sizeof ids);
		births += perf_find_process(s, (pid_t)ids[1]) != NULL;
	}
	return births;
}

bool perf_is_storming(struct perf_source *s)
{
	uint64_t births = 0;
	if (!s->side_wide)
		return false;
	poll(NULL, 0, STORM_LOOK_MS);
	for (size_t i = 0; i < s->lane_count; i++)
		births += count_births(s, &s->lanes[i]);
	return births >= STORM_BIRTHS;
}

/* Context switches of the first threads a second: what inherited per-thread
 * events would pay for. */
static uint64_t count_switches(struct perf_source *s)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < s->thread_count && i < STORM_THREADS; i++) {
		struct target_info info;
		const struct perf_thread *t = &s->threads[i];
		if (target_read(s->broker, t->pid, t->tid, &info, NULL) == CTOP_OK)
			sum += info.switches;
	}
	return sum;
}

/* Too many births or switches a second, since the last look. */
static void watch_storms(struct perf_source *s, uint64_t now)
{
	uint64_t was = s->switches, births = s->births;
	if (now < s->storm_due)
		return;
	double seconds = (double)(now - s->storm_from) / 1e9;
	bool first = was == 0;
	s->births = 0;
	s->storm_from = now;
	s->storm_due = now + CLOCK_NS_PER_SEC / (first ? 5 : 1);
	if (s->way != WAY_PERF_THREADS || now < s->cover.retry) {
		s->switches = 0; /* what went by meanwhile tells nothing */
		return;
	}
	s->switches = count_switches(s);
	if (births > STORM_BIRTHS_LEAST && (double)births > STORM_BIRTHS_SECOND * seconds)
		perf_go_wide(s, "threads are created too fast for events of their own");
	else if (was != 0 && (double)(s->switches - was) > STORM_SWITCHES * seconds &&
	         s->switches > was)
		perf_go_wide(s, "it switches threads too fast for events of their own");
}

/* --- coverage --------------------------------------------------------------------- */

static size_t count_threads(struct perf_source *s)
{
	size_t all = 0;
	for (size_t i = 0; i < s->proc_count; i++) {
		pid_t *tids = NULL;
		size_t count = 0;
		if (s->procs[i].alive &&
		    target_threads(s->broker, s->procs[i].pid, &tids, &count, NULL) == CTOP_OK)
			all += count;
		free(tids);
	}
	return all;
}

/* To the other way: from events of threads or a cgroup to those of CPUs, or back. False when it
 * cannot be gone. */
static bool take_other(struct perf_source *s)
{
	if (is_narrow(s)) {
		if (!may_go_wide(s))
			return false;
		change_way(s, WAY_PERF_CPUS);
		return s->way == WAY_PERF_CPUS;
	}
	if (s->cgroup < 0 && count_threads(s) * s->lane_count > EVENTS_READ)
		return false;
	change_way(s, s->cgroup >= 0 ? WAY_PERF_CGROUP : WAY_PERF_THREADS);
	return true;
}

/* What to do after the way in force has been `off` the truth by a share of the CPU time. */
static void judge(struct perf_source *s, double off, uint64_t now)
{
	struct perf_cover *c = &s->cover;
	bool narrow = is_narrow(s);
	double other = c->off[!narrow];
	c->off[narrow] = off;
	bool worse = narrow ? other + COVER_BETTER < off : other < off + COVER_BETTER;
	bool untried = now >= c->retry;
	/* A way on trial may be left at once; one that has been kept stays for a while. */
	bool may_leave = c->fresh || now >= c->dwell;
	if (c->fresh)
		c->dwell = now + DWELL_NS;
	c->fresh = off > COVER_BAD && may_leave && (untried || worse) && take_other(s);
	if (c->fresh && untried)
		c->retry = now + RETRY_NS;
}

/* Measured by the clocks alone, and only where all that they count may be sampled. */
static void watch_coverage(struct perf_source *s, uint64_t now)
{
	struct perf_cover *c = &s->cover;
	uint32_t alive;
	if (s->way == WAY_PERF_SYSTEM || now < c->due || !s->kind.kernel ||
	    !s->config.follow_children)
		return;
	uint64_t cpu = perf_target_cpu(s, &alive);
	uint64_t used = cpu - c->cpu, seen = s->weight_ns - c->weight;
	bool began = c->due != 0 && cpu >= c->cpu && s->lost_ever == c->lost;
	if (began && used < COVER_LEAST_NS && now < c->due + COVER_NS)
		return; /* it rests: wait for more */
	c->due = now + (c->fresh && !began ? TRIAL_NS : COVER_NS);
	c->cpu = cpu;
	c->weight = s->weight_ns;
	c->lost = s->lost_ever;
	if (began && used >= COVER_LEAST_NS)
		judge(s,
		      seen > used ? (double)(seen - used) / (double)used
		                  : (double)(used - seen) / (double)used,
		      now);
}

void perf_watch_ways(struct perf_source *s, uint64_t now)
{
	watch_storms(s, now);
	watch_coverage(s, now);
}
