/* stacks: interned chains of raw locations; see stacks.h. */
#include "stacks.h"

#include "ctop/mem.h"
#include "ctop/vec.h"

#include <stdlib.h>
#include <string.h>

static uint32_t new_node(struct stacks *t, uint32_t parent, uint32_t loc)
{
	size_t n = t->count + 1;
	t->parent = vec_reserve(t->parent, &t->parent_cap, n, sizeof *t->parent);
	t->loc = vec_reserve(t->loc, &t->loc_cap, n, sizeof *t->loc);
	t->group = vec_reserve(t->group, &t->group_cap, n, sizeof *t->group);
	t->seen = vec_reserve(t->seen, &t->seen_cap, n, sizeof *t->seen);
	t->seen[t->count] = 0;
	t->parent[t->count] = parent;
	t->loc[t->count] = loc;
	t->group[t->count] = GROUP_UNSET;
	return (uint32_t)t->count++;
}

void stacks_init(struct stacks *t)
{
	*t = (struct stacks){0};
	new_node(t, STACK_ROOT, 0);
}

void stacks_fini(struct stacks *t)
{
	free(t->parent);
	free(t->loc);
	free(t->group);
	free(t->seen);
	hash_map_fini(&t->index);
	free(t->locs);
	free(t->func);
	free(t->lists);
	hash_map_fini(&t->loc_index);
	free(t->last);
	free(t->last_nodes);
	free(t->last_hashes);
	hash_map_fini(&t->chains);
}

static bool same_loc(const struct loc *a, const struct loc *b)
{
	return a->addr == b->addr && a->owner == b->owner && a->kind == b->kind;
}

static uint64_t loc_key(const struct loc *loc)
{
	return hash_pair(loc->addr, (uint64_t)loc->owner << 8 | loc->kind) | 1;
}

uint32_t stacks_loc(struct stacks *t, const struct loc *loc)
{
	uint64_t key = loc_key(loc);
	uint32_t id;
	size_t pos;
	bool found = hash_map_get(&t->loc_index, key, &id, &pos);
	for (; found; found = hash_map_next(&t->loc_index, key, &id, &pos))
		if (same_loc(&t->locs[id], loc))
			return id;
	id = (uint32_t)t->loc_count;
	t->locs = vec_reserve(t->locs, &t->locs_cap, t->loc_count + 1, sizeof *t->locs);
	t->func = vec_reserve(t->func, &t->func_cap, t->loc_count + 1, sizeof *t->func);
	t->locs[id] = *loc;
	t->func[id] = FUNC_UNSET;
	t->loc_count++;
	hash_map_add(&t->loc_index, key, id);
	return id;
}

/* Exact: the pair is the key; +1 keeps it from being 0. */
static uint64_t child_key(uint32_t parent, uint32_t loc)
{
	return ((uint64_t)parent << 32 | loc) + 1;
}

static uint32_t add_child(struct stacks *t, uint32_t parent, uint32_t loc)
{
	uint32_t node = new_node(t, parent, loc);
	hash_map_add(&t->index, child_key(parent, loc), node);
	return node;
}

uint32_t stacks_child(struct stacks *t, uint32_t parent, uint32_t loc)
{
	uint32_t node;
	if (hash_map_get(&t->index, child_key(parent, loc), &node, NULL))
		return node;
	return add_child(t, parent, loc);
}

static uint64_t hash_loc(uint64_t before, const struct loc *loc)
{
	return hash_pair(before + loc->addr, (uint64_t)loc->owner << 8 | loc->kind);
}

/* Keeps the chain as the last one: its hashes from location `same` on. */
static void remember(struct stacks *t, const struct loc *locs, size_t count, size_t same)
{
	t->last = vec_reserve(t->last, &t->last_cap, count + 1, sizeof *t->last);
	t->last_hashes =
	        vec_reserve(t->last_hashes, &t->last_hashes_cap, count + 1, sizeof *t->last_hashes);
	t->last_nodes =
	        vec_reserve(t->last_nodes, &t->last_nodes_cap, count + 1, sizeof *t->last_nodes);
	for (size_t i = same; i < count; i++) {
		t->last[i] = locs[i];
		t->last_hashes[i] = hash_loc(i > 0 ? t->last_hashes[i - 1] : 0, &locs[i]);
		t->last_nodes[i] = NODE_UNSET;
	}
	t->last_count = count;
}

