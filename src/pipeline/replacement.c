/* replacement: another source for a sampler; see replacement.h. */
#include "replacement.h"

#include "ctop/clock.h"
#include "ctop/peek.h"
#include "ctop/record.h"
#include "ctop/ring.h"
#include "exchange.h"

#include <poll.h>
#include <stdio.h>

static void put(struct ring *ring, const void *record, const atomic_bool *abort)
{
	while (!record_put(ring, record) && !atomic_load(abort)) {
		ring_signal(ring);
		poll(NULL, 0, 1); /* the analyzer makes room */
	}
}

/* A pid may be that of the process before: what that had mapped is forgotten. */
static void announce(struct ring *ring, pid_t pid, const atomic_bool *abort)
{
	uint64_t now = clock_now_ns();
	uint32_t n = (uint32_t)pid;
	struct record_mark m = {.h = {sizeof m, RECORD_MARK, RECORD_RESTART, now, n, n}};
	struct record r = {sizeof r, RECORD_RESYNC, 0, now, n, n};
	snprintf(m.name, sizeof m.name, "restarted %u", n);
	put(ring, &m, abort);
	put(ring, &r, abort);
	ring_signal(ring);
}

static void answer(struct replacement *r, pid_t pid, const struct err *why)
{
	pthread_mutex_lock(&r->lock);
	r->answered = true;
	r->pid = pid;
	r->why = *why;
	pthread_mutex_unlock(&r->lock);
	exchange_notify(r->exchange);
}

bool replacement_take(struct replacement *r, struct source *source, struct peeker *peeker,
                      struct ring *ring, const atomic_bool *abort)
{
	pid_t pid = atomic_exchange(&r->wanted, 0);
	struct source_config c = r->config;
	struct source next;
	struct err why = {0};
	if (pid == 0)
		return false;
	c.pids = &pid;
	c.pid_count = 1;
	c.launched = false;
	c.stack_bytes = source->info.stack_bytes;
	bool ok = source_open_live(&next, r->choice, r->broker, &c, &why) == CTOP_OK;
	if (ok) {
		source->ops->close(source->self);
		*source = next;
		peeker_retarget(peeker, pid);
		announce(ring, pid, abort);
		atomic_store(&r->idle, false);
		why = (struct err){0};
	}
	answer(r, pid, &why);
	return ok;
}

bool replacement_answer(struct replacement *r, pid_t *pid, struct err *why)
{
	pthread_mutex_lock(&r->lock);
	bool answered = r->answered;
	r->answered = false;
	*pid = r->pid;
	*why = r->why;
	pthread_mutex_unlock(&r->lock);
	return answered;
}
