/* broker: the only opener of what belongs to a target or needs a privilege.
 *
 * Every other part of ctop asks here and gets a read-only descriptor, so that
 * one small list of requests could later be served by a privileged half over a
 * socket. There are two brokers: the live one, and one that answers from a
 * capture and opens nothing outside it. Thread-safe: workers and the sampler
 * ask side by side.
 */
#ifndef CTOP_BROKER_H
#define CTOP_BROKER_H

#include "ctop/err.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct broker;
struct capture_reader;
struct perf_event_attr;

enum broker_kind {
	BROKER_IMAGE,      /* a mapped file: key->image */
	BROKER_MEMORY,     /* bytes of the target's memory: key->memory (the vdso) */
	BROKER_DEBUG_ID,   /* a separate debug file by build id: key->build_id */
	BROKER_DEBUG_LINK, /* by .gnu_debuglink: key->link */
	BROKER_DEBUG_ALT,  /* the supplementary file of debug files: key->link.name. Live only */
	BROKER_SOURCE,     /* a source file: key->source. Live only */
	BROKER_KALLSYMS,   /* the kernel's symbols: no key */
	BROKER_PERF_MAP,   /* what the process's JIT compiler tells perf: no key. Live only */
	BROKER_PROGRAM,    /* the file a process executes: no key. Live only */
	BROKER_KINDS
};

/* What is asked for; the fields of its kind are read, the rest ignored. */
struct broker_key {
	struct {
		uint64_t start, end; /* the mapping, to open it through map_files */
		const char *path;    /* as the target sees it */
		uint64_t inode;      /* 0: unknown, not checked */
		uint32_t dev_major, dev_minor;
	} image;
	struct {
		uint64_t start, len; /* at most 1 MB */
	} memory;
	struct {
		const unsigned char *bytes;
		size_t len; /* 2–64 */
	} build_id;
	struct {
		const char *name;  /* a plain file name, no slash; DEBUG_ALT: any path */
		const char *image; /* path of the image that names it */
		uint32_t crc;
	} link;
	struct {
		const char *path; /* absolute */
	} source;
};

/* Opens one thing for reading. `start_ticks` (field 22 of /proc/PID/stat; 0:
 * not checked) guards against a reused pid. On success *fd is a descriptor the
 * caller closes; a regular file, or a memfd. Errors: CTOP_ENOENT, CTOP_EPERM,
 * CTOP_EIO, with a text that names the path tried. */
enum ctop_err broker_open(struct broker *b, enum broker_kind kind, pid_t pid, uint64_t start_ticks,
                          const struct broker_key *key, int *fd, struct err *e);

/* A file of /proc/PID (or /proc/PID/task/TID when tid != 0), `name` one of
 * "maps", "stat", "status", "comm", "wchan", "syscall", "schedstat", "children", "stack",
 * "cmdline", "cgroup", read whole into a NUL-terminated buffer the caller frees, at most 64 MB.
 * Live only. */
enum ctop_err broker_read_proc(struct broker *b, pid_t pid, pid_t tid, const char *name,
                               char **text, size_t *len, struct err *e);

/* The threads of a process, or with pid 0 all processes, in an array the caller
 * frees. Live only. */
enum ctop_err broker_list(struct broker *b, pid_t pid, pid_t **ids, size_t *count, struct err *e);

/* The control group whose perf events follow the process: a descriptor of its directory, which
 * the caller closes, and the processes in it (0: one out of sight), in an array the caller
 * frees. CTOP_ENOENT when it is the root's, or not in sight. Live only. */
enum ctop_err broker_cgroup(struct broker *b, pid_t pid, int *fd, pid_t **pids, size_t *count,
                            struct err *e);

/* The path of the program a process executes, as its root has it, without " (deleted)". Live only.
 */
enum ctop_err broker_program(struct broker *b, pid_t pid, char *path, size_t cap);

/* Opens a file of /proc/PID (or of a task, as above) for reading, again and again by pread(2):
 * "schedstat", "stat"; or "mem", to learn whether the process may be traced. The descriptor, which
 * the caller closes, or −errno. Live only. */
int broker_open_proc(struct broker *b, pid_t pid, pid_t tid, const char *name);

/* perf_event_open(2) with PERF_FLAG_FD_CLOEXEC. Returns the descriptor or
 * −errno. Live only. */
int broker_perf_event(struct broker *b, struct perf_event_attr *attr, pid_t pid, int cpu, int group,
                      unsigned long flags);

/* A file, and the Debian package that has installed it ("libc6:amd64"). */
struct broker_file {
	const char *path;
	char package[64]; /* "" when none has, or this is not a Debian machine */
};

/* Fills in the packages. Reads some megabytes: for a worker. */
void broker_packages(struct broker *b, struct broker_file *files, size_t count);

/* The live broker. */
struct broker *broker_new_live(void);

/* A broker that answers from a capture; the reader is borrowed. */
struct broker *broker_new_capture(struct capture_reader *reader);

void broker_free(struct broker *b);

#endif
