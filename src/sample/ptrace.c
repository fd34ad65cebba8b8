/* ptrace: the live source where perf events are refused; see source.h.
 *
 * Threads are looked at in turn, at instants that vary, so that nothing periodic hides. A thread
 * that is running then is stopped for as long as it takes to copy its registers and the top
 * of its stack (ptrace_stop.c), and stands for the CPU time it has used since its
 * last sample: so seconds mean what they mean with perf. One that waits is left alone: a stop
 * could end its system call early. What perf tells by itself (mappings, threads, programs)
 * is read from /proc again and again, each within a share of the time.
 */
#include "apart.h"
#include "ctop/broker.h"
#include "ctop/clock.h"
#include "ctop/mem.h"
#include "ctop/record.h"
#include "ctop/ring.h"
#include "ctop/source.h"
#include "ctop/target.h"
#include "ptrace_source.h"
#include "refusal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const uint64_t LIST_NS = 20 * CLOCK_NS_PER_MS, LIST_MOST_NS = 100 * CLOCK_NS_PER_MS;
enum { LIST_ROUNDS = 5 }; /* or once in so many rounds, where that is longer */
static const uint64_t ALIVE_NS = 500 * CLOCK_NS_PER_MS, CHILDREN_NS = 100 * CLOCK_NS_PER_MS,
                      STATS_NS = CLOCK_NS_PER_SEC;
static const uint64_t LATE_NS = CLOCK_NS_PER_MS; /* a thread that does not stop is asked again */
static const uint64_t GIVE_UP_NS = CLOCK_NS_PER_SEC / 5; /* the same at the end */
static const double USUAL_NS = 30000;                    /* a stop, a round: to begin with */
static const double STOPPED_MOST = 0.02;                 /* of the time, each thread */
static const double LIST_MOST = 0.005;                   /* of a CPU: which threads there are */
static const double CHILDREN_MOST = 0.002;               /* of a CPU: which descendants */
static const double SCAN_MOST = 0.01;                    /* of a CPU: looking which threads run */
static const uint64_t ACTIVE_NS = 20 * CLOCK_NS_PER_MS;
enum { IDLE_LOOKS = 10 }; /* a thread at rest is looked at each so many times */

/* A running mean that one outlier does not carry away. */
static void follow(double *mean, double now)
{
	enum { OF = 16, MOST = 8 };
	*mean += ((now < *mean * MOST ? now : *mean * MOST) - *mean) / OF;
}

/* --- samples --------------------------------------------------------------------------- */

static bool hand_on_pending(struct ptrace_source *s, struct ring *out)
{
	return record_put_all(out, &s->pending, &s->pending_at);
}

static void emit(struct ptrace_source *s, struct ring *out, const struct traced_thread *t,
                 const struct stop_copy *c, uint64_t weight)
{
	struct record_sample *r = ring_reserve(out, copy_sample_size(&c->at, c->stack_len), false);
	if (r == NULL) {
		s->lost++;
		return;
	}
	copy_fill_sample(r, &c->at, c->stack, c->stack_len);
	r->h.flags = c->full ? RECORD_FULL_DUMP : 0;
	r->h.time = c->time;
	r->h.pid = (uint32_t)t->pid;
	r->h.tid = (uint32_t)t->tid;
	r->weight = weight;
	ring_commit(out);
	s->weight_ns += weight;
}

/* Takes a sample of a thread, if it runs. */
static bool take_sample(struct ptrace_source *s, struct ring *out, struct traced_thread *t)
{
	struct traced_process *p = traced_process(s, t->pid);
	if (p == NULL || !traced_is_running(s, t))
		return false;
	struct stop_copy c = {
	        .regs_mask = s->config.regs_mask,
	        .stack_most = s->config.stack_bytes,
	        .stack_base = t->tid == t->pid ? p->stack_base : 0,
	        .own_child = t->own_child,
	        .stack = s->stack,
	};
	enum stop_result rc = stop_copy(&s->tools, t->pid, t->tid, &c);
	t->late = c.held;
	if (rc != STOP_COPIED)
		return false;
	if (c.held_ns > 0)
		follow(&s->held_ns, (double)c.held_ns);
	traced_cpu(s, t, &t->used_ns); /* exact, now that it was stopped */
	uint64_t weight = t->used_ns - t->counted_ns;
	t->counted_ns = t->used_ns;
	t->active = c.time;
	/* What was mapped since the last look must be known before the sample is. */
	if (ranges_find(&p->code, c.at.pc) == NULL)
		traced_read_maps(s, p, clock_now_ns());
	if (weight > 0 && hand_on_pending(s, out))
		emit(s, out, t, &c, weight);
	else if (weight > 0)
		s->lost++;
	return true;
}

