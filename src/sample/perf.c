/* perf: the live source on perf events; see source.h and perf_source.h.
 *
 * A drain reads the clock first, then looks at every ring, sorts what it finds by
 * time and hands on what is older than the clock reading less 2 ms; newer
 * records are carried to the next drain, because another CPU may still write
 * something older. While the byte ring has no room for a record that must not be lost,
 * nothing is drained: the kernel then loses samples, and counts them.
 */
#include "ctop/broker.h"
#include "ctop/clock.h"
#include "ctop/mem.h"
#include "ctop/ring.h"
#include "ctop/target.h"
#include "ctop/vec.h"
#include "perf_source.h"
#include "refusal.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* The ring holds this many intervals of full samples, so that a late drain loses none. */
enum { DRAIN_MS = 100, DRAIN_LEAST_MS = 2, DRAIN_MOST_MS = 500, DRAINS_HELD = 4 };
static const uint64_t SLACK_NS = 2 * CLOCK_NS_PER_MS;
static const uint64_t SCAN_NS = 20 * CLOCK_NS_PER_MS;
static const size_t DATA_LEAST = 16 << 10, DATA_USUAL = 512 << 10, DATA_MOST = 16 << 20;
static const size_t DATA_ALL = (size_t)128 << 20;
static const size_t SIDE_SIZE = 512 << 10;
static const size_t SIDE_PART = 16, SIDE_LEAST = 16 << 10; /* where memory is short */
static const uint32_t STACK_LEAST = 1024;

/* One record on its way through a drain. */
struct entry {
	uint64_t time;
	const struct perf_event_header *h;
	uint32_t order; /* keeps the order of equal times */
};

struct perf_self {
	struct perf_source s;
	struct entry *entries;
	size_t entry_count, entry_cap;
	struct strbuf carry, spare; /* records for the next drain; the buffer being filled */
	bool blocked;               /* the byte ring had no room in the last drain */
};

/* --- rings ------------------------------------------------------------------------- */

static size_t data_size(const struct perf_source *s, size_t cpus)
{
	uint64_t want = DRAINS_HELD * (uint64_t)s->kind.rate_hz * s->config.drain_ms / 1000 *
	                (s->kind.stack_bytes + 1024);
	size_t size = DATA_USUAL;
	while (size < want && size < DATA_MOST)
		size *= 2;
	while (size * cpus > DATA_ALL && size > DATA_LEAST)
		size /= 2;
	return size;
}

/* The largest dump of which a ring holds several. */
static uint32_t stack_most(size_t ring)
{
	uint32_t most = (uint32_t)(ring / DRAINS_HELD) & ~7u;
	return most > 2 * STACK_LEAST ? most - STACK_LEAST : STACK_LEAST;
}

static uint32_t drain_interval(const struct perf_source *s)
{
	uint64_t per_second = (uint64_t)s->kind.rate_hz * (s->kind.stack_bytes + 1024);
	uint64_t ms = s->lanes[0].data.size * 1000 / per_second / DRAINS_HELD;
	uint32_t most = s->config.drain_ms;
	return ms < DRAIN_LEAST_MS ? DRAIN_LEAST_MS : ms > most ? most : (uint32_t)ms;
}

static void close_lane(struct lane *lane)
{
	perf_ring_close(&lane->data);
	perf_ring_close(&lane->side);
}

static enum ctop_err open_lane(struct perf_source *s, struct lane *lane, size_t size,
                               size_t side_size, struct err *e)
{
	struct perf_event_attr a;
	pid_t side_pid = s->side_wide ? -1 : 0;
	perf_event_holder(&a);
	int data = broker_perf_event(s->broker, &a, 0, lane->cpu, -1, 0);
	if (s->side_wide) {
		perf_event_side(&a, &s->kind);
		a.inherit = a.inherit_thread = 0;
	}
	int side = broker_perf_event(s->broker, &a, side_pid, lane->cpu, -1, 0);
	if (data < 0 || side < 0) {
		int why = data < 0 ? -data : -side;
		if (data >= 0)
			close(data);
		if (side >= 0)
			close(side);
		return refusal_of_perf(s->broker, getpid(), why, e);
	}
	int why = perf_ring_open(&lane->data, data, size);
	if (why == 0)
		why = perf_ring_open(&lane->side, side, side_size);
	if (why == 0)
		return CTOP_OK;
	if (lane->data.base == NULL)
		close(data);
	else
		perf_ring_close(&lane->data);
	close(side);
	return err_set(e, why == EPERM || why == ENOMEM ? CTOP_ELIMIT : CTOP_EIO,
	               "cannot map perf's ring (%s); raise ulimit -l or "
	               "kernel.perf_event_mlock_kb",
	               strerror(why));
}

