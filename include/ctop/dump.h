/* dump: where every thread was at one moment: an immutable, counted picture.
 *
 * Made by the analyzer of what a look has seen (peek.h), held by the display and by exports. Any
 * thread may read a dump it holds a reference to. Names are function ids of the session's
 * funcs.h table, which outlives it.
 */
#ifndef CTOP_DUMP_H
#define CTOP_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dump;
struct funcs;

/* How a stack was come by. */
enum dump_how {
	DUMP_STILL,   /* the thread slept and was not disturbed */
	DUMP_STOPPED, /* it was stopped for it */
	DUMP_RUNNING, /* there is none: the thread runs, and was not to be stopped */
	DUMP_LATE,    /* there is none: it did not stop in time */
	DUMP_REFUSED, /* there is none: the kernel forbids it */
	DUMP_HOWS
};

struct dump_frame {
	uint32_t func;
	uint64_t addr; /* ELF address in the function's module; 0 where there is none */
};

struct dump_thread {
	uint32_t pid, tid;
	char name[64], process[64];
	char state; /* R S D T … */
	enum dump_how how;
	int32_t syscall;       /* number of the system call it is in; −1: none, or not known */
	char wait[64];         /* kernel function it waits in, "" when not known */
	bool complete;         /* the stack reaches a root */
	bool wants_stop;       /* it does not, for want of a register that only a stop can give */
	uint32_t first, count; /* frames: leaf first, kernel before user; a mark is the last where
	                          it is not complete */
};

/* Takes both arrays over. The caller owns the one reference. */
struct dump *dump_new(uint64_t number, uint64_t time_ns, struct dump_thread *threads,
                      size_t thread_count, struct dump_frame *frames);

struct dump *dump_ref(struct dump *d);
void dump_unref(struct dump *d); /* NULL is allowed; the last one frees */

/* The request it answers, and when it was made (CLOCK_MONOTONIC, ns). */
uint64_t dump_number(const struct dump *d);
uint64_t dump_time(const struct dump *d);

/* Threads, those of one process together; borrowed. */
const struct dump_thread *dump_threads(const struct dump *d, size_t *count);

/* The frames of a thread; borrowed. */
const struct dump_frame *dump_frames(const struct dump *d, const struct dump_thread *t);

/* "running", "asleep", …: a state in words; static. */
const char *dump_state_name(char state);

#endif
