/* source: where records come from.
 *
 * One interface for perf events, ptrace and replayed captures. A source is
 * opened and closed by its owner; source_drain() is called by the sampler
 * thread only and writes complete records into a byte ring, in time order.
 */
#ifndef CTOP_SOURCE_H
#define CTOP_SOURCE_H

#include "ctop/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct broker;
struct ring;
struct source;
struct capture_reader;

/* How samples are taken; shown in the header. */
enum source_way {
	WAY_PERF_THREADS, /* perf: thread × CPU events */
	WAY_PERF_CPUS,    /* perf: per-CPU events, filtered by pid */
	WAY_PERF_SYSTEM,  /* perf: the whole machine */
	WAY_PTRACE,       /* stop, copy, resume */
	WAY_REPLAY,       /* a capture */
	WAY_PERF_CGROUP,  /* perf: events of the target's cgroup, filtered by pid */
	WAY_STILL,        /* none: no samples are taken */
	WAY_FOLDED,       /* a file of folded stacks */
	WAYS
};

enum source_unwind { SOURCE_UNWIND_AUTO, SOURCE_UNWIND_DWARF, SOURCE_UNWIND_FP };

/* Which live source to open. */
enum source_choice {
	SOURCE_ANY, /* perf events, or ptrace where those are refused */
	SOURCE_PERF,
	SOURCE_PTRACE,
	SOURCE_STILL, /* none: for looks at the threads alone */
};

/* What to sample. Borrowed during source_open(). */
struct source_config {
	const pid_t *pids; /* targets, or the one launched command; empty with all_cpus */
	size_t pid_count;
	bool whole_machine;   /* -a */
	bool launched;        /* the pid is a stopped child about to exec: enable_on_exec */
	bool follow_children; /* sample what the targets fork */
	bool kernel;          /* kernel callchains wanted (dropped where refused) */
	uint32_t rate_hz;     /* samples a CPU-second */
	uint32_t stack_bytes; /* dump size, multiple of 8, ≤ RECORD_STACK_MAX */
	uint32_t drain_ms;    /* how old a sample may get before it is handed on; 0: 100 */
	uint64_t regs_mask;   /* perf's sample_regs_user (unwind/arch gives it) */
	uint32_t sp_slot;     /* which of those registers is the stack pointer, from 0 */
	pid_t own_pid;        /* a process that is never sampled: ctop; set by source_open_…() */
};

/* What a source turned out to be; valid after source_open(). */
struct source_info {
	enum source_way way;
	bool kernel;          /* kernel frames are captured */
	uint32_t rate_hz;     /* in force (may be lower than asked) */
	uint32_t stack_bytes; /* in force */
	uint32_t drain_ms;    /* how often source_drain() wants to be called */
	uint64_t regs_mask;
	char notes[512]; /* what was lowered and why, one per line; may be "" */
};

/* One kind of source. `self` is what open() stored in source->self. */
struct source_ops {
	const char *name;
	/* Moves what is due into `out`; may be called at any interval. Sets
	 * *ended when RECORD_END has been written. CTOP_EAGAIN when the ring has no
	 * room for records that must not be lost: call again. */
	enum ctop_err (*drain)(void *self, struct ring *out, bool *ended, struct err *e);
	/* When source_drain() wants to be called next (CLOCK_MONOTONIC, ns); NULL: after
	 * info.drain_ms, and sooner at first. */
	uint64_t (*due)(void *self);
	/* Changes the rate from now on; NULL when it cannot. */
	enum ctop_err (*set_rate)(void *self, uint32_t hz, struct err *e);
	/* Copies `bytes` of the stack from now on; NULL when it cannot. *drain_ms gets how
	 * often source_drain() wants to be called then. */
	void (*set_stack)(void *self, uint32_t bytes, uint32_t *drain_ms);
	/* Ends sampling: the next drain hands on all that is left, then RECORD_END. */
	void (*stop)(void *self);
	/* Releases everything. */
	void (*close)(void *self);
};

struct source {
	const struct source_ops *ops;
	void *self; /* owned */
	struct source_info info;
};

/* Opens perf events on live processes. On success *out is filled; the broker
 * is borrowed for the life of the source. Errors name the cause and the cure. */
enum ctop_err source_open_perf(struct source *out, struct broker *b,
                               const struct source_config *config, struct err *e);

/* Samples by stopping one thread at a time for some microseconds (ptrace(2)), where perf events
 * are refused: no kernel frames, threads that run only. A process of its own does it, where
 * that may; it ends when the calling thread does. A target that runs is stopped once for a try.
 * The broker is borrowed. */
enum ctop_err source_open_ptrace(struct source *out, struct broker *b,
                                 const struct source_config *config, struct err *e);

/* Takes no samples: tells what the targets are and have mapped, for looks at their threads
 * (peek.h). The broker is borrowed while it opens. */
enum ctop_err source_open_still(struct source *out, struct broker *b,
                                const struct source_config *config, struct err *e);

/* Has nothing to tell and ends at once: all there is has been counted otherwise. */
enum ctop_err source_open_ended(struct source *out, enum source_way way);

/* Opens the live source of the choice. */
enum ctop_err source_open_live(struct source *out, enum source_choice choice, struct broker *b,
                               const struct source_config *config, struct err *e);

/* Replays a capture as fast as the ring takes it (paced = false) or on the
 * capture's own clock (paced = true). The reader is borrowed. */
enum ctop_err source_open_replay(struct source *out, struct capture_reader *reader, bool paced,
                                 struct err *e);

/* "perf", "perf cpu", "perf cgroup", "perf all", "ptrace", "replay": what the header shows. */
const char *source_way_name(enum source_way way);

#endif
