/* sampler: drains the source on a timer; see sampler.h.
 *
 * Never woken per sample: it sleeps in poll() on a stop eventfd with the drain
 * interval as its time-out. While the byte ring is full it looks again every
 * millisecond; meanwhile the kernel keeps, then counts, what comes.
 */
#include "sampler.h"

#include "ctop/clock.h"
#include "ctop/log.h"
#include "ctop/mem.h"
#include "ctop/peek.h"
#include "ctop/ring.h"
#include "ctop/source.h"
#include "exchange.h"
#include "replacement.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { FIRST_MS = 5 };
static const uint64_t SIGNAL_NS = 50 * CLOCK_NS_PER_MS;

struct sampler {
	pthread_t thread;
	struct source *source;
	struct ring *ring;
	struct peeker *peeker;           /* or NULL */
	struct replacement *replacement; /* or NULL */
	_Atomic(struct peek_request *) request;
	const _Atomic uint32_t *stack_wanted;
	atomic_bool stop, abort;
	uint64_t signal_due;
	uint32_t interval_ms; /* between drains: short at first, for the first screen */
	int wake;             /* eventfd */
};

/* Copies more of the stack when the analyzer wants to see more. */
static void follow_wishes(struct sampler *s)
{
	struct source *src = s->source;
	uint32_t bytes = atomic_load_explicit(s->stack_wanted, memory_order_relaxed);
	if (bytes == src->info.stack_bytes || src->ops->set_stack == NULL)
		return;
	src->ops->set_stack(src->self, bytes, &src->info.drain_ms);
	src->info.stack_bytes = bytes;
}

/* How long the source wants to be left alone, ns. */
static int64_t until_due(struct sampler *s)
{
	struct source *src = s->source;
	if (src->ops->due != NULL) {
		int64_t left = (int64_t)(src->ops->due(src->self) - clock_now_ns());
		return left > 0 ? left : 0;
	}
	uint32_t most = src->info.drain_ms;
	s->interval_ms = s->interval_ms * 2 < most ? s->interval_ms * 2 : most;
	return (int64_t)s->interval_ms * (int64_t)CLOCK_NS_PER_MS;
}

/* A source that is drained a sample at a time would wake the analyzer for each. */
static void signal_ring(struct sampler *s, bool ended)
{
	uint64_t now = clock_now_ns();
	bool few = s->source->ops->due != NULL && now < s->signal_due && !ended;
	if (few)
		return;
	ring_signal(s->ring);
	s->signal_due = now + SIGNAL_NS;
}

/* Drains once; returns how long to wait (ns), or −1 at the end. */
static int64_t step(struct sampler *s)
{
	struct err e = {0};
	bool ended = false;
	follow_wishes(s);
	enum ctop_err rc = s->source->ops->drain(s->source->self, s->ring, &ended, &e);
	signal_ring(s, ended);
	if (ended)
		return -1;
	if (rc == CTOP_EAGAIN)
		return (int64_t)CLOCK_NS_PER_MS;
	if (rc != CTOP_OK)
		log_warn("sampling: %s", e.text);
	if (atomic_load(&s->stop))
		return 0;
	return until_due(s);
}

static void free_request(struct peek_request *r)
{
	if (r != NULL)
		free(r->tids);
	free(r);
}

/* Looks at the threads when asked to; returns how long may be waited then, at most `ns`. */
static int64_t look(struct sampler *s, int64_t ns)
{
	struct peek_request *r = atomic_exchange(&s->request, NULL);
	if (s->peeker == NULL || r == NULL) {
		free_request(r);
		return ns;
	}
	peeker_run(s->peeker, r, s->ring, &s->abort);
	free_request(r);
	return 0;
}

/* Threads that stopped late are let go soon, not at the next drain. */
static int64_t let_go(struct sampler *s, int64_t ns)
{
	int64_t soon = (int64_t)CLOCK_NS_PER_MS;
	return s->peeker == NULL || peeker_let_go(s->peeker) || ns < soon ? ns : soon;
}

static void pause_for(struct sampler *s, int64_t ns)
{
	struct pollfd fd = {.fd = s->wake, .events = POLLIN};
	struct timespec t = {ns / (int64_t)CLOCK_NS_PER_SEC, ns % (int64_t)CLOCK_NS_PER_SEC};
	if (ns > 0 && ppoll(&fd, 1, &t, NULL) > 0) {
		uint64_t n;
		ssize_t got = read(s->wake, &n, sizeof n);
		(void)got;
	}
}

/* The source has ended: waits for another one; false when the thread is to end. */
static bool goes_on(struct sampler *s)
{
	struct pollfd fd = {.fd = s->wake, .events = POLLIN};
	struct replacement *r = s->replacement;
	if (r == NULL)
		return false;
	atomic_store(&r->idle, true);
	exchange_notify(r->exchange);
	while (!atomic_load(&s->abort) && !atomic_load(&s->stop)) {
		if (replacement_take(r, s->source, s->peeker, s->ring, &s->abort)) {
			s->interval_ms = FIRST_MS;
			return true;
		}
		poll(&fd, 1, -1);
		exchange_clear(s->wake);
	}
	return false;
}

static void *run(void *arg)
{
	struct sampler *s = arg;
	bool told = false;
	/* A drain that comes late loses samples: ask to be preferred on a busy machine.
	 * Refused without the right to, which costs nothing else. */
	setpriority(PRIO_PROCESS, (id_t)gettid(), -10);
	while (!atomic_load(&s->abort)) {
		if (atomic_load(&s->stop) && !told) {
			s->source->ops->stop(s->source->self);
			told = true;
		}
		int64_t ns = step(s);
		if (ns < 0 && goes_on(s))
			continue;
		if (ns < 0)
			break;
		pause_for(s, let_go(s, look(s, ns)));
	}
	return NULL;
}

enum ctop_err sampler_start(struct sampler **out, struct source *source, struct ring *ring,
                            const _Atomic uint32_t *stack_wanted, struct peeker *peeker,
                            struct replacement *replacement, struct err *e)
{
	struct sampler *s = mem_zalloc(1, sizeof *s);
	s->source = source;
	s->ring = ring;
	s->stack_wanted = stack_wanted;
	s->peeker = peeker;
	s->replacement = replacement;
	s->interval_ms = FIRST_MS;
	s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int rc = s->wake < 0 ? errno : pthread_create(&s->thread, NULL, run, s);
	if (rc != 0) {
		if (s->wake >= 0)
			close(s->wake);
		free(s);
		return err_errno(e, CTOP_ELIMIT, rc, "cannot start the sampling thread");
	}
	*out = s;
	return CTOP_OK;
}

void sampler_wake(struct sampler *s)
{
	if (s == NULL)
		return;
	uint64_t one = 1;
	ssize_t n = write(s->wake, &one, sizeof one);
	(void)n;
}

void sampler_stop(struct sampler *s)
{
	atomic_store(&s->stop, true);
	sampler_wake(s);
}

void sampler_abort(struct sampler *s)
{
	atomic_store(&s->abort, true);
	sampler_wake(s);
}

void sampler_peek(struct sampler *s, struct peek_request *r)
{
	free_request(atomic_exchange(&s->request, r));
	sampler_wake(s);
}

void sampler_join(struct sampler *s)
{
	if (s == NULL)
		return;
	pthread_join(s->thread, NULL);
	close(s->wake);
	free_request(atomic_load(&s->request));
	free(s);
}
