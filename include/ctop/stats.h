/* stats: what is needed to tell a change from chance. Pure; any thread. */
#ifndef CTOP_STATS_H
#define CTOP_STATS_H

#include <stdbool.h>
#include <stddef.h>

/* Blocks a history may have, and those a variance needs. */
enum { STATS_BLOCKS_MAX = 1024, STATS_BLOCKS_MIN = 8 };

/* A share of the whole, from its history. */
struct stats_share {
	double share;    /* part / whole, over all blocks */
	double variance; /* of that share */
	double freedom;  /* degrees of freedom of the variance */
	size_t blocks; /* uncorrelated ones it stands on; under STATS_BLOCKS_MIN: too little data */
};

/* The share of `part` in `whole`, both by blocks of equal time, one after another (at most
 * STATS_BLOCKS_MAX; more are ignored). */
struct stats_share stats_share_of(const float *part, const float *whole, size_t blocks);

/* Chance (both sides) of a t at least this far from 0 with `freedom` degrees of freedom, and of a
 * normal z. */
double stats_t_tail(double t, double freedom);
double stats_normal_tail(double z);

/* Chance of a difference as large as between two means, by their variances. */
double stats_welch(double difference, double variance_a, double freedom_a, double variance_b,
                   double freedom_b);

/* Chance of a difference as large as between k_a of n_a and k_b of n_b independent samples. */
double stats_two_proportions(double k_a, double n_a, double k_b, double n_b);

/* Chooses among `count` chances so that at most `rate` of those chosen are expected to be
 * false; chosen[i] is set for each. */
void stats_discoveries(const double *p, size_t count, double rate, bool *chosen);

/* I_x(a, b), the regularised incomplete beta function; a, b > 0, 0 ≤ x ≤ 1. */
double stats_beta(double a, double b, double x);

#endif
