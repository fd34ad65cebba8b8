/* ptrace_source: the state of the source that samples by ptrace, shared by its parts. Private.
 *
 *   ptrace.c          opening, rounds of looks, the drain
 *   ptrace_targets.c  processes, threads and mappings, by what /proc tells
 *   ptrace_stop.c     how a running thread is looked into
 *   apart.c           where it works: in a process of its own
 *
 * All of it belongs to one thread, there or here.
 */
#ifndef CTOP_SAMPLE_PTRACE_SOURCE_H
#define CTOP_SAMPLE_PTRACE_SOURCE_H

#include "cputime.h"
#include "ctop/hash.h"
#include "ctop/source.h"
#include "ctop/strbuf.h"
#include "ptrace_stop.h"
#include "ranges.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct broker;

struct traced_thread {
	pid_t tid, pid;
	uint64_t used_ns;    /* CPU time when last looked at */
	uint64_t counted_ns; /* of that, what samples stand for */
	uint64_t active;     /* when it was last seen to have used some */
	int cpu_fd, stat_fd; /* its schedstat and stat, kept open; −1: not */
	uint8_t rest;        /* looks left out until the next */
	bool sampled;        /* at the last look */
	bool late;           /* it is being stopped, and does not yet */
	bool own_child;      /* somebody else here waits for its end */
	bool listed;         /* seen in the last listing */
};

struct traced_process {
	pid_t pid;
	uint64_t start_ticks, stack_base;
	struct cputime used;
	uint64_t maps_hash, maps_due, maps_pause;
	struct ranges code;             /* what is executable */
	size_t listed;                  /* its threads, at the last listing */
	uint64_t listed_at;             /* when that was; 0: it is to be listed */
	bool fresh;                     /* the listing under way was of it too */
	bool alive, own_child, is_root; /* is_root: one the user named */
};

struct ptrace_source {
	struct broker *broker;
	struct source_config config;
	struct traced_process *procs;
	size_t proc_count, proc_cap;
	struct traced_thread *threads;
	size_t thread_count, thread_cap;
	struct hash_map by_tid;        /* tid → index in threads */
	unsigned kept_open, keep_most; /* threads with descriptors, and how many may have some */
	struct strbuf pending;
	size_t pending_at;
	struct stop_tools tools;
	unsigned char *stack; /* the copy being made */
	uint64_t list_pause, list_due, alive_due, children_due, stats_due, next_ns, give_up;
	double held_ns, scan_ns; /* a stop, a look at all threads: what they take, of late */
	uint64_t lost, weight_ns;
	uint64_t used_ns; /* by the targets, never less than told before */
	unsigned seed, rounds;
	bool measuring;       /* this round's looks */
	uint64_t sampling_ns; /* CPU time of its samples, when they are measured */
	bool stopping, ended;
};

/* The process of a pid that is alive, or NULL. */
struct traced_process *traced_process(struct ptrace_source *s, pid_t pid);

/* What a thread has used, ns; false when it is gone. */
bool traced_cpu(struct ptrace_source *s, const struct traced_thread *t, uint64_t *ns);

/* Whether it runs, or waits for a CPU to. */
bool traced_is_running(struct ptrace_source *s, const struct traced_thread *t);

/* A thread could not be read: it has ended, and its process is to be listed. */
void traced_is_gone(struct ptrace_source *s, const struct traced_thread *t);

/* Closes what is kept open of it. */
void traced_close(struct ptrace_source *s, struct traced_thread *t);

/* A process to sample, with its threads and mappings. `from_birth`: all it has ever used
 * counts. */
void traced_add(struct ptrace_source *s, pid_t pid, bool from_birth);

/* Its CPU time counts from now on. */
void traced_rebase(struct traced_process *p);

/* Reads the mappings of a process and tells of them when they have changed. */
void traced_read_maps(struct ptrace_source *s, struct traced_process *p, uint64_t now);

/* Looks for threads and processes that are new or gone. */
void traced_list_threads(struct ptrace_source *s, uint64_t now);
void traced_list_children(struct ptrace_source *s); /* all there are: dear */
void traced_peek_children(struct ptrace_source *s); /* most of them: cheap */

/* Whether a process is left; reads their clocks. */
bool traced_any_alive(struct ptrace_source *s);

static inline uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

#endif
