/* refusal: why a process may not be looked into, and what to do about it; see refusal.h.
 *
 * The manual has the same list, under DIAGNOSTICS.
 */
#include "refusal.h"

#include "ctop/broker.h"
#include "ctop/target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int yama_scope(void)
{
	int scope = 0;
	FILE *f = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");
	if (f != NULL) {
		if (fscanf(f, "%d", &scope) != 1)
			scope = 0;
		fclose(f);
	}
	return scope;
}

/* A number of /proc/PID/status, 0 when it is not there. */
static pid_t status_number(struct broker *b, pid_t pid, const char *line)
{
	char *text;
	size_t len;
	if (broker_read_proc(b, pid, 0, "status", &text, &len, NULL) != CTOP_OK)
		return 0;
	const char *at = strstr(text, line);
	pid_t n = at != NULL ? (pid_t)atol(at + strlen(line)) : 0;
	free(text);
	return n;
}

enum ctop_err refusal_tracer(struct broker *b, const struct target_info *t, struct err *e)
{
	struct target_info tracer = {0};
	pid_t thread = status_number(b, t->pid, "\nTracerPid:");
	if (thread == 0)
		return CTOP_OK;
	pid_t pid = status_number(b, thread, "\nTgid:");
	target_read(b, pid, 0, &tracer, NULL);
	return err_set(e, CTOP_EPERM, "%d (%s) is already traced by %d (%s); end that first",
	               t->pid, t->comm, pid, tracer.comm);
}

enum ctop_err refusal_ptrace(const struct target_info *t, int why, struct err *e)
{
	int scope = yama_scope();
	if (why == EACCES)
		why = EPERM;
	if (why == ENOEXEC)
		return err_set(e, CTOP_EUNSUP,
		               "cannot trace %d (%s): it is a 32-bit program, which ctop does not "
		               "unwind",
		               t->pid, t->comm);
	if (why == EPERM && scope == 3)
		return err_set(e, CTOP_EPERM,
		               "cannot trace %d (%s): kernel.yama.ptrace_scope is 3, which "
		               "forbids it to everybody until the next boot",
		               t->pid, t->comm);
	if (why == EPERM && t->uid == geteuid() && scope == 2)
		return err_set(e, CTOP_EPERM,
		               "cannot trace %d (%s): kernel.yama.ptrace_scope is 2; run ctop as "
		               "root, or once: sudo sysctl kernel.yama.ptrace_scope=0",
		               t->pid, t->comm);
	if (why == EPERM && t->uid == geteuid() && scope == 1)
		return err_set(
		        e, CTOP_EPERM,
		        "cannot trace %d (%s): kernel.yama.ptrace_scope is %d; start it with: ctop "
		        "-- COMMAND, or run ctop as root, or once: sudo sysctl "
		        "kernel.yama.ptrace_scope=0",
		        t->pid, t->comm, scope);
	if (why == EPERM && geteuid() == 0)
		return err_set(e, CTOP_EPERM,
		               "cannot trace %d (%s), though ctop runs as root: it is the init "
		               "process or outside of this container, or ctop lacks "
		               "CAP_SYS_PTRACE",
		               t->pid, t->comm);
	if (why == EPERM)
		return err_set(e, CTOP_EPERM,
		               "cannot trace %d (%s): it belongs to another user or has privileges "
		               "of its own; run ctop as root",
		               t->pid, t->comm);
	return err_errno(e, err_from_errno(why), why, "cannot trace %d (%s)", t->pid, t->comm);
}
