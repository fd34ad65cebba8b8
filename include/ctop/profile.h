/* profile: what was sampled, counted; the analyzer's whole model.
 *
 * Samples arrive as interned stacks of raw locations with a weight. They go
 * into the history ring, into the totals per (stack, thread), and, where the
 * query in force accepts them, along their path in the group tree and the
 * function table. Another grouping, filter or window is a new generation, rebuilt from
 * the totals or the history in slices (profile_work) while new samples keep arriving, and
 * swapped in when complete.
 *
 * Belongs to one thread; snapshots may go to any.
 */
#ifndef CTOP_PROFILE_H
#define CTOP_PROFILE_H

#include "ctop/funcs.h"
#include "ctop/snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct profile;

/* A raw location: what unwinding yields, before any name. 16 bytes. */
enum loc_kind {
	LOC_PROCESS, /* addr: a func id of kind FUNC_PROCESS; the first location of every stack */
	LOC_IP,      /* owner: image id, addr: ELF address */
	LOC_RETURN,  /* the same, a return address */
	LOC_KERNEL,  /* addr: kernel address, leaf */
	LOC_KERNEL_RETURN,
	LOC_CODE, /* owner: image id, addr: the id of a code object << 32, and the offset in it */
	LOC_MARK, /* addr: a func id of kind FUNC_MARK */
};
struct loc {
	uint64_t addr;
	uint32_t owner;
	uint32_t kind; /* enum loc_kind */
};

/* Locations a chain may have. */
enum { PROFILE_DEPTH = 8448 };

/* What a frame is told by. */
enum profile_group {
	GROUP_FUNCTION,
	GROUP_LINE,   /* function, file and line */
	GROUP_FILE,   /* source file; those that follow one another are one */
	GROUP_MODULE, /* program or library; the same */
	GROUPS
};

/* A rule about stacks, or about frames, told by the name of their function or of their module.
 * Rules of KEEP that are kinds of one another all hold: a stack must satisfy each. */
enum filter_kind {
	FILTER_KEEP,          /* only stacks with a function that matches (match.h) */
	FILTER_DROP,          /* only stacks without one */
	FILTER_KEEP_FUNCTION, /* only stacks with that very function */
	FILTER_KEEP_MODULE,   /* only stacks that go through that module */
	FILTER_HIDE_MODULE,   /* its frames are left out; their time goes to the caller */
	FILTER_FOLD_MODULE,   /* its frames that follow one another are one, "[libfoo.so]" */
	FILTER_KINDS
};
enum { PROFILE_FILTERS = 8, FILTER_TEXT = 128 };
struct profile_filter {
	enum filter_kind kind;
	char text[FILTER_TEXT];
};

/* Which time is counted. All but the first are counted from the history, as far back as that goes.
 */
enum window_kind {
	WINDOW_ALL,   /* since the start, or the reset */
	WINDOW_LAST,  /* the last `span_ns`, sliding */
	WINDOW_DECAY, /* all, where what lies `span_ns` back counts half */
	WINDOW_RANGE, /* from `from_ns` to before `to_ns` */
};
struct profile_window {
	enum window_kind kind;
	uint64_t span_ns;
	uint64_t from_ns, to_ns;
};

/* What is counted and how. Zero-initialised is everything, by function. */
struct profile_query {
	bool hide_kernel; /* leave out kernel frames; their time goes to the caller */
	bool by_thread;   /* only thread `thread` */
	bool by_process;  /* only process `process`, a pid */
	uint32_t thread, process;
	enum profile_group group;
	bool hide_inlined; /* leave out inlined functions; their time goes to the caller */
	uint32_t filter_count;
	struct profile_filter filters[PROFILE_FILTERS];
	struct profile_window window;
	bool compare; /* count the samples of another range, the base line, beside it, to compare */
	uint64_t base_from_ns, base_to_ns;
};

/* Function ids a location may have: one, and those inlined there. */
enum { PROFILE_FRAMES = 65 };

/* Names a location under a query: its function ids in `funcs`, outermost first; returns how many,
 * at least one. Called by the thread that owns the profile, once per new location and again after
 * profile_regroup() or another grouping. */
typedef size_t profile_frames_fn(void *ctx, const struct loc *loc, const struct profile_query *q,
                                 uint32_t out[PROFILE_FRAMES]);

struct profile_config {
	size_t memory; /* bytes for history, stacks, tree and tables together */
	profile_frames_fn *frames_of;
	void *ctx;
	struct funcs *funcs;        /* borrowed; outlives every snapshot */
	struct profile_query query; /* to begin with */
	uint64_t start_ns;          /* time of the first bucket of the strip */
};

