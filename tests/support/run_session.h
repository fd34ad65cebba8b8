/* run_session: a session from start to its last snapshot, for tests. */
#ifndef CTOP_TESTS_RUN_SESSION_H
#define CTOP_TESTS_RUN_SESSION_H

#include "ctop/session.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Whether this process may use perf events on its own children at all. */
bool may_sample(void);

/* Skips the running test where it may not. */
void need_perf(void);

/* Starts build/…/workloads/NAME [ARG]; it dies with the test. */
pid_t workload_start(const char *name, const char *arg);
void workload_end(pid_t pid);

/* Defaults for one pid at `rate`. `*pid` must live until the session has started. */
struct session_config session_of(const pid_t *pid, uint32_t rate);

/* A stopped session with its last snapshot. */
struct run {
	struct session *session;
	struct snapshot *snapshot;
};

/* Runs until `samples` have been counted, the source has ended, or `seconds` are
 * over; then stops it. */
struct run run_session(const struct session_config *c, uint64_t samples, int seconds);
void run_end(struct run *r);

/* Counts of a function by name; zero when it is not there. */
struct counts counts_of(const struct snapshot *s, const char *name);

#endif
