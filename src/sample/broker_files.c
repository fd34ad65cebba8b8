/* broker_files: the files of a target: images, debug files, what its JIT compiler writes; see
 * broker.h. Everything here is chosen by the target, so only regular files are opened, and
 * those in its root so that no link leads out of it.
 */
#include "broker_ops.h"
#include "ctop/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include <zlib.h>

static const size_t MEMORY_MOST = 1 << 20;
static const uint64_t PERF_MAP_MOST = UINT64_C(1) << 30;

/* The descriptor, if it is of a regular file; else it is closed and errno set. */
static int keep_regular(int fd)
{
	struct stat st;
	if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
		close(fd);
		errno = ENOENT;
		return -1;
	}
	return fd;
}

/* A regular file, opened for reading without waiting for anything. −1: errno. */
static int open_regular(const char *path)
{
	return keep_regular(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
}

/* Opens a path as the process sees it: no link in it leads out of its root. */
static int open_in_root(pid_t pid, const char *path)
{
	char root[64];
	snprintf(root, sizeof root, "/proc/%d/root", pid);
	int dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -1;
	struct open_how how = {
	        .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
	        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	long fd = syscall(SYS_openat2, dir, path + (path[0] == '/'), &how, sizeof how);
	int why = errno;
	close(dir);
	errno = why;
	return keep_regular((int)fd);
}

static bool is_mapped_file(int fd, const struct broker_key *key)
{
	struct stat st;
	if (key->image.inode == 0)
		return true;
	/* The device is not compared: overlay and btrfs report another one here. */
	return fstat(fd, &st) == 0 && st.st_ino == key->image.inode;
}

static int open_program(pid_t pid)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/exe", pid);
	return open_regular(path);
}

/* The program itself, deleted or replaced, which its owner may open where the mappings may be
 * opened by root only. */
static int open_exe(pid_t pid, const struct broker_key *key)
{
	int fd = open_program(pid);
	if (fd >= 0 && key->image.inode != 0 && is_mapped_file(fd, key))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* By the mapping itself, then by the path as the target sees it, then as ctop sees it:
 * the last also serves when the process has ended, for an inode says it is the same. */
static enum ctop_err open_image(pid_t pid, const struct broker_key *key, int *fd, struct err *e)
{
	char path[PATH_MAX + 64];
	snprintf(path, sizeof path, "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, pid,
	         key->image.start, key->image.end);
	*fd = open_regular(path);
	if (*fd >= 0 && is_mapped_file(*fd, key))
		return CTOP_OK;
	int why = ENOENT;
	for (size_t i = 0; i < 2; i++) {
		if (*fd >= 0)
			close(*fd);
		*fd = i == 0 ? open_in_root(pid, key->image.path) : open_regular(key->image.path);
		if (*fd >= 0 && is_mapped_file(*fd, key))
			return CTOP_OK;
		why = *fd >= 0 ? ESTALE : errno;
	}
	if (*fd >= 0)
		close(*fd);
	*fd = open_exe(pid, key);
	if (*fd >= 0)
		return CTOP_OK;
	if (why == ESTALE)
		return err_set(e, CTOP_ENOENT,
		               "%s was replaced since it was mapped; run ctop as root to read the "
		               "mapped one",
		               key->image.path);
	return err_errno(e, err_from_errno(why), why, "cannot open %s", key->image.path);
}

/* The target's own memory. Bounded; what cannot be read is an error. */
static enum ctop_err open_memory(pid_t pid, const struct broker_key *key, int *fd, struct err *e)
{
	size_t len = key->memory.len;
	if (len == 0 || len > MEMORY_MOST)
		return err_set(e, CTOP_ELIMIT, "memory mapping of %zu bytes is too large", len);
	void *bytes = mem_alloc(len);
	struct iovec local = {bytes, len};
	struct iovec remote = {(void *)(uintptr_t)key->memory.start, len};
	ssize_t n = process_vm_readv(pid, &local, 1, &remote, 1, 0);
	int why = errno;
	*fd = n == (ssize_t)len ? broker_memfd(bytes, len) : -1;
	free(bytes);
	if (*fd >= 0)
		return CTOP_OK;
	return err_errno(e, err_from_errno(why), why, "cannot read memory of process %d", pid);
}

static enum ctop_err open_debug_id(pid_t pid, const struct broker_key *key, int *fd, struct err *e)
{
	static const char hex[] = "0123456789abcdef";
	char name[160], path[256];
	size_t at = 0;
	if (key->build_id.len < 2 || key->build_id.len > 64)
		return err_set(e, CTOP_EINVAL, "bad build id");
	for (size_t i = 0; i < key->build_id.len; i++) {
		name[at++] = hex[key->build_id.bytes[i] >> 4];
		name[at++] = hex[key->build_id.bytes[i] & 15];
		if (i == 0)
			name[at++] = '/';
	}
	name[at] = '\0';
	snprintf(path, sizeof path, "/usr/lib/debug/.build-id/%s.debug", name);
	*fd = open_in_root(pid, path);
	if (*fd < 0)
		*fd = open_regular(path);
	if (*fd >= 0)
		return CTOP_OK;
	return err_set(e, CTOP_ENOENT, "no /usr/lib/debug/.build-id/%s.debug", name);
}

/* The checksum gdb and objcopy use: the CRC-32 of zlib over the whole file. */
static bool crc_matches(int fd, uint32_t want)
{
	unsigned char buf[1 << 16];
	uLong crc = crc32(0, NULL, 0);
	ssize_t n;
	while ((n = read(fd, buf, sizeof buf)) > 0)
		crc = crc32(crc, buf, (uInt)n);
	lseek(fd, 0, SEEK_SET);
	return n == 0 && crc == want;
}

/* Where gdb looks: beside the image, in .debug below it, under /usr/lib/debug. */
static enum ctop_err open_debug_link(pid_t pid, const struct broker_key *key, int *fd,
                                     struct err *e)
{
	static const char *const places[] = {"", "/.debug", NULL};
	char path[2 * PATH_MAX];
	const char *slash = strrchr(key->link.image, '/');
	int dir = slash != NULL ? (int)(slash - key->link.image) : 0;
	for (size_t i = 0; i < 6; i++) {
		const char *below = places[i % 3];
		if (below != NULL)
			snprintf(path, sizeof path, "%.*s%s/%s", dir, key->link.image, below,
			         key->link.name);
		else
			snprintf(path, sizeof path, "/usr/lib/debug%.*s/%s", dir, key->link.image,
			         key->link.name);
		*fd = i < 3 ? open_in_root(pid, path) : open_regular(path);
		if (*fd >= 0 && crc_matches(*fd, key->link.crc))
			return CTOP_OK;
		if (*fd >= 0)
			close(*fd);
	}
	*fd = -1;
	return err_set(e, CTOP_ENOENT, "no debug file %s for %s", key->link.name, key->link.image);
}

/* Where dwz's files are installed: what a name says of the way there does not matter. */
static enum ctop_err open_debug_alt(pid_t pid, const struct broker_key *key, int *fd, struct err *e)
{
	static const char place[] = "/.dwz/";
	char path[PATH_MAX];
	const char *at = strstr(key->link.name, place);
	*fd = -1;
	if (at == NULL || strstr(at, "/../") != NULL)
		return err_set(e, CTOP_ENOENT, "no supplementary debug file %s", key->link.name);
	snprintf(path, sizeof path, "/usr/lib/debug%s", at);
	*fd = open_in_root(pid, path);
	if (*fd < 0)
		*fd = open_regular(path);
	return *fd >= 0 ? CTOP_OK : err_set(e, CTOP_ENOENT, "no supplementary debug file %s", path);
}

/* As the target sees it, then as ctop does. */
static enum ctop_err open_source(pid_t pid, const struct broker_key *key, int *fd, struct err *e)
{
	*fd = pid > 0 ? open_in_root(pid, key->source.path) : -1;
	if (*fd < 0)
		*fd = open_regular(key->source.path);
	if (*fd >= 0)
		return CTOP_OK;
	return err_errno(e, err_from_errno(errno), errno, "cannot open %s", key->source.path);
}

/* --- perf maps --------------------------------------------------------------------------- */

/* The pid by which the process knows itself, and its owner. */
static bool read_status(pid_t pid, pid_t *own_pid, uid_t *uid)
{
	char path[64], *text = NULL;
	size_t len;
	snprintf(path, sizeof path, "/proc/%d/status", pid);
	if (broker_read_file(path, &text, &len, NULL) != CTOP_OK)
		return false;
	const char *owner = strstr(text, "\nUid:"), *pids = strstr(text, "\nNSpid:");
	*uid = owner != NULL ? (uid_t)strtoul(owner + 5, NULL, 10) : 0;
	*own_pid = pid;
	/* The last of the line is that of the innermost namespace. */
	for (const char *at = pids != NULL ? pids + 7 : "\n"; *at != '\n' && *at != '\0';) {
		char *end;
		unsigned long n = strtoul(at, &end, 10);
		if (end == at)
			break;
		*own_pid = (pid_t)n;
		at = end;
	}
	free(text);
	return true;
}

/* Anybody may write to /tmp: the file must be a plain one of the process's owner, or root's. */
static bool is_trusted_map(int fd, uid_t owner)
{
	struct stat st;
	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       (st.st_uid == owner || st.st_uid == 0) && (uint64_t)st.st_size <= PERF_MAP_MOST;
}

static enum ctop_err open_perf_map(pid_t pid, int *fd, struct err *e)
{
	char path[64];
	pid_t own_pid;
	uid_t owner;
	if (!read_status(pid, &own_pid, &owner))
		return err_set(e, CTOP_ENOENT, "process %d has ended", pid);
	snprintf(path, sizeof path, "/tmp/perf-%d.map", own_pid);
	*fd = open_in_root(pid, path);
	if (*fd >= 0 && is_trusted_map(*fd, owner))
		return CTOP_OK;
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	return err_set(e, CTOP_ENOENT, "process %d has no %s of its own", pid, path);
}

static enum ctop_err open_kallsyms(int *fd, struct err *e)
{
	*fd = open("/proc/kallsyms", O_RDONLY | O_CLOEXEC);
	if (*fd >= 0)
		return CTOP_OK;
	return err_errno(e, err_from_errno(errno), errno, "cannot open /proc/kallsyms");
}

enum ctop_err broker_open_kind(enum broker_kind kind, pid_t pid, const struct broker_key *key,
                               int *fd, struct err *e)
{
	switch (kind) {
	case BROKER_IMAGE:
		return open_image(pid, key, fd, e);
	case BROKER_MEMORY:
		return open_memory(pid, key, fd, e);
	case BROKER_DEBUG_ID:
		return open_debug_id(pid, key, fd, e);
	case BROKER_DEBUG_LINK:
		return open_debug_link(pid, key, fd, e);
	case BROKER_DEBUG_ALT:
		return open_debug_alt(pid, key, fd, e);
	case BROKER_SOURCE:
		return open_source(pid, key, fd, e);
	case BROKER_PERF_MAP:
		return open_perf_map(pid, fd, e);
	case BROKER_PROGRAM:
		*fd = open_program(pid);
		return *fd >= 0 ? CTOP_OK
		                : err_errno(e, err_from_errno(errno), errno,
		                            "cannot open the program of %d", pid);
	case BROKER_KALLSYMS:
	case BROKER_KINDS:
		break;
	}
	return open_kallsyms(fd, e);
}
