/* query: questions asked of a snapshot; see query.h. */
#include "ctop/query.h"

#include "ctop/hash.h"
#include "ctop/vec.h"

#include <stdlib.h>
#include <string.h>

/* --- children --------------------------------------------------------------------- */

struct order {
	const struct snapshot *s;
	enum query_order by;
};

static int descending(uint64_t a, uint64_t b)
{
	return (a < b) - (a > b);
}

static int compare_nodes(const void *va, const void *vb, void *ctx)
{
	const struct order *o = ctx;
	uint32_t a = *(const uint32_t *)va, b = *(const uint32_t *)vb;
	int c = 0;
	if (o->by == QUERY_BY_TOTAL)
		c = descending(snapshot_counts(o->s, a).total_ns,
		               snapshot_counts(o->s, b).total_ns);
	else if (o->by == QUERY_BY_SELF)
		c = descending(snapshot_counts(o->s, a).self_ns, snapshot_counts(o->s, b).self_ns);
	if (c == 0) {
		const struct func *fa = snapshot_func(o->s, snapshot_node(o->s, a).func);
		const struct func *fb = snapshot_func(o->s, snapshot_node(o->s, b).func);
		c = strcmp(fa->name, fb->name);
	}
	return c != 0 ? c : (a > b) - (a < b);
}

void query_nodes_fini(struct query_nodes *n)
{
	free(n->ids);
	*n = (struct query_nodes){0};
}

void query_children(const struct snapshot *s, uint32_t node, enum query_order order,
                    struct query_nodes *out)
{
	struct order o = {s, order};
	out->count = 0;
	for (uint32_t c = snapshot_children(s, node); c != NODE_NONE;
	     c = snapshot_node(s, c).prev_sibling) {
		if (!snapshot_has_node(s, c))
			continue;
		out->ids = vec_reserve(out->ids, &out->cap, out->count + 1, sizeof *out->ids);
		out->ids[out->count++] = c;
	}
	if (out->count > 1)
		qsort_r(out->ids, out->count, sizeof *out->ids, compare_nodes, &o);
}

uint32_t query_hottest_child(const struct snapshot *s, uint32_t node)
{
	struct order o = {s, QUERY_BY_TOTAL};
	uint32_t best = NODE_NONE;
	for (uint32_t c = snapshot_children(s, node); c != NODE_NONE;
	     c = snapshot_node(s, c).prev_sibling)
		if (snapshot_has_node(s, c) &&
		    (best == NODE_NONE || compare_nodes(&c, &best, &o) < 0))
			best = c;
	return best;
}

/* --- paths ------------------------------------------------------------------------- */

const uint64_t query_path_root = 0x5ca1ab1e;

uint64_t query_path_child(uint64_t parent_path, uint32_t func)
{
	return hash_pair(parent_path, func) | 1;
}

uint64_t query_path(const struct snapshot *s, uint32_t node)
{
	struct node_info info = snapshot_node(s, node);
	if (info.parent == NODE_NONE)
		return query_path_root;
	return query_path_child(query_path(s, info.parent), info.func);
}

uint32_t query_find_path(const struct snapshot *s, uint32_t func, uint64_t path)
{
	for (uint32_t n = snapshot_func_nodes(s, func); n != NODE_NONE;
	     n = snapshot_node(s, n).prev_same)
		if (query_path(s, n) == path)
			return n;
	return NODE_NONE;
}

/* --- callers ------------------------------------------------------------------------- */

void query_callers_fini(struct query_callers *c)
{
	free(c->rows);
	free(c->origins);
	*c = (struct query_callers){0};
}

/* `node` is where the way up has come to; its parent's function is the caller. */
static void add_origin(const struct snapshot *s, struct query_callers *out, uint32_t node,
                       uint64_t self_ns, uint32_t self_n)
{
	uint32_t parent = snapshot_node(s, node).parent;
	if (parent == NODE_NONE)
		return;
	out->origins = vec_reserve(out->origins, &out->origin_cap, out->origin_count + 1,
	                           sizeof *out->origins);
	out->origins[out->origin_count++] = (struct query_origin){
	        .node = parent,
	        .func = snapshot_node(s, parent).func,
	        .self_ns = self_ns,
	        .self_n = self_n,
	};
}

static int by_func(const void *va, const void *vb)
{
	const struct query_origin *a = va, *b = vb;
	if (a->func != b->func)
		return (a->func > b->func) - (a->func < b->func);
	return (a->node > b->node) - (a->node < b->node);
}

/* Origins that have come together in one node become one. */
static void merge_origins(struct query_callers *out)
{
	size_t n = 0;
	if (out->origin_count > 1)
		qsort(out->origins, out->origin_count, sizeof *out->origins, by_func);
	for (size_t i = 0; i < out->origin_count; i++) {
		struct query_origin *o = &out->origins[i];
		if (n > 0 && out->origins[n - 1].node == o->node) {
			out->origins[n - 1].self_ns += o->self_ns;
			out->origins[n - 1].self_n += o->self_n;
		} else {
			out->origins[n++] = *o;
		}
	}
	out->origin_count = n;
}

static int by_weight(const void *va, const void *vb, void *ctx)
{
	const struct query_caller *a = va, *b = vb;
	const struct snapshot *s = ctx;
	int c = descending(a->self_ns, b->self_ns);
	if (c == 0)
		c = strcmp(snapshot_func(s, a->func)->name, snapshot_func(s, b->func)->name);
	return c != 0 ? c : (a->func > b->func) - (a->func < b->func);
}

static void make_rows(const struct snapshot *s, struct query_callers *out)
{
	merge_origins(out);
	for (size_t i = 0; i < out->origin_count; i++) {
		const struct query_origin *o = &out->origins[i];
		struct query_caller *last = out->count > 0 ? &out->rows[out->count - 1] : NULL;
		if (last == NULL || last->func != o->func) {
			out->rows = vec_reserve(out->rows, &out->cap, out->count + 1,
			                        sizeof *out->rows);
			last = &out->rows[out->count++];
			*last = (struct query_caller){.func = o->func, .first = i};
		}
		last->self_ns += o->self_ns;
		last->self_n += o->self_n;
		last->count++;
	}
	if (out->count > 1)
		qsort_r(out->rows, out->count, sizeof *out->rows, by_weight, (void *)(uintptr_t)s);
}

void query_callers_of(const struct snapshot *s, uint32_t func, struct query_callers *out)
{
	out->count = out->origin_count = 0;
	for (uint32_t n = snapshot_func_nodes(s, func); n != NODE_NONE;
	     n = snapshot_node(s, n).prev_same) {
		struct counts c = snapshot_counts(s, n);
		if (c.self_n > 0)
			add_origin(s, out, n, c.self_ns, c.self_n);
	}
	make_rows(s, out);
}

void query_callers_above(const struct snapshot *s, const struct query_callers *below, size_t i,
                         struct query_callers *out)
{
	const struct query_caller *row = &below->rows[i];
	out->count = out->origin_count = 0;
	for (size_t k = row->first; k < row->first + row->count; k++) {
		const struct query_origin *o = &below->origins[k];
		add_origin(s, out, o->node, o->self_ns, o->self_n);
	}
	make_rows(s, out);
}
