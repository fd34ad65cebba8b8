/* peek: where every thread of the targets is, once; see peek.h. */
#include "ctop/peek.h"

#include "copy.h"
#include "ctop/broker.h"
#include "ctop/clock.h"
#include "ctop/mem.h"
#include "ctop/record.h"
#include "ctop/ring.h"
#include "ctop/strbuf.h"
#include "ctop/target.h"
#include "ctop/utf8.h"
#include "ctop/vec.h"
#include "ranges.h"
#include "stopper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TRIES = 3 };        /* at a thread that moves while it is read */
enum { KERNEL_MOST = 64 }; /* functions of the kernel */
enum { WCHAN_MOST = 64 };
static const size_t STACK_MOST = RECORD_STACK_MAX & ~(size_t)7;

struct peeker {
	struct broker *broker;
	pid_t *pids;
	size_t pid_count;
	bool children, kernel;
	uint64_t regs_mask;
	struct stopper *stopper; /* NULL until one is needed */
	unsigned char *stack;
	struct strbuf record; /* the one being made */
	struct ranges ranges; /* what the process being read has mapped */
	pid_t *late;          /* threads that did not stop in time */
	size_t late_count, late_cap;
};

/* One look at one thread. */
struct look {
	pid_t pid, tid;
	struct target_info info;
	enum record_how how;
	int32_t syscall;
	struct copy_regs regs;
	const unsigned char *stack;
	uint32_t stack_len;
	bool read, full;
	uint64_t time;
};

/* Where records go, and what ends the wait for room. */
struct outlet {
	struct ring *ring;
	const atomic_bool *abort;
};

struct peeker *peeker_new(struct broker *b, const pid_t *pids, size_t count, bool children,
                          bool kernel, uint64_t regs_mask)
{
	struct peeker *p = mem_zalloc(1, sizeof *p);
	*p = (struct peeker){.broker = b,
	                     .pid_count = count,
	                     .children = children,
	                     .kernel = kernel,
	                     .regs_mask = regs_mask};
	p->pids = mem_alloc((count + 1) * sizeof *p->pids);
	if (count > 0)
		memcpy(p->pids, pids, count * sizeof *p->pids);
	p->stack = mem_alloc(STACK_MOST);
	return p;
}

void peeker_retarget(struct peeker *p, pid_t pid)
{
	if (p == NULL)
		return;
	p->pids[0] = pid; /* there is room for one at least */
	p->pid_count = 1;
}

void peeker_free(struct peeker *p)
{
	if (p == NULL)
		return;
	stopper_free(p->stopper);
	strbuf_fini(&p->record);
	ranges_fini(&p->ranges);
	free(p->late);
	free(p->stack);
	free(p->pids);
	free(p);
}

bool peeker_let_go(struct peeker *p)
{
	for (size_t i = p->late_count; i-- > 0;)
		if (stopper_let_go(p->stopper, p->late[i]))
			p->late[i] = p->late[--p->late_count];
	return p->late_count == 0;
}

/* --- handing on --------------------------------------------------------------------- */

/* Room for a record of that size, waited for; NULL when the wait was ended. */
static void *room(const struct outlet *o, size_t size)
{
	void *r;
	while ((r = ring_reserve(o->ring, size, true)) == NULL) {
		struct timespec a_little = {0, (long)CLOCK_NS_PER_MS};
		if (atomic_load(o->abort))
			return NULL;
		ring_signal(o->ring);
		nanosleep(&a_little, NULL);
	}
	return r;
}

static bool put(const struct outlet *o, const void *record)
{
	size_t size = ((const struct record *)record)->size;
	void *r = room(o, size);
	if (r == NULL)
		return false;
	memcpy(r, record, size);
	ring_commit(o->ring);
	return true;
}

static bool put_phase(const struct outlet *o, const struct peek_request *r,
                      enum record_look_phase phase)
{
	struct record_look l = {.h = {sizeof l, RECORD_LOOK, 0, clock_now_ns(), 0, 0},
	                        .number = r->number,
	                        .phase = phase};
	return put(o, &l);
}

static void add_file(struct peeker *p, const struct look *l, const char *name, size_t most)
{
	char *text, clean[3 * WCHAN_MOST + 1];
	size_t len;
	if (broker_read_proc(p->broker, l->pid, l->tid, name, &text, &len, NULL) != CTOP_OK)
		return;
	if (strcmp(text, "0") != 0) {
		utf8_clean(text, strnlen(text, most), clean);
		strbuf_adds(&p->record, clean);
	}
	free(text);
}

