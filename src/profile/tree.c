/* tree: group tree and shared counts; see tree.h. */
#include "tree.h"

#include "ctop/mem.h"
#include "ctop/vec.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* --- counts --------------------------------------------------------------------- */

static void chunk_unref(struct count_chunk *c)
{
	if (atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) == 1)
		free(c);
}

void count_chunks_free(struct count_chunk **chunks, size_t count)
{
	for (size_t i = 0; i < count; i++)
		chunk_unref(chunks[i]);
	free(chunks);
}

void count_array_fini(struct count_array *a)
{
	count_chunks_free(a->chunks, a->count);
	*a = (struct count_array){0};
}

static struct count_chunk *chunk_copy(const struct count_chunk *from)
{
	struct count_chunk *c = mem_alloc(sizeof *c);
	atomic_init(&c->refs, 1);
	if (from != NULL)
		memcpy(c->c, from->c, sizeof c->c);
	else
		memset(c->c, 0, sizeof c->c);
	return c;
}

struct counts *count_array_at(struct count_array *a, uint32_t i)
{
	size_t at = i >> COUNT_CHUNK_BITS;
	while (at >= a->count) {
		a->chunks =
		        vec_reserve(a->chunks, &a->cap, a->count + 1, sizeof(struct count_chunk *));
		a->chunks[a->count++] = chunk_copy(NULL);
	}
	struct count_chunk *c = a->chunks[at];
	/* Only this thread adds references, so one that is ours alone stays ours. */
	if (atomic_load_explicit(&c->refs, memory_order_acquire) != 1) {
		a->chunks[at] = chunk_copy(c);
		chunk_unref(c);
		c = a->chunks[at];
	}
	return &c->c[i & (COUNT_CHUNK - 1)];
}

struct counts count_array_get(const struct count_array *a, uint32_t i)
{
	size_t at = i >> COUNT_CHUNK_BITS;
	return at < a->count ? a->chunks[at]->c[i & (COUNT_CHUNK - 1)] : (struct counts){0};
}

void count_array_scale(struct count_array *a, double by)
{
	for (size_t i = 0; i < a->count * COUNT_CHUNK; i++) {
		struct counts *c = count_array_at(a, (uint32_t)i);
		c->self_ns = (uint64_t)((double)c->self_ns * by);
		c->total_ns = (uint64_t)((double)c->total_ns * by);
	}
}

struct count_chunk **count_array_share(const struct count_array *a)
{
	struct count_chunk **copy = mem_alloc((a->count + 1) * sizeof *copy);
	for (size_t i = 0; i < a->count; i++) {
		copy[i] = a->chunks[i];
		atomic_fetch_add_explicit(&copy[i]->refs, 1, memory_order_relaxed);
	}
	return copy;
}

size_t count_array_bytes(const struct count_array *a)
{
	return a->cap * sizeof(void *) + a->count * sizeof(struct count_chunk);
}

/* --- structure -------------------------------------------------------------------- */

enum { CHUNK_BITS = 12, CHUNK = 1 << CHUNK_BITS, CHUNKS = 1 << 14 };

/* What every sample reads on its way to the root stands apart from what only readers of
 * snapshots want: eight nodes to a cache line. */
struct link {
	uint32_t parent;
	uint32_t func : 31, outermost : 1;
};
static_assert(sizeof(struct link) == 8, "eight to a cache line");

struct node {
	uint32_t prev_sibling, prev_same;
	_Atomic uint32_t newest_child;
	uint16_t depth;
};

struct node_chunk {
	struct link links[CHUNK];
	struct node nodes[CHUNK];
};

struct heads {
	_Atomic uint32_t newest[CHUNK];
};

struct group_tree {
	_Atomic uint32_t refs;
	_Atomic uint32_t count;
	struct node_chunk *chunks[CHUNKS];
	_Atomic(struct heads *) heads[CHUNKS]; /* newest node by function */
	struct hash_map children;              /* (parent, func) → node */
};

static struct node *at(const struct group_tree *t, uint32_t id)
{
	return &t->chunks[id >> CHUNK_BITS]->nodes[id & (CHUNK - 1)];
}

static struct link *link_of(const struct group_tree *t, uint32_t id)
{
	return &t->chunks[id >> CHUNK_BITS]->links[id & (CHUNK - 1)];
}

static _Atomic uint32_t *head_of(struct group_tree *t, uint32_t func)
{
	_Atomic(struct heads *) *slot = &t->heads[(func >> CHUNK_BITS) & (CHUNKS - 1)];
	struct heads *h = atomic_load_explicit(slot, memory_order_acquire);
	if (h == NULL) {
		h = mem_alloc(sizeof *h);
		for (size_t i = 0; i < CHUNK; i++)
			atomic_init(&h->newest[i], NODE_NONE);
		atomic_store_explicit(slot, h, memory_order_release);
	}
	return &h->newest[func & (CHUNK - 1)];
}

