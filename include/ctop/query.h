/* query: questions views and exports ask of a snapshot. Pure; any thread. */
#ifndef CTOP_QUERY_H
#define CTOP_QUERY_H

#include "ctop/snapshot.h"

#include <stddef.h>
#include <stdint.h>

enum query_order { QUERY_BY_TOTAL, QUERY_BY_SELF, QUERY_BY_NAME };

/* A growing list of node ids. Zero-initialised is empty. */
struct query_nodes {
	uint32_t *ids; /* owned */
	size_t count, cap;
};
void query_nodes_fini(struct query_nodes *n);

/* The children of a node that have samples, in order (ties by name). */
void query_children(const struct snapshot *s, uint32_t node, enum query_order order,
                    struct query_nodes *out);

/* The child with the largest total, NODE_NONE for a leaf. */
uint32_t query_hottest_child(const struct snapshot *s, uint32_t node);

/* A hash of the functions from the root to a node: names the same path in every
 * generation. `query_path_root` belongs to NODE_ROOT; a child's follows from its
 * parent's. Never 0. */
extern const uint64_t query_path_root;
uint64_t query_path_child(uint64_t parent_path, uint32_t func);
uint64_t query_path(const struct snapshot *s, uint32_t node);

/* The node with a path hash, searched through nodes of
 * `func` only; NODE_NONE when this snapshot has none. */
uint32_t query_find_path(const struct snapshot *s, uint32_t func, uint64_t path);

/* One place from which time is attributed to a caller: a node on the way up from
 * nodes of the row's own function, and the self time that came through it. */
struct query_origin {
	uint32_t node;
	uint32_t func; /* of the caller above `node`: the row it belongs to */
	uint64_t self_ns;
	uint32_t self_n;
};

/* One caller: origins[first … first+count). */
struct query_caller {
	uint32_t func; /* FUNC id of the caller; 0 (the root) ends the way up */
	uint64_t self_ns;
	uint32_t self_n;
	size_t first, count;
};

struct query_callers {
	struct query_caller *rows; /* largest first; owned */
	size_t count, cap;
	struct query_origin *origins; /* owned */
	size_t origin_count, origin_cap;
};
void query_callers_fini(struct query_callers *c);

/* The callers of a function, by the self time they are responsible for. */
void query_callers_of(const struct snapshot *s, uint32_t func, struct query_callers *out);

/* One level further up: the callers of row `i` of `below`. */
void query_callers_above(const struct snapshot *s, const struct query_callers *below, size_t i,
                         struct query_callers *out);

#endif
