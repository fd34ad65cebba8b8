/* ptrace_stop: one look into a running thread; see ptrace_stop.h and ptrace(2).
 *
 * PTRACE_SEIZE does not stop, PTRACE_INTERRUPT does, and leaves no signal behind. Should this
 * process die in between, the kernel lets the thread go. The end of a thread is not waited
 * for where it is our own child: that status belongs to who started it.
 */
#include "ptrace_stop.h"

#include "ctop/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static const uint64_t WAIT_NS = 10 * CLOCK_NS_PER_MS;
static const uint64_t WAKE_NS = 20000; /* from the stop to our waking up on a CPU that is free */

/* How a stop came about: the signal to pass on when it is let go. */
struct stop {
	int signal;
};

/* Looks whether the thread has stopped. 1: it has; 0: not yet; −1: it has ended. One that has
 * ended stays until its tracer has waited for it, and so would a parent that waits for it.
 *
 * Both are asked for at once: waitid() tells a tracer of stops also where only ends are asked for.
 */
static int look(pid_t tid, bool own_child, struct stop *out)
{
	siginfo_t si = {0};
	int ends = own_child ? 0 : WEXITED;
	if (waitid(P_PID, (id_t)tid, &si, WSTOPPED | ends | WNOHANG | __WALL) != 0)
		return errno == EINTR ? 0 : -1; /* else: it is not ours any more */
	if (si.si_pid == 0)
		return 0;
	if (si.si_code == CLD_EXITED || si.si_code == CLD_KILLED || si.si_code == CLD_DUMPED)
		return -1;
	/* A stop by PTRACE_INTERRUPT or of the whole group has an event; else a signal was about
	 * to be delivered. */
	out->signal = si.si_status >> 8 == 0 ? si.si_status & 0x7f : 0;
	return 1;
}

/* False when it has been killed in its stop: then it is to be waited for until it has ended. */
static bool detach(pid_t tid, const struct stop *s)
{
	return ptrace(PTRACE_DETACH, tid, NULL, (void *)(intptr_t)s->signal) == 0;
}

/* Whether this look is one of those whose length is told: telling it costs as much as a third of
 * the look. */
static bool is_measured(struct stop_tools *t)
{
	enum { ONE_IN = 8 };
	if (t->looks++ % ONE_IN != 0)
		return false;
	if (t->owner == gettid())
		return true;
	stop_tools_fini(t);
	t->schedstat = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
	t->owner = gettid();
	return t->schedstat >= 0;
}

int stop_is_barred(void)
{
	/* Nobody is traced by this thread yet: the answer of the kernel itself is ESRCH. */
	return ptrace(PTRACE_DETACH, getppid(), NULL, NULL) == 0 || errno == ESRCH ? 0 : errno;
}

void stop_tools_fini(struct stop_tools *t)
{
	if (t->owner != 0 && t->schedstat >= 0)
		close(t->schedstat);
	t->owner = 0;
}

void stop_block_signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* Sleeps until the thread has stopped, so that it gets a CPU to stop on, but not for long. The
 * kernel tells a tracer of a stop by SIGCHLD. */
static int wait_for_stop(pid_t tid, bool own_child, struct stop *out)
{
	struct timespec pause = {0, (long)WAIT_NS};
	uint64_t start = clock_now_ns();
	sigset_t set;
	int rc = 0;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	do {
		sigtimedwait(&set, NULL, &pause);
		rc = look(tid, own_child, out);
	} while (rc == 0 && clock_now_ns() - start < WAIT_NS);
	return rc;
}

static void copy_of_stack(pid_t pid, struct stop_copy *c)
{
	enum { SLACK = 256 };
	uint64_t sp = c->at.sp, want = c->stack_most;
	bool to_base = c->stack_base > sp && c->stack_base - sp + SLACK < want;
	if (to_base)
		want = (c->stack_base - sp + SLACK) & ~UINT64_C(7);
	c->stack_len = copy_stack(pid, sp, want, c->stack);
	c->full = !to_base && c->stack_len == want;
}

/* How long the calling thread has waited for a CPU so far, ns: the second number. */
static uint64_t waited(const struct stop_tools *t)
{
	char text[96];
	ssize_t n = pread(t->schedstat, text, sizeof text - 1, 0);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	const char *second = strchr(text, ' ');
	return second != NULL ? strtoull(second, NULL, 10) : 0;
}

enum stop_result stop_copy(struct stop_tools *me, pid_t pid, pid_t tid, struct stop_copy *c)
{
	struct stop s;
	c->held = false;
	c->held_ns = 0;
	bool measured = is_measured(me);
	if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) != 0) {
		c->why = errno;
		return errno == ESRCH ? STOP_GONE : STOP_REFUSED;
	}
	uint64_t before = measured ? waited(me) : 0;
	/* Refused to one that is ending: it is ours all the same, and its parent would wait for it
	 * as long as we did not. */
	ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
	int rc = wait_for_stop(tid, c->own_child, &s);
	c->held = rc == 0;
	if (rc == 0)
		return STOP_LATE;
	if (rc < 0)
		return STOP_GONE;
	c->time = clock_now_ns();
	bool ok = copy_regs_of_stop(tid, c->regs_mask, &c->at);
	if (ok)
		copy_of_stack(pid, c);
	c->held = !detach(tid, &s);
	c->let_go = clock_now_ns();
	/* A thread that waits for a CPU is not held by us until it gets one; but when it has
	 * stopped and we wait for ours, it is. */
	if (measured)
		c->held_ns = c->let_go - c->time + (waited(me) - before) + WAKE_NS;
	c->why = ENOEXEC;
	return ok ? STOP_COPIED : STOP_REFUSED;
}

bool stop_let_go(pid_t tid, bool own_child)
{
	struct stop s;
	int rc = look(tid, own_child, &s);
	return rc < 0 || (rc > 0 && detach(tid, &s));
}
