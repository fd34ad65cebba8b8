/* judge: histories of rows, and the test; see judge.h.
 *
 * Only rows that could differ by enough are laid out: some dozens of thousands of functions.
 */
#include "ctop/judge.h"

#include "blocks.h"
#include "ctop/mem.h"
#include "ctop/profile.h"

#include <stdlib.h>

/* One side in blocks of time. */
struct layout {
	struct join *join;
	enum join_side side;
	const uint32_t *slot; /* by row: which history it has */
	struct blocks blocks;
};

static void measure(void *ctx, uint64_t time_ns, uint32_t node, uint64_t weight_ns)
{
	struct layout *l = ctx;
	(void)node;
	(void)weight_ns;
	blocks_measure(&l->blocks, time_ns);
}

static void add_to_row(void *ctx, uint32_t row, bool self)
{
	struct layout *l = ctx;
	blocks_add(&l->blocks, l->slot[row], self);
}

static void add_sample(void *ctx, uint64_t time_ns, uint32_t node, uint64_t weight_ns)
{
	struct layout *l = ctx;
	blocks_sample(&l->blocks, time_ns, weight_ns);
	join_path(l->join, l->side, node, add_to_row, l);
}

static void lay_out(struct layout *l, struct profile *p, uint32_t slots)
{
	profile_samples(p, measure, l);
	blocks_open(&l->blocks, slots);
	profile_samples(p, add_sample, l);
}

/* Gives a slot to each row whose shares add up to what a change needs. */
static uint32_t *give_slots(const struct join *j, uint32_t *slots)
{
	size_t count;
	const struct join_row *rows = join_rows(j, &count);
	uint32_t *slot = mem_alloc((count + 1) * sizeof *slot);
	*slots = 0;
	for (size_t i = 0; i < count; i++) {
		double sum = join_points(j, rows[i].total, JOIN_BASE) +
		             join_points(j, rows[i].total, JOIN_NOW);
		slot[i] = sum >= 100 * compare_least * 0.999 ? (*slots)++ : BLOCKS_NO_SLOT;
	}
	return slot;
}

static struct compare_row *test_kind(const struct join *j,
                                     const struct compare_side sides[JOIN_SIDES],
                                     const struct layout layouts[JOIN_SIDES], bool self,
                                     enum compare_method *method)
{
	size_t count;
	const struct join_row *rows = join_rows(j, &count);
	struct compare_row *out = mem_zalloc(count + 1, sizeof *out);
	for (size_t i = 0; i < count; i++) {
		for (int k = 0; k < JOIN_SIDES; k++) {
			const struct layout *l = &layouts[k];
			out[i].part[k] = (double)(self ? rows[i].self : rows[i].total)[k];
			out[i].blocks[k] = blocks_of(&l->blocks, l->slot[i], self);
		}
	}
	*method = compare_rows(sides, out, count);
	for (size_t i = 0; i < count; i++) /* they go away now */
		out[i].blocks[JOIN_BASE] = out[i].blocks[JOIN_NOW] = NULL;
	return out;
}

/* Counts are samples where they are whole numbers, as far as is known. */
static double samples_of(const struct snapshot *s)
{
	const struct snapshot_stats *st = snapshot_stats(s);
	if (st->unit == SNAPSHOT_TIME)
		return (double)st->samples;
	return st->fractions ? 0 : (double)st->weight_ns / (double)SNAPSHOT_ONE;
}

void judge(struct judgement *out, struct join *j, const struct snapshot *const s[JOIN_SIDES],
           struct profile *const profiles[JOIN_SIDES])
{
	struct layout layouts[JOIN_SIDES] = {{0}};
	struct compare_side sides[JOIN_SIDES];
	uint32_t slots;
	uint32_t *slot = give_slots(j, &slots);
	bool timed = profiles[JOIN_BASE] != NULL && profiles[JOIN_NOW] != NULL;
	for (int k = 0; k < JOIN_SIDES; k++) {
		struct layout *l = &layouts[k];
		*l = (struct layout){.join = j, .side = (enum join_side)k, .slot = slot};
		if (timed)
			lay_out(l, profiles[k], slots);
		sides[k] = (struct compare_side){.whole = (double)join_whole(j, l->side),
		                                 .samples = samples_of(s[k]),
		                                 .block_whole = l->blocks.whole,
		                                 .blocks = l->blocks.count};
	}
	out->total = test_kind(j, sides, layouts, false, &out->method);
	out->self = test_kind(j, sides, layouts, true, &out->method);
	for (int k = 0; k < JOIN_SIDES; k++)
		blocks_fini(&layouts[k].blocks);
	free(slot);
}

void judgement_fini(struct judgement *out)
{
	free(out->total);
	free(out->self);
	*out = (struct judgement){0};
}
