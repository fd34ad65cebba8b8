/* peek: where every thread of the targets is, once.
 *
 * A thread that sleeps is read without being stopped: where it stands from its syscall file, its
 * stack from its memory, and all that is dropped when it has moved meanwhile. That leaves most of
 * its registers unknown; where unwinding needs one, only a stop can give it (ptrace(2)). A stop can
 * end a system call early (EINTR, see signal(7)), so it is done only where a request allows it,
 * and never to a thread that sleeps uninterruptibly.
 *
 * A peeker belongs to the thread that runs it, which must be the only tracer of the targets.
 */
#ifndef CTOP_PEEK_H
#define CTOP_PEEK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct broker;
struct peeker;
struct ring;

/* Which threads may be stopped. */
enum peek_stop {
	PEEK_STOP_NONE,
	PEEK_STOP_RUNNING, /* those that run */
	PEEK_STOP_ALL,     /* those that sleep too */
};

struct peek_request {
	uint64_t number; /* stands in the answer */
	enum peek_stop stop;
	pid_t *tids;      /* the threads to look at; owned by whoever holds the request */
	size_t tid_count; /* 0: at all of them */
};

/* `pids` are copied, the broker is borrowed; `children`: of what they have forked too;
 * `kernel`: with functions of the kernel, where they may be read. */
struct peeker *peeker_new(struct broker *b, const pid_t *pids, size_t count, bool children,
                          bool kernel, uint64_t regs_mask);
void peeker_free(struct peeker *p);

/* Looks at the threads of `pid` from now on. By the thread that runs it. NULL is allowed. */
void peeker_retarget(struct peeker *p, pid_t pid);

/* Looks, and puts what is seen into `out` as records (RECORD_LOOK and what follows there). Waits
 * for room; gives up when *abort is set. */
void peeker_run(struct peeker *p, const struct peek_request *r, struct ring *out,
                const atomic_bool *abort);

/* Lets go of threads that did not stop in time: call it now and then until it says true. */
bool peeker_let_go(struct peeker *p);

#endif
