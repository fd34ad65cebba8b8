/* ptrace_stop: one look into a running thread; see ptrace_stop.h and ptrace(2).
 *
 * PTRACE_SEIZE does not stop, PTRACE_INTERRUPT does, and leaves no signal behind. Should this
 * process die in between, the kernel lets the thread go. The end of a thread is not waited
 * for where it is our own child: that status belongs to who started it.
 */
#include "ptrace_stop.h"

#include "ctop/clock.h"

#include <asm/perf_regs.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static const uint64_t WAIT_NS = 10 * CLOCK_NS_PER_MS;
static const uint64_t WAKE_NS = 20000; /* from the stop to our waking up on a CPU that is free */
enum { PAGE = 4096, PAGES = RECORD_STACK_MAX / PAGE + 2 };

/* How a stop came about: the signal to pass on when it is let go. */
struct stop {
	int signal;
};

/* Looks whether the thread has stopped. 1: it has; 0: not yet; −1: it has ended. One that has
 * ended stays until its tracer has waited for it, and so would a parent that waits for it. */
static int look(pid_t tid, bool own_child, struct stop *out)
{
	siginfo_t si = {0};
	int rc = waitid(P_PID, (id_t)tid, &si, WSTOPPED | WNOHANG | __WALL);
	if (rc != 0 && errno == EINTR)
		return 0;
	if (rc != 0 || si.si_pid == 0) {
		bool stays = rc == 0; /* else: no child of ours can stop, it may have ended */
		si.si_pid = 0;
		if (!own_child && waitid(P_PID, (id_t)tid, &si, WEXITED | WNOHANG | __WALL) == 0)
			stays = si.si_pid == 0;
		return stays ? 0 : -1;
	}
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

static void nothing(int sig)
{
	(void)sig;
}

/* A timer whose signal goes to the calling thread, and ends no more than a system call of it. */
static bool prepare(struct stopper *t)
{
	if (t->owner == gettid())
		return true;
	int sig = SIGRTMIN + 6;
	struct sigaction act = {.sa_handler = nothing};
	struct sigevent ev = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = sig};
	sigset_t set;
	stopper_fini(t);
	ev._sigev_un._tid = gettid(); /* glibc has no other name for it */
	sigemptyset(&set);
	sigaddset(&set, sig);
	if (sigaction(sig, &act, NULL) != 0 || pthread_sigmask(SIG_UNBLOCK, &set, NULL) != 0 ||
	    timer_create(CLOCK_MONOTONIC, &ev, &t->timer) != 0)
		return false;
	t->schedstat = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
	t->owner = gettid();
	return true;
}

void stopper_fini(struct stopper *t)
{
	if (t->owner != 0) {
		timer_delete(t->timer);
		close(t->schedstat);
	}
	t->owner = 0;
}

/* Sleeps until the thread has stopped, so that it gets a CPU to stop on, but not for long. */
static int wait_for_stop(struct stopper *t, pid_t tid, bool own_child, struct stop *out)
{
	struct itimerspec often = {{0, (long)WAIT_NS}, {0, (long)WAIT_NS}}, never = {0};
	uint64_t start = clock_now_ns();
	siginfo_t si;
	int rc = 0;
	timer_settime(t->timer, 0, &often, NULL);
	do {
		waitid(P_PID, (id_t)tid, &si, WSTOPPED | WNOWAIT | __WALL);
		rc = look(tid, own_child, out);
	} while (rc == 0 && clock_now_ns() - start < WAIT_NS);
	timer_settime(t->timer, 0, &never, NULL);
	return rc;
}