static void sample(struct ptrace_source *s, struct ring *out, struct traced_thread *t)
{
	uint64_t from = s->measuring ? clock_thread_cpu_ns() : 0;
	t->sampled = take_sample(s, out, t);
	s->sampling_ns += s->measuring ? clock_thread_cpu_ns() - from : 0;
}

/* A thread that is due: has it used the CPU? */
static void look_at(struct ptrace_source *s, struct ring *out, struct traced_thread *t,
                    uint64_t now)
{
	uint64_t used;
	if (t->late) {
		t->late = !stop_let_go(t->tid, t->own_child);
		return;
	}
	if (t->rest > 0) {
		t->rest--;
		return;
	}
	/* One that ran at the last look most likely runs still, and its clock need not be asked. */
	bool tried = t->sampled;
	if (tried)
		sample(s, out, t);
	if (t->sampled)
		return;
	if (!traced_cpu(s, t, &used)) {
		traced_is_gone(s, t);
		return;
	}
	if (used > t->used_ns)
		t->active = now;
	t->used_ns = used;
	/* The kernel brings that number up to date at each of its ticks only. */
	bool idle = now - t->active > ACTIVE_NS;
	t->rest = idle ? IDLE_LOOKS : 0;
	if (!idle && !tried)
		sample(s, out, t);
}

/* Looks at every thread. What that takes, without the samples, is measured now and then: reading
 * a thread's clock is itself not free. */
static void look_at_threads(struct ptrace_source *s, struct ring *out)
{
	enum { MEASURED = 16 };
	uint64_t now = clock_now_ns();
	bool measure = s->rounds++ % MEASURED == 0;
	uint64_t start = measure ? clock_thread_cpu_ns() : 0;
	s->sampling_ns = 0;
	s->measuring = measure;
	for (size_t i = 0; i < s->thread_count; i++)
		look_at(s, out, &s->threads[i], now);
	if (measure)
		follow(&s->scan_ns, (double)(clock_thread_cpu_ns() - start - s->sampling_ns));
}

/* --- the drain --------------------------------------------------------------------------- */

/* Between two rounds of looks, ns: as asked, but for what a stop and a round take. */
static uint64_t period(const struct ptrace_source *s)
{
	uint64_t asked = CLOCK_NS_PER_SEC / s->config.rate_hz;
	return larger(asked, larger((uint64_t)(s->held_ns / STOPPED_MOST),
	                            (uint64_t)(s->scan_ns / SCAN_MOST)));
}

static void set_next(struct ptrace_source *s, uint64_t now)
{
	uint64_t p = period(s);
	s->next_ns = now + p / 2 + (uint64_t)rand_r(&s->seed) % p;
	for (size_t i = 0; i < s->thread_count; i++)
		if (s->threads[i].late)
			s->next_ns = now + LATE_NS;
}

static bool put_stats(struct ptrace_source *s, struct ring *out, uint64_t now)
{
	struct record_lost l = {
	        .h = {sizeof l, RECORD_LOST, 0, now, 0, 0}, .count = s->lost, .cause = LOST_RING};
	if (s->lost > 0 && !record_put(out, &l))
		return false;
	s->lost = 0;
	struct record_stats r = {
	        .h = {sizeof r, RECORD_STATS, 0, now, 0, 0},
	        .weight_ns = s->weight_ns,
	        .sampler_cpu_ns = clock_thread_cpu_ns(),
	        .rate_hz = (uint32_t)((CLOCK_NS_PER_SEC + period(s) / 2) / period(s)),
	        .way = WAY_PTRACE,
	        .threads = (uint32_t)s->thread_count,
	};
	struct cputime_sum sum = {0};
	for (size_t i = 0; i < s->proc_count; i++) {
		const struct traced_process *p = &s->procs[i];
		cputime_add(&sum, &p->used, p->alive, p->is_root);
		r.targets += p->alive;
	}
	/* What its samples stand for it has used, whatever the clocks said last. */
	s->used_ns = larger(s->used_ns, larger(cputime_total(&sum), s->weight_ns));
	r.target_cpu_ns = s->used_ns;
	return record_put(out, &r);
}

/* When to do again what has cost so much CPU time since `from`, for a share `most` of a CPU: at
 * the soonest after `pause`. */
static uint64_t again(uint64_t now, uint64_t pause, uint64_t from, double most)
{
	return now + larger(pause, (uint64_t)((double)(clock_thread_cpu_ns() - from) / most));
}