/* Appends a node and publishes it. */
static uint32_t append(struct group_tree *t, uint32_t parent, uint32_t func, bool outermost)
{
	uint32_t id = t->count;
	struct node_chunk **chunk = &t->chunks[id >> CHUNK_BITS];
	if (*chunk == NULL)
		*chunk = mem_alloc(sizeof **chunk);
	_Atomic uint32_t *head = head_of(t, func);
	struct node *n = at(t, id);
	*link_of(t, id) =
	        (struct link){.parent = parent, .func = func & INT32_MAX, .outermost = outermost};
	*n = (struct node){.prev_sibling = NODE_NONE,
	                   .prev_same = atomic_load_explicit(head, memory_order_relaxed)};
	atomic_init(&n->newest_child, NODE_NONE);
	if (parent != NODE_NONE) {
		struct node *p = at(t, parent);
		n->depth = p->depth < UINT16_MAX ? (uint16_t)(p->depth + 1) : UINT16_MAX;
		n->prev_sibling = atomic_load_explicit(&p->newest_child, memory_order_relaxed);
		atomic_store_explicit(&p->newest_child, id, memory_order_release);
	}
	atomic_store_explicit(head, id, memory_order_release);
	atomic_store_explicit(&t->count, id + 1, memory_order_release);
	return id;
}

struct group_tree *tree_new(void)
{
	struct group_tree *t = mem_zalloc(1, sizeof *t);
	atomic_init(&t->refs, 1);
	append(t, NODE_NONE, 0, true);
	return t;
}

struct group_tree *tree_ref(struct group_tree *t)
{
	atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
	return t;
}

void tree_unref(struct group_tree *t)
{
	if (t == NULL || atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < CHUNKS; i++) {
		free(t->chunks[i]);
		free(atomic_load_explicit(&t->heads[i], memory_order_relaxed));
	}
	hash_map_fini(&t->children);
	free(t);
}

static bool is_outermost(const struct group_tree *t, uint32_t parent, uint32_t func)
{
	for (uint32_t n = parent; n != NODE_NONE; n = link_of(t, n)->parent)
		if (link_of(t, n)->func == func)
			return false;
	return true;
}

static uint64_t child_key(uint32_t parent, uint32_t func)
{
	return ((uint64_t)parent << 32 | func) + 1;
}

uint32_t tree_first_child(struct group_tree *t, uint32_t parent, uint32_t func)
{
	if (t->count >> CHUNK_BITS >= CHUNKS)
		return NODE_ROOT;
	uint32_t id = append(t, parent, func, is_outermost(t, parent, func));
	hash_map_add(&t->children, child_key(parent, func), id);
	return id;
}

uint32_t tree_child(struct group_tree *t, uint32_t parent, uint32_t func)
{
	uint32_t id;
	if (hash_map_get(&t->children, child_key(parent, func), &id, NULL))
		return id;
	return tree_first_child(t, parent, func);
}

void tree_seal(struct group_tree *t)
{
	hash_map_fini(&t->children);
}

struct tree_step tree_step(const struct group_tree *t, uint32_t node)
{
	struct link l = *link_of(t, node);
	return (struct tree_step){l.parent, l.func, l.outermost};
}

uint32_t tree_count(const struct group_tree *t)
{
	return atomic_load_explicit(&t->count, memory_order_acquire);
}

struct node_info tree_info(const struct group_tree *t, uint32_t node)
{
	const struct node *n = at(t, node);
	struct link l = *link_of(t, node);
	return (struct node_info){l.parent,     l.func,   n->prev_sibling,
	                          n->prev_same, n->depth, l.outermost};
}

uint32_t tree_newest_child(const struct group_tree *t, uint32_t node)
{
	return atomic_load_explicit(&at(t, node)->newest_child, memory_order_acquire);
}

uint32_t tree_newest_of(const struct group_tree *t, uint32_t func)
{
	const struct heads *h = atomic_load_explicit(&t->heads[(func >> CHUNK_BITS) & (CHUNKS - 1)],
	                                             memory_order_acquire);
	if (h == NULL)
		return NODE_NONE;
	return atomic_load_explicit(&h->newest[func & (CHUNK - 1)], memory_order_acquire);
}

size_t tree_bytes(const struct group_tree *t)
{
	size_t chunks = (t->count + CHUNK - 1) >> CHUNK_BITS;
	return sizeof *t + chunks * sizeof(struct node_chunk) + hash_map_bytes(&t->children);
}
