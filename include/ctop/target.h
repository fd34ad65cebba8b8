/* target: the processes being profiled, as /proc shows them.
 *
 * Pure reading through the broker: which threads a process has, when it
 * started, what it is called, whether it can be profiled at all. Errors are
 * worded for a person: cause, then cure. Any thread.
 */
#ifndef CTOP_TARGET_H
#define CTOP_TARGET_H

#include "ctop/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct broker;

/* One process or thread, from its stat and status files. */
struct target_info {
	pid_t pid; /* the process (thread group) */
	pid_t tid;
	pid_t ppid;
	uid_t uid;            /* real user id */
	uint64_t start_ticks; /* field 22 of stat: identity across pid reuse */
	uint64_t switches;    /* voluntary + involuntary context switches */
	uint64_t children_ns; /* CPU time of children that have ended and were waited for */
	uint64_t stack_base;  /* where the main thread's stack began at exec; 0: not to be told */
	char state;           /* R S D Z T … */
	bool kernel_thread;
	char comm[64]; /* cleaned, UTF-8 */
};

/* Reads one process (tid 0) or one of its threads. CTOP_ENOENT: no such. */
enum ctop_err target_read(struct broker *b, pid_t pid, pid_t tid, struct target_info *out,
                          struct err *e);

/* CPU time a thread has used, ns, as of the kernel's last tick or switch; false when it is gone. */
bool target_cpu(struct broker *b, pid_t pid, pid_t tid, uint64_t *ns);

/* The thread ids of a process, in an array the caller frees. */
enum ctop_err target_threads(struct broker *b, pid_t pid, pid_t **tids, size_t *count,
                             struct err *e);

/* The pids that are descendants of `pid`, in an array the caller frees. */
enum ctop_err target_children(struct broker *b, pid_t pid, pid_t **pids, size_t *count);

/* All pids of the machine, in an array the caller frees. */
enum ctop_err target_all(struct broker *b, pid_t **pids, size_t *count, struct err *e);

/* Refuses what cannot be profiled, with the reason and the cure: no such pid,
 * a kernel thread, a zombie, a 32-bit program, ctop itself. */
enum ctop_err target_check(struct broker *b, pid_t pid, struct target_info *out, struct err *e);

/* The last of these, by the `len` first bytes of the program: CTOP_EUNSUP, or CTOP_OK. */
enum ctop_err target_check_program(const unsigned char *head, size_t len, pid_t pid,
                                   const char *comm, struct err *e);

#endif
