/* ptrace_stop: one look into a running thread: it is stopped, copied from, and let go, all by the
 * calling thread, which is the tracer. Private to the sample layer, for ptrace.c and stopper.c.
 */
#ifndef CTOP_SAMPLE_PTRACE_STOP_H
#define CTOP_SAMPLE_PTRACE_STOP_H

#include "copy.h"
#include "ctop/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum stop_result {
	STOP_COPIED,
	STOP_GONE,    /* it has ended */
	STOP_REFUSED, /* the kernel does not allow it */
	STOP_LATE,    /* it does not stop: an uninterruptible sleep, or its end; it is held */
};

/* What is wanted, and what was got. */
struct stop_copy {
	uint64_t regs_mask;  /* as for perf; in */
	uint32_t stack_most; /* bytes of stack, multiple of 8; in */
	uint64_t stack_base; /* nothing above is wanted; 0: not known; in */
	bool own_child;      /* somebody else waits for its end; in */
	struct copy_regs at;
	unsigned char *stack;  /* room for `stack_most` bytes */
	uint32_t stack_len;    /* multiple of 8 */
	bool full;             /* the stack may go on beyond the copy */
	uint64_t time, let_go; /* when it was seen stopped, and let go (CLOCK_MONOTONIC) */
	uint64_t held_ns;      /* for how long it stood, about: waking up counts; 0: not known */
	bool held;             /* it is still ours: call stop_let_go() until it is not */
	int why;               /* errno, for STOP_REFUSED */
};

/* What the tracing thread has of its own: its schedstat, which tells how long it waits for a CPU
 * itself. Zero-initialised: not opened yet. */
struct stop_tools {
	pid_t owner;
	int schedstat;
	unsigned looks;
};
void stop_tools_fini(struct stop_tools *t);

/* SIGCHLD tells of stops: it must be blocked in every thread of the tracing process before the
 * first stop. */
void stop_block_signals(void);

/* Stops thread `tid` of process `pid` for as long as copying takes. Whatever the result, unless
 * it is still held, it runs on as if nothing had been: a signal that came meanwhile is passed on.
 */
enum stop_result stop_copy(struct stop_tools *t, pid_t pid, pid_t tid, struct stop_copy *c);

/* Lets a thread go that was late. False while it still does not stop. */
bool stop_let_go(pid_t tid, bool own_child);

/* Whether ptrace(2) as such is refused here, by a seccomp filter: an errno, or 0. */
int stop_is_barred(void);

#endif
