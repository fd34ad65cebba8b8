/* bench_ptrace: how long a thread stands still when it is looked at by ptrace, told by the thread
 * itself, which watches a clock; beside a sampler that unwinds with libunwind-ptrace while the
 * thread is stopped.
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

typedef void look_fn(void *ctx, pid_t pid);

/* Looks again and again; *gaps: how long the target stood still each time, *took: each look. */
static void measure(struct seen *s, pid_t pid, look_fn *look, void *ctx, uint64_t *gaps,
                    uint64_t *took)
{
	struct timespec pause = {0, (long)PAUSE_NS};
	for (int i = 0; i < STOPS; i++) {
		nanosleep(&pause, NULL);
		s->gap_ns = 0;
		uint64_t from = clock_now_ns();
		look(ctx, pid);
		took[i] = clock_now_ns() - from;
		nanosleep(&(struct timespec){0, 100000}, NULL); /* until it has told */
		gaps[i] = s->gap_ns;
	}
	qsort(gaps, STOPS, sizeof *gaps, by_size);
	qsort(took, STOPS, sizeof *took, by_size);
}

static void look_by_stopper(void *ctx, pid_t pid)
{
	struct stop_copy c = {.regs_mask = arch_perf_mask(), .stack_most = STACK};
	stopper_copy(ctx, pid, pid, &c);
}

static void look_by_libunwind(void *ctx, pid_t pid)
{
	unw_cursor_t cursor;
	unw_word_t pc;
	int status;
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) != 0)
		return;
	ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
	waitpid(pid, &status, __WALL);
	void *upt = _UPT_create(pid);
	if (unw_init_remote(&cursor, ctx, upt) == 0)
		do
			unw_get_reg(&cursor, UNW_REG_IP, &pc);
		while (unw_step(&cursor) > 0);
	_UPT_destroy(upt);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
}

int main(void)
{
	static uint64_t gaps[2][STOPS], took[2][STOPS];
	struct seen *s =
	        mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED)
		return 1;
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		return deeper(s, DEPTH);
	}
	struct stopper *stopper = stopper_new(false);
	unw_addr_space_t as = unw_create_addr_space(&_UPT_accessors, 0);
	measure(s, pid, look_by_stopper, stopper, gaps[0], took[0]);
	measure(s, pid, look_by_libunwind, as, gaps[1], took[1]);
	printf("ptrace: a thread stands still for a copy of %d KB: median %.0f µs, p99 %.0f µs "
	       "(asked: 30, –); asked to answered: median %.0f µs, p99 %.0f µs (asked: 200, "
	       "1000)\n",
	       STACK / 1024, at(gaps[0], 0.5), at(gaps[0], 0.99), at(took[0], 0.5),
	       at(took[0], 0.99));
	printf("ptrace: libunwind-ptrace, %d frames, the same thread: stands still median %.0f µs, "
	       "p99 %.0f µs: ratio 1/%.1f\n",
	       DEPTH + 4, at(gaps[1], 0.5), at(gaps[1], 0.99), at(gaps[1], 0.5) / at(gaps[0], 0.5));
	stopper_free(stopper);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return 0;
}
