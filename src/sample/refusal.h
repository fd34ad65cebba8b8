/* refusal: why a process may not be looked into, and what to do about it. Private to the sample
 * layer. One line each, cause first, then the cure. Any thread.
 */
#ifndef CTOP_SAMPLE_REFUSAL_H
#define CTOP_SAMPLE_REFUSAL_H

#include "ctop/err.h"

#include <stdbool.h>
#include <sys/types.h>

struct broker;
struct target_info;

/* What decides over ptrace(2) and perf_event_open(2). */
struct refusal_facts {
	uid_t uid;           /* effective, of ctop */
	bool perfmon, trace; /* it has CAP_PERFMON (or CAP_SYS_ADMIN), CAP_SYS_PTRACE */
	bool seccomp;        /* a filter is in force */
	int paranoid;        /* kernel.perf_event_paranoid */
	int yama;            /* kernel.yama.ptrace_scope; 0 without Yama */
};

/* As they are for this process. */
struct refusal_facts refusal_read_facts(struct broker *b);

/* CTOP_EPERM when another process traces it already, CTOP_OK else. */
enum ctop_err refusal_tracer(struct broker *b, const struct target_info *t, struct err *e);

/* What errno `why` of a try to trace it, or to read its memory, means. */
enum ctop_err refusal_ptrace(const struct refusal_facts *f, const struct target_info *t, int why,
                             struct err *e);

/* What errno `why` of perf_event_open() means; `t` NULL: for the whole machine. */
enum ctop_err refusal_perf(const struct refusal_facts *f, const struct target_info *t, int why,
                           struct err *e);

/* The same for process `pid` (0: a CPU), with the facts read now. */
enum ctop_err refusal_of_perf(struct broker *b, pid_t pid, int why, struct err *e);

#endif