/* Lines such as "[<0>] do_epoll_wait+0x698/0x8b0"; only root may read them. */
static void add_kernel_stack(struct peeker *p, const struct look *l)
{
	char *text, *save = NULL, name[64];
	size_t len, n = 0;
	if (broker_read_proc(p->broker, l->pid, l->tid, "stack", &text, &len, NULL) != CTOP_OK)
		return;
	for (char *line = strtok_r(text, "\n", &save); line != NULL && n++ < KERNEL_MOST;
	     line = strtok_r(NULL, "\n", &save))
		if (sscanf(line, "[<%*[^>]>] %63[^+]", name) == 1)
			strbuf_addf(&p->record, "\n%s", name);
	free(text);
}

/* What is known of a thread, its stack behind it. */
static bool put_look(struct peeker *p, const struct outlet *o, const struct look *l)
{
	struct record_thread t = {
	        .h = {.kind = RECORD_THREAD,
	              .time = l->time,
	              .pid = (uint32_t)l->pid,
	              .tid = (uint32_t)l->tid},
	        .state = l->info.state,
	        .how = (uint8_t)l->how,
	        .syscall = l->syscall,
	};
	struct strbuf *b = &p->record;
	strbuf_clear(b);
	strbuf_add(b, &t, sizeof t);
	strbuf_addf(b, "%s\n", l->info.comm);
	if (l->info.state != 'R') {
		add_file(p, l, "wchan", WCHAN_MOST);
		if (p->kernel)
			add_kernel_stack(p, l);
	}
	strbuf_add(b, "\0\0\0\0\0\0\0\0", record_pad(b->len + 1) - b->len);
	((struct record *)(void *)b->data)->size = (uint32_t)b->len;
	if (!put(o, b->data))
		return false;
	if (!l->read)
		return true;
	struct record_sample *s = room(o, copy_sample_size(&l->regs, l->stack_len));
	if (s == NULL)
		return false;
	copy_fill_sample(s, &l->regs, l->stack, l->stack_len);
	s->h.flags = (uint16_t)(RECORD_PEEK | (l->full ? RECORD_FULL_DUMP : 0));
	s->h.time = l->time;
	s->h.pid = t.h.pid;
	s->h.tid = t.h.tid;
	ring_commit(o->ring);
	return true;
}

/* --- reading without a stop ------------------------------------------------------------ */

/* Two files of a thread that change when it moves. NULL when they cannot be read. */
struct stand {
	char *syscall, *schedstat;
};

static enum ctop_err read_stand(struct peeker *p, const struct look *l, struct stand *out)
{
	size_t len;
	*out = (struct stand){0};
	enum ctop_err rc =
	        broker_read_proc(p->broker, l->pid, l->tid, "syscall", &out->syscall, &len, NULL);
	if (rc == CTOP_OK)
		rc = broker_read_proc(p->broker, l->pid, l->tid, "schedstat", &out->schedstat, &len,
		                      NULL);
	return rc;
}

static void free_stand(struct stand *s)
{
	free(s->syscall);
	free(s->schedstat);
}

static void read_ranges(struct peeker *p, pid_t pid)
{
	char *text;
	size_t len;
	ranges_read(&p->ranges, "", false);
	if (broker_read_proc(p->broker, pid, 0, "maps", &text, &len, NULL) != CTOP_OK)
		return;
	ranges_read(&p->ranges, text, false);
	free(text);
}

static bool read_still(struct peeker *p, struct look *l)
{
	struct stand before, after;
	bool same = false;
	enum ctop_err rc = read_stand(p, l, &before);
	if (rc == CTOP_EPERM)
		l->how = HOW_REFUSED;
	if (rc == CTOP_OK &&
	    copy_regs_of_wait(before.syscall, p->regs_mask, &l->regs, &l->syscall)) {
		const struct range *r = ranges_find(&p->ranges, l->regs.sp);
		uint64_t left = r != NULL ? r->end - l->regs.sp : STACK_MOST;
		l->stack = p->stack;
		l->full = left > STACK_MOST;
		l->stack_len = copy_stack(l->pid, l->regs.sp,
		                          l->full ? STACK_MOST : left & ~UINT64_C(7), p->stack);
		l->time = clock_now_ns();
		same = read_stand(p, l, &after) == CTOP_OK &&
		       strcmp(before.syscall, after.syscall) == 0 &&
		       strcmp(before.schedstat, after.schedstat) == 0;
		free_stand(&after);
	}
	free_stand(&before);
	return same;
}