static void list(struct ptrace_source *s, uint64_t now)
{
	uint64_t from = clock_thread_cpu_ns(), least = larger(LIST_NS, LIST_ROUNDS * period(s));
	size_t threads = s->thread_count, procs = s->proc_count;
	traced_list_threads(s, now);
	if (s->config.follow_children)
		traced_peek_children(s);
	/* Where nothing comes and goes, new threads are waited for with more patience. */
	bool changed = s->thread_count != threads || s->proc_count != procs;
	s->list_pause = changed ? least : larger(least, s->list_pause * 2);
	s->list_pause = s->list_pause < LIST_MOST_NS ? s->list_pause : larger(least, LIST_MOST_NS);
	s->list_due = again(now, s->list_pause, from, LIST_MOST);
}

static void list_children(struct ptrace_source *s, uint64_t now)
{
	uint64_t from = clock_thread_cpu_ns();
	traced_list_children(s);
	s->children_due = again(now, CHILDREN_NS, from, CHILDREN_MOST);
}

static void keep_house(struct ptrace_source *s, uint64_t now)
{
	if (now >= s->list_due)
		list(s, now);
	if (s->config.follow_children && now >= s->children_due)
		list_children(s, now);
	if (now >= s->alive_due) {
		s->stopping = s->stopping || !traced_any_alive(s);
		s->alive_due = now + ALIVE_NS;
	}
	for (size_t i = 0; i < s->proc_count; i++)
		if (s->procs[i].alive && now >= s->procs[i].maps_due)
			traced_read_maps(s, &s->procs[i], now);
}

/* No thread is left stopped: those that were late are waited for. */
static bool let_all_go(struct ptrace_source *s)
{
	bool all = true;
	for (size_t i = 0; i < s->thread_count; i++) {
		struct traced_thread *t = &s->threads[i];
		t->late = t->late && !stop_let_go(t->tid, t->own_child);
		all = all && !t->late;
	}
	return all;
}

static enum ctop_err finish(struct ptrace_source *s, struct ring *out, bool *ended)
{
	uint64_t now = clock_now_ns();
	struct record_end r = {.h = {sizeof r, RECORD_END, 0, now, 0, 0}, .wait_status = -1};
	s->next_ns = now + LATE_NS;
	s->give_up = s->give_up != 0 ? s->give_up : now + GIVE_UP_NS;
	/* What does not stop at all is let go by the kernel when this process ends. */
	bool gone = let_all_go(s) || now >= s->give_up;
	if (!gone || !put_stats(s, out, now) || !record_put(out, &r))
		return CTOP_EAGAIN;
	s->ended = *ended = true;
	return CTOP_OK;
}

static enum ctop_err drain(void *self, struct ring *out, bool *ended, struct err *e)
{
	struct ptrace_source *s = self;
	uint64_t now = clock_now_ns();
	(void)e;
	*ended = s->ended;
	if (s->ended)
		return CTOP_OK;
	if (!hand_on_pending(s, out))
		return CTOP_EAGAIN;
	if (s->stopping) {
		traced_any_alive(s);
		return finish(s, out, ended);
	}
	keep_house(s, now);
	if (!hand_on_pending(s, out))
		return CTOP_EAGAIN;
	look_at_threads(s, out);
	if (now >= s->stats_due && put_stats(s, out, now))
		s->stats_due = now + STATS_NS;
	set_next(s, clock_now_ns());
	return CTOP_OK;
}

static uint64_t due(void *self)
{
	return ((struct ptrace_source *)self)->next_ns;
}

static void set_stack(void *self, uint32_t bytes, uint32_t *drain_ms)
{
	struct ptrace_source *s = self;
	s->config.stack_bytes = bytes;
	(void)drain_ms;
}

static void stop(void *self)
{
	((struct ptrace_source *)self)->stopping = true;
}

static void close_source(void *self)
{
	struct ptrace_source *s = self;
	stop_tools_fini(&s->tools);
	for (size_t i = 0; i < s->thread_count; i++)
		traced_close(s, &s->threads[i]);
	for (size_t i = 0; i < s->proc_count; i++)
		ranges_fini(&s->procs[i].code);
	free(s->procs);
	free(s->threads);
	free(s->stack);
	hash_map_fini(&s->by_tid);
	strbuf_fini(&s->pending);
	free(s);
}

/* --- opening ------------------------------------------------------------------------- */

/* Whether the target may be looked into at all. One that rests is not stopped for that: its memory
 * is opened, which wants the same right. */
