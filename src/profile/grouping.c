/* grouping: raw stacks to nodes of the group tree, and counts along them; see profile_state.h. */
#include "profile_state.h"

#include "ctop/vec.h"

#include <stdio.h>
#include <string.h>

/* Asks for the functions of a location, once. */
static uint32_t name(struct profile *p, uint32_t loc)
{
	struct stacks *s = &p->stacks;
	uint32_t ids[PROFILE_FRAMES];
	size_t n = p->c.frames_of(p->c.ctx, &s->locs[loc], &profile_newest(p)->query, ids);
	if (n <= 1)
		return ids[0];
	uint32_t at = (uint32_t)s->list_count;
	s->lists = vec_reserve(s->lists, &s->list_cap, s->list_count + n + 1, sizeof *s->lists);
	s->lists[s->list_count++] = (uint32_t)n;
	memcpy(s->lists + s->list_count, ids, n * sizeof *ids);
	s->list_count += n;
	return FUNC_MANY | at;
}

const uint32_t *grouping_funcs(struct profile *p, uint32_t loc, size_t *count)
{
	struct stacks *s = &p->stacks;
	if (s->func[loc] == FUNC_UNSET)
		s->func[loc] = name(p, loc);
	*count = 1;
	if ((s->func[loc] & FUNC_MANY) == 0)
		return &s->func[loc];
	const uint32_t *list = &s->lists[s->func[loc] & ~FUNC_MANY];
	*count = list[0];
	return list + 1;
}

bool grouping_hides(const struct profile_query *q, const struct loc *loc)
{
	return q->hide_kernel && (loc->kind == LOC_KERNEL || loc->kind == LOC_KERNEL_RETURN);
}

bool grouping_accepts_thread(const struct profile *p, const struct profile_query *q,
                             uint32_t thread)
{
	return (!q->by_thread || q->thread == thread) &&
	       (!q->by_process || p->activity.threads[thread].pid == q->process);
}

/* What stands for a function of a module that is folded. */
static uint32_t folded(struct profile *p, uint32_t func)
{
	const struct func *f = funcs_get(p->c.funcs, func);
	char text[256];
	snprintf(text, sizeof text, "[%.250s]", f->module);
	return funcs_add(p->c.funcs, text, f->module, f->kind);
}

/* The node below `node` for the functions of a location; adds to *seen what rules they fulfil.
 * *fresh: `node` was made just now, and has no children. Files, modules and what is folded are one
 * frame where they follow one another. */
static uint32_t add_frames(struct profile *p, struct generation *g, uint32_t loc, uint32_t node,
                           uint8_t *seen, bool *fresh)
{
	bool merged = g->query.group == GROUP_FILE || g->query.group == GROUP_MODULE;
	size_t count;
	const uint32_t *funcs = grouping_funcs(p, loc, &count);
	for (size_t i = 0; i < count; i++) {
		uint32_t func = funcs[i];
		uint8_t fulfilled = filters_ask(&g->filters, p->c.funcs, func);
		bool fold = (fulfilled & g->filters.fold) != 0;
		*seen |= fulfilled;
		if ((fulfilled & g->filters.hide) != 0)
			continue;
		if (fold)
			func = folded(p, func);
		if ((merged || fold) && tree_step(g->tree, node).func == func)
			continue;
		uint32_t before = tree_count(g->tree);
		node = *fresh ? tree_first_child(g->tree, node, func)
		              : tree_child(g->tree, node, func);
		*fresh = tree_count(g->tree) > before;
	}
	return node;
}

/* The group node of a stack, and which rules its functions fulfil: set once for each of its nodes,
 * from the root. */
static uint32_t group_of(struct profile *p, struct generation *g, uint32_t stack)
{
	struct stacks *s = &p->stacks;
	uint32_t path[PROFILE_DEPTH];
	size_t n = 0;
	uint32_t at = stack;
	while (at != STACK_ROOT && s->group[at] == GROUP_UNSET && n < PROFILE_DEPTH) {
		path[n++] = at;
		at = s->parent[at];
	}
	bool known = at != STACK_ROOT && n < PROFILE_DEPTH;
	uint32_t node = known ? s->group[at] : NODE_ROOT;
	uint8_t seen = known ? s->seen[at] : 0;
	bool fresh = false; /* the node was made here: it has no children */
	while (n > 0) {
		at = path[--n];
		if (!grouping_hides(&g->query, &s->locs[s->loc[at]]))
			node = add_frames(p, g, s->loc[at], node, &seen, &fresh);
		s->group[at] = node;
		s->seen[at] = seen;
	}
	return node;
}

static void add_total(struct counts *c, uint64_t weight_ns, uint32_t n)
{
	c->total_ns += weight_ns;
	c->total_n = saturating(c->total_n, n);
}

static void add_self(struct counts *c, uint64_t weight_ns, uint32_t n)
{
	c->self_ns += weight_ns;
	c->self_n = saturating(c->self_n, n);
}

/* Adds weight along a path of the tree, and to the functions on it. */
static void count_path(const struct group_tree *tree, struct tally *t, uint32_t node,
                       uint64_t weight_ns, uint32_t n)
{
	add_self(count_array_at(&t->nodes, node), weight_ns, n);
	add_self(count_array_at(&t->by_func, tree_step(tree, node).func), weight_ns, n);
	while (node != NODE_NONE) {
		struct tree_step step = tree_step(tree, node);
		add_total(count_array_at(&t->nodes, node), weight_ns, n);
		if (step.outermost)
			add_total(count_array_at(&t->by_func, step.func), weight_ns, n);
		node = step.parent;
	}
	t->samples += n;
	t->weight_ns += weight_ns;
}

bool grouping_find(struct profile *p, struct generation *g, uint32_t stack, uint32_t *node)
{
	*node = group_of(p, g, stack);
	return filters_accept(&g->filters, p->stacks.seen[stack]);
}

void grouping_count(struct profile *p, struct generation *g, struct tally *t, uint32_t stack,
                    uint64_t weight_ns, uint32_t n)
{
	uint32_t node;
	if (grouping_find(p, g, stack, &node))
		count_path(g->tree, t, node, weight_ns, n);
}

/* Unsigned arithmetic takes away what it added, but for counts of samples that are saturated. */
void grouping_uncount(struct profile *p, struct generation *g, uint32_t stack, uint64_t weight_ns)
{
	struct tally *t = &g->now;
	uint32_t node;
	if (!grouping_find(p, g, stack, &node))
		return;
	struct counts *c = count_array_at(&t->nodes, node);
	c->self_ns -= weight_ns;
	c->self_n--;
	c = count_array_at(&t->by_func, tree_step(g->tree, node).func);
	c->self_ns -= weight_ns;
	c->self_n--;
	while (node != NODE_NONE) {
		struct tree_step step = tree_step(g->tree, node);
		c = count_array_at(&t->nodes, node);
		c->total_ns -= weight_ns;
		c->total_n--;
		if (step.outermost) {
			c = count_array_at(&t->by_func, step.func);
			c->total_ns -= weight_ns;
			c->total_n--;
		}
		node = step.parent;
	}
	t->samples--;
	t->weight_ns -= weight_ns;
}
