/* treereveal: opening the call tree down to a node. */
#include "ctop/vec.h"
#include "paths.h"
#include "tree.h"
#include "view.h"

/* Shows that a step of a path is one of its own, or open, and tells so. */
static void open_step(struct screen *s, struct hash_map *set, uint64_t path,
                      void (*opened)(struct screen *s, uint64_t path, bool unfolded))
{
	if (paths_has(set, path))
		return;
	paths_set(set, path, true);
	if (opened != NULL)
		opened(s, path, set == &s->tree.unfolded);
}

/* How many steps of a path, from ids[0] on, a row's chain shares with it. */
static size_t shared_steps(const struct screen *s, const struct tree_row *r, const uint32_t *ids,
                           size_t count, bool *leaves)
{
	size_t n = 1;
	uint32_t node = r->first;
	while (n < count && node != r->last && tree_only_callee(s, node) == ids[n])
		node = ids[n++];
	*leaves = n < count && node != r->last;
	return n;
}

/* The nodes from below the root to `node`. */
static void path_to(const struct screen *s, uint32_t node, struct query_nodes *out)
{
	for (uint32_t n = node; n != NODE_ROOT; n = snapshot_node(s->shown, n).parent)
		out->count++;
	out->ids = vec_reserve(out->ids, &out->cap, out->count, sizeof *out->ids);
	size_t i = out->count;
	for (uint32_t n = node; n != NODE_ROOT; n = snapshot_node(s->shown, n).parent)
		out->ids[--i] = n;
}

uint64_t tree_reveal(struct screen *s, uint32_t node,
                     void (*opened)(struct screen *s, uint64_t path, bool unfolded))
{
	struct query_nodes ids = {0};
	struct tree_row row = {.path = query_path_root};
	uint64_t path = query_path_root;
	path_to(s, node, &ids);
	for (size_t i = 0, steps; i < ids.count; i += steps) {
		bool leaves;
		row = (struct tree_row){.first = ids.ids[i]};
		row.path = tree_path_below(s, path, row.first);
		tree_chain(s, &row);
		steps = shared_steps(s, &row, &ids.ids[i], ids.count - i, &leaves);
		for (size_t k = 0; k < steps; k++) {
			path = tree_path_below(s, path, ids.ids[i + k]);
			if (leaves)
				open_step(s, &s->tree.unfolded, path, opened);
			if (leaves || i + steps < ids.count)
				open_step(s, &s->tree.open, path, opened);
		}
	}
	query_nodes_fini(&ids);
	return row.path;
}
