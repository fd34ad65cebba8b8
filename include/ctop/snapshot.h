/* snapshot: one immutable, counted picture of the profile.
 *
 * Published by the analyzer, held by the display and by exports. The tree's
 * structure lives in chunks that never move and only grow, shared between the
 * analyzer and all snapshots of its generation; only the counts are copied, by
 * chunk, and only chunks touched since the last snapshot. Node and function
 * ids at or beyond the snapshot's counts belong to the future and are skipped.
 *
 * Any thread may read a snapshot it holds a reference to. Weights are ns; where the data has no
 * time (snapshot_stats.unit), SNAPSHOT_ONE stands for a count of one.
 */
#ifndef CTOP_SNAPSHOT_H
#define CTOP_SNAPSHOT_H

#include "ctop/funcs.h"

#include <stdbool.h>
#include <stdint.h>

struct group_tree;
struct count_chunk;
struct snapshot;

/* Node ids of the group tree; NODE_NONE ends every list. */
enum { NODE_ROOT = 0 };
#define NODE_NONE UINT32_MAX

/* What weights are. */
enum snapshot_unit {
	SNAPSHOT_TIME, /* ns */
	SNAPSHOT_COUNT /* counts of a file that tells no time, each SNAPSHOT_ONE */
};
#define SNAPSHOT_ONE UINT64_C(1000000)

/* Weight and number of samples, in the function itself and with its callees. */
struct counts {
	uint64_t self_ns, total_ns;
	uint32_t self_n, total_n; /* saturating */
};

/* The fixed part of a tree node. `prev_sibling` and `prev_same` lead to nodes
 * with smaller ids: the other children of the parent, and the other nodes of
 * the same function. */
struct node_info {
	uint32_t parent; /* NODE_NONE for the root */
	uint32_t func;
	uint32_t prev_sibling;
	uint32_t prev_same;
	uint16_t depth; /* root 0, saturating */
	bool outermost; /* no ancestor has the same function: counts in its total */
};

/* Losses and doubts, all since the start (or the last reset). */
struct snapshot_losses {
	uint64_t kernel, sideband, ring, throttled; /* as enum record_lost_cause */
	uint64_t late;
	uint64_t parked_too_long; /* samples unwound without an image that was not ready in time */
	uint64_t truncated;       /* stack beyond the dump */
	uint64_t no_info;         /* no unwind information */
	uint64_t no_stack;        /* nothing captured of a user stack that should exist */
	uint64_t bad;             /* contradictory stack */
	uint64_t unreadable;      /* a page of the stack could not be copied */
	uint64_t elsewhere;       /* interrupted code on another stack than its signal handler */
	uint64_t too_deep;
	uint64_t folded; /* samples in sub-trees folded for want of memory */
};

enum target_state {
	TARGET_RUNNING,
	TARGET_EXITED,   /* all targets are gone */
	TARGET_REPLAYED, /* the capture is at its end */
};

/* What ctop itself costs. */
struct snapshot_cost {
	uint64_t cpu_ns, sampler_ns, analyzer_ns; /* of ctop, of two of its threads */
	uint64_t helper_ns; /* of a helper process; within cpu_ns and sampler_ns */
	uint64_t profile_bytes, name_bytes, image_bytes, unwind_bytes;
	uint64_t line_bytes;     /* indexes of debug information */
	uint32_t units_left_out; /* not indexed, for want of memory */
	uint64_t rows;           /* of call frame information, cached */
	uint32_t names;          /* functions */
};

/* Facts for the header. */
struct snapshot_stats {
	enum snapshot_unit unit;
	bool fractions;         /* counts that are no whole numbers: they are not samples */
	uint64_t samples;       /* counted under the filter in force */
	uint64_t weight_ns;     /* their weight */
	uint64_t all_samples;   /* whatever the filter */
	uint64_t complete;      /* samples whose stack reached a root, whatever the filter */
	uint64_t elapsed_ns;    /* since the start or the reset, pauses included */
	uint64_t target_cpu_ns; /* by the kernel's CPU clocks */
	uint64_t all_weight_ns; /* weight to compare it with */
	uint64_t event_ns;      /* what the sampling events counted, 0 when unknown */
	double cpu_percent;     /* target, last seconds; 100 = one CPU */
	double ctop_percent;    /* ctop itself */
	double accounted;       /* all_weight / target_cpu, 1.0 when unknown */
	uint32_t rate_hz;       /* asked */
	uint32_t stack_bytes;   /* dump size in force */
	struct snapshot_losses losses;
	bool kernel_frames; /* captured by the source */
	bool kernel_names;  /* the kernel's symbols may be read */
	enum target_state state;
	int wait_status; /* of a launched command, −1 unknown */
	struct snapshot_cost cost;
	bool fetching;   /* debug files are fetched, or would be if any were wanted */
	const char *way; /* "perf", "replay", …: static storage */
	char notes[512]; /* what the source had to tell, one a line */
};

/* One thread, alive or ended. */
struct snapshot_thread {
	uint32_t id; /* dense thread id: what a thread filter names */
	uint32_t pid, tid;
	char name[32];
	bool alive;
	uint32_t hottest; /* func id with most self time, 0 when none */
	uint64_t weight_ns;
	float cpu_percent; /* last second, 100 = one CPU */
	uint8_t spark[30]; /* CPU per second, newest last; 255 = one CPU or more */
};

enum { SNAPSHOT_MARKS = 256 };

/* A moment with a name. */
struct snapshot_mark {
	uint64_t time_ns;
	char name[56];
};

