/* perf_attach: which threads are sampled, and by which events; see perf_source.h.
 *
 * A thread created by an opened thread inherits its events, and a listing of
 * /proc/PID/task may show it too. Opening it again would double its samples, not
 * opening it could miss it: so a thread is skipped when its creator's events
 * were complete before it was born, opened otherwise, and samples of a thread that
 * has both kinds are told apart by the event's id: those under its own
 * event count, or else those of the latest opening it inherited from.
 */
#include "ctop/broker.h"
#include "ctop/clock.h"
#include "ctop/target.h"
#include "ctop/vec.h"
#include "describe.h"
#include "perf_source.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BASE_AFTER = 8 }; /* samples */

/* --- tables --------------------------------------------------------------------- */

struct perf_process *perf_find_process(struct perf_source *s, pid_t pid)
{
	uint32_t i;
	return hash_map_get(&s->by_pid, (uint64_t)pid, &i, NULL) ? &s->procs[i] : NULL;
}

struct perf_thread *perf_find_thread(struct perf_source *s, pid_t tid)
{
	uint32_t i;
	return hash_map_get(&s->by_tid, (uint64_t)tid, &i, NULL) ? &s->threads[i] : NULL;
}

struct perf_thread *perf_add_thread(struct perf_source *s, pid_t pid, pid_t tid, uint64_t since)
{
	struct perf_thread *t = perf_find_thread(s, tid);
	if (t == NULL) {
		s->threads = vec_reserve(s->threads, &s->thread_cap, s->thread_count + 1,
		                         sizeof *s->threads);
		hash_map_add(&s->by_tid, (uint64_t)tid, (uint32_t)s->thread_count);
		t = &s->threads[s->thread_count++];
	}
	*t = (struct perf_thread){.tid = tid, .pid = pid, .since = since};
	return t;
}

/* The last entry moves into the hole. */
static void drop_thread(struct perf_source *s, pid_t tid)
{
	uint32_t i;
	if (!hash_map_get(&s->by_tid, (uint64_t)tid, &i, NULL))
		return;
	hash_map_del(&s->by_tid, (uint64_t)tid);
	s->threads[i] = s->threads[--s->thread_count];
	if (i < s->thread_count)
		hash_map_set(&s->by_tid, (uint64_t)s->threads[i].tid, i);
}

static struct perf_process *add_process(struct perf_source *s, pid_t pid)
{
	struct perf_process *p = perf_find_process(s, pid);
	if (p == NULL) {
		s->procs = vec_reserve(s->procs, &s->proc_cap, s->proc_count + 1, sizeof *s->procs);
		hash_map_add(&s->by_pid, (uint64_t)pid, (uint32_t)s->proc_count);
		p = &s->procs[s->proc_count++];
		*p = (struct perf_process){.pid = pid};
	}
	p->alive = true;
	return p;
}

/* --- what is there at attach ------------------------------------------------------ */

void perf_describe(struct perf_source *s, pid_t pid, uint64_t time, bool threads)
{
	describe_process(s->broker, &s->pending, pid, time, threads);
}

void perf_attach_process(struct perf_source *s, pid_t pid, bool is_root)
{
	struct perf_process *p = add_process(s, pid);
	struct target_info info;
	p->is_root = p->is_root || is_root;
	if (target_read(s->broker, pid, 0, &info, NULL) == CTOP_OK)
		p->start_ticks = info.start_ticks;
	p->scan = true;
	s->scanning = true;
	perf_describe(s, pid, clock_now_ns(), true);
}

/* --- the clocks ---------------------------------------------------------------------- */

void perf_rebase(struct perf_source *s)
{
	for (size_t i = 0; i < s->proc_count; i++) {
		struct perf_process *p = &s->procs[i];
		struct target_info info;
		if (clock_pid_cpu_ns(p->pid, &p->used.base_ns))
			p->used.cpu_ns = p->used.base_ns;
		if (target_read(s->broker, p->pid, 0, &info, NULL) == CTOP_OK)
			p->used.base_children_ns = p->used.children_ns = info.children_ns;
	}
}

/* --- scanning --------------------------------------------------------------------- */

