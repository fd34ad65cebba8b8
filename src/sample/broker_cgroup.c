/* broker_cgroup: the control group of a process; see broker.h and cgroups(7).
 *
 * Perf events follow the perf_event controller: a hierarchy of its own in cgroups version 1,
 * else the one of version 2.
 */
#include "broker_ops.h"
#include "ctop/vec.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The line of /proc/PID/cgroup ("hierarchy:controllers:path") that counts; the path is in it. */
static char *find_path(char *text, bool *v1)
{
	char *found = NULL, *save = NULL;
	for (char *line = strtok_r(text, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		char *controllers = strchr(line, ':');
		char *path = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
		if (path == NULL)
			continue;
		*path++ = '\0';
		if (strstr(controllers, "perf_event") != NULL) {
			*v1 = true;
			return path;
		}
		if (strcmp(line, "0:") == 0) {
			*v1 = false;
			found = path;
		}
	}
	return found;
}

/* Where the whole hierarchy is mounted. A line of mountinfo reads "id parent dev root place
 * options [fields] - type source options". */
static bool find_mount(char *text, bool v1, char *place, size_t cap)
{
	char *save = NULL;
	for (char *line = strtok_r(text, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		char root[PATH_MAX], at[PATH_MAX], type[32], options[512];
		const char *rest = strstr(line, " - ");
		if (rest == NULL || sscanf(line, "%*s %*s %*s %4095s %4095s", root, at) != 2 ||
		    sscanf(rest, " - %31s %*s %511s", type, options) != 2 || strcmp(root, "/") != 0)
			continue;
		if (v1 ? strcmp(type, "cgroup") == 0 && strstr(options, "perf_event") != NULL
		       : strcmp(type, "cgroup2") == 0) {
			snprintf(place, cap, "%s", at);
			return true;
		}
	}
	return false;
}

static enum ctop_err directory_of(pid_t pid, char *out, size_t cap, struct err *e)
{
	char name[64], place[PATH_MAX], *groups, *mounts;
	size_t len;
	bool v1 = false;
	snprintf(name, sizeof name, "/proc/%d/cgroup", pid);
	enum ctop_err rc = broker_read_file(name, &groups, &len, e);
	if (rc != CTOP_OK)
		return rc;
	rc = broker_read_file("/proc/self/mountinfo", &mounts, &len, e);
	if (rc != CTOP_OK) {
		free(groups);
		return rc;
	}
	const char *path = find_path(groups, &v1);
	/* One outside of our cgroup namespace begins with "/..". */
	bool has_own = path != NULL && strcmp(path, "/") != 0 && strncmp(path, "/..", 3) != 0;
	if (!has_own || !find_mount(mounts, v1, place, sizeof place))
		rc = err_set(e, CTOP_ENOENT, "process %d has no cgroup of its own", pid);
	else
		snprintf(out, cap, "%s%s", place, path);
	free(groups);
	free(mounts);
	return rc;
}

static enum ctop_err read_members(const char *directory, pid_t **pids, size_t *count, struct err *e)
{
	char name[2 * PATH_MAX + 16], *text, *end;
	size_t len, cap = 0;
	snprintf(name, sizeof name, "%s/cgroup.procs", directory);
	enum ctop_err rc = broker_read_file(name, &text, &len, e);
	if (rc != CTOP_OK)
		return rc;
	*count = 0;
	*pids = vec_reserve(NULL, &cap, 1, sizeof **pids);
	for (const char *at = text;; at = end) {
		long pid = strtol(at, &end, 10);
		if (end == at)
			break;
		*pids = vec_reserve(*pids, &cap, *count + 1, sizeof **pids);
		(*pids)[(*count)++] = (pid_t)pid;
	}
	free(text);
	return CTOP_OK;
}

enum ctop_err broker_open_cgroup(pid_t pid, int *fd, pid_t **pids, size_t *count, struct err *e)
{
	char directory[2 * PATH_MAX];
	enum ctop_err rc = directory_of(pid, directory, sizeof directory, e);
	if (rc == CTOP_OK)
		rc = read_members(directory, pids, count, e);
	if (rc != CTOP_OK)
		return rc;
	*fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd >= 0)
		return CTOP_OK;
	free(*pids);
	return err_set(e, CTOP_ENOENT, "cannot open %s", directory);
}
