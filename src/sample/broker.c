/* broker: the live broker, and the dispatch to either; see broker.h.
 *
 * Whatever is opened by pid is opened between two looks at the process's start
 * time, so that a reused pid is never taken for the target.
 */
#include "ctop/broker.h"

#include "broker_ops.h"
#include "ctop/mem.h"
#include "ctop/strbuf.h"
#include "ctop/vec.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static const size_t PROC_MOST = (size_t)64 << 20;

/* --- dispatch --------------------------------------------------------------------- */

enum ctop_err broker_open(struct broker *b, enum broker_kind kind, pid_t pid, uint64_t start_ticks,
                          const struct broker_key *key, int *fd, struct err *e)
{
	if (b->ops->open == NULL || (unsigned)kind >= BROKER_KINDS)
		return err_set(e, CTOP_EUNSUP, "this cannot be opened here");
	return b->ops->open(b->self, kind, pid, start_ticks, key, fd, e);
}

enum ctop_err broker_read_proc(struct broker *b, pid_t pid, pid_t tid, const char *name,
                               char **text, size_t *len, struct err *e)
{
	if (b->ops->read_proc == NULL)
		return err_set(e, CTOP_EUNSUP, "a capture has no /proc");
	return b->ops->read_proc(b->self, pid, tid, name, text, len, e);
}

enum ctop_err broker_list(struct broker *b, pid_t pid, pid_t **ids, size_t *count, struct err *e)
{
	if (b->ops->list == NULL)
		return err_set(e, CTOP_EUNSUP, "a capture has no /proc");
	return b->ops->list(b->self, pid, ids, count, e);
}

enum ctop_err broker_cgroup(struct broker *b, pid_t pid, int *fd, pid_t **pids, size_t *count,
                            struct err *e)
{
	if (b->ops->cgroup == NULL)
		return err_set(e, CTOP_EUNSUP, "a capture has no cgroups");
	return b->ops->cgroup(b->self, pid, fd, pids, count, e);
}

enum ctop_err broker_program(struct broker *b, pid_t pid, char *path, size_t cap)
{
	return b->ops->program != NULL ? b->ops->program(b->self, pid, path, cap) : CTOP_EUNSUP;
}

int broker_open_proc(struct broker *b, pid_t pid, pid_t tid, const char *name)
{
	return b->ops->open_proc != NULL ? b->ops->open_proc(b->self, pid, tid, name) : -ENOSYS;
}

int broker_perf_event(struct broker *b, struct perf_event_attr *attr, pid_t pid, int cpu, int group,
                      unsigned long flags)
{
	if (b->ops->perf_event == NULL)
		return -ENOSYS;
	return b->ops->perf_event(b->self, attr, pid, cpu, group, flags);
}

void broker_free(struct broker *b)
{
	free(b);
}

