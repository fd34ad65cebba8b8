/* verdicts: functions of a comparison, told from chance; see verdicts.h. */
#include "verdicts.h"

#include "blocks.h"
#include "ctop/clock.h"
#include "ctop/compare.h"
#include "ctop/mem.h"
#include "profile_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static_assert((int)SNAPSHOT_NOISE == (int)COMPARE_NOISE &&
                      (int)SNAPSHOT_CHANGED == (int)COMPARE_CHANGED &&
                      (int)SNAPSHOT_TOO_LITTLE == (int)COMPARE_TOO_LITTLE,
              "verdicts have the same numbers");

static const uint64_t PAUSE_NS = 2 * CLOCK_NS_PER_SEC;
enum { SAMPLES_MOST = 100000, BASE = 0, NOW = 1 }; /* samples: of each side, the newest */

/* A comparison being judged. */
struct judging {
	struct profile *p;
	struct generation *g;
	uint32_t *slot, slots, funcs; /* slot: by function */
	struct blocks sides[COMPARE_SIDES];
};

/* Functions whose shares add up to what a change needs are laid out. */
static void give_slots(struct judging *j)
{
	const struct tally *side[COMPARE_SIDES] = {&j->g->base, &j->g->now};
	for (uint32_t f = 0; f < j->funcs; f++) {
		double sum = 0;
		for (int k = 0; k < COMPARE_SIDES; k++)
			if (side[k]->weight_ns > 0)
				sum += (double)count_array_get(&side[k]->by_func, f).total_ns /
				       (double)side[k]->weight_ns;
		j->slot[f] = sum >= compare_least * 0.999 ? j->slots++ : BLOCKS_NO_SLOT;
	}
}

/* Whether the i-th entry of the history is counted on that side. */
static bool is_of(const struct judging *j, int side, size_t i)
{
	const struct profile_query *q = &j->g->query;
	const struct history_entry *e = history_at(&j->p->history, i);
	bool range = q->window.kind == WINDOW_RANGE;
	uint64_t from = side == BASE ? q->base_from_ns : range ? q->window.from_ns : 0;
	uint64_t to = side == BASE ? q->base_to_ns : range ? q->window.to_ns : UINT64_MAX;
	if (side == NOW && q->window.kind == WINDOW_LAST &&
	    history_oldest(&j->p->history) + i < j->g->done.left)
		return false;
	return e->time_ns >= from && e->time_ns < to && grouping_accepts_thread(j->p, q, e->thread);
}

/* The functions on the path of a node, each once. */
static void add_path(const struct judging *j, struct blocks *b, uint32_t node)
{
	bool self = true;
	while (node != NODE_NONE) {
		struct tree_step step = tree_step(j->g->tree, node);
		if (step.outermost || self)
			blocks_add(b, step.func < j->funcs ? j->slot[step.func] : BLOCKS_NO_SLOT,
			           self);
		self = false;
		node = step.parent;
	}
}

static void lay_out(struct judging *j, int side)
{
	struct blocks *b = &j->sides[side];
	struct history *h = &j->p->history;
	size_t first = h->count;
	while (first > 0 && b->samples < SAMPLES_MOST) {
		if (is_of(j, side, --first))
			blocks_measure(b, history_at(h, first)->time_ns);
	}
	blocks_open(b, j->slots);
	for (size_t i = first; i < h->count; i++) {
		const struct history_entry *e = history_at(h, i);
		uint32_t node;
		if (!is_of(j, side, i) || !grouping_find(j->p, j->g, e->stack, &node))
			continue;
		blocks_sample(b, e->time_ns, e->weight_ns);
		add_path(j, b, node);
	}
}

static void test(const struct judging *j, bool self, uint8_t *verdicts)
{
	const struct tally *side[COMPARE_SIDES] = {&j->g->base, &j->g->now};
	struct compare_side sides[COMPARE_SIDES];
	struct compare_row *rows = mem_zalloc(j->funcs + 1, sizeof *rows);
	for (int k = 0; k < COMPARE_SIDES; k++) {
		sides[k] = (struct compare_side){.whole = (double)side[k]->weight_ns,
		                                 .samples = (double)side[k]->samples,
		                                 .block_whole = j->sides[k].whole,
		                                 .blocks = j->sides[k].count};
		for (uint32_t f = 0; f < j->funcs; f++) {
			struct counts c = count_array_get(&side[k]->by_func, f);
			rows[f].part[k] = (double)(self ? c.self_ns : c.total_ns);
			rows[f].blocks[k] = blocks_of(&j->sides[k], j->slot[f], self);
		}
	}
	compare_rows(sides, rows, j->funcs);
	for (uint32_t f = 0; f < j->funcs; f++)
		verdicts[f] |= (uint8_t)((unsigned)rows[f].verdict << (self ? 4 : 0));
	free(rows);
}

static void judge_all(struct profile *p, struct generation *g)
{
	struct judging j = {.p = p, .g = g, .funcs = funcs_count(p->c.funcs)};
	struct verdicts *v = &g->verdicts;
	j.slot = mem_alloc((j.funcs + 1) * sizeof *j.slot);
	give_slots(&j);
	lay_out(&j, BASE);
	lay_out(&j, NOW);
	free(v->of);
	v->of = mem_zalloc(j.funcs + 1, 1);
	v->count = j.funcs;
	test(&j, false, v->of);
	test(&j, true, v->of);
	v->judged = true;
	for (int k = 0; k < COMPARE_SIDES; k++)
		blocks_fini(&j.sides[k]);
	free(j.slot);
}

uint8_t *verdicts_copy(struct profile *p, struct generation *g, uint32_t *count, bool *judged)
{
	struct verdicts *v = &g->verdicts;
	uint64_t now = clock_now_ns();
	/* While a recount is on, the stacks' groups are of the generation to come. */
	bool possible = p->next.tree == NULL && g->base.samples > 0 && g->now.samples > 0;
	if (possible && (!v->judged || now - v->judged_ns >= PAUSE_NS)) {
		judge_all(p, g);
		v->judged_ns = now;
	}
	*count = v->count;
	*judged = v->judged;
	uint8_t *copy = mem_alloc(v->count + 1);
	if (v->count > 0)
		memcpy(copy, v->of, v->count);
	return copy;
}

void verdicts_fini(struct verdicts *v)
{
	free(v->of);
	*v = (struct verdicts){0};
}