/* Whether this process may see side-band events of the whole machine. */
static bool may_watch_all(struct perf_source *s)
{
	struct perf_event_attr a;
	perf_event_side(&a, &s->kind);
	a.inherit = a.inherit_thread = 0;
	int fd = broker_perf_event(s->broker, &a, -1, 0, -1, 0);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static enum ctop_err open_every_lane(struct perf_source *s, size_t cpus, size_t size,
                                     size_t side_size, struct err *e)
{
	for (size_t i = 0; i < cpus; i++) {
		struct err why = {0};
		struct lane lane = {.cpu = (int)i};
		enum ctop_err rc = open_lane(s, &lane, size, side_size, &why);
		if (rc == CTOP_OK) {
			s->lanes[s->lane_count++] = lane;
		} else if (why.code != CTOP_ENOENT) { /* ENODEV: a CPU that is off line */
			if (e != NULL)
				*e = why;
			return rc;
		}
	}
	return s->lane_count > 0 ? CTOP_OK : err_set(e, CTOP_EUNSUP, "no CPU to sample on");
}

/* Rings of one size on every CPU, the largest the limit on locked memory allows:
 * a small ring on one CPU alone would set the pace of all, or lose its samples. */
static enum ctop_err open_lanes(struct perf_source *s, struct err *e)
{
	long configured = sysconf(_SC_NPROCESSORS_CONF);
	size_t cpus = configured > 0 ? (size_t)configured : 1;
	size_t most = data_size(s, cpus), side = SIDE_SIZE;
	enum ctop_err rc = CTOP_ELIMIT;
	s->lanes = mem_zalloc(cpus, sizeof *s->lanes);
	s->side_wide = may_watch_all(s);
	for (size_t size = most; rc == CTOP_ELIMIT && size >= DATA_LEAST; size /= 2) {
		while (s->lane_count > 0)
			close_lane(&s->lanes[--s->lane_count]);
		rc = open_every_lane(s, cpus, size, side, e);
		side = size / SIDE_PART > SIDE_LEAST ? size / SIDE_PART : SIDE_LEAST;
	}
	if (rc == CTOP_OK && s->lanes[0].data.size < most)
		perf_note(s, "small perf rings: the locked-memory limit is low; raise ulimit -l or "
		             "kernel.perf_event_mlock_kb");
	if (rc == CTOP_OK && s->kind.stack_bytes > stack_most(s->lanes[0].data.size)) {
		s->kind.stack_bytes = stack_most(s->lanes[0].data.size);
		perf_note(s, "no more than %u bytes of each stack are copied, for the same reason",
		          s->kind.stack_bytes);
	}
	return rc;
}

/* --- opening ------------------------------------------------------------------------ */

static void raise_descriptors(struct perf_source *s)
{
	struct rlimit rl;
	if (getrlimit(RLIMIT_NOFILE, &rl) != 0)
		return;
	rl.rlim_cur = rl.rlim_max;
	setrlimit(RLIMIT_NOFILE, &rl);
	getrlimit(RLIMIT_NOFILE, &rl);
	size_t keep = 128; /* for files, pipes, the terminal */
	s->fd_most = rl.rlim_cur > keep ? rl.rlim_cur - keep : 0;
}

/* Kernel frames need a right that user frames do not: tries one event. */
static enum ctop_err settle_kernel(struct perf_source *s, pid_t pid, struct err *e)
{
	struct perf_event_attr a;
	for (;;) {
		perf_event_sampling(&a, &s->kind);
		a.disabled = 1;
		a.enable_on_exec = 0;
		if (pid < 0)
			a.inherit = a.inherit_thread = 0;
		int fd = broker_perf_event(s->broker, &a, pid, pid < 0 ? 0 : -1, -1, 0);
		if (fd >= 0) {
			close(fd);
			return CTOP_OK;
		}
		if ((fd == -EACCES || fd == -EPERM) && s->kind.kernel && pid >= 0) {
			s->kind.kernel = false;
			perf_note(s, "no kernel frames, and time in the kernel is not sampled: "
			             "kernel.perf_event_paranoid is 2 or more and ctop lacks "
			             "CAP_PERFMON");
		} else if (fd == -EINVAL && a.inherit_thread) {
			s->kind.inherit = false; /* before 5.13: new threads come by listing */
			s->kind.threads_only = false;
		} else {
			return refusal_of_perf(s->broker, pid < 0 ? 0 : pid, -fd, e);
		}
	}
}

static void describe_machine(struct perf_source *s)
{
	pid_t *pids;
	size_t count;
	if (target_all(s->broker, &pids, &count, NULL) != CTOP_OK)
		return;
	uint64_t now = clock_now_ns();
	for (size_t i = 0; i < count; i++)
		perf_describe(s, pids[i], now, false);
	free(pids);
}

static enum ctop_err attach_all(struct perf_source *s, struct err *e)
{
	const struct source_config *c = &s->config;
	if (c->whole_machine) {
		s->way = WAY_PERF_SYSTEM;
		describe_machine(s);
		return perf_open_cpus(s, e);
	}
	for (size_t i = 0; i < c->pid_count; i++) {
		pid_t *kids = NULL;
		size_t count = 0;
		perf_attach_process(s, c->pids[i], true);
		if (c->follow_children && !c->launched)
			target_children(s->broker, c->pids[i], &kids, &count);
		for (size_t k = 0; k < count; k++)
			if (perf_find_process(s, kids[k]) == NULL && kids[k] != getpid())
				perf_attach_process(s, kids[k], false);
		free(kids);
	}
	perf_rebase(s);
	if (perf_open_cgroup(s))
		return CTOP_OK;
	bool storm = !c->launched && perf_is_storming(s);
	perf_rebase(s);
	if (storm) {
		perf_go_wide(s, "threads are created too fast for events of their own");
		if (s->way == WAY_PERF_CPUS)
			return CTOP_OK;
	}
	/* The main threads at once, so that a refusal is known now. */
	for (size_t i = 0; i < c->pid_count; i++) {
		enum ctop_err rc = perf_open_thread(s, c->pids[i], c->pids[i], e);
		if (rc != CTOP_OK)
			return rc;
	}
	if (!c->launched)
		perf_scan(s, SCAN_NS);
	return CTOP_OK;
}

static enum ctop_err open_source(struct perf_self *p, struct err *e)
{
	struct perf_source *s = &p->s;
	const struct source_config *c = &s->config;
	s->kind = (struct perf_kind){
	        .rate_hz = c->rate_hz,
	        .stack_bytes = c->stack_bytes,
	        .regs_mask = c->regs_mask,
	        .kernel = c->kernel,
	        .inherit = true,
	        .threads_only = !c->follow_children,
	        .enable_on_exec = c->launched,
	};
	raise_descriptors(s);
	for (size_t i = 0; i < c->pid_count && !c->launched; i++) {
		struct target_info info;
		enum ctop_err rc = target_check(s->broker, c->pids[i], &info, e);
		if (rc != CTOP_OK)
			return rc;
	}
	enum ctop_err rc = settle_kernel(s, c->whole_machine ? -1 : c->pids[0], e);
	if (rc == CTOP_OK)
		rc = open_lanes(s, e);
	if (rc == CTOP_OK)
		rc = attach_all(s, e);
	uint64_t now = clock_now_ns();
	s->stats_due = now + CLOCK_NS_PER_SEC / 4;
	s->check_due = now + PERF_CHECK_NS;
	s->storm_from = now;
	s->storm_due = now + CLOCK_NS_PER_SEC / 20;
	return rc;
}

/* --- the drain --------------------------------------------------------------------------- */

static int by_time(const void *va, const void *vb)
{
	const struct entry *a = va, *b = vb;
	if (a->time != b->time)
		return (a->time > b->time) - (a->time < b->time);
	return (a->order > b->order) - (a->order < b->order);
}

static void add_entry(struct perf_self *p, const struct perf_event_header *h)
{
	p->entries = vec_reserve(p->entries, &p->entry_cap, p->entry_count + 1, sizeof *p->entries);
	p->entries[p->entry_count] = (struct entry){perf_time(h), h, (uint32_t)p->entry_count};
	p->entry_count++;
}

static void add_ring(struct perf_self *p, struct perf_ring *r)
{
	const struct perf_event_header *h;
	while ((h = perf_ring_next(r)) != NULL)
		add_entry(p, h);
}

static void gather(struct perf_self *p)
{
	struct perf_source *s = &p->s;
	p->entry_count = 0;
	for (size_t at = 0; at < p->carry.len;) {
		const struct perf_event_header *h = (const void *)(p->carry.data + at);
		at += h->size;
		add_entry(p, h);
	}
	if (p->blocked)
		return; /* what was read before goes first; the kernel keeps the rest */
	for (size_t i = 0; i < s->lane_count; i++) {
		perf_ring_look(&s->lanes[i].side);
		perf_ring_look(&s->lanes[i].data);
	}
	for (size_t i = 0; i < s->lane_count; i++) {
		add_ring(p, &s->lanes[i].side);
		add_ring(p, &s->lanes[i].data);
	}
}

/* Hands on what is due, carries the rest. False when the byte ring is full. */
static bool release(struct perf_self *p, struct ring *out, uint64_t horizon)
{
	struct perf_source *s = &p->s;
	bool room = true;
	if (p->entry_count > 0)
		qsort(p->entries, p->entry_count, sizeof *p->entries, by_time);
	strbuf_clear(&p->spare);
	for (size_t i = 0; i < p->entry_count; i++) {
		const struct entry *en = &p->entries[i];
		if (room && en->time <= horizon)
			room = perf_emit(s, out, en->h);
		if (!room || en->time > horizon)
			strbuf_add(&p->spare, en->h, en->h->size);
	}
	struct strbuf full = p->carry;
	p->carry = p->spare;
	p->spare = full;
	for (size_t i = 0; i < s->lane_count; i++) {
		perf_ring_release(&s->lanes[i].side);
		perf_ring_release(&s->lanes[i].data);
	}
	return room;
}

static enum ctop_err drain(void *self, struct ring *out, bool *ended, struct err *e)
{
	struct perf_self *p = self;
	struct perf_source *s = &p->s;
	uint64_t now = clock_now_ns();
	bool last = s->stopping;
	(void)e;
	*ended = s->ended;
	if (s->ended)
		return CTOP_OK;
	/* Records made here, such as the state at attach, go first. */
	if (!record_put_all(out, &s->pending, &s->pending_at))
		return CTOP_EAGAIN;
	gather(p);
	p->blocked = !release(p, out, last ? UINT64_MAX : now - SLACK_NS);
	if (p->blocked || !perf_put_losses(s, out, now))
		return CTOP_EAGAIN;
	if (!last) {
		perf_housekeeping(s, out, now);
		return CTOP_OK;
	}
	s->ended = perf_put_end(s, out, now);
	*ended = s->ended;
	return s->ended ? CTOP_OK : CTOP_EAGAIN;
}

static void stop(void *self)
{
	struct perf_self *p = self;
	p->s.stopping = true;
}

static void set_stack(void *self, uint32_t bytes, uint32_t *drain_ms)
{
	struct perf_self *p = self;
	uint32_t most = stack_most(p->s.lanes[0].data.size);
	perf_set_stack(&p->s, bytes < most ? bytes : most);
	*drain_ms = drain_interval(&p->s);
}

static void close_source(void *self)
{
	struct perf_self *p = self;
	struct perf_source *s = &p->s;
	perf_close_events(s);
	for (size_t i = 0; i < s->lane_count; i++)
		close_lane(&s->lanes[i]);
	if (s->cgroup >= 0)
		close(s->cgroup);
	free(s->lanes);
	free(s->fds);
	free(s->threads);
	free(s->crowd.threads);
	free(s->procs);
	hash_map_fini(&s->by_id);
	hash_map_fini(&s->sampling_ids);
	hash_map_fini(&s->by_tid);
	hash_map_fini(&s->by_pid);
	strbuf_fini(&s->pending);
	strbuf_fini(&p->carry);
	strbuf_fini(&p->spare);
	free(p->entries);
	free(p);
}

enum ctop_err source_open_perf(struct source *out, struct broker *b,
                               const struct source_config *config, struct err *e)
{
	static const struct source_ops ops = {.name = "perf",
	                                      .drain = drain,
	                                      .set_stack = set_stack,
	                                      .stop = stop,
	                                      .close = close_source};
	struct perf_self *p = mem_zalloc(1, sizeof *p);
	p->s.broker = b;
	p->s.config = *config;
	if (config->drain_ms == 0 || config->drain_ms > DRAIN_MOST_MS)
		p->s.config.drain_ms = DRAIN_MS;
	p->s.way = WAY_PERF_THREADS;
	p->s.cgroup = -1;
	enum ctop_err rc = open_source(p, e);
	p->s.config.pids = NULL;
	if (rc != CTOP_OK) {
		close_source(p);
		return rc;
	}
	*out = (struct source){
	        .ops = &ops,
	        .self = p,
	        .info = {.way = p->s.way,
	                 .kernel = p->s.kind.kernel,
	                 .rate_hz = p->s.kind.rate_hz,
	                 .stack_bytes = p->s.kind.stack_bytes,
	                 .drain_ms = drain_interval(&p->s),
	                 .regs_mask = p->s.kind.regs_mask},
	};
	snprintf(out->info.notes, sizeof out->info.notes, "%s", p->s.notes);
	p->s.is_open = true;
	return CTOP_OK;
}
