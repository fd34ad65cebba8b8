/* profile_state: what a profile is made of, and the functions its files have in common. Private to
 * the profile layer; belongs to the analyzer.
 *
 * A generation is a group tree with its counts, under one query. A recount makes the next one
 * beside it: the raw stacks' group nodes belong to the newest generation; the old one is published
 * unchanged until the new one is complete. Generations that group alike (another window, another
 * thread) share the tree.
 */
#ifndef CTOP_PROFILE_STATE_H
#define CTOP_PROFILE_STATE_H

#include "activity.h"
#include "ctop/hash.h"
#include "ctop/history.h"
#include "ctop/profile.h"
#include "filter.h"
#include "stacks.h"
#include "timeline.h"
#include "tree.h"
#include "verdicts.h"

/* Samples of one thread with one stack, since the start or the reset. */
struct total {
	uint64_t weight_ns;
	uint32_t stack, thread;
	uint32_t n;
	uint32_t reserved;
};

/* Samples of one stack in a window. */
struct stack_sum {
	uint64_t weight_ns;
	uint32_t n;
};

/* How far a generation has come. One that counts all walks the totals; one with a window first
 * sums up its part of the history by stack, then walks the sums. Entries of the history are told by
 * how many were pushed before them. */
struct progress {
	uint64_t left, entered; /* entries of the history in the sums: from `left` to before
	                           `entered` */
	bool summed;            /* the walk over the history is over */
	size_t walked;          /* totals, or sums */
	struct stack_sum *sums; /* owned; by stack */
	size_t sum_count, sum_cap;
	uint64_t as_of_ns; /* WINDOW_DECAY: the time the weights are right for */
};

/* Counts of the nodes of a tree, and of the functions. */
struct tally {
	struct count_array nodes, by_func;
	uint64_t samples, weight_ns;
};

/* Both tallies are of the one tree. */
struct generation {
	struct profile_query query;
	uint64_t number, command;
	struct group_tree *tree;
	struct tally now, base;
	struct filters filters;
	struct progress done, base_done;
	struct verdicts verdicts;
};

struct profile {
	struct profile_config c;
	struct stacks stacks;
	struct history history;
	struct activity activity;
	struct timeline timeline;
	struct total *totals;
	size_t total_count, total_cap;
	struct hash_map total_index;   /* (stack, thread) → index */
	struct generation shown, next; /* next.tree is NULL unless a recount is on */
	uint64_t generations;
	struct snapshot_stats stats;
	uint32_t folded_loc;
};

static inline uint32_t saturating(uint32_t a, uint32_t b)
{
	return a + b < a ? UINT32_MAX : a + b;
}

/* The query and command that will be in force when pending work is done. */
const struct generation *profile_newest(const struct profile *p);

/* The totals entry of (stack, thread), added when new. */
size_t profile_total(struct profile *p, uint32_t stack, uint32_t thread);

/* --- grouping.c: stacks to nodes of a generation, and counts along them */

/* The functions of a location, outermost first; how many in *count. */
const uint32_t *grouping_funcs(struct profile *p, uint32_t loc, size_t *count);

bool grouping_hides(const struct profile_query *q, const struct loc *loc);
bool grouping_accepts_thread(const struct profile *p, const struct profile_query *q,
                             uint32_t thread);

/* The group node of a stack; false when the filters do not accept it. */
bool grouping_find(struct profile *p, struct generation *g, uint32_t stack, uint32_t *node);

/* Adds to a stack's path, or takes away what was added, where the filters accept the stack. */
void grouping_count(struct profile *p, struct generation *g, struct tally *t, uint32_t stack,
                    uint64_t weight_ns, uint32_t n);
void grouping_uncount(struct profile *p, struct generation *g, uint32_t stack, uint64_t weight_ns);

/* --- recount.c: generations and their windows */

void generation_fini(struct generation *g);
struct generation generation_new(struct profile *p, const struct profile_query *q,
                                 uint64_t command);
/* Where a query groups stacks as the newest one does, its counts are of the same tree, unless it
 * must be made `afresh`: names, or the stacks themselves, have changed. */
void recount_begin(struct profile *p, const struct profile_query *q, uint64_t command, bool afresh);

/* A slice of the recount that is on. */
void recount_batch(struct profile *p);

/* A sample that has just come, or several alike: `total` is its index in the totals, `e` the newest
 * entry of the history; NULL for samples without a time, which no window holds. */
void recount_add(struct profile *p, size_t total, const struct history_entry *e,
                 const struct total *sample);

/* The oldest entry of the history is about to make room. */
void recount_lose(struct profile *p);

/* Time has gone on: a sliding or decaying window follows. */
void recount_slide(struct profile *p, uint64_t now_ns);

/* --- folding.c: what happens when the memory is used up */

void folding_run(struct profile *p);

#endif
