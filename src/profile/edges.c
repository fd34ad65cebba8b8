/* edges: callers and callees of a function; see edges.h.
 *
 * Every node of the function is an end of one edge up and of edges down. What lies below an edge
 * has its weight already where the same edge is further up on the path: only inside of recursion,
 * so the way up is walked for nodes that have their function above them, and for no others.
 */
#include "ctop/edges.h"

#include "ctop/hash.h"
#include "ctop/vec.h"

#include <stdlib.h>
#include <string.h>

void edges_fini(struct edges *e)
{
	free(e->rows);
	*e = (struct edges){0};
}

/* Rows by function while they are being added up. */
struct sum {
	const struct snapshot *s;
	struct edges *out;
	struct hash_map rows;
};

static void add(struct sum *sum, uint32_t func, uint32_t node)
{
	struct edges *e = sum->out;
	struct counts c = snapshot_counts(sum->s, node);
	uint32_t at;
	if (c.total_n == 0)
		return;
	if (!hash_map_get(&sum->rows, (uint64_t)func + 1, &at, NULL)) {
		at = (uint32_t)e->count;
		hash_map_add(&sum->rows, (uint64_t)func + 1, at);
		e->rows = vec_reserve(e->rows, &e->cap, e->count + 1, sizeof *e->rows);
		e->rows[e->count++] = (struct edge){.func = func};
	}
	struct edge *row = &e->rows[at];
	row->ns += c.total_ns;
	row->n = c.total_n < UINT32_MAX - row->n ? row->n + c.total_n : UINT32_MAX;
}

/* Whether a call of `callee` by `caller` is on the path to `node`, that node as callee included. */
static bool has_edge(const struct snapshot *s, uint32_t node, uint32_t caller, uint32_t callee)
{
	struct node_info info = snapshot_node(s, node);
	while (info.parent != NODE_NONE) {
		struct node_info up = snapshot_node(s, info.parent);
		if (info.func == callee && up.func == caller)
			return true;
		info = up;
	}
	return false;
}

static int by_time(const void *va, const void *vb, void *ctx)
{
	const struct edge *a = va, *b = vb;
	const struct snapshot *s = ctx;
	int c = (a->ns < b->ns) - (a->ns > b->ns);
	if (c == 0)
		c = strcmp(snapshot_func(s, a->func)->name, snapshot_func(s, b->func)->name);
	return c != 0 ? c : (a->func > b->func) - (a->func < b->func);
}

static void finish(struct sum *sum)
{
	struct edges *e = sum->out;
	if (e->count > 1)
		qsort_r(e->rows, e->count, sizeof *e->rows, by_time, (void *)(uintptr_t)sum->s);
	hash_map_fini(&sum->rows);
}

void edges_callers(const struct snapshot *s, uint32_t func, struct edges *out)
{
	struct sum sum = {.s = s, .out = out};
	out->count = 0;
	for (uint32_t n = snapshot_func_nodes(s, func); n != NODE_NONE;
	     n = snapshot_node(s, n).prev_same) {
		struct node_info info = snapshot_node(s, n);
		if (info.parent == NODE_NONE || info.parent == NODE_ROOT)
			continue;
		uint32_t caller = snapshot_node(s, info.parent).func;
		if (info.outermost || !has_edge(s, info.parent, caller, func))
			add(&sum, caller, n);
	}
	finish(&sum);
}

void edges_callees(const struct snapshot *s, uint32_t func, struct edges *out)
{
	struct sum sum = {.s = s, .out = out};
	out->count = 0;
	for (uint32_t n = snapshot_func_nodes(s, func); n != NODE_NONE;
	     n = snapshot_node(s, n).prev_same) {
		bool outermost = snapshot_node(s, n).outermost;
		for (uint32_t c = snapshot_children(s, n); c != NODE_NONE;
		     c = snapshot_node(s, c).prev_sibling) {
			uint32_t callee = snapshot_node(s, c).func;
			if (outermost || !has_edge(s, n, func, callee))
				add(&sum, callee, c);
		}
	}
	finish(&sum);
}
