/* apart: a source in a process of its own; see apart.h.
 *
 * The process is the producer of a ring in shared memory, the sampler thread here its consumer:
 * records go on unchanged, but for the sums in statistics, which begin anew with each process.
 * When there is no room for them here, they wait over there, and what finds no room there is
 * counted as lost by the source.
 */
#include "apart.h"

#include "ctop/clock.h"
#include "ctop/mem.h"
#include "ctop/record.h"
#include "ctop/ring.h"
#include "helper.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DRAIN_MS = 100, NOTICE_NS = 100000000 };
static const size_t RING_BYTES = (size_t)16 << 20; /* touched only as far as they are needed */

enum phase { PHASE_OPENING, PHASE_OPEN, PHASE_REFUSED };

/* What both sides see. */
struct shared {
	_Atomic uint32_t phase;
	enum ctop_err rc;
	struct err why;
	struct source_info info;
	_Atomic uint32_t bell; /* changes with what follows */
	_Atomic uint32_t stack_bytes;
	atomic_bool stop;
};

struct apart {
	source_open_fn *open;
	struct broker *broker;
	struct source_config config; /* its pids are owned */
	struct shared *shared;
	struct ring *ring;
	pid_t helper; /* 0: none */
	/* Statistics: as they came last, and what earlier processes make of them. */
	struct record_stats last, before;
	bool stopping, ended;
};

/* --- over there ------------------------------------------------------------------------------ */

static void follow_wishes(struct shared *sh, struct source *src, bool *told)
{
	uint32_t bytes = atomic_load(&sh->stack_bytes), drain_ms;
	if (bytes != src->info.stack_bytes && src->ops->set_stack != NULL) {
		src->ops->set_stack(src->self, bytes, &drain_ms);
		src->info.stack_bytes = bytes;
	}
	if (atomic_load(&sh->stop) && !*told) {
		src->ops->stop(src->self);
		*told = true;
	}
}

static uint64_t pause_after(const struct source *src, enum ctop_err rc)
{
	enum { NO_ROOM_MS = 5 };
	uint64_t now = clock_now_ns(), due = src->ops->due(src->self);
	if (rc == CTOP_EAGAIN)
		return NO_ROOM_MS * CLOCK_NS_PER_MS;
	return due > now ? due - now : 0;
}

static void sample(struct apart *a, struct source *src)
{
	struct shared *sh = a->shared;
	struct err e;
	for (bool told = false, ended = false;;) {
		uint32_t bell = atomic_load(&sh->bell);
		follow_wishes(sh, src, &told);
		enum ctop_err rc = src->ops->drain(src->self, a->ring, &ended, &e);
		ring_signal(a->ring);
		if (ended)
			return;
		uint64_t ns = pause_after(src, rc);
		if (ns > 0)
			helper_wait(&sh->bell, bell, ns);
	}
}

static void work(void *arg)
{
	struct apart *a = arg;
	struct shared *sh = a->shared;
	struct source src;
	sh->rc = a->open(&src, a->broker, &a->config, &sh->why);
	if (sh->rc != CTOP_OK) {
		helper_tell(&sh->phase, PHASE_REFUSED);
		return;
	}
	sh->info = src.info;
	helper_tell(&sh->phase, PHASE_OPEN);
	sample(a, &src);
	src.ops->close(src.self);
}

/* --- here ------------------------------------------------------------------------------------ */

static void ring_bell(struct apart *a)
{
	helper_tell(&a->shared->bell, atomic_load(&a->shared->bell) + 1);
}

/* Starts the process and waits until it has opened the source. One that was killed before leaves
 * the phase at PHASE_OPENING. */
static enum ctop_err start_once(struct apart *a, struct err *e)
{
	struct shared *sh = a->shared;
	memset(&sh->why, 0, sizeof sh->why);
	atomic_store(&sh->phase, PHASE_OPENING);
	a->helper = helper_start("ctop-stopper", work, a);
	if (a->helper < 0) {
		a->helper = 0;
		return err_set(e, CTOP_ELIMIT, "cannot start a process to sample by ptrace with");
	}
	while (atomic_load(&sh->phase) == PHASE_OPENING) {
		helper_wait(&sh->phase, PHASE_OPENING, NOTICE_NS);
		if (atomic_load(&sh->phase) == PHASE_OPENING && helper_has_ended(a->helper)) {
			a->helper = 0;
			return err_set(e, CTOP_EAGAIN, "ctop-stopper was killed; try again");
		}
	}
	if (atomic_load(&sh->phase) == PHASE_OPEN)
		return CTOP_OK;
	helper_end(a->helper);
	a->helper = 0;
	if (e != NULL)
		*e = sh->why;
	return sh->rc;
}

/* Whoever kills it may do so again, but hardly so often. */
static enum ctop_err start(struct apart *a, struct err *e)
{
	enum { TRIES = 5 };
	enum ctop_err rc = start_once(a, e);
	for (int i = 1; i < TRIES && atomic_load(&a->shared->phase) == PHASE_OPENING; i++)
		rc = start_once(a, e);
	return rc;
}

