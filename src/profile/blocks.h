/* blocks: weights of rows in blocks of time, total and self, as compare.h wants them. Private to
 * the profile layer.
 *
 * All samples are measured first, then given again one by one, each with the rows it counts for.
 */
#ifndef CTOP_PROFILE_BLOCKS_H
#define CTOP_PROFILE_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BLOCKS_NO_SLOT UINT32_MAX

/* Zero-initialised is nothing measured. */
struct blocks {
	uint64_t first_ns, last_ns, samples;
	size_t count;
	float *whole, *weights; /* weights: [slot][kind][block]; owned */
	size_t at;              /* block of the sample being added */
	float weight;
};

void blocks_measure(struct blocks *b, uint64_t time_ns);

/* After measuring: room for so many rows. */
void blocks_open(struct blocks *b, uint32_t slots);

/* A sample; then each row it counts for, BLOCKS_NO_SLOT for rows that are not laid out. */
void blocks_sample(struct blocks *b, uint64_t time_ns, uint64_t weight_ns);
void blocks_add(struct blocks *b, uint32_t slot, bool self);

/* The weights of a row: total or self; NULL when nothing is laid out. Borrowed. */
const float *blocks_of(const struct blocks *b, uint32_t slot, bool self);

void blocks_fini(struct blocks *b);

#endif
