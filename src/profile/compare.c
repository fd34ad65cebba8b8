/* compare: changes against chance; see compare.h. */
#include "ctop/compare.h"

#include "ctop/mem.h"
#include "ctop/stats.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum { EXPECTED_MIN = 5 }; /* samples, for the normal approximation to hold (W. G. Cochran, 1954) */

const double compare_least = 0.005;
static const double FALSE_DISCOVERIES = 0.05;

static enum compare_method method_of(const struct compare_side sides[COMPARE_SIDES])
{
	bool timed = true, counted = true;
	for (int i = 0; i < COMPARE_SIDES; i++) {
		timed = timed && sides[i].block_whole != NULL;
		counted = counted && sides[i].samples > 0 && sides[i].whole > 0;
	}
	return !counted ? COMPARE_UNTESTED : timed ? COMPARE_BY_BLOCKS : COMPARE_INDEPENDENT;
}

/* The share of both sides together, as if nothing had changed. */
static double pooled_share(const struct compare_side sides[COMPARE_SIDES],
                           const struct compare_row *r)
{
	double n = sides[0].samples + sides[1].samples;
	return (r->share[0] * sides[0].samples + r->share[1] * sides[1].samples) / n;
}

/* Of so few samples no test can tell. */
static bool is_rare(const struct compare_side sides[COMPARE_SIDES], double pooled)
{
	double least = fmin(sides[0].samples, sides[1].samples);
	return fmin(pooled, 1 - pooled) * least < EXPECTED_MIN;
}

/* A history of few bursts may vary less than samples taken at random would by themselves: that
 * much is always allowed for. False where a history is too short. */
static bool test_blocks(const struct compare_side sides[COMPARE_SIDES], struct compare_row *r,
                        double pooled)
{
	struct stats_share s[COMPARE_SIDES];
	for (int i = 0; i < COMPARE_SIDES; i++) {
		s[i] = stats_share_of(r->blocks[i], sides[i].block_whole, sides[i].blocks);
		if (s[i].blocks < STATS_BLOCKS_MIN)
			return false;
		s[i].variance = fmax(s[i].variance, pooled * (1 - pooled) / sides[i].samples);
	}
	r->chance = stats_welch(s[1].share - s[0].share, s[0].variance, s[0].freedom, s[1].variance,
	                        s[1].freedom);
	return true;
}

static void test(const struct compare_side sides[COMPARE_SIDES], struct compare_row *r,
                 enum compare_method method)
{
	double pooled = pooled_share(sides, r);
	if (is_rare(sides, pooled)) /* but what hardly differs needs no test */
		r->verdict = fabs(r->delta) < compare_least ? COMPARE_NOISE : COMPARE_TOO_LITTLE;
	else if (method == COMPARE_INDEPENDENT)
		r->chance = stats_two_proportions(r->share[0] * sides[0].samples, sides[0].samples,
		                                  r->share[1] * sides[1].samples, sides[1].samples);
	else if (!test_blocks(sides, r, pooled))
		r->verdict = COMPARE_TOO_LITTLE;
}

/* Whether a row could differ by half a point at all: rows that cannot are no tests, or many of
 * them would hide those that matter. What decides, the sum of both shares, says nothing of their
 * difference (R. Bourgon, R. Gentleman, W. Huber, PNAS 107, 2010). */
static bool is_considered(const struct compare_row *r)
{
	return r->share[0] + r->share[1] >= compare_least;
}

static void choose(struct compare_row *rows, size_t count)
{
	double *p = mem_alloc((count + 1) * sizeof *p);
	bool *chosen = mem_zalloc(count + 1, sizeof *chosen);
	struct compare_row **tested = mem_alloc((count + 1) * sizeof *tested);
	size_t n = 0;
	for (size_t i = 0; i < count; i++) {
		if (rows[i].verdict == COMPARE_TOO_LITTLE || !is_considered(&rows[i]))
			continue;
		p[n] = rows[i].chance;
		tested[n++] = &rows[i];
	}
	stats_discoveries(p, n, FALSE_DISCOVERIES, chosen);
	for (size_t i = 0; i < n; i++)
		if (chosen[i] && fabs(tested[i]->delta) >= compare_least)
			tested[i]->verdict = COMPARE_CHANGED;
	free(tested);
	free(chosen);
	free(p);
}

enum compare_method compare_rows(const struct compare_side sides[COMPARE_SIDES],
                                 struct compare_row *rows, size_t count)
{
	enum compare_method method = method_of(sides);
	for (size_t i = 0; i < count; i++) {
		struct compare_row *r = &rows[i];
		for (int k = 0; k < COMPARE_SIDES; k++)
			r->share[k] = sides[k].whole > 0 ? r->part[k] / sides[k].whole : 0;
		r->delta = r->share[1] - r->share[0];
		r->chance = 1;
		r->verdict = COMPARE_NOISE;
		if (method == COMPARE_UNTESTED)
			r->verdict = COMPARE_TOO_LITTLE;
		else if (is_considered(r))
			test(sides, r, method);
	}
	choose(rows, count);
	return method;
}
