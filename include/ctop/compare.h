/* compare: whether a share that differs between two profiles differs by more than chance.
 *
 * Where time is known on both sides, a row's own history tells how much its share varies; samples
 * are not taken for independent. Without time they are (COMPARE_INDEPENDENT), which marks far too
 * much where work comes in bursts: who shows the result says so. Rows are chosen at a rate of 5 %
 * false discoveries among those chosen, and must differ by half a point.
 *
 * Pure; any thread. Weights are of any unit, the same for a side's rows.
 */
#ifndef CTOP_COMPARE_H
#define CTOP_COMPARE_H

#include <stddef.h>
#include <stdint.h>

enum { COMPARE_SIDES = 2 }; /* before, now */

/* One profile. */
struct compare_side {
	double whole;             /* weight of all that was counted */
	double samples;           /* how many samples that is; 0: they are not counted */
	const float *block_whole; /* the weight in each block of time, NULL: no time is known;
	                             borrowed */
	size_t blocks;            /* at most STATS_BLOCKS_MAX (stats.h) */
};

enum compare_verdict {
	COMPARE_NOISE,      /* chance would do, or it is under half a point */
	COMPARE_CHANGED,    /* chance would hardly do */
	COMPARE_TOO_LITTLE, /* data to tell */
};

struct compare_row {
	double part[COMPARE_SIDES];         /* its weight */
	const float *blocks[COMPARE_SIDES]; /* in each block, where time is known; borrowed */
	/* Filled in: */
	double share[COMPARE_SIDES], delta; /* 0…1; now − before */
	double chance; /* of such a difference without a change; 1: not tested */
	enum compare_verdict verdict;
};

enum compare_method {
	COMPARE_BY_BLOCKS,   /* by the rows' own variation in time */
	COMPARE_INDEPENDENT, /* as if samples were independent */
	COMPARE_UNTESTED,    /* counts are no samples, or there are none */
};

/* Judges all rows of one kind (self, or total) together; returns how. */
enum compare_method compare_rows(const struct compare_side sides[COMPARE_SIDES],
                                 struct compare_row *rows, size_t count);

/* The smallest change that is told, 0…1. */
extern const double compare_least;

#endif