/* A chain with this hash whose leaf is the same location: the same chain, but for one
 * chance in 2^64. */
static bool find_chain(const struct stacks *t, uint64_t hash, const struct loc *leaf,
                       uint32_t *node)
{
	return hash_map_get(&t->chains, hash | 1, node, NULL) &&
	       same_loc(&t->locs[t->loc[*node]], leaf);
}

/* Enters a chain from the last location whose node is known. Below a node that has just
 * been made everything is new: nothing is looked for there. */
static uint32_t enter_chain(struct stacks *t, const struct loc *locs, size_t count)
{
	size_t from = count;
	while (from > 0 && t->last_nodes[from - 1] == NODE_UNSET)
		from--;
	uint32_t node = from > 0 ? t->last_nodes[from - 1] : STACK_ROOT;
	for (size_t i = from; i < count; i++)
		hash_map_prefetch(&t->loc_index, loc_key(&locs[i]));
	bool fresh = false;
	for (size_t i = from; i < count; i++) {
		uint32_t loc = stacks_loc(t, &locs[i]);
		size_t before = t->count;
		node = fresh ? add_child(t, node, loc) : stacks_child(t, node, loc);
		fresh = t->count > before;
		t->last_nodes[i] = node;
	}
	return node;
}

uint32_t stacks_chain(struct stacks *t, const struct loc *locs, size_t count)
{
	size_t same = 0;
	uint32_t node;
	while (same < count && same < t->last_count && same_loc(&locs[same], &t->last[same]))
		same++;
	remember(t, locs, count, same);
	if (count == 0)
		return STACK_ROOT;
	if (t->last_nodes[count - 1] != NODE_UNSET)
		return t->last_nodes[count - 1];
	uint64_t hash = t->last_hashes[count - 1];
	if (!find_chain(t, hash, &locs[count - 1], &node)) {
		node = enter_chain(t, locs, count);
		hash_map_set(&t->chains, hash | 1, node);
	}
	t->last_nodes[count - 1] = node;
	return node;
}

void stacks_clear_groups(struct stacks *t)
{
	memset(t->group, 0xff, t->count * sizeof *t->group);
}

void stacks_clear_funcs(struct stacks *t)
{
	if (t->loc_count > 0)
		memset(t->func, 0xff, t->loc_count * sizeof *t->func);
	t->list_count = 0;
}

uint32_t *stacks_fold(struct stacks *t, const bool *keep, uint32_t mark)
{
	struct stacks old = *t;
	uint32_t *map = mem_alloc(old.count * sizeof *map);
	t->parent = t->loc = t->group = NULL;
	t->seen = NULL;
	t->count = t->parent_cap = t->loc_cap = t->group_cap = t->seen_cap = 0;
	t->index = (struct hash_map){0};
	t->last_count = 0;
	hash_map_clear(&t->chains);
	map[STACK_ROOT] = new_node(t, STACK_ROOT, 0);
	for (size_t i = 1; i < old.count; i++) {
		uint32_t above = old.parent[i];
		if (keep[i])
			map[i] = stacks_child(t, map[above], old.loc[i]);
		else if (keep[above] || above == STACK_ROOT)
			map[i] = stacks_child(t, map[above], mark);
		else
			map[i] = map[above]; /* already in a folded sub-tree */
	}
	free(old.parent);
	free(old.loc);
	free(old.group);
	free(old.seen);
	hash_map_fini(&old.index);
	return map;
}

size_t stacks_bytes(const struct stacks *t)
{
	return (t->parent_cap + t->loc_cap + t->group_cap) * 4 + t->seen_cap +
	       hash_map_bytes(&t->index) + t->locs_cap * sizeof *t->locs +
	       (t->func_cap + t->list_cap) * 4 + hash_map_bytes(&t->loc_index) +
	       hash_map_bytes(&t->chains);
}
