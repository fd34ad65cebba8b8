/* refusal: why a process may not be looked into, and what to do about it; see refusal.h.
 *
 * The rules are those of ptrace(2), "Ptrace access mode checking", and perf_event_open(2). The
 * manual has the same list, under RIGHTS.
 */
#include "refusal.h"

#include "ctop/broker.h"
#include "ctop/target.h"

#include <errno.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SETCAP "sudo setcap cap_perfmon,cap_sys_ptrace=ep ctop"

/* --- facts ------------------------------------------------------------------------------- */

static int read_setting(const char *path, int absent)
{
	int value = absent;
	FILE *f = fopen(path, "re");
	if (f != NULL) {
		if (fscanf(f, "%d", &value) != 1)
			value = absent;
		fclose(f);
	}
	return value;
}

/* A number of /proc/PID/status, 0 when it is not there. */
static uint64_t status_number(struct broker *b, pid_t pid, const char *line, int base)
{
	char *text;
	size_t len;
	if (broker_read_proc(b, pid, 0, "status", &text, &len, NULL) != CTOP_OK)
		return 0;
	const char *at = strstr(text, line);
	uint64_t n = at != NULL ? strtoull(at + strlen(line), NULL, base) : 0;
	free(text);
	return n;
}

struct refusal_facts refusal_read_facts(struct broker *b)
{
	uint64_t caps = status_number(b, getpid(), "\nCapEff:", 16);
	return (struct refusal_facts){
	        .uid = geteuid(),
	        .perfmon = (caps >> CAP_PERFMON & 1) != 0 || (caps >> CAP_SYS_ADMIN & 1) != 0,
	        .trace = (caps >> CAP_SYS_PTRACE & 1) != 0,
	        .seccomp = status_number(b, getpid(), "\nSeccomp:", 10) == 2,
	        .paranoid = read_setting("/proc/sys/kernel/perf_event_paranoid", 2),
	        .yama = read_setting("/proc/sys/kernel/yama/ptrace_scope", 0),
	};
}

static const char *user_name(uid_t uid, char *buf, size_t cap)
{
	struct passwd *pw = getpwuid(uid);
	if (pw != NULL)
		return pw->pw_name;
	snprintf(buf, cap, "%u", (unsigned)uid);
	return buf;
}

/* --- what both ways have in common -------------------------------------------------------- */

/* It belongs to somebody else, and ctop has no right to the processes of others. */
static enum ctop_err not_ours(const struct refusal_facts *f, const struct target_info *t,
                              const char *verb, struct err *e)
{
	char buf[32];
	const char *owner = user_name(t->uid, buf, sizeof buf);
	if (f->uid == 0)
		return err_set(e, CTOP_EPERM,
		               "cannot %s %d (%s): it belongs to user %s, and ctop, though root, "
		               "lacks CAP_SYS_PTRACE and CAP_PERFMON; give it those (docker run "
		               "--cap-add SYS_PTRACE --cap-add PERFMON)",
		               verb, t->pid, t->comm, owner);
	return err_set(e, CTOP_EPERM,
	               "cannot %s %d (%s): it belongs to user %s; run ctop as root%s%s, or once: "
	               "" SETCAP,
	               verb, t->pid, t->comm, owner, t->uid != 0 ? " or as " : "",
	               t->uid != 0 ? owner : "");
}

/* Nothing that can be read tells why. */
static enum ctop_err guarded(const struct refusal_facts *f, const struct target_info *t,
                             const char *verb, struct err *e)
{
	if (f->uid == 0)
		return err_set(e, CTOP_EPERM,
		               "cannot %s %d (%s), though ctop runs as root: it has rights that "
		               "ctop lacks, such as those of a container's host, or a security "
		               "module forbids it; run ctop on the host",
		               verb, t->pid, t->comm);
	return err_set(e, CTOP_EPERM,
	               "cannot %s %d (%s): it has rights of its own (setuid, file capabilities) or "
	               "forbids it (PR_SET_DUMPABLE); run ctop as root",
	               verb, t->pid, t->comm);
}

/* --- ptrace --------------------------------------------------------------------------------- */

enum ctop_err refusal_tracer(struct broker *b, const struct target_info *t, struct err *e)
{
	struct target_info tracer = {0};
	pid_t thread = (pid_t)status_number(b, t->pid, "\nTracerPid:", 10);
	if (thread == 0)
		return CTOP_OK;
	pid_t pid = (pid_t)status_number(b, thread, "\nTgid:", 10);
	target_read(b, pid, 0, &tracer, NULL);
	return err_set(e, CTOP_EPERM, "%d (%s) is already traced by %d (%s); end that first",
	               t->pid, t->comm, pid, tracer.comm);
}

