/* attach: whether a process could be sampled; see attach.h.
 *
 * perf_event_open(2) and ptrace(2) both ask whether the target may be read; that is what a look at
 * its program asks, too. Yama and the paranoid setting come on top.
 */
#include "ctop/attach.h"

#include "ctop/broker.h"
#include "ctop/target.h"
#include "refusal.h"

#include <errno.h>
#include <unistd.h>

static bool is_readable(struct broker *b, const struct target_info *t)
{
	int fd = -1;
	enum ctop_err rc = broker_open(b, BROKER_PROGRAM, t->pid, t->start_ticks, NULL, &fd, NULL);
	if (fd >= 0)
		close(fd);
	return rc != CTOP_EPERM;
}

enum ctop_err attach_check(struct broker *b, pid_t pid, struct err *e)
{
	struct target_info t;
	struct err perf = {0}, trace = {0};
	enum ctop_err rc = target_check(b, pid, &t, e);
	if (rc != CTOP_OK)
		return rc;
	struct refusal_facts f = refusal_read_facts(b);
	bool ours = (f.uid == t.uid || f.uid == 0) && is_readable(b, &t);
	bool by_perf = !f.seccomp && (f.perfmon || (ours && f.paranoid <= 2));
	if (by_perf)
		return CTOP_OK;
	bool by_trace = f.yama < 3 && (f.trace || (ours && f.yama == 0));
	if (by_trace)
		return refusal_tracer(b, &t, e);
	rc = refusal_perf(&f, &t, EPERM, &perf);
	refusal_ptrace(&f, &t, EPERM, &trace);
	/* Of a stranger's process both say the same. */
	if (f.uid != t.uid)
		return err_set(e, rc, "%s", perf.text);
	return err_set(e, rc, "%.400s; and %.300s", perf.text, trace.text);
}
