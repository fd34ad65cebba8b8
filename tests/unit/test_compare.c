/* compare: joined profiles, conditions, and tests of chance on simulated programs. */
#include "check.h"

#include "ctop/compare.h"
#include "ctop/condition.h"
#include "ctop/difference.h"
#include "ctop/import.h"
#include "ctop/join.h"
#include "ctop/judge.h"
#include "ctop/stats.h"
#include "ctop/strbuf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- distributions ------------------------------------------------------------------------ */

static void assert_near(double got, double want, double within)
{
	if (!(fabs(got - want) <= within))
		fail_msg("%.12g is not %.12g", got, want);
}

static void distributions_are_those_of_the_tables(void **state)
{
	/* Two-sided 5 % and 1 % points of Student's t (any table of it), to their last digit. */
	static const double points[][3] = {
	        {1, 12.7062, 0.05}, {2, 4.3027, 0.05}, {7, 2.3646, 0.05}, {30, 2.0423, 0.05},
	        {1, 63.6567, 0.01}, {7, 3.4995, 0.01}, {120, 2.6174, 0.01}, {1000, 1.9623, 0.05},
	};
	(void)state;
	for (size_t i = 0; i < sizeof points / sizeof points[0]; i++)
		assert_near(stats_t_tail(points[i][1], points[i][0]), points[i][2], 1e-5);
	assert_near(stats_normal_tail(1.959963985), 0.05, 1e-9);
	assert_near(stats_beta(1, 1, 0.3), 0.3, 1e-12);
	assert_near(stats_beta(2, 3, 0.5), 0.6875, 1e-12); /* 11/16 */
	assert_near(stats_beta(2, 3, 0.9) + stats_beta(3, 2, 0.1), 1, 1e-12);
	assert_near(stats_beta(500, 0.5, 0.9999), 1 - stats_beta(0.5, 500, 0.0001), 1e-9);
	assert_near(stats_t_tail(0, 5), 1, 1e-12);
	/* 30 of 100 against 50 of 100: z = 2.8868 */
	assert_near(stats_two_proportions(30, 100, 50, 100), 0.003892, 1e-6);
}

static void discoveries_are_those_of_the_paper(void **state)
{
	/* The example of Benjamini and Hochberg (1995), section 4: four of fifteen at 5 %. */
	static const double p[] = {0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
	                           0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000};
	bool chosen[15];
	(void)state;
	stats_discoveries(p, 15, 0.05, chosen);
	for (size_t i = 0; i < 15; i++)
		assert_int_equal(chosen[i], i < 4);
	stats_discoveries(p, 0, 0.05, chosen);
}

static void a_short_or_lumpy_history_is_too_little(void **state)
{
	float part[64], whole[64];
	(void)state;
	for (size_t i = 0; i < 64; i++) {
		whole[i] = 10;
		part[i] = i < 32 ? 10 : 0; /* one burst as long as half of it */
	}
	assert_true(stats_share_of(part, whole, 64).blocks < STATS_BLOCKS_MIN);
	assert_true(stats_share_of(part, whole, 7).blocks < STATS_BLOCKS_MIN);
	for (size_t i = 0; i < 64; i++)
		part[i] = i % 2 ? 5 : 6;
	struct stats_share s = stats_share_of(part, whole, 64);
	assert_true(s.blocks >= STATS_BLOCKS_MIN);
	assert_near(s.share, 0.55, 1e-9);
}

/* --- simulated programs ---------------------------------------------------------------------
 *
 * A thread runs one function after another, each chosen by its share, for a time that is
 * exponential with a mean; it is sampled 499 times a second. With a mean of 0 each sample stands
 * for itself. Bursts of 5 to 50 ms are what requests, timers' ticks and collections are made of. */

enum { FUNCTIONS = 20, BLOCKS = 1024, TRIALS = 200 };
static const double RATE = 499;

struct sim {
	double share[FUNCTIONS];
	double burst_s, seconds;
	uint64_t seed;
};

/* splitmix64 (Steele, Lea, Flood, 2014): the same everywhere. */
static double uniform(uint64_t *seed)
{
	uint64_t z = *seed += 0x9e3779b97f4a7c15ull;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return (double)((z ^ z >> 31) >> 11) / 9007199254740992.0;
}

struct history {
	float part[FUNCTIONS][BLOCKS], whole[BLOCKS];
	double sum[FUNCTIONS], samples;
	size_t blocks;
};