static enum ctop_err try_one(struct ptrace_source *s, const struct target_info *t, struct err *e)
{
	struct refusal_facts facts = refusal_read_facts(s->broker);
	struct stop_copy c = {.regs_mask = s->config.regs_mask,
	                      .own_child = t->ppid == getpid(),
	                      .stack = s->stack};
	int why = stop_is_barred();
	if (why != 0)
		return refusal_ptrace(&facts, t, why, e);
	if (t->state != 'R') {
		int fd = broker_open_proc(s->broker, t->pid, 0, "mem");
		if (fd >= 0)
			close(fd);
		return fd >= 0 ? CTOP_OK : refusal_ptrace(&facts, t, -fd, e);
	}
	enum stop_result rc = stop_copy(&s->tools, t->pid, t->pid, &c);
	for (unsigned i = 0; c.held && i < 1000; i++) {
		c.held = !stop_let_go(t->pid, c.own_child);
		usleep(c.held ? 1000 : 0);
	}
	if (c.held)
		return err_set(
		        e, CTOP_EAGAIN,
		        "%d (%s) does not stop: it is in an uninterruptible sleep; try again "
		        "when it is not (ps -o stat,wchan -p %d)",
		        t->pid, t->comm, t->pid);
	if (rc == STOP_GONE)
		return err_set(e, CTOP_ENOENT, "process %d ended while ctop was attaching", t->pid);
	return rc == STOP_REFUSED ? refusal_ptrace(&facts, t, c.why, e) : CTOP_OK;
}

/* A quarter of the descriptors there may be, two a thread, and no more than pays. */
static unsigned keep_most(void)
{
	enum { MOST = 256, PART = 8 };
	struct rlimit rl;
	bool few = getrlimit(RLIMIT_NOFILE, &rl) == 0 && rl.rlim_cur / PART < MOST;
	return few ? (unsigned)(rl.rlim_cur / PART) : MOST;
}

static enum ctop_err open_source(struct ptrace_source *s, struct err *e)
{
	const struct source_config *c = &s->config;
	for (size_t i = 0; i < c->pid_count; i++) {
		struct target_info info;
		enum ctop_err rc = c->launched ? target_read(s->broker, c->pids[i], 0, &info, e)
		                               : target_check(s->broker, c->pids[i], &info, e);
		if (rc == CTOP_OK)
			rc = refusal_tracer(s->broker, &info, e);
		if (rc == CTOP_OK)
			rc = try_one(s, &info, e);
		if (rc != CTOP_OK)
			return rc;
		traced_add(s, c->pids[i], c->launched);
		if (s->proc_count > 0)
			s->procs[s->proc_count - 1].is_root = true;
	}
	if (c->follow_children && !c->launched) {
		size_t before = s->proc_count;
		traced_list_children(s);
		for (size_t i = before; i < s->proc_count; i++)
			traced_rebase(&s->procs[i]);
	}
	for (size_t i = 0; i < s->thread_count; i++)
		s->threads[i].counted_ns = s->threads[i].used_ns;
	return CTOP_OK;
}

/* Opens it where it is to work: the calling thread's process is the tracer. */
static enum ctop_err open_here(struct source *out, struct broker *b,
                               const struct source_config *config, struct err *e)
{
	static const struct source_ops ops = {.name = "ptrace",
	                                      .drain = drain,
	                                      .due = due,
	                                      .set_stack = set_stack,
	                                      .stop = stop,
	                                      .close = close_source};
	struct ptrace_source *s = mem_zalloc(1, sizeof *s);
	s->broker = b;
	s->config = *config;
	s->seed = (unsigned)clock_now_ns();
	s->held_ns = s->scan_ns = USUAL_NS;
	s->keep_most = keep_most();
	s->stack = mem_alloc(RECORD_STACK_MAX + 8);
	stop_block_signals();
	enum ctop_err rc = open_source(s, e);
	s->config.pids = NULL;
	if (rc != CTOP_OK) {
		close_source(s);
		return rc;
	}
	s->stats_due = clock_now_ns() + CLOCK_NS_PER_SEC / 4;
	*out = (struct source){
	        .ops = &ops,
	        .self = s,
	        .info = {.way = WAY_PTRACE,
	                 .rate_hz = config->rate_hz,
	                 .stack_bytes = config->stack_bytes,
	                 .drain_ms = 100,
	                 .regs_mask = config->regs_mask},
	};
	return CTOP_OK;
}

enum ctop_err source_open_ptrace(struct source *out, struct broker *b,
                                 const struct source_config *config, struct err *e)
{
	struct source_config c = *config;
	struct target_info self;
	c.own_pid = getpid();
	if (c.whole_machine)
		return err_set(e, CTOP_EUNSUP, "the whole machine cannot be traced; give --pid");
	for (size_t i = 0; i < c.pid_count; i++)
		if (c.pids[i] == c.own_pid)
			return target_check(b, c.own_pid, &self, e);
	/* Yama's first scope is for ancestors, which a helper is not. */
	bool direct = c.launched && refusal_read_facts(b).yama > 0;
	return direct ? open_here(out, b, &c, e) : apart_open(out, open_here, b, &c, e);
}
