/* snapshot_make: how the profile fills a snapshot. Private to the profile layer. */
#ifndef CTOP_PROFILE_SNAPSHOT_MAKE_H
#define CTOP_PROFILE_SNAPSHOT_MAKE_H

#include "ctop/snapshot.h"
#include "tree.h"

#include <stdatomic.h>

struct snapshot {
	_Atomic uint32_t refs;
	uint64_t generation, command;
	const struct funcs *funcs; /* borrowed; outlives it */
	struct group_tree *tree;   /* counted */
	uint32_t node_count, func_count;
	struct count_chunk **nodes, **by_func; /* counted chunks */
	size_t node_chunks, func_chunks;
	struct snapshot_base base;
	struct count_chunk **base_nodes, **base_by_func; /* counted chunks */
	size_t base_node_chunks, base_func_chunks;
	uint8_t *verdicts; /* owned; by function: total in the low four bits, self in the high */
	uint32_t verdict_count;
	struct snapshot_stats stats;
	struct snapshot_thread *threads;
	uint32_t thread_count;
	struct snapshot_module *modules; /* owned */
	uint32_t module_count;
	struct snapshot_strip strip;
	struct snapshot_heat heat;
	struct snapshot_mark *marks; /* owned */
	uint32_t mark_count;
};

#endif