/* --- stopping ---------------------------------------------------------------------------- */

static void read_stopped(struct peeker *p, struct look *l)
{
	struct stop_copy c = {
	        .regs_mask = p->regs_mask,
	        .stack_most = (uint32_t)STACK_MOST,
	};
	if (p->stopper == NULL)
		p->stopper = stopper_new();
	if (p->stopper == NULL) {
		l->how = HOW_REFUSED;
		return;
	}
	enum stop_result rc = stopper_copy(p->stopper, l->pid, l->tid, &c);
	if (c.held) {
		p->late = vec_reserve(p->late, &p->late_cap, p->late_count + 1, sizeof *p->late);
		p->late[p->late_count++] = l->tid;
	}
	static const enum record_how how[] = {
	        [STOP_COPIED] = HOW_STOPPED,
	        [STOP_GONE] = HOW_RUNNING, /* the next try will not find it */
	        [STOP_REFUSED] = HOW_REFUSED,
	        [STOP_LATE] = HOW_LATE,
	};
	l->how = how[rc];
	l->read = rc == STOP_COPIED;
	if (!l->read)
		return;
	l->regs = c.at;
	l->stack = c.stack;
	l->stack_len = c.stack_len;
	l->full = c.full;
	l->time = c.time;
}

/* --- every thread ------------------------------------------------------------------------- */

static bool is_wanted(const struct peek_request *r, pid_t tid)
{
	bool wanted = r->tid_count == 0;
	for (size_t i = 0; i < r->tid_count && !wanted; i++)
		wanted = r->tids[i] == tid;
	return wanted;
}

/* A stop would not come, would disturb what somebody else does with it, or is not wanted. */
static bool may_stop(const struct peek_request *r, const struct look *l)
{
	bool runs = l->info.state == 'R';
	return strchr("DtTZX", l->info.state) == NULL &&
	       (r->stop == PEEK_STOP_ALL || (r->stop == PEEK_STOP_RUNNING && runs));
}

static bool look_at(struct peeker *p, const struct peek_request *r, const struct outlet *o,
                    pid_t pid, pid_t tid)
{
	struct look l = {.pid = pid, .tid = tid, .how = HOW_RUNNING, .syscall = -1};
	for (unsigned i = 0; i < TRIES; i++) {
		if (target_read(p->broker, pid, tid, &l.info, NULL) != CTOP_OK)
			return true; /* it has ended */
		l.time = clock_now_ns();
		bool stop = may_stop(r, &l);
		if (l.info.state == 'Z' || l.info.state == 'X')
			break;
		if (!stop || (l.info.state != 'R' && r->stop != PEEK_STOP_ALL))
			l.read = read_still(p, &l);
		if (l.read)
			l.how = HOW_STILL;
		else if (stop)
			read_stopped(p, &l);
		if (l.read || l.how == HOW_LATE || l.how == HOW_REFUSED)
			break;
	}
	return put_look(p, o, &l);
}

static bool look_at_process(struct peeker *p, const struct peek_request *r, const struct outlet *o,
                            pid_t pid)
{
	pid_t *tids = NULL;
	size_t count = 0;
	bool more = true;
	if (target_threads(p->broker, pid, &tids, &count, NULL) != CTOP_OK)
		return true;
	read_ranges(p, pid);
	for (size_t i = 0; i < count && more; i++)
		if (is_wanted(r, tids[i]))
			more = look_at(p, r, o, pid, tids[i]);
	free(tids);
	return more;
}

void peeker_run(struct peeker *p, const struct peek_request *r, struct ring *out,
                const atomic_bool *abort)
{
	struct outlet o = {out, abort};
	bool more = put_phase(&o, r, r->tid_count == 0 ? LOOK_BEGIN : LOOK_AGAIN);
	for (size_t i = 0; i < p->pid_count && more; i++) {
		pid_t *kids = NULL;
		size_t count = 0;
		more = look_at_process(p, r, &o, p->pids[i]);
		if (p->children)
			target_children(p->broker, p->pids[i], &kids, &count);
		for (size_t k = 0; k < count && more; k++)
			more = look_at_process(p, r, &o, kids[k]);
		free(kids);
	}
	put_phase(&o, r, LOOK_END);
	ring_signal(out);
}
