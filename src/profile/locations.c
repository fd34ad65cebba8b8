/* locations: what was counted at each location of one function; see profile.h. */
#include "ctop/mem.h"
#include "ctop/vec.h"
#include "profile_state.h"

#include <stdlib.h>

/* Fills in which locations belong to a function, and their numbers, one more, in `index`. */
static struct profile_location *find_locations(struct profile *p, uint32_t func, uint32_t *index,
                                               size_t *count)
{
	struct profile_location *out = NULL;
	size_t cap = 0;
	*count = 0;
	for (uint32_t loc = 0; loc < p->stacks.loc_count; loc++) {
		size_t n;
		const uint32_t *funcs = grouping_funcs(p, loc, &n);
		for (size_t i = 0; i < n; i++) {
			if (funcs[i] != func)
				continue;
			out = vec_reserve(out, &cap, *count + 1, sizeof *out);
			out[(*count)++] = (struct profile_location){
			        .loc = p->stacks.locs[loc], .innermost = funcs[n - 1] == func};
			index[loc] = (uint32_t)*count;
			break;
		}
	}
	return out;
}

/* What the locations of one function are found and counted by. */
struct counting {
	struct profile *p;
	const uint32_t *index;
	struct profile_location *out;
	size_t *seen; /* by location: the stack it was counted for last */
	size_t stamp;
};

/* Whether the filters in force keep a stack: the groups of the stacks may be another query's. */
static bool accepts_stack(struct profile *p, uint32_t stack)
{
	struct filters *f = &p->shown.filters;
	uint8_t seen = 0;
	for (uint32_t at = stack; f->count > 0 && at != STACK_ROOT; at = p->stacks.parent[at]) {
		size_t n;
		const uint32_t *funcs = grouping_funcs(p, p->stacks.loc[at], &n);
		for (size_t i = 0; i < n; i++)
			seen |= filters_ask(f, p->c.funcs, funcs[i]);
	}
	return filters_accept(f, seen);
}

/* Whether all functions of a location are of modules that are hidden. */
static bool is_filtered_out(struct profile *p, uint32_t loc)
{
	struct filters *f = &p->shown.filters;
	size_t n;
	if (f->hide == 0)
		return false;
	const uint32_t *funcs = grouping_funcs(p, loc, &n);
	for (size_t i = 0; i < n; i++)
		if ((filters_ask(f, p->c.funcs, funcs[i]) & f->hide) == 0)
			return false;
	return true;
}

static void count_stack(struct counting *c, uint32_t stack, uint64_t weight_ns)
{
	const struct stacks *s = &c->p->stacks;
	const struct profile_query *q = &c->p->shown.query;
	bool leaf = true;
	c->stamp++;
	if (!accepts_stack(c->p, stack))
		return;
	for (uint32_t at = stack; at != STACK_ROOT; at = s->parent[at]) {
		if (grouping_hides(q, &s->locs[s->loc[at]]) || is_filtered_out(c->p, s->loc[at]))
			continue;
		uint32_t i = c->index[s->loc[at]];
		if (i != 0 && leaf)
			c->out[i - 1].leaf_ns += weight_ns;
		if (i != 0 && c->seen[i - 1] != c->stamp) {
			c->out[i - 1].total_ns += weight_ns;
			c->seen[i - 1] = c->stamp;
		}
		leaf = false;
	}
}

static void count_all(struct counting *c)
{
	const struct profile *p = c->p;
	const struct generation *g = &p->shown;
	bool windowed = g->query.window.kind != WINDOW_ALL;
	for (size_t i = 0; windowed && i < g->done.sum_count; i++)
		if (g->done.sums[i].n > 0)
			count_stack(c, (uint32_t)i, g->done.sums[i].weight_ns);
	for (size_t i = 0; !windowed && i < p->total_count; i++)
		if (grouping_accepts_thread(p, &g->query, p->totals[i].thread))
			count_stack(c, p->totals[i].stack, p->totals[i].weight_ns);
}

struct profile_location *profile_locations(struct profile *p, uint32_t func, size_t *count)
{
	uint32_t *index = mem_zalloc(p->stacks.loc_count + 1, sizeof *index);
	struct profile_location *out = find_locations(p, func, index, count);
	size_t *seen = mem_zalloc(*count + 1, sizeof *seen);
	if (*count > 0)
		count_all(&(struct counting){.p = p, .index = index, .out = out, .seen = seen});
	free(seen);
	free(index);
	return out;
}
