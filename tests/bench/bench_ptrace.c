/* bench_ptrace: how long a thread is stopped when it is looked at by ptrace, by the clock of the
 * one who stops it, and how long it stands still by its own, which holds the waking up of CPUs too;
 * beside a sampler that unwinds with libunwind-ptrace while the thread is stopped. And what the
 * system calls of a look cost by themselves, 99 times a second: less than that no sampler can cost
 * here.
 */
#include "../../src/sample/copy.h"
#include "../../src/sample/stopper.h"
#include "ctop/clock.h"
#include "ctop/unwind.h"

#include <libunwind-ptrace.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STOPS = 2000, DEPTH = 20, STACK = 16384 };
static const uint64_t PAUSE_NS = 2 * CLOCK_NS_PER_MS;

/* What the target sees: the longest time between two of its instants since it was asked. */
struct seen {
	volatile uint64_t gap_ns;
};

__attribute__((noinline)) static void watch(struct seen *s)
{
	for (uint64_t last = clock_now_ns(); s->gap_ns != UINT64_MAX;) {
		uint64_t now = clock_now_ns();
		if (now - last > s->gap_ns)
			s->gap_ns = now - last;
		last = now;
	}
}

/* Frames of which each takes a share of the 16 KB. */
__attribute__((noinline)) static int deeper(struct seen *s, int left)
{
	volatile char room[STACK / DEPTH];
	memset((char *)(uintptr_t)room, left, sizeof room);
	if (left == 0) {
		watch(s);
		return 0;
	}
	return deeper(s, left - 1) + room[left];
}

static int by_size(const void *va, const void *vb)
{
	const uint64_t *a = va, *b = vb;
	return (*a > *b) - (*a < *b);
}

static double at(const uint64_t *sorted, double share)
{
	return (double)sorted[(size_t)(share * (STOPS - 1))] / 1000;
}

/* One look; returns for how long the thread was stopped, ns. */
typedef uint64_t look_fn(void *ctx, pid_t pid);

/* Of each look, ns: how long the target was stopped, how long it stood still, how long it took. */
struct figures {
	uint64_t stopped[STOPS], gaps[STOPS], took[STOPS];
};

static void measure(struct seen *s, pid_t pid, look_fn *look, void *ctx, struct figures *f)
{
	struct timespec pause = {0, (long)PAUSE_NS};
	for (int i = 0; i < STOPS; i++) {
		nanosleep(&pause, NULL);
		s->gap_ns = 0;
		uint64_t from = clock_now_ns();
		f->stopped[i] = look(ctx, pid);
		f->took[i] = clock_now_ns() - from;
		nanosleep(&(struct timespec){0, 100000}, NULL); /* until it has told */
		f->gaps[i] = s->gap_ns;
	}
	qsort(f->stopped, STOPS, sizeof *f->stopped, by_size);
	qsort(f->gaps, STOPS, sizeof *f->gaps, by_size);
	qsort(f->took, STOPS, sizeof *f->took, by_size);
}

static uint64_t look_by_stopper(void *ctx, pid_t pid)
{
	struct stop_copy c = {.regs_mask = arch_perf_mask(), .stack_most = STACK};
	stopper_copy(ctx, pid, pid, &c);
	return c.let_go - c.time;
}

static uint64_t look_by_libunwind(void *ctx, pid_t pid)
{
	unw_cursor_t cursor;
	unw_word_t pc;
	int status;
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) != 0)
		return 0;
	ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
	waitpid(pid, &status, __WALL);
	uint64_t from = clock_now_ns();
	void *upt = _UPT_create(pid);
	if (unw_init_remote(&cursor, ctx, upt) == 0)
		do
			unw_get_reg(&cursor, UNW_REG_IP, &pc);
		while (unw_step(&cursor) > 0);
	_UPT_destroy(upt);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return clock_now_ns() - from;
}

static void look_bare(pid_t pid, unsigned char *stack)
{
	struct copy_regs regs;
	int status;
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) != 0)
		return;
	ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
	waitpid(pid, &status, __WALL);
	if (copy_regs_of_stop(pid, arch_perf_mask(), &regs))
		copy_stack(pid, regs.sp, STACK, stack);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
}

/* The share of a CPU that bare looks take, in percent. */
static double cost_of_bare_looks(pid_t pid)
{
	enum { LOOKS = 500, HZ = 99 };
	static unsigned char stack[STACK];
	struct timespec pause = {0, (long)(CLOCK_NS_PER_SEC / HZ)};
	uint64_t cpu = clock_thread_cpu_ns();
	for (int i = 0; i < LOOKS; i++) {
		nanosleep(&pause, NULL);
		look_bare(pid, stack);
	}
	return 100.0 * (double)(clock_thread_cpu_ns() - cpu) / LOOKS * HZ / CLOCK_NS_PER_SEC;
}

int main(void)
{
	static struct figures ours, theirs;
	struct seen *s =
	        mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED)
		return 1;
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		return deeper(s, DEPTH);
	}
	struct stopper *stopper = stopper_new();
	unw_addr_space_t as = unw_create_addr_space(&_UPT_accessors, 0);
	measure(s, pid, look_by_stopper, stopper, &ours);
	measure(s, pid, look_by_libunwind, as, &theirs);
	printf("ptrace: a thread is stopped for a copy of %d KB: median %.0f µs, p99 %.0f µs "
	       "(asked: 30, –); asked to answered: median %.0f µs, p99 %.0f µs (asked: 200, "
	       "1000)\n",
	       STACK / 1024, at(ours.stopped, 0.5), at(ours.stopped, 0.99), at(ours.took, 0.5),
	       at(ours.took, 0.99));
	printf("ptrace: libunwind-ptrace, %d frames, the same thread: stopped median %.0f µs, "
	       "p99 %.0f µs: ratio 1/%.1f\n",
	       DEPTH + 4, at(theirs.stopped, 0.5), at(theirs.stopped, 0.99),
	       at(theirs.stopped, 0.5) / at(ours.stopped, 0.5));
	printf("ptrace: by the thread's own clock, CPUs waking up included, it stands still: "
	       "median "
	       "%.0f µs, p99 %.0f µs; with libunwind-ptrace %.0f and %.0f\n",
	       at(ours.gaps, 0.5), at(ours.gaps, 0.99), at(theirs.gaps, 0.5),
	       at(theirs.gaps, 0.99));
	printf("ptrace: one thread at 99 Hz: the system calls of a look alone take %.1f %% of a "
	       "CPU\n",
	       cost_of_bare_looks(pid));
	stopper_free(stopper);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return 0;
}