/* Sums go on where those of the process before ended. */
static void adjust(struct apart *a, struct record_stats *r)
{
	r->target_cpu_ns += a->before.target_cpu_ns;
	r->event_ns += a->before.event_ns;
	r->weight_ns += a->before.weight_ns;
	r->late += a->before.late;
	r->h.flags |= RECORD_APART;
	r->h.pid = r->h.tid = (uint32_t)a->helper;
	a->last = *r;
}

/* Hands one record on; false when there is no room. */
static bool hand_on(struct apart *a, struct ring *out, const void *record, size_t len)
{
	const struct record *r = record;
	void *room = ring_reserve(out, len, r->kind != RECORD_SAMPLE);
	if (room == NULL)
		return false;
	memcpy(room, record, len);
	if (r->kind == RECORD_STATS)
		adjust(a, room);
	a->ended = r->kind == RECORD_END;
	ring_commit(out);
	return true;
}

static enum ctop_err hand_on_all(struct apart *a, struct ring *out)
{
	const void *r;
	size_t len;
	while (!a->ended && a->ring != NULL && (r = ring_peek(a->ring, &len)) != NULL) {
		if (!hand_on(a, out, r, len))
			return CTOP_EAGAIN;
		ring_pop(a->ring);
	}
	return CTOP_OK;
}

/* The process is gone, though it has not said so: it was killed. A command is not just being
 * launched any more. */
static enum ctop_err replace(struct apart *a, struct ring *out, struct err *e)
{
	struct record_end end = {.h = {sizeof end, RECORD_END, 0, clock_now_ns(), 0, 0},
	                         .wait_status = -1};
	a->helper = 0;
	a->before = a->last;
	a->config.launched = false;
	ring_free(a->ring); /* it may have been killed in the middle of writing */
	a->ring = ring_new_shared(RING_BYTES);
	if (!a->stopping && a->ring != NULL && start(a, e) == CTOP_OK)
		return CTOP_OK;
	if (!record_put(out, &end))
		return CTOP_EAGAIN;
	a->ended = true;
	return CTOP_OK;
}

static enum ctop_err drain(void *self, struct ring *out, bool *ended, struct err *e)
{
	struct apart *a = self;
	/* In this order: what it wrote before it ended is seen. */
	bool gone = !a->ended && (a->helper == 0 || helper_has_ended(a->helper));
	enum ctop_err rc = hand_on_all(a, out);
	if (rc == CTOP_OK && gone && !a->ended)
		rc = replace(a, out, e);
	else if (gone)
		a->helper = 0;
	*ended = a->ended;
	return a->stopping && !a->ended ? CTOP_EAGAIN : rc;
}

static void set_stack(void *self, uint32_t bytes, uint32_t *drain_ms)
{
	struct apart *a = self;
	(void)drain_ms;
	a->config.stack_bytes = bytes;
	atomic_store(&a->shared->stack_bytes, bytes);
	ring_bell(a);
}

static void stop(void *self)
{
	struct apart *a = self;
	a->stopping = true;
	atomic_store(&a->shared->stop, true);
	ring_bell(a);
}

static void close_source(void *self)
{
	struct apart *a = self;
	helper_end(a->helper);
	ring_free(a->ring);
	helper_unmap(a->shared, sizeof *a->shared);
	free((void *)(uintptr_t)a->config.pids);
	free(a);
}

static pid_t *copy_of_pids(const struct source_config *c)
{
	pid_t *pids = mem_alloc((c->pid_count + 1) * sizeof *pids);
	if (c->pid_count > 0)
		memcpy(pids, c->pids, c->pid_count * sizeof *pids);
	return pids;
}

enum ctop_err apart_open(struct source *out, source_open_fn *open, struct broker *b,
                         const struct source_config *config, struct err *e)
{
	static const struct source_ops ops = {.name = "apart",
	                                      .drain = drain,
	                                      .set_stack = set_stack,
	                                      .stop = stop,
	                                      .close = close_source};
	struct apart *a = mem_zalloc(1, sizeof *a);
	a->open = open;
	a->broker = b;
	a->config = *config;
	a->config.pids = copy_of_pids(config);
	a->shared = helper_map(sizeof *a->shared);
	a->ring = ring_new_shared(RING_BYTES);
	enum ctop_err rc = CTOP_OK;
	if (a->shared == NULL || a->ring == NULL)
		rc = err_set(e, CTOP_ELIMIT, "no memory left for the copies of stacks");
	else
		atomic_store(&a->shared->stack_bytes, config->stack_bytes);
	if (rc == CTOP_OK)
		rc = start(a, e);
	if (rc != CTOP_OK) {
		close_source(a);
		return rc;
	}
	*out = (struct source){.ops = &ops, .self = a, .info = a->shared->info};
	out->info.drain_ms = config->drain_ms != 0 ? config->drain_ms : DRAIN_MS;
	return CTOP_OK;
}
