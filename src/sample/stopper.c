/* stopper: who stops threads; see stopper.h.
 *
 * Requests and answers pass through memory both processes map, one at a time; `turn` is a futex
 * that says whose it is.
 */
#include "stopper.h"

#include "ctop/clock.h"
#include "ctop/mem.h"
#include "ctop/vec.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const uint64_t SOON_NS = CLOCK_NS_PER_MS, OFTEN_NS = 100 * CLOCK_NS_PER_MS;

enum turn { TURN_OURS, TURN_HELPERS, TURN_ANSWERED };
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

/* Threads that did not stop in time, and are held when they do. */
struct held {
	pid_t tid;
	bool own_child;
};

/* What the one who stops threads has: the helper, or the calling thread. */
struct worker {
	struct stop_tools tools;
	struct held *held;
	size_t held_count, held_cap;
};

struct stopper {
	struct shared *shared;
	struct worker worker; /* the calling thread, without a helper */
	pid_t helper;         /* 0: none */
	bool direct;          /* there is to be none */
};

/* Sleeps while *turn is `seen`; returns after so long all the same. */
static void wait_while(struct shared *sh, uint32_t seen, uint64_t ns)
{
	struct timespec most = {0, (long)ns};
	syscall(SYS_futex, &sh->turn, FUTEX_WAIT, seen, &most, NULL, 0);
}

static void pass(struct shared *sh, uint32_t turn)
{
	atomic_store(&sh->turn, turn);
	syscall(SYS_futex, &sh->turn, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void let_go_of_held(struct worker *w)
{
	for (size_t i = w->held_count; i-- > 0;)
		if (stop_let_go(w->held[i].tid, w->held[i].own_child))
			w->held[i] = w->held[--w->held_count];
}

static bool is_held(const struct worker *w, pid_t tid)
{
	for (size_t i = 0; i < w->held_count; i++)
		if (w->held[i].tid == tid)
			return true;
	return false;
}

static void answer(struct shared *sh, struct worker *w)
{
	sh->copy.stack = sh->stack;
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
	w->held[w->held_count++] = (struct held){sh->tid, sh->copy.own_child};
}

static void worker_fini(struct worker *w)
{
	stop_tools_fini(&w->tools);
	free(w->held);
}

/* --- the helper ------------------------------------------------------------------------------ */

static void become_helper(struct shared *sh, pid_t parent)
{
	struct worker w = {0};
	sigset_t all;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "ctop-stopper");
	if (getppid() != parent)
		_exit(0);
	setsid();
	syscall(SYS_close_range, 0, ~0u, 0);
	for (;;) {
		uint32_t turn = atomic_load(&sh->turn);
		if (turn != TURN_HELPERS) {
			/* Nobody else may be there to ask: ctop may be stopped. */
			wait_while(sh, turn, w.held_count > 0 ? SOON_NS : OFTEN_NS);
			let_go_of_held(&w);
			continue;
		}
		/* As nobody's parent here it waits for the end of all it traces, and the parent
		 * is told then. */
		sh->copy.own_child = false;
		answer(sh, &w);
		pass(sh, TURN_ANSWERED);
	}
}

/* Without one the calling thread does it. */
static void start_helper(struct stopper *s)
{
	pid_t parent = getpid(), pid = fork();
	if (pid == 0)
		become_helper(s->shared, parent);
	s->helper = pid > 0 ? pid : 0;
	if (pid < 0)
		stop_block_signals();
}

static bool has_ended(struct stopper *s)
{
	return waitpid(s->helper, NULL, WNOHANG) != 0;
}

/* False when the helper is gone: somebody has killed it. */
static bool ask(struct stopper *s)
{
	struct shared *sh = s->shared;
	pass(sh, TURN_HELPERS);
	while (atomic_load(&sh->turn) != TURN_ANSWERED) {
		wait_while(sh, TURN_HELPERS, OFTEN_NS);
		if (atomic_load(&sh->turn) != TURN_ANSWERED && has_ended(s)) {
			s->helper = 0;
			atomic_store(&sh->turn, TURN_OURS);
			return false;
		}
	}
	atomic_store(&sh->turn, TURN_OURS);
	return true;
}

/* --- life ---------------------------------------------------------------------------------------
 */

struct stopper *stopper_new(bool direct)
{
	struct stopper *s = mem_zalloc(1, sizeof *s);
	s->shared = mmap(NULL, sizeof *s->shared, PROT_READ | PROT_WRITE,
	                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s->shared == MAP_FAILED) {
		free(s);
		return NULL;
	}
	s->direct = direct;
	if (direct)
		stop_block_signals();
	else
		start_helper(s);
	return s;
}

void stopper_free(struct stopper *s)
{
	if (s == NULL)
		return;
	if (s->helper != 0) {
		kill(s->helper, SIGKILL);
		waitpid(s->helper, NULL, 0);
	}
	worker_fini(&s->worker);
	munmap(s->shared, sizeof *s->shared);
	free(s);
}

static bool do_it(struct stopper *s)
{
	if (!s->direct && s->helper == 0)
		start_helper(s);
	if (s->helper != 0)
		return ask(s);
	answer(s->shared, &s->worker);
	return true;
}

enum stop_result stopper_copy(struct stopper *s, pid_t pid, pid_t tid, struct stop_copy *c)
{
	struct shared *sh = s->shared;
	sh->request = REQUEST_COPY;
	sh->pid = pid;
	sh->tid = tid;
	sh->copy = *c;
	/* When the helper was killed, the kernel has let go of what it held: another one tries. */
	if (!do_it(s) && !do_it(s)) {
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
	return !do_it(s) || sh->let_go;
}

pid_t stopper_helper(const struct stopper *s)
{
	return s->helper;
}
