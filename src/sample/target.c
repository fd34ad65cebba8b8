/* target: processes as /proc shows them; see target.h. */
#include "ctop/target.h"

#include "ctop/broker.h"
#include "ctop/clock.h"
#include "ctop/mem.h"
#include "ctop/utf8.h"
#include "ctop/vec.h"

#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KTHREAD_FLAG = 0x00200000 }; /* PF_KTHREAD, field 9 of stat */

/* The fields of stat behind the name, which may itself hold ") ". */
static bool parse_stat(const char *text, struct target_info *out)
{
	const char *open = strchr(text, '('), *close = strrchr(text, ')');
	unsigned flags;
	int ppid;
	uint64_t ticks, children_user, children_system;
	if (open == NULL || close == NULL || close < open)
		return false;
	if (sscanf(close + 1,
	           " %c %d %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64
	           " %*d %*d %*d %*d %" SCNu64 " %*u %*d %*u %*u %*u %" SCNu64,
	           &out->state, &ppid, &flags, &children_user, &children_system, &ticks,
	           &out->stack_base) != 7)
		return false;
	char clean[3 * 64 + 1];
	size_t len = (size_t)(close - open - 1);
	utf8_clean(open + 1, len < 63 ? len : 63, clean);
	snprintf(out->comm, sizeof out->comm, "%.*s",
	         (int)(strlen(clean) < sizeof out->comm ? strlen(clean) : sizeof out->comm - 1),
	         clean);
	out->ppid = ppid;
	out->start_ticks = ticks;
	out->children_ns = (children_user + children_system) *
	                   (CLOCK_NS_PER_SEC / (uint64_t)sysconf(_SC_CLK_TCK));
	out->kernel_thread = (flags & KTHREAD_FLAG) != 0;
	return true;
}

static uint64_t status_field(const char *text, const char *name)
{
	const char *at = strstr(text, name);
	return at != NULL ? strtoull(at + strlen(name), NULL, 10) : 0;
}

enum ctop_err target_read(struct broker *b, pid_t pid, pid_t tid, struct target_info *out,
                          struct err *e)
{
	char *text;
	size_t len;
	*out = (struct target_info){.pid = pid, .tid = tid != 0 ? tid : pid};
	enum ctop_err rc = broker_read_proc(b, pid, tid, "stat", &text, &len, e);
	if (rc != CTOP_OK)
		return rc;
	bool ok = parse_stat(text, out);
	free(text);
	if (!ok)
		return err_set(e, CTOP_EFORMAT, "/proc/%d/stat is not what it should be", pid);
	rc = broker_read_proc(b, pid, tid, "status", &text, &len, e);
	if (rc != CTOP_OK)
		return rc;
	out->uid = (uid_t)status_field(text, "\nUid:");
	out->switches = status_field(text, "\nvoluntary_ctxt_switches:") +
	                status_field(text, "\nnonvoluntary_ctxt_switches:");
	free(text);
	return CTOP_OK;
}

/* The first number of its schedstat. */
bool target_cpu(struct broker *b, pid_t pid, pid_t tid, uint64_t *ns)
{
	char *text;
	size_t len;
	if (broker_read_proc(b, pid, tid, "schedstat", &text, &len, NULL) != CTOP_OK)
		return false;
	*ns = strtoull(text, NULL, 10);
	free(text);
	return true;
}

enum ctop_err target_threads(struct broker *b, pid_t pid, pid_t **tids, size_t *count,
                             struct err *e)
{
	return broker_list(b, pid, tids, count, e);
}

enum ctop_err target_all(struct broker *b, pid_t **pids, size_t *count, struct err *e)
{
	return broker_list(b, 0, pids, count, e);
}

/* The parent of a process, 0 when it is gone. Cheaper than target_read(). */
static pid_t parent_of(struct broker *b, pid_t pid)
{
	struct target_info info = {0};
	char *text;
	size_t len;
	if (broker_read_proc(b, pid, 0, "stat", &text, &len, NULL) != CTOP_OK)
		return 0;
	bool ok = parse_stat(text, &info);
	free(text);
	return ok ? info.ppid : 0;
}

static bool contains(const pid_t *list, size_t count, pid_t pid)
{
	for (size_t i = 0; i < count; i++)
		if (list[i] == pid)
			return true;
	return false;
}

enum ctop_err target_children(struct broker *b, pid_t pid, pid_t **pids, size_t *count)
{
	pid_t *all;
	size_t n, cap = 0;
	*pids = NULL;
	*count = 0;
	enum ctop_err rc = target_all(b, &all, &n, NULL);
	if (rc != CTOP_OK)
		return rc;
	pid_t *parents = mem_alloc((n + 1) * sizeof *parents);
	for (size_t i = 0; i < n; i++)
		parents[i] = parent_of(b, all[i]);
	for (bool found = true; found;) {
		found = false;
		for (size_t i = 0; i < n; i++) {
			bool below = parents[i] == pid || contains(*pids, *count, parents[i]);
			if (!below || all[i] == pid || contains(*pids, *count, all[i]))
				continue;
			*pids = vec_reserve(*pids, &cap, *count + 1, sizeof **pids);
			(*pids)[(*count)++] = all[i];
			found = true;
		}
	}
	free(parents);
	free(all);
	return CTOP_OK;
}

enum ctop_err target_check_program(const unsigned char *head, size_t len, pid_t pid,
                                   const char *comm, struct err *e)
{
	if (len < EI_NIDENT || memcmp(head, ELFMAG, SELFMAG) != 0 || head[EI_CLASS] != ELFCLASS32)
		return CTOP_OK;
	return err_set(e, CTOP_EUNSUP,
	               "%d (%s) is a 32-bit program, and this ctop unwinds 64-bit ones only; "
	               "perf record --call-graph fp -p %d may serve",
	               pid, comm, pid);
}

static enum ctop_err check_program(struct broker *b, const struct target_info *t, struct err *e)
{
	unsigned char head[EI_NIDENT];
	int fd;
	if (broker_open(b, BROKER_PROGRAM, t->pid, t->start_ticks, NULL, &fd, NULL) != CTOP_OK)
		return CTOP_OK; /* not to be seen: what follows will say why */
	ssize_t n = read(fd, head, sizeof head);
	close(fd);
	return target_check_program(head, n > 0 ? (size_t)n : 0, t->pid, t->comm, e);
}

enum ctop_err target_check(struct broker *b, pid_t pid, struct target_info *out, struct err *e)
{
	if (pid == getpid())
		return err_set(e, CTOP_EINVAL, "%d is ctop itself; give another process", pid);
	enum ctop_err rc = target_read(b, pid, 0, out, NULL);
	if (rc == CTOP_EPERM)
		return err_set(
		        e, rc,
		        "cannot read /proc/%d: it belongs to another user and /proc is mounted "
		        "with hidepid; run ctop as root",
		        pid);
	if (rc != CTOP_OK)
		return err_set(e, CTOP_ENOENT, "no process %d; find one with: pgrep -a NAME", pid);
	if (out->kernel_thread)
		return err_set(e, CTOP_EINVAL,
		               "%d (%s) is a kernel thread, which has no user stack; see it with: "
		               "ctop -a",
		               pid, out->comm);
	if (out->state == 'Z' || out->state == 'X')
		return err_set(e, CTOP_EINVAL,
		               "%d (%s) is a zombie: it has ended, and its parent %d has not yet "
		               "waited for it",
		               pid, out->comm, out->ppid);
	return check_program(b, out, e);
}
