/* blocks: weights in blocks of time; see blocks.h. */
#include "blocks.h"

#include "ctop/mem.h"
#include "ctop/stats.h"

#include <stdlib.h>

enum { SAMPLES_A_BLOCK = 4, KINDS = 2 }; /* total, self */

void blocks_measure(struct blocks *b, uint64_t time_ns)
{
	b->first_ns = b->samples == 0 || time_ns < b->first_ns ? time_ns : b->first_ns;
	b->last_ns = time_ns > b->last_ns ? time_ns : b->last_ns;
	b->samples++;
}

void blocks_open(struct blocks *b, uint32_t slots)
{
	size_t count = b->samples / SAMPLES_A_BLOCK;
	b->count = count < 1 ? 1 : count > STATS_BLOCKS_MAX ? STATS_BLOCKS_MAX : count;
	b->whole = mem_zalloc(b->count, sizeof *b->whole);
	b->weights = mem_zalloc((size_t)slots * KINDS * b->count + 1, sizeof *b->weights);
}

static float *weights(const struct blocks *b, uint32_t slot, bool self)
{
	return b->weights + ((size_t)slot * KINDS + self) * b->count;
}

void blocks_sample(struct blocks *b, uint64_t time_ns, uint64_t weight_ns)
{
	double span = (double)(b->last_ns - b->first_ns) + 1;
	b->at = (size_t)((double)(time_ns - b->first_ns) / span * (double)b->count);
	b->weight = (float)weight_ns;
	b->whole[b->at] += b->weight;
}

void blocks_add(struct blocks *b, uint32_t slot, bool self)
{
	if (slot == BLOCKS_NO_SLOT)
		return;
	weights(b, slot, false)[b->at] += b->weight;
	if (self)
		weights(b, slot, true)[b->at] += b->weight;
}

const float *blocks_of(const struct blocks *b, uint32_t slot, bool self)
{
	return b->whole != NULL && slot != BLOCKS_NO_SLOT ? weights(b, slot, self) : NULL;
}

void blocks_fini(struct blocks *b)
{
	free(b->whole);
	free(b->weights);
	*b = (struct blocks){0};
}
