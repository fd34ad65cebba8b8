/* stacks: interned chains of raw locations. Private to the profile layer.
 *
 * A stack is a node whose parents lead to the root; nodes stand in parallel
 * arrays, parents before children, so that sweeps in either direction are plain
 * loops. Never rewritten when a name arrives. Belongs to the analyzer.
 */
#ifndef CTOP_PROFILE_STACKS_H
#define CTOP_PROFILE_STACKS_H

#include "ctop/hash.h"
#include "ctop/profile.h"

enum { STACK_ROOT = 0 };
#define GROUP_UNSET UINT32_MAX
#define FUNC_UNSET UINT32_MAX
#define FUNC_MANY (UINT32_C(1) << 31)
#define NODE_UNSET UINT32_MAX

struct stacks {
	/* Nodes, by stack id. */
	uint32_t *parent, *loc, *group; /* group: node of the group tree of this generation */
	uint8_t *seen; /* where that is set: the rules that are fulfilled (filter.h) */
	size_t count, parent_cap, loc_cap, group_cap, seen_cap;
	struct hash_map index; /* hash of (parent, loc) → node */
	/* Locations, by loc id. */
	struct loc *locs;
	uint32_t
	        *func; /* FUNC_UNSET until asked for; FUNC_MANY: where its list begins in `lists` */
	size_t loc_count, locs_cap, func_cap;
	uint32_t *lists; /* functions of locations that have several: how many, and those */
	size_t list_count, list_cap;
	struct hash_map loc_index;
	/* The chain interned last: its successor shares most of it. */
	struct loc *last;
	uint64_t *last_hashes; /* of each beginning of it */
	uint32_t *last_nodes;
	size_t last_count, last_cap, last_hashes_cap, last_nodes_cap;
	/* Whole chains by their 64-bit hash, so that a known one costs one look-up and not
	 * one a frame. */
	struct hash_map chains;
};

void stacks_init(struct stacks *t);
void stacks_fini(struct stacks *t);

/* The node of a chain, root first. */
uint32_t stacks_chain(struct stacks *t, const struct loc *locs, size_t count);

/* The child of `parent` for a location. */
uint32_t stacks_child(struct stacks *t, uint32_t parent, uint32_t loc);

/* The id of a location. */
uint32_t stacks_loc(struct stacks *t, const struct loc *loc);

/* Forgets group nodes (a new generation) or the functions of locations. */
void stacks_clear_groups(struct stacks *t);
void stacks_clear_funcs(struct stacks *t);

/* Keeps nodes with keep[id] set (whose parents must be kept too); the others'
 * time goes to a child of the nearest kept one with location `mark`. Returns the
 * new id of every old one, freed by the caller. */
uint32_t *stacks_fold(struct stacks *t, const bool *keep, uint32_t mark);

size_t stacks_bytes(const struct stacks *t);

#endif