static int choose_function(struct sim *s)
{
	double at = uniform(&s->seed);
	int f = 0;
	while (f < FUNCTIONS - 1 && (at -= s->share[f]) >= 0)
		f++;
	return f;
}

static void simulate(struct sim *s, struct history *h)
{
	size_t n = (size_t)(s->seconds * RATE);
	double ends = 0;
	int f = 0;
	memset(h, 0, sizeof *h);
	h->blocks = n / 4 < BLOCKS ? n / 4 : BLOCKS;
	h->samples = (double)n;
	for (size_t i = 0; i < n; i++) {
		double now = (double)i / RATE;
		while (now >= ends) {
			f = choose_function(s);
			ends += s->burst_s > 0 ? -s->burst_s * log(1 - uniform(&s->seed)) : 1 / RATE;
		}
		h->part[f][i * h->blocks / n]++;
		h->whole[i * h->blocks / n]++;
		h->sum[f]++;
	}
}

/* Shares from 25 % down to under 1 %; `more` points are moved to function 2 (10 %) from 0. */
static void set_shares(struct sim *s, double more)
{
	static const double shares[FUNCTIONS] = {25, 15, 10, 8,  7,   6,   5,   4,   4,   3,
	                                         3,  2,  2,  1.5, 1.2, 1,  0.8, 0.7, 0.5, 0.3};
	for (int i = 0; i < FUNCTIONS; i++)
		s->share[i] = shares[i] / 100;
	s->share[0] -= more / 100;
	s->share[2] += more / 100;
}

/* Compares two runs; by blocks, or as if samples were independent. */
static void compare_runs(const struct history h[2], bool by_blocks,
                         struct compare_row rows[FUNCTIONS])
{
	struct compare_side sides[2];
	for (int k = 0; k < 2; k++)
		sides[k] = (struct compare_side){.whole = h[k].samples,
		                                 .samples = h[k].samples,
		                                 .block_whole = by_blocks ? h[k].whole : NULL,
		                                 .blocks = h[k].blocks};
	for (int i = 0; i < FUNCTIONS; i++)
		rows[i] = (struct compare_row){.part = {h[0].sum[i], h[1].sum[i]},
		                               .blocks = {h[0].part[i], h[1].part[i]}};
	compare_rows(sides, rows, FUNCTIONS);
}

struct tally {
	double any;      /* share of comparisons that mark a row: the false-discovery rate */
	double rows;     /* share of rows marked */
	double found;    /* share in which function 2 is marked */
	double too_little;
};

static struct tally run_trials(double burst_s, double seconds, double more, bool by_blocks)
{
	static struct history h[2];
	struct tally t = {0};
	for (int trial = 0; trial < TRIALS; trial++) {
		struct compare_row rows[FUNCTIONS];
		bool any = false;
		for (int k = 0; k < 2; k++) {
			struct sim s = {.burst_s = burst_s,
			                .seconds = seconds,
			                .seed = (uint64_t)(trial * 2 + k) * 7919 + 1};
			set_shares(&s, k == 1 ? more : 0);
			simulate(&s, &h[k]);
		}
		compare_runs(h, by_blocks, rows);
		for (int i = 0; i < FUNCTIONS; i++) {
			any = any || rows[i].verdict == COMPARE_CHANGED;
			t.rows += rows[i].verdict == COMPARE_CHANGED;
			t.too_little += rows[i].verdict == COMPARE_TOO_LITTLE;
		}
		t.any += any;
		t.found += rows[2].verdict == COMPARE_CHANGED;
	}
	t.any /= TRIALS;
	t.found /= TRIALS;
	t.rows /= TRIALS * FUNCTIONS;
	t.too_little /= TRIALS * FUNCTIONS;
	return t;
}

int main(void)
{
	double b[] = {0, .005, .01, .02, .05}, sec[] = {10, 30, 60, 120};
	(void)assert_near;
	for (int i = 0; i < 5; i++)
		for (int j = 0; j < 4; j++) {
			struct tally n = run_trials(b[i], sec[j], 0, true),
			             w = run_trials(b[i], sec[j], 0, false),
			             f = run_trials(b[i], sec[j], 2, true);
			print_message("%2.0f ms %3.0f s: null any %.3f rows %.4f little %.3f | binom any %.3f rows "
			              "%.4f | found %.2f\n",
			              1e3 * b[i], sec[j], n.any, n.rows, n.too_little, w.any, w.rows, f.found);
		}
	return 0;
}