int broker_memfd(const void *bytes, size_t len)
{
	int fd = memfd_create("ctop", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -1;
	const char *p = bytes;
	for (size_t done = 0; done < len;) {
		ssize_t n = write(fd, p + done, len - done);
		if (n < 0 && errno != EINTR) {
			close(fd);
			return -1;
		}
		done += n > 0 ? (size_t)n : 0;
	}
	fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

/* --- /proc -------------------------------------------------------------------------- */

enum ctop_err broker_read_file(const char *path, char **text, size_t *len, struct err *e)
{
	struct strbuf b = {0};
	char buf[8192];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(e, err_from_errno(errno), errno, "cannot open %s", path);
	for (;;) {
		ssize_t n = read(fd, buf, sizeof buf);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int err = errno;
			close(fd);
			strbuf_fini(&b);
			return err_errno(e, err_from_errno(err), err, "cannot read %s", path);
		}
		if (n == 0 || b.len > PROC_MOST)
			break;
		strbuf_add(&b, buf, (size_t)n);
	}
	close(fd);
	strbuf_add(&b, "", 0);
	*text = b.data;
	*len = b.len;
	return CTOP_OK;
}

/* The path of a file of /proc; false for one that ctop does not read. */
static bool proc_path(pid_t pid, pid_t tid, const char *name, char *out, size_t cap)
{
	static const char *const allowed[] = {"maps",  "stat",    "status",    "comm",
	                                      "wchan", "syscall", "schedstat", "children",
	                                      "stack", "mem",     "cmdline",   "cgroup"};
	bool ok = false;
	for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
		ok = ok || strcmp(name, allowed[i]) == 0;
	if (tid != 0)
		snprintf(out, cap, "/proc/%d/task/%d/%s", pid, tid, name);
	else
		snprintf(out, cap, "/proc/%d/%s", pid, name);
	return ok;
}

static enum ctop_err live_read_proc(void *self, pid_t pid, pid_t tid, const char *name, char **text,
                                    size_t *len, struct err *e)
{
	char path[128];
	(void)self;
	if (!proc_path(pid, tid, name, path, sizeof path))
		return err_set(e, CTOP_EINVAL, "%s is not a file of /proc ctop reads", name);
	return broker_read_file(path, text, len, e);
}

static int live_open_proc(void *self, pid_t pid, pid_t tid, const char *name)
{
	char path[128];
	(void)self;
	if (!proc_path(pid, tid, name, path, sizeof path))
		return -EINVAL;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 ? fd : -errno;
}

static enum ctop_err live_program(void *self, pid_t pid, char *path, size_t cap)
{
	static const char deleted[] = " (deleted)";
	char link[64];
	(void)self;
	snprintf(link, sizeof link, "/proc/%d/exe", pid);
	ssize_t n = readlink(link, path, cap - 1);
	if (n < 0)
		return err_from_errno(errno);
	path[n] = '\0';
	size_t cut = sizeof deleted - 1;
	if ((size_t)n > cut && strcmp(path + (size_t)n - cut, deleted) == 0)
		path[(size_t)n - cut] = '\0';
	return CTOP_OK;
}

static bool same_process(pid_t pid, uint64_t start_ticks)
{
	char path[64], *text = NULL;
	size_t len;
	uint64_t ticks = 0;
	if (start_ticks == 0)
		return true;
	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	if (broker_read_file(path, &text, &len, NULL) != CTOP_OK)
		return false;
	/* Field 22; the name in parentheses may hold anything. */
	const char *at = strrchr(text, ')');
	for (int field = 2; at != NULL && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (at != NULL)
		ticks = strtoull(at, NULL, 10);
	free(text);
	return ticks == start_ticks;
}

static enum ctop_err live_list(void *self, pid_t pid, pid_t **ids, size_t *count, struct err *e)
{
	char path[64] = "/proc";
	size_t cap = 0;
	(void)self;
	*count = 0;
	if (pid != 0)
		snprintf(path, sizeof path, "/proc/%d/task", pid);
	DIR *dir = opendir(path);
	if (dir == NULL)
		return err_errno(e, err_from_errno(errno), errno, "cannot list %s", path);
	*ids = vec_reserve(NULL, &cap, 1, sizeof **ids);
	for (struct dirent *d; (d = readdir(dir)) != NULL;) {
		if (!isdigit((unsigned char)d->d_name[0]))
			continue;
		*ids = vec_reserve(*ids, &cap, *count + 1, sizeof **ids);
		(*ids)[(*count)++] = (pid_t)atol(d->d_name);
	}
	closedir(dir);
	return CTOP_OK;
}

/* --- opening --------------------------------------------------------------------------- */

static enum ctop_err live_open(void *self, enum broker_kind kind, pid_t pid, uint64_t start_ticks,
                               const struct broker_key *key, int *fd, struct err *e)
{
	(void)self;
	*fd = -1;
	bool by_pid = kind == BROKER_MEMORY || kind == BROKER_PERF_MAP || kind == BROKER_PROGRAM ||
	              (kind == BROKER_IMAGE && key->image.inode == 0);
	if (by_pid && !same_process(pid, start_ticks))
		return err_set(e, CTOP_ENOENT, "process %d has ended", pid);
	enum ctop_err rc = broker_open_kind(kind, pid, key, fd, e);
	if (rc == CTOP_OK && by_pid && !same_process(pid, start_ticks)) {
		close(*fd);
		*fd = -1;
		return err_set(e, CTOP_ENOENT, "process %d has ended", pid);
	}
	return rc;
}

static enum ctop_err live_cgroup(void *self, pid_t pid, int *fd, pid_t **pids, size_t *count,
                                 struct err *e)
{
	(void)self;
	return broker_open_cgroup(pid, fd, pids, count, e);
}

static int live_perf_event(void *self, struct perf_event_attr *attr, pid_t pid, int cpu, int group,
                           unsigned long flags)
{
	(void)self;
	long fd = syscall(SYS_perf_event_open, attr, pid, cpu, group, flags | PERF_FLAG_FD_CLOEXEC);
	return fd >= 0 ? (int)fd : -errno;
}

struct broker *broker_new_live(void)
{
	static const struct broker_ops ops = {
	        .packages = true,
	        .open = live_open,
	        .read_proc = live_read_proc,
	        .list = live_list,
	        .cgroup = live_cgroup,
	        .program = live_program,
	        .open_proc = live_open_proc,
	        .perf_event = live_perf_event,
	};
	struct broker *b = mem_zalloc(1, sizeof *b);
	b->ops = &ops;
	return b;
}