/* What happened over time, in buckets of one width. Arrays are owned by the snapshot. */
struct snapshot_strip {
	uint64_t bucket_ns;
	uint64_t from_ns, end_ns; /* the oldest bucket begins, the newest ends there */
	uint32_t count;           /* ≤ 512 */
	uint32_t *us;             /* µs of CPU a bucket, oldest first */
	uint32_t *lost;           /* samples */
	uint32_t *threads;        /* alive, the most at a time; 0 where buckets are narrow */
	uint64_t start_ns;        /* of the run, or of the counts since the last reset */
	uint64_t history_ns;      /* since when there are samples: windows reach back to there */
	uint64_t recent_ns, recent_us; /* the last ten seconds, or less, and the CPU used in them */
};

/* CPU use as heat: a column a second, a row a part of it, as Netflix's FlameScope has it. */
struct snapshot_heat {
	uint64_t from_ns; /* the first column's second begins there */
	uint32_t columns, rows;
	uint32_t *us; /* of row r of column c: us[c * rows + r]; owned; NULL: not asked for */
};

/* How callers were found in a module's code. */
enum snapshot_way {
	SNAPSHOT_BY_TABLE,
	SNAPSHOT_BY_LIBUNWIND,
	SNAPSHOT_BY_SCAN,
	SNAPSHOT_BY_FP,
	SNAPSHOT_WAYS
};
enum snapshot_module_kind { SNAPSHOT_FILE, SNAPSHOT_JIT, SNAPSHOT_KERNEL };

/* How it stands with a module's debug file on a debuginfod server. */
enum snapshot_fetch {
	SNAPSHOT_NOT_FETCHED,
	SNAPSHOT_FETCHING,
	SNAPSHOT_FETCHED,
	SNAPSHOT_NOT_THERE,    /* no server has it */
	SNAPSHOT_FETCH_FAILED, /* servers could not be reached, or refused */
};

/* A module stacks went through: what it has, and what could be done with it. */
struct snapshot_module {
	const char *name, *path; /* for the life of the session */
	enum snapshot_module_kind kind;
	bool loaded, tables, symbols, go; /* symbols: more than the exported ones */
	bool lines;                       /* has debug information */
	uint64_t frames[SNAPSHOT_WAYS];
	uint64_t dead_ends; /* stacks that ended in it for want of unwind information */
	char package[64];   /* Debian's, of its file; "" when not known (yet) */
	enum snapshot_fetch fetch;
	uint64_t fetch_done, fetch_total; /* bytes, while it is fetched; total 0: not known yet */
	char fetch_why[128];              /* why it failed */
};

/* How far a difference to the base line is to be believed. */
enum snapshot_verdict {
	SNAPSHOT_NOISE,      /* chance would do, or it is under half a point */
	SNAPSHOT_CHANGED,    /* chance would hardly do */
	SNAPSHOT_TOO_LITTLE, /* data to tell */
};

/* The base line of a comparison. */
struct snapshot_base {
	bool on;
	bool judged; /* there are verdicts; before that everything is too little */
	uint64_t samples, weight_ns;
	uint64_t from_ns, to_ns;
};

struct snapshot *snapshot_ref(struct snapshot *s);
void snapshot_unref(struct snapshot *s); /* NULL is allowed; the last one frees */

/* Changes whenever node ids lose their meaning (another grouping or filter). */
uint64_t snapshot_generation(const struct snapshot *s);

/* The newest command whose effect is in this snapshot. */
uint64_t snapshot_command(const struct snapshot *s);

const struct snapshot_stats *snapshot_stats(const struct snapshot *s);
const struct snapshot_thread *snapshot_threads(const struct snapshot *s, uint32_t *count);
const struct snapshot_module *snapshot_modules(const struct snapshot *s, uint32_t *count);
const struct snapshot_strip *snapshot_strip(const struct snapshot *s);
const struct snapshot_heat *snapshot_heat(const struct snapshot *s);
const struct snapshot_mark *snapshot_marks(const struct snapshot *s, uint32_t *count);

/* Functions. */
uint32_t snapshot_func_count(const struct snapshot *s);
const struct func *snapshot_func(const struct snapshot *s, uint32_t func);
struct counts snapshot_func_counts(const struct snapshot *s, uint32_t func);

/* The base line, and its counts; zero where there is none. They are counted in the same tree: what
 * vanished has nodes, too. */
const struct snapshot_base *snapshot_base(const struct snapshot *s);
struct counts snapshot_base_func_counts(const struct snapshot *s, uint32_t func);
struct counts snapshot_base_counts(const struct snapshot *s, uint32_t node);

/* Whether a function's total, or its self time, has changed. */
enum snapshot_verdict snapshot_verdict_of(const struct snapshot *s, uint32_t func, bool self);

/* Whether there is anything to see: samples now, or in the base line. */
bool snapshot_has_func(const struct snapshot *s, uint32_t func);
bool snapshot_has_node(const struct snapshot *s, uint32_t node);

/* Newest node of a function (follow prev_same), NODE_NONE when it has none. */
uint32_t snapshot_func_nodes(const struct snapshot *s, uint32_t func);

/* Nodes. */
uint32_t snapshot_node_count(const struct snapshot *s);
struct node_info snapshot_node(const struct snapshot *s, uint32_t node);
struct counts snapshot_counts(const struct snapshot *s, uint32_t node);

/* Newest child of a node (follow prev_sibling), NODE_NONE for a leaf. */
uint32_t snapshot_children(const struct snapshot *s, uint32_t node);

#endif
