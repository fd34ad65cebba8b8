/* child: a command started under the profiler.
 *
 * The child waits before its exec until it is released, so that sampling can be
 * set up first (enable_on_exec) and its first instruction is seen. It starts with an
 * empty signal mask and default handlers. In CHILD_PTY its terminal descriptors
 * become a pseudo-terminal whose master is held and drained by a small keeper
 * process: closing a master would end the command by SIGHUP, so when ctop dies,
 * however it dies, the keeper drains on. Redirected descriptors are passed through.
 * Called by one thread.
 */
#ifndef CTOP_CHILD_H
#define CTOP_CHILD_H

#include "ctop/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct child;

enum child_output {
	CHILD_PASS, /* all descriptors are ctop's own */
	CHILD_PTY,  /* terminals become a pseudo-terminal; its output is kept, not shown */
};

/* Forks; argv is borrowed and NULL-terminated. */
enum ctop_err child_spawn(struct child **out, char *const *argv, enum child_output output,
                          struct err *e);

pid_t child_pid(const struct child *c);

/* Lets it exec. CTOP_ENOENT, CTOP_EPERM … when the exec fails: the child has then
 * ended with 127 (no such command) or 126. */
enum ctop_err child_release(struct child *c, struct err *e);

/* A descriptor that becomes readable when it ends (a pidfd); borrowed. */
int child_fd(const struct child *c);

/* Collects it if it has ended: true, and *status is its wait status. Never waits. */
bool child_reap(struct child *c, int *status);

/* Copies what the command has printed from byte *from on, at most the last megabyte of it, and sets
 * *from to where to go on. Never waits, and never makes the command wait. */
size_t child_output(const struct child *c, uint64_t *from, char *buf, size_t cap);

/* Whether there is such output: a terminal of ctop's was to be the command's. */
bool child_keeps_output(const struct child *c);

/* SIGTERM now, SIGKILL when it still runs after two seconds; waits for its end. */
void child_kill(struct child *c);

/* Frees. A command that still runs goes on (a child that was never released ends). */
void child_free(struct child *c);

/* The exit code a shell would give: the code, or 128 + the signal. */
int child_exit_code(int wait_status);

#endif
