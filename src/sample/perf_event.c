/* perf_event: attributes, and what to say when the kernel refuses; see
 * perf_event.h and perf_event_open(2). */
#include "perf_event.h"

#include "ctop/broker.h"
#include "ctop/clock.h"
#include "ctop/target.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* All events of a ring share these, so that every record ends in the same trailer. */
static void common(struct perf_event_attr *a)
{
	memset(a, 0, sizeof *a);
	a->size = sizeof *a;
	a->type = PERF_TYPE_SOFTWARE;
	a->sample_type =
	        PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU;
	a->sample_id_all = 1;
	a->use_clockid = 1;
	a->clockid = CLOCK_MONOTONIC;
	/* Nobody waits on the descriptors: rings are drained on a timer. */
	a->watermark = 1;
	a->wakeup_watermark = UINT32_MAX;
}

static void follow(struct perf_event_attr *a, const struct perf_kind *k)
{
	a->inherit = k->inherit;
	a->inherit_thread = k->inherit && k->threads_only;
}

void perf_event_sampling(struct perf_event_attr *a, const struct perf_kind *k)
{
	common(a);
	a->config = PERF_COUNT_SW_CPU_CLOCK;
	a->sample_period = CLOCK_NS_PER_SEC / k->rate_hz;
	a->sample_type |= PERF_SAMPLE_IP | PERF_SAMPLE_PERIOD | PERF_SAMPLE_CALLCHAIN |
	                  PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;
	a->sample_regs_user = k->regs_mask;
	a->sample_stack_user = k->stack_bytes;
	a->exclude_callchain_user = 1;
	a->exclude_callchain_kernel = !k->kernel;
	a->exclude_kernel = !k->kernel;
	a->exclude_hv = 1;
	a->exclude_idle = 1;
	a->sample_max_stack = 0;
	a->disabled = k->enable_on_exec;
	a->enable_on_exec = k->enable_on_exec;
	follow(a, k);
}

void perf_event_side(struct perf_event_attr *a, const struct perf_kind *k)
{
	common(a);
	a->config = PERF_COUNT_SW_DUMMY;
	a->exclude_kernel = 1;
	a->exclude_hv = 1;
	a->mmap = 1;
	a->mmap2 = 1;
	a->comm = 1;
	a->comm_exec = 1;
	a->task = 1;
	follow(a, k);
}

void perf_event_holder(struct perf_event_attr *a)
{
	common(a);
	a->config = PERF_COUNT_SW_DUMMY;
	a->exclude_kernel = 1;
	a->exclude_hv = 1;
}

static int paranoid_level(void)
{
	int level = -100;
	FILE *f = fopen("/proc/sys/kernel/perf_event_paranoid", "re");
	if (f != NULL) {
		if (fscanf(f, "%d", &level) != 1)
			level = -100;
		fclose(f);
	}
	return level;
}

static const char *user_name(uid_t uid, char *buf, size_t cap)
{
	struct passwd *pw = getpwuid(uid);
	if (pw != NULL)
		return pw->pw_name;
	snprintf(buf, cap, "%u", (unsigned)uid);
	return buf;
}

static enum ctop_err refused_right(struct broker *b, pid_t pid, struct err *e)
{
	struct target_info info = {0};
	char buf[32];
	int level = paranoid_level();
	if (pid == 0)
		return err_set(
		        e, CTOP_EPERM,
		        "cannot sample the whole machine: kernel.perf_event_paranoid is %d and "
		        "ctop lacks CAP_PERFMON; run it as root, or once: sudo setcap "
		        "cap_perfmon,cap_sys_ptrace=ep ctop",
		        level);
	target_read(b, pid, 0, &info, NULL);
	if (info.uid != geteuid()) {
		const char *owner = user_name(info.uid, buf, sizeof buf);
		return err_set(e, CTOP_EPERM,
		               "cannot sample %d (%s): it belongs to user %s; run ctop as "
		               "root%s%s, or once: sudo setcap "
		               "cap_perfmon,cap_sys_ptrace=ep ctop",
		               pid, info.comm, owner, info.uid != 0 ? " or as " : "",
		               info.uid != 0 ? owner : "");
	}
	return err_set(
	        e, CTOP_EPERM,
	        "cannot sample %d (%s): kernel.perf_event_paranoid is %d; run ctop as root, or "
	        "once: sudo sysctl kernel.perf_event_paranoid=2, or: sudo setcap "
	        "cap_perfmon,cap_sys_ptrace=ep ctop",
	        pid, info.comm, level);
}

enum ctop_err perf_event_refused(struct broker *b, int errnum, pid_t pid, struct err *e)
{
	switch (errnum) {
	case EACCES:
	case EPERM:
		return refused_right(b, pid, e);
	case ESRCH:
		return err_set(e, CTOP_ENOENT, "process %d ended while ctop was attaching", pid);
	case EMFILE:
	case ENFILE:
		return err_set(
		        e, CTOP_ELIMIT,
		        "out of file descriptors for perf events; raise the limit (ulimit -n) "
		        "or run ctop as root, which samples by CPU");
	case ENOSYS:
		return err_set(
		        e, CTOP_EUNSUP,
		        "this kernel has no perf_event_open (CONFIG_PERF_EVENTS), or a seccomp "
		        "filter of the container refuses it: allow perf_event_open there");
	default:
		return err_errno(e, err_from_errno(errnum), errnum, "perf_event_open failed");
	}
}