struct profile *profile_new(const struct profile_config *config);
/* Snapshots must have been given back before funcs go, not before this. */
void profile_free(struct profile *p);

/* Interns a chain of `count` locations (at most PROFILE_DEPTH), root first (locs[0] is
 * LOC_PROCESS); returns its stack id. */
uint32_t profile_stack(struct profile *p, const struct loc *locs, size_t count);

/* A new thread; dense ids from 0. `name` is copied, cleaned by the caller. */
uint32_t profile_thread_add(struct profile *p, uint32_t pid, uint32_t tid, const char *name);
void profile_thread_rename(struct profile *p, uint32_t thread, const char *name);
void profile_thread_exit(struct profile *p, uint32_t thread);

/* Counts one sample. `complete`: its stack reached a root. */
void profile_add(struct profile *p, uint64_t time_ns, uint32_t thread, uint32_t stack,
                 uint64_t weight_ns, bool complete);

/* Counts `weight` at once, of which it is not known when: of a file that tells counts only
 * (SNAPSHOT_COUNT). It stands for as many samples as it has whole counts, but at least one. */
void profile_add_counted(struct profile *p, uint32_t thread, uint32_t stack, uint64_t weight,
                         bool complete);

/* Starts counting under another query, or again under the same one because
 * names have changed (profile_frames_fn is asked anew for every location). The
 * old tree goes on being published until the new one is complete. `command`
 * is the number snapshots carry from then on. */
void profile_set_query(struct profile *p, const struct profile_query *q, uint64_t command);
void profile_regroup(struct profile *p);

/* Forgets all counts, history and losses; keeps threads, stacks and names. */
void profile_reset(struct profile *p, uint64_t now_ns, uint64_t command);

/* Does pending background work (recount, folding) for at most about `budget_ns`.
 * Returns true while work is left. */
bool profile_work(struct profile *p, uint64_t budget_ns);

/* The losses and facts the caller owns; published as they are. The profile
 * fills samples, weight_ns, all_samples, complete, all_weight_ns, folded. */
struct snapshot_stats *profile_stats(struct profile *p);

/* What of the run the strip shows: from, to; both 0: the newest. */
void profile_set_strip(struct profile *p, uint64_t from_ns, uint64_t to_ns);

/* What the heat shows: as many seconds from a time on (0: the newest), each in so many rows; 0
 * seconds: nothing. */
enum { PROFILE_HEAT_SECONDS = 600, PROFILE_HEAT_ROWS = 100 };
void profile_set_heat(struct profile *p, uint64_t from_ns, uint32_t seconds, uint32_t rows);

/* Samples that were lost at about that time, for the strip. */
void profile_lost(struct profile *p, uint64_t time_ns, uint64_t samples);

/* A moment with a name, for the time line; times need not be in order. The oldest of more than
 * SNAPSHOT_MARKS is forgotten. `name` is copied, cleaned by the caller. */
void profile_mark(struct profile *p, uint64_t time_ns, const char *name);

/* A snapshot of now; the caller owns the reference. `modules` (may be NULL) is handed over. */
struct snapshot *profile_publish(struct profile *p, uint64_t now_ns,
                                 struct snapshot_module *modules, uint32_t module_count);

/* Calls fn for each sample the history still has and the query in force accepts, about in order of
 * time; `node` is a node of the tree that is published. Not while profile_work() has work left. */
typedef void profile_sample_fn(void *ctx, uint64_t time_ns, uint32_t node, uint64_t weight_ns);
void profile_samples(struct profile *p, profile_sample_fn *fn, void *ctx);

/* Bytes held, all parts. */
size_t profile_bytes(const struct profile *p);

/* The query in force for what is published. */
const struct profile_query *profile_query(const struct profile *p);

/* All that is counted under it, ns. */
uint64_t profile_weight(const struct profile *p);

/* What was counted at one location that belongs to a function. */
struct profile_location {
	struct loc loc;
	uint64_t leaf_ns;  /* samples that were taken there */
	uint64_t total_ns; /* those and samples in what is called from there; recursion once */
	bool innermost;    /* the function is the innermost one there: leaf_ns is its self time */
};

/* The locations of a function under the query in force, in an array the caller frees; how many in
 * *count. Takes time in proportion to the stacks there are. */
struct profile_location *profile_locations(struct profile *p, uint32_t func, size_t *count);

#endif
