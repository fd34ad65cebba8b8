/* ptrace_source: the state of the source that samples by ptrace, shared by its parts. Private.
 *
 *   ptrace.c          opening, rounds of looks, the drain
 *   ptrace_targets.c  processes, threads and mappings, by what /proc tells
 *   ptrace_stop.c     one look into a running thread
 *
 * All of it belongs to the sampler thread once the source is open.
 */
#ifndef CTOP_SAMPLE_PTRACE_SOURCE_H
#define CTOP_SAMPLE_PTRACE_SOURCE_H

#include "ctop/hash.h"
#include "ctop/source.h"
#include "ctop/strbuf.h"
#include "ptrace_stop.h"

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
	uint8_t rest;        /* looks left out until the next */
	bool late;           /* it is being stopped, and does not yet */
	bool own_child;      /* somebody else here waits for its end */
	bool listed;         /* seen in the last listing */
};

struct traced_range {
	uint64_t start, end;
};

struct traced_process {
	pid_t pid;
	uint64_t start_ticks, stack_base;
	uint64_t base_ns, cpu_ns; /* its CPU clock at the start, and last */
	uint64_t maps_hash, maps_due, maps_pause;
	struct traced_range *code; /* what is executable */
	size_t code_count, code_cap;
	bool alive, own_child, is_root; /* is_root: one the user named */
};

struct ptrace_source {
	struct broker *broker;
	struct source_config config;
	struct traced_process *procs;
	size_t proc_count, proc_cap;
	struct traced_thread *threads;
	size_t thread_count, thread_cap;
	struct hash_map by_tid; /* tid → index in threads */
	struct strbuf pending;
	size_t pending_at;
	unsigned char *stack;
	struct stopper stopper;
	uint64_t list_due, children_due, stats_due, next_ns, give_up;
	double held_ns, scan_ns; /* a stop, a look at all threads: what they take, of late */
	uint64_t lost, weight_ns;
	unsigned seed;
	bool stopping, ended;
};

/* The process of a pid that is alive, or NULL. */
struct traced_process *traced_process(struct ptrace_source *s, pid_t pid);

/* A process to sample, with its threads and mappings. `from_birth`: all it has ever used
 * counts. */
void traced_add(struct ptrace_source *s, pid_t pid, bool from_birth, bool own_child);

/* Reads the mappings of a process and tells of them when they have changed. */
void traced_read_maps(struct ptrace_source *s, struct traced_process *p, uint64_t now);

/* Looks for threads and processes that are new or gone. */
void traced_list_threads(struct ptrace_source *s);
void traced_list_children(struct ptrace_source *s); /* all there are: dear */
void traced_peek_children(struct ptrace_source *s); /* most of them: cheap */

/* Whether a process is left; reads their clocks. */
bool traced_any_alive(struct ptrace_source *s);

static inline uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

#endif
