/* snapshot: reading a published picture; see snapshot.h. */
#include "ctop/snapshot.h"

#include "snapshot_make.h"

#include <stdlib.h>

struct snapshot *snapshot_ref(struct snapshot *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

void snapshot_unref(struct snapshot *s)
{
	if (s == NULL || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
		return;
	count_chunks_free(s->nodes, s->node_chunks);
	count_chunks_free(s->by_func, s->func_chunks);
	count_chunks_free(s->base_nodes, s->base_node_chunks);
	count_chunks_free(s->base_by_func, s->base_func_chunks);
	free(s->verdicts);
	tree_unref(s->tree);
	free(s->threads);
	free(s->modules);
	free(s->strip.us); /* with the others */
	free(s->heat.us);
	free(s->marks);
	free(s);
}

uint64_t snapshot_generation(const struct snapshot *s)
{
	return s->generation;
}

uint64_t snapshot_command(const struct snapshot *s)
{
	return s->command;
}

const struct snapshot_stats *snapshot_stats(const struct snapshot *s)
{
	return &s->stats;
}

const struct snapshot_thread *snapshot_threads(const struct snapshot *s, uint32_t *count)
{
	*count = s->thread_count;
	return s->threads;
}

const struct snapshot_module *snapshot_modules(const struct snapshot *s, uint32_t *count)
{
	*count = s->module_count;
	return s->modules;
}

const struct snapshot_strip *snapshot_strip(const struct snapshot *s)
{
	return &s->strip;
}

const struct snapshot_heat *snapshot_heat(const struct snapshot *s)
{
	return &s->heat;
}

const struct snapshot_mark *snapshot_marks(const struct snapshot *s, uint32_t *count)
{
	*count = s->mark_count;
	return s->marks;
}

uint32_t snapshot_func_count(const struct snapshot *s)
{
	return s->func_count;
}

const struct func *snapshot_func(const struct snapshot *s, uint32_t func)
{
	return funcs_get(s->funcs, func);
}

static struct counts read_counts(struct count_chunk *const *chunks, size_t count, uint32_t i)
{
	if (i >> COUNT_CHUNK_BITS >= count)
		return (struct counts){0};
	return chunks[i >> COUNT_CHUNK_BITS]->c[i & (COUNT_CHUNK - 1)];
}

struct counts snapshot_func_counts(const struct snapshot *s, uint32_t func)
{
	return read_counts(s->by_func, s->func_chunks, func);
}

const struct snapshot_base *snapshot_base(const struct snapshot *s)
{
	return &s->base;
}

struct counts snapshot_base_func_counts(const struct snapshot *s, uint32_t func)
{
	return read_counts(s->base_by_func, s->base_func_chunks, func);
}

struct counts snapshot_base_counts(const struct snapshot *s, uint32_t node)
{
	return read_counts(s->base_nodes, s->base_node_chunks, node);
}

enum snapshot_verdict snapshot_verdict_of(const struct snapshot *s, uint32_t func, bool self)
{
	if (func >= s->verdict_count)
		return s->base.judged ? SNAPSHOT_NOISE : SNAPSHOT_TOO_LITTLE;
	return (enum snapshot_verdict)(self ? s->verdicts[func] >> 4 : s->verdicts[func] & 15);
}

bool snapshot_has_func(const struct snapshot *s, uint32_t func)
{
	return snapshot_func_counts(s, func).total_n > 0 ||
	       snapshot_base_func_counts(s, func).total_n > 0;
}

bool snapshot_has_node(const struct snapshot *s, uint32_t node)
{
	return snapshot_counts(s, node).total_n > 0 || snapshot_base_counts(s, node).total_n > 0;
}

/* Skips nodes that are newer than the snapshot. */
static uint32_t known(const struct snapshot *s, uint32_t node, bool same)
{
	while (node != NODE_NONE && node >= s->node_count) {
		struct node_info info = tree_info(s->tree, node);
		node = same ? info.prev_same : info.prev_sibling;
	}
	return node;
}

uint32_t snapshot_func_nodes(const struct snapshot *s, uint32_t func)
{
	return known(s, tree_newest_of(s->tree, func), true);
}

uint32_t snapshot_node_count(const struct snapshot *s)
{
	return s->node_count;
}

struct node_info snapshot_node(const struct snapshot *s, uint32_t node)
{
	return tree_info(s->tree, node);
}

struct counts snapshot_counts(const struct snapshot *s, uint32_t node)
{
	return read_counts(s->nodes, s->node_chunks, node);
}

uint32_t snapshot_children(const struct snapshot *s, uint32_t node)
{
	return known(s, tree_newest_child(s->tree, node), false);
}
