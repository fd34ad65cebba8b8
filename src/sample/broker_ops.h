/* broker_ops: what a broker is made of. Private to the sample layer. */
#ifndef CTOP_SAMPLE_BROKER_OPS_H
#define CTOP_SAMPLE_BROKER_OPS_H

#include "ctop/broker.h"

#include <stdbool.h>

/* A NULL member means that this broker cannot do it. `open` gets a kind in range. */
struct broker_ops {
	bool packages; /* this machine's package lists are those of the files opened */
	enum ctop_err (*open)(void *self, enum broker_kind kind, pid_t pid, uint64_t start_ticks,
	                      const struct broker_key *key, int *fd, struct err *e);
	enum ctop_err (*read_proc)(void *self, pid_t pid, pid_t tid, const char *name, char **text,
	                           size_t *len, struct err *e);
	enum ctop_err (*list)(void *self, pid_t pid, pid_t **ids, size_t *count, struct err *e);
	enum ctop_err (*cgroup)(void *self, pid_t pid, int *fd, pid_t **pids, size_t *count,
	                        struct err *e);
	enum ctop_err (*program)(void *self, pid_t pid, char *path, size_t cap);
	int (*open_proc)(void *self, pid_t pid, pid_t tid, const char *name);
	int (*perf_event)(void *self, struct perf_event_attr *attr, pid_t pid, int cpu, int group,
	                  unsigned long flags);
};

struct broker {
	const struct broker_ops *ops;
	void *self; /* borrowed or static */
};

/* A sealed memfd with these bytes, at its beginning; −1 with errno set. */
int broker_memfd(const void *bytes, size_t len);

/* Reads a whole file of /proc into memory the caller frees, NUL-terminated. */
enum ctop_err broker_read_file(const char *path, char **text, size_t *len, struct err *e);

/* --- broker_files.c: opens one thing of a live process, without asking who it is. */
enum ctop_err broker_open_kind(enum broker_kind kind, pid_t pid, const struct broker_key *key,
                               int *fd, struct err *e);

/* --- broker_cgroup.c */
enum ctop_err broker_open_cgroup(pid_t pid, int *fd, pid_t **pids, size_t *count, struct err *e);

#endif
