/* tree: the group tree of one generation, and counts that snapshots share.
 * Private to the profile layer.
 *
 * Structure: nodes in chunks that never move; parent, function and the links to
 * older siblings and namesakes are written once, before the node's id is
 * published through an atomic head. The analyzer appends, any thread reads.
 *
 * Counts: chunks of 32 counters with a reference count. A snapshot takes a
 * reference to every chunk; the analyzer copies a chunk before it writes to one
 * that somebody else holds. So publishing costs a pointer a chunk, and only
 * chunks touched between two snapshots are ever copied.
 */
#ifndef CTOP_PROFILE_TREE_H
#define CTOP_PROFILE_TREE_H

#include "ctop/hash.h"
#include "ctop/snapshot.h"

#include <stdatomic.h>
#include <stddef.h>

enum { COUNT_CHUNK_BITS = 6, COUNT_CHUNK = 1 << COUNT_CHUNK_BITS };

struct count_chunk {
	_Atomic uint32_t refs;
	struct counts c[COUNT_CHUNK];
};

/* A growing array of counters. Zero-initialised is empty. */
struct count_array {
	struct count_chunk **chunks;
	size_t count, cap; /* chunks */
};

void count_array_fini(struct count_array *a);

/* The counter to write to; grows, and copies a shared chunk. */
struct counts *count_array_at(struct count_array *a, uint32_t i);

/* The counter to read; zero for one that was never written. */
struct counts count_array_get(const struct count_array *a, uint32_t i);

/* Multiplies all weights (not the numbers of samples). */
void count_array_scale(struct count_array *a, double by);

/* References to all chunks, for a snapshot; the array is freed by
 * count_chunks_free(). */
struct count_chunk **count_array_share(const struct count_array *a);
void count_chunks_free(struct count_chunk **chunks, size_t count);

size_t count_array_bytes(const struct count_array *a);

struct group_tree;

/* A tree with the root node only; one reference. */
struct group_tree *tree_new(void);
struct group_tree *tree_ref(struct group_tree *t);
void tree_unref(struct group_tree *t);

/* Analyzer: the child of `parent` for `func`, added when new. NODE_ROOT when the
 * tree is full (64 M nodes). */
uint32_t tree_child(struct group_tree *t, uint32_t parent, uint32_t func);

/* The same for a parent that has no child yet: nothing is looked for. */
uint32_t tree_first_child(struct group_tree *t, uint32_t parent, uint32_t func);

/* Analyzer: parent, function and "outermost" of a node, without bounds checks. */
struct tree_step {
	uint32_t parent, func;
	bool outermost;
};
struct tree_step tree_step(const struct group_tree *t, uint32_t node);

/* Analyzer: no node will be added any more: frees what only adding needs. */
void tree_seal(struct group_tree *t);

uint32_t tree_count(const struct group_tree *t);
struct node_info tree_info(const struct group_tree *t, uint32_t node);

/* Any thread: the newest child, the newest node of a function; NODE_NONE. */
uint32_t tree_newest_child(const struct group_tree *t, uint32_t node);
uint32_t tree_newest_of(const struct group_tree *t, uint32_t func);

size_t tree_bytes(const struct group_tree *t);

#endif