static enum ctop_err refused_by_yama(const struct refusal_facts *f, const struct target_info *t,
                                     struct err *e)
{
	if (f->yama >= 3)
		return err_set(e, CTOP_EPERM,
		               "cannot trace %d (%s): kernel.yama.ptrace_scope is %d, which "
		               "forbids it to everybody until the next boot",
		               t->pid, t->comm, f->yama);
	return err_set(e, CTOP_EPERM,
	               "cannot trace %d (%s): kernel.yama.ptrace_scope is %d; %srun ctop as root, "
	               "or once: sudo sysctl kernel.yama.ptrace_scope=0",
	               t->pid, t->comm, f->yama,
	               f->yama == 1 ? "start it with: ctop -- COMMAND, or " : "");
}

enum ctop_err refusal_ptrace(const struct refusal_facts *f, const struct target_info *t, int why,
                             struct err *e)
{
	if (why != EPERM && why != EACCES && why != ENOSYS)
		return err_errno(e, err_from_errno(why), why, "cannot trace %d (%s)", t->pid,
		                 t->comm);
	if (f->yama >= 3)
		return refused_by_yama(f, t, e);
	if (t->uid != f->uid && !f->trace)
		return not_ours(f, t, "trace", e);
	if (f->seccomp || why == ENOSYS)
		return err_set(
		        e, CTOP_EPERM,
		        "cannot trace %d (%s): a seccomp filter refuses ptrace; allow it there "
		        "(docker run --cap-add SYS_PTRACE), or run ctop outside of the "
		        "container",
		        t->pid, t->comm);
	if (f->yama > 0 && !f->trace)
		return refused_by_yama(f, t, e);
	return guarded(f, t, "trace", e);
}

/* --- perf ----------------------------------------------------------------------------------- */

static enum ctop_err no_right(const struct refusal_facts *f, const struct target_info *t,
                              struct err *e)
{
	if (t == NULL && !f->perfmon)
		return err_set(e, CTOP_EPERM,
		               "cannot sample the whole machine: kernel.perf_event_paranoid is %d "
		               "and ctop lacks CAP_PERFMON; run it as root, or once: " SETCAP,
		               f->paranoid);
	if (t != NULL && t->uid != f->uid && !f->perfmon)
		return not_ours(f, t, "sample", e);
	if (t != NULL && f->paranoid > 2 && !f->perfmon)
		return err_set(e, CTOP_EPERM,
		               "cannot sample %d (%s): kernel.perf_event_paranoid is %d; run ctop "
		               "as root, or once: sudo sysctl kernel.perf_event_paranoid=2, or: "
		               "" SETCAP,
		               t->pid, t->comm, f->paranoid);
	if (f->seccomp)
		return err_set(
		        e, CTOP_EPERM,
		        "a seccomp filter refuses perf_event_open; allow it there (docker run "
		        "--cap-add PERFMON), or run ctop outside of the container");
	return t != NULL ? guarded(f, t, "sample", e)
	                 : err_set(e, CTOP_EPERM,
	                           "cannot sample the whole machine, though ctop has CAP_PERFMON: "
	                           "a security module or the container forbids it");
}

enum ctop_err refusal_perf(const struct refusal_facts *f, const struct target_info *t, int why,
                           struct err *e)
{
	switch (why) {
	case EACCES:
	case EPERM:
		return no_right(f, t, e);
	case ESRCH:
		return err_set(e, CTOP_ENOENT, "process %d ended while ctop was attaching",
		               t != NULL ? t->pid : 0);
	case EMFILE:
	case ENFILE:
		return err_set(e, CTOP_ELIMIT,
		               "out of file descriptors for perf events; raise the limit (ulimit "
		               "-n) or run ctop as root, which samples by CPU");
	case ENOSYS:
		return err_set(
		        e, CTOP_EUNSUP,
		        "this kernel has no perf_event_open (CONFIG_PERF_EVENTS), or a seccomp "
		        "filter of the container refuses it: allow perf_event_open there");
	default:
		return err_errno(e, err_from_errno(why), why, "perf_event_open failed");
	}
}

enum ctop_err refusal_of_perf(struct broker *b, pid_t pid, int why, struct err *e)
{
	struct refusal_facts f = refusal_read_facts(b);
	struct target_info info = {0};
	if (pid != 0)
		target_read(b, pid, 0, &info, NULL);
	return refusal_perf(&f, pid != 0 ? &info : NULL, why, e);
}
