/* stopper: a helper process that stops threads when it is asked to; see stopper.h.
 *
 * Requests and answers pass through memory both processes map, one at a time; `turn` is a futex
 * that says whose it is.
 */
#include "stopper.h"

#include "ctop/clock.h"
#include "ctop/mem.h"
#include "ctop/vec.h"
#include "helper.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

static const uint64_t SOON_NS = CLOCK_NS_PER_MS, OFTEN_NS = 100 * CLOCK_NS_PER_MS;

enum turn { TURN_OURS, TURN_HELPERS };
enum request { REQUEST_COPY, REQUEST_LET_GO };

struct shared {
	_Atomic uint32_t turn;
	enum request request;
	pid_t pid, tid;
	struct stop_copy copy;
	enum stop_result result;
	bool let_go;
	_Alignas(64) unsigned char stack[RECORD_STACK_MAX + 8];
};

struct stopper {
	struct shared *shared;
	pid_t helper; /* 0: none */
};

/* --- the helper ------------------------------------------------------------------------------ */

/* What it has: threads that did not stop in time, and are held when they do. */
struct worker {
	struct stop_tools tools;
	pid_t *held;
	size_t held_count, held_cap;
};

/* As nobody's parent it waits for the end of all it traces, and the parent is told then. */
static void let_go_of_held(struct worker *w)
{
	for (size_t i = w->held_count; i-- > 0;)
		if (stop_let_go(w->held[i], false))
			w->held[i] = w->held[--w->held_count];
}

static bool is_held(const struct worker *w, pid_t tid)
{
	for (size_t i = 0; i < w->held_count; i++)
		if (w->held[i] == tid)
			return true;
	return false;
}

static void answer(struct shared *sh, struct worker *w)
{
	sh->copy.stack = sh->stack;
	sh->copy.own_child = false;
	let_go_of_held(w);
	sh->let_go = !is_held(w, sh->tid);
	if (sh->request != REQUEST_COPY)
		return;
	if (!sh->let_go) {
		sh->copy.held = true;
		sh->result = STOP_LATE;
		return;
	}
	sh->result = stop_copy(&w->tools, sh->pid, sh->tid, &sh->copy);
	if (!sh->copy.held)
		return;
	w->held = vec_reserve(w->held, &w->held_cap, w->held_count + 1, sizeof *w->held);
	w->held[w->held_count++] = sh->tid;
}

static void work(void *arg)
{
	struct shared *sh = arg;
	struct worker w = {0};
	for (;;) {
		if (atomic_load(&sh->turn) == TURN_HELPERS) {
			answer(sh, &w);
			helper_tell(&sh->turn, TURN_OURS);
		}
		/* Nobody may be there to ask: ctop may be stopped. */
		helper_wait(&sh->turn, TURN_OURS, w.held_count > 0 ? SOON_NS : OFTEN_NS);
		let_go_of_held(&w);
	}
}

/* --- here ------------------------------------------------------------------------------------ */

/* False when there is none, or it is gone: somebody has killed it. */
static bool ask(struct stopper *s)
{
	struct shared *sh = s->shared;
	if (s->helper == 0)
		s->helper = helper_start("ctop-stopper", work, sh);
	if (s->helper < 0)
		s->helper = 0;
	if (s->helper == 0)
		return false;
	helper_tell(&sh->turn, TURN_HELPERS);
	while (atomic_load(&sh->turn) == TURN_HELPERS) {
		helper_wait(&sh->turn, TURN_HELPERS, OFTEN_NS);
		if (atomic_load(&sh->turn) == TURN_HELPERS && helper_has_ended(s->helper)) {
			s->helper = 0;
			atomic_store(&sh->turn, TURN_OURS);
			return false;
		}
	}
	return true;
}

struct stopper *stopper_new(void)
{
	struct stopper *s = mem_zalloc(1, sizeof *s);
	s->shared = helper_map(sizeof *s->shared);
	if (s->shared != NULL)
		return s;
	free(s);
	return NULL;
}

void stopper_free(struct stopper *s)
{
	if (s == NULL)
		return;
	helper_end(s->helper);
	helper_unmap(s->shared, sizeof *s->shared);
	free(s);
}

enum stop_result stopper_copy(struct stopper *s, pid_t pid, pid_t tid, struct stop_copy *c)
{
	struct shared *sh = s->shared;
	sh->request = REQUEST_COPY;
	sh->pid = pid;
	sh->tid = tid;
	sh->copy = *c;
	/* When the helper was killed, the kernel has let go of what it held: another one tries. */
	if (!ask(s) && !ask(s)) {
		c->held = false;
		c->why = ECHILD;
		return STOP_REFUSED;
	}
	*c = sh->copy;
	return sh->result;
}

bool stopper_let_go(struct stopper *s, pid_t tid)
{
	struct shared *sh = s->shared;
	sh->request = REQUEST_LET_GO;
	sh->tid = tid;
	return !ask(s) || sh->let_go;
}