/* Register `perf_reg` of those the kernel gave; false for one it has not. */
static bool pick(const struct user_regs_struct *u, unsigned perf_reg, uint64_t *out)
{
	const unsigned long long *const place[] = {
	        [PERF_REG_X86_AX] = &u->rax,  [PERF_REG_X86_BX] = &u->rbx,
	        [PERF_REG_X86_CX] = &u->rcx,  [PERF_REG_X86_DX] = &u->rdx,
	        [PERF_REG_X86_SI] = &u->rsi,  [PERF_REG_X86_DI] = &u->rdi,
	        [PERF_REG_X86_BP] = &u->rbp,  [PERF_REG_X86_SP] = &u->rsp,
	        [PERF_REG_X86_IP] = &u->rip,  [PERF_REG_X86_R8] = &u->r8,
	        [PERF_REG_X86_R9] = &u->r9,   [PERF_REG_X86_R10] = &u->r10,
	        [PERF_REG_X86_R11] = &u->r11, [PERF_REG_X86_R12] = &u->r12,
	        [PERF_REG_X86_R13] = &u->r13, [PERF_REG_X86_R14] = &u->r14,
	        [PERF_REG_X86_R15] = &u->r15,
	};
	if (perf_reg >= sizeof place / sizeof place[0] || place[perf_reg] == NULL)
		return false;
	*out = *place[perf_reg];
	return true;
}

static bool copy_regs(pid_t tid, struct stop_copy *c)
{
	struct user_regs_struct u;
	struct iovec v = {&u, sizeof u};
	if (ptrace(PTRACE_GETREGSET, tid, (void *)(intptr_t)NT_PRSTATUS, &v) != 0 ||
	    v.iov_len != sizeof u)
		return false; /* a 32-bit process has another set */
	c->nr_regs = 0;
	c->pc = u.rip;
	for (unsigned i = 0; i < 64; i++)
		if ((c->regs_mask >> i & 1) != 0 && !pick(&u, i, &c->regs[c->nr_regs++]))
			return false;
	return true;
}

/* Page by page: what cannot be read ends the copy, and what lies before is there. */
static void copy_stack(pid_t pid, struct stop_copy *c)
{
	enum { SLACK = 256 };
	struct iovec remote[PAGES], local = {c->stack, c->stack_most};
	uint64_t sp = c->regs[c->sp_slot], want = c->stack_most;
	size_t n = 0;
	c->full = true;
	if (c->stack_base > sp && c->stack_base - sp + SLACK < want) {
		want = (c->stack_base - sp + SLACK) & ~UINT64_C(7);
		c->full = false;
	}
	for (uint64_t at = sp; at < sp + want && n < PAGES; n++) {
		uint64_t end = (at | (PAGE - 1)) + 1;
		end = end < sp + want ? end : sp + want;
		remote[n] = (struct iovec){(void *)(uintptr_t)at, end - at};
		at = end;
	}
	ssize_t got = n > 0 ? process_vm_readv(pid, &local, 1, remote, n, 0) : 0;
	c->stack_len = got > 0 ? (uint32_t)got & ~7u : 0;
	c->full = c->full && c->stack_len == want;
}

/* How long the calling thread has waited for a CPU so far, ns: the second number. */
static uint64_t waited(const struct stopper *t)
{
	char text[96];
	ssize_t n = pread(t->schedstat, text, sizeof text - 1, 0);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	const char *second = strchr(text, ' ');
	return second != NULL ? strtoull(second, NULL, 10) : 0;
}

enum stop_result stop_copy(struct stopper *me, pid_t pid, pid_t tid, struct stop_copy *c)
{
	struct stop s;
	c->why = EAGAIN;
	c->held = false;
	if (!prepare(me))
		return STOP_REFUSED;
	if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) != 0) {
		c->why = errno;
		return errno == ESRCH ? STOP_GONE : STOP_REFUSED;
	}
	uint64_t before = waited(me);
	/* Refused to one that is ending: it is ours all the same, and its parent would wait for it
	 * as long as we did not. */
	ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
	int rc = wait_for_stop(me, tid, c->own_child, &s);
	c->held = rc == 0;
	if (rc == 0)
		return STOP_LATE;
	if (rc < 0)
		return STOP_GONE;
	c->time = clock_now_ns();
	bool ok = copy_regs(tid, c);
	if (ok)
		copy_stack(pid, c);
	c->held = !detach(tid, &s);
	/* A thread that waits for a CPU is not held by us until it gets one; but when it has
	 * stopped and we wait for ours, it is. */
	c->held_ns = clock_now_ns() - c->time + (waited(me) - before) + WAKE_NS;
	c->why = ENOEXEC;
	return ok ? STOP_COPIED : STOP_REFUSED;
}

bool stop_let_go(pid_t tid, bool own_child)
{
	struct stop s;
	int rc = look(tid, own_child, &s);
	return rc < 0 || (rc > 0 && detach(tid, &s));
}
