/* folding: the coldest sub-trees make room when the memory is used up; see profile_state.h. */
#include "ctop/mem.h"
#include "profile_state.h"

#include <stdlib.h>

static int by_value(const void *va, const void *vb)
{
	uint64_t a = *(const uint64_t *)va, b = *(const uint64_t *)vb;
	return (a > b) - (a < b);
}

/* The weight that two thirds of the nodes stay under, from a sample of them. */
static uint64_t fold_limit(const uint64_t *weight, size_t count)
{
	enum { SAMPLE = 4096 };
	uint64_t sample[SAMPLE];
	size_t n = count < SAMPLE ? count : SAMPLE;
	for (size_t i = 0; i < n; i++)
		sample[i] = weight[i * (count / n)];
	qsort(sample, n, sizeof *sample, by_value);
	return sample[n * 2 / 3];
}

/* Moves everything that names a stack over to the folded ones. */
static void remap(struct profile *p, const uint32_t *map, const bool *keep)
{
	struct total *old = p->totals;
	size_t count = p->total_count;
	p->totals = NULL;
	p->total_count = p->total_cap = 0;
	hash_map_fini(&p->total_index);
	for (size_t i = 0; i < count; i++) {
		size_t at = profile_total(p, map[old[i].stack], old[i].thread);
		struct total *t = &p->totals[at];
		t->weight_ns += old[i].weight_ns;
		t->n = saturating(t->n, old[i].n);
		if (!keep[old[i].stack])
			p->stats.losses.folded += old[i].n;
	}
	free(old);
	for (size_t i = 0; i < p->history.count; i++) {
		struct history_entry *h = history_at(&p->history, i);
		h->stack = map[h->stack];
	}
}

/* Folds the coldest sub-trees into "[folded]" nodes. A node is kept when its
 * sub-tree weighs more than the limit; then so do all above it. */
void folding_run(struct profile *p)
{
	size_t n = p->stacks.count;
	uint64_t *weight = mem_zalloc(n, sizeof *weight);
	bool *keep = mem_zalloc(n, sizeof *keep);
	for (size_t i = 0; i < p->total_count; i++)
		weight[p->totals[i].stack] += p->totals[i].weight_ns;
	for (size_t i = n; i-- > 1;)
		weight[p->stacks.parent[i]] += weight[i];
	uint64_t limit = fold_limit(weight, n);
	for (size_t i = 1; i < n; i++)
		keep[i] = weight[i] > limit;
	/* What is shown keeps its counts; its stacks have lost their numbers. */
	free(p->shown.base_done.sums);
	p->shown.base_done.sums = NULL;
	p->shown.base_done.sum_count = p->shown.base_done.sum_cap = 0;
	free(p->shown.done.sums);
	p->shown.done.sums = NULL;
	p->shown.done.sum_count = p->shown.done.sum_cap = 0;
	uint32_t *map = stacks_fold(&p->stacks, keep, p->folded_loc);
	remap(p, map, keep);
	free(map);
	free(keep);
	free(weight);
	struct profile_query q = profile_newest(p)->query;
	recount_begin(p, &q, profile_newest(p)->command, true);
}