/* Opens what is new in one process. Returns true when anything was. */
static bool scan_process(struct perf_source *s, pid_t pid, uint64_t until)
{
	pid_t *tids = NULL;
	size_t count = 0;
	bool any = false;
	if (target_threads(s->broker, pid, &tids, &count, NULL) != CTOP_OK)
		return false;
	for (size_t i = 0; i < count && s->way == WAY_PERF_THREADS; i++) {
		if (perf_find_thread(s, tids[i]) != NULL)
			continue;
		struct err e = {0};
		enum ctop_err rc = CTOP_ELIMIT;
		if (s->fd_count + 2 * s->lane_count <= s->fd_most)
			rc = perf_open_thread(s, pid, tids[i], &e);
		any = any || rc == CTOP_OK;
		if (rc == CTOP_ELIMIT)
			perf_go_wide(s, "more threads than file descriptors");
		if (rc == CTOP_ELIMIT && s->way == WAY_PERF_THREADS) {
			s->crowd.on = true;
			break;
		}
		if (clock_now_ns() > until)
			break;
	}
	free(tids);
	return any;
}

void perf_scan(struct perf_source *s, uint64_t budget_ns)
{
	uint64_t until = clock_now_ns() + budget_ns;
	bool left = false, was_crowded = s->crowd.on;
	if (was_crowded) { /* who is new is seen by the looks at all */
		s->scanning = false;
		return;
	}
	for (size_t i = 0; i < s->proc_count; i++) {
		if (!s->procs[i].scan || !s->procs[i].alive)
			continue;
		bool any = s->way == WAY_PERF_THREADS && clock_now_ns() < until &&
		           scan_process(s, s->procs[i].pid, until);
		/* Done when a whole listing showed nothing new. */
		s->procs[i].scan = any || (s->way == WAY_PERF_THREADS && clock_now_ns() >= until);
		left = left || s->procs[i].scan;
	}
	s->scanning = left && !s->crowd.on;
	if (!s->crowd.on || was_crowded || s->way != WAY_PERF_THREADS)
		return;
	perf_note(s,
	          "more threads than file descriptors for their events: only those that use most "
	          "of the CPU are sampled; raise ulimit -n or run as root");
	s->counts_partly = true;
	perf_reopen(s);
}

/* --- births, deaths, doubles ---------------------------------------------------------- */

void perf_on_fork(struct perf_source *s, const struct record_fork *f)
{
	pid_t pid = (pid_t)f->h.pid, tid = (pid_t)f->h.tid;
	s->births++;
	struct perf_process *p = perf_find_process(s, pid);
	if (f->ppid != f->h.pid) {
		p = add_process(s, pid);
		p->start_ticks = 0;
		p->used.base_ns = p->used.cpu_ns = 0;
		p->used.base_children_ns = p->used.children_ns = 0;
		p->stack_base = 0;
		p->asked = 0;
		p->scan = false;
	}
	if (s->way != WAY_PERF_THREADS || p == NULL)
		return;
	const struct perf_thread *parent = perf_find_thread(s, (pid_t)f->ptid);
	if (parent != NULL && parent->since < f->h.time) {
		perf_add_thread(s, pid, tid, f->h.time);
		return;
	}
	p->scan = true;
	s->scanning = true;
}

void perf_on_exit(struct perf_source *s, pid_t pid, pid_t tid)
{
	struct perf_process *p = perf_find_process(s, pid);
	drop_thread(s, tid);
	if (p != NULL && pid == tid)
		s->check_due = 0; /* the whole process may be gone: look now */
}

void perf_on_exec(struct perf_source *s, pid_t pid)
{
	struct perf_process *p = perf_find_process(s, pid);
	if (p == NULL)
		return;
	p->stack_base = 0;
	p->asked = 0;
}

/* Asked for once a process has shown that it lives for more than a moment. */
uint64_t perf_stack_base(struct perf_source *s, pid_t pid)
{
	struct perf_process *p = perf_find_process(s, pid);
	struct target_info info;
	if (p == NULL)
		return 0;
	if (p->asked <= BASE_AFTER && p->asked++ == BASE_AFTER &&
	    target_read(s->broker, pid, 0, &info, NULL) == CTOP_OK)
		p->stack_base = info.stack_base;
	return p->stack_base;
}

bool perf_wants(struct perf_source *s, pid_t pid, pid_t tid, uint64_t id)
{
	uint32_t index;
	if (s->way == WAY_PERF_SYSTEM)
		return pid != 0;
	if (s->way != WAY_PERF_THREADS)
		return perf_find_process(s, pid) != NULL;
	/* Of an event that is closed, perhaps one of all processes. */
	if (!hash_map_get(&s->by_id, id, &index, NULL))
		return perf_find_process(s, pid) != NULL;
	const struct perf_fd *ev = &s->fds[index];
	struct perf_thread *t = perf_find_thread(s, tid);
	if (ev->tid == tid || t == NULL)
		return true;
	if (t->own != 0 || ev->seq < t->owner)
		return false;
	t->owner = ev->seq;
	return true;
}
