/* stats: tests of chance; see stats.h.
 *
 * The incomplete beta function is the only special function the C library lacks here: thirty
 * lines, tested against tables, instead of a dependency on GSL for this one.
 */
#include "ctop/stats.h"

#include "ctop/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- distributions ---------------------------------------------------------------------- */

/* The continued fraction of DLMF 8.17.22 (dlmf.nist.gov), by the modified Lentz method
 * (W. J. Lentz, Applied Optics 15, 1976; I. J. Thompson, A. R. Barnett, J. Comput. Phys. 64,
 * 1986). */
static double beta_fraction(double a, double b, double x)
{
	enum { TERMS = 500 };
	const double tiny = 1e-300, enough = 1e-14;
	double c = 1, d = 1 - (a + b) * x / (a + 1);
	d = 1 / (fabs(d) < tiny ? tiny : d);
	double f = d;
	for (int k = 2; k < TERMS; k++) {
		int m = k / 2;
		double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
		double term = k % 2 == 0 ? even : odd;
		d = 1 + term * d;
		c = 1 + term / c;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = fabs(c) < tiny ? tiny : c;
		f *= d * c;
		if (fabs(d * c - 1) < enough)
			break;
	}
	return f;
}

double stats_beta(double a, double b, double x)
{
	int sign;
	if (x <= 0 || x >= 1)
		return x >= 1;
	/* The fraction converges fast on this side of the mean (DLMF 8.17.4 mirrors it). */
	if (x > (a + 1) / (a + b + 2))
		return 1 - stats_beta(b, a, 1 - x);
	double log_beta = lgamma_r(a, &sign) + lgamma_r(b, &sign) - lgamma_r(a + b, &sign);
	double front = exp(a * log(x) + b * log1p(-x) - log_beta) / a;
	return front * beta_fraction(a, b, x);
}

/* P(|T| ≥ t) = I_{ν/(ν+t²)}(ν/2, 1/2) (Abramowitz, Stegun, 26.7.1 with 26.5.27). */
double stats_t_tail(double t, double freedom)
{
	if (!(freedom > 0))
		return 1;
	if (!isfinite(t))
		return isnan(t) ? 1 : 0;
	return stats_beta(freedom / 2, 0.5, freedom / (freedom + t * t));
}

double stats_normal_tail(double z)
{
	return erfc(fabs(z) / sqrt(2));
}

/* B. L. Welch, "The generalization of 'Student's' problem when several different population
 * variances are involved", Biometrika 34, 1947; degrees of freedom by F. E. Satterthwaite. */
double stats_welch(double difference, double variance_a, double freedom_a, double variance_b,
                   double freedom_b)
{
	double sum = variance_a + variance_b;
	if (sum <= 0)
		return difference == 0 ? 1 : 0;
	double freedom =
	        sum * sum /
	        (variance_a * variance_a / freedom_a + variance_b * variance_b / freedom_b);
	return stats_t_tail(difference / sqrt(sum), freedom);
}

/* The pooled z test of two proportions. */
double stats_two_proportions(double k_a, double n_a, double k_b, double n_b)
{
	if (n_a <= 0 || n_b <= 0)
		return 1;
	double pooled = (k_a + k_b) / (n_a + n_b);
	double variance = pooled * (1 - pooled) * (1 / n_a + 1 / n_b);
	return variance > 0 ? stats_normal_tail((k_b / n_b - k_a / n_a) / sqrt(variance)) : 1;
}

/* --- many tests at once ------------------------------------------------------------------ */

static int by_value(const void *va, const void *vb)
{
	double a = *(const double *)va, b = *(const double *)vb;
	return (a > b) - (a < b);
}

/* Y. Benjamini, Y. Hochberg, "Controlling the false discovery rate", J. R. Statist. Soc. B 57,
 * 1995. It holds, too, where the tests depend on one another as a function's and its callers' do
 * (positively: Y. Benjamini, D. Yekutieli, Ann. Statist. 29, 2001). */
void stats_discoveries(const double *p, size_t count, double rate, bool *chosen)
{
	double *sorted = mem_alloc((count + 1) * sizeof *sorted), limit = -1;
	if (count > 0)
		memcpy(sorted, p, count * sizeof *sorted);
	if (count > 1)
		qsort(sorted, count, sizeof *sorted, by_value);
	for (size_t i = count; i-- > 0 && limit < 0;)
		if (sorted[i] <= rate * (double)(i + 1) / (double)count)
			limit = sorted[i];
	for (size_t i = 0; i < count; i++)
		chosen[i] = p[i] <= limit;
	free(sorted);
}

/* --- shares over time --------------------------------------------------------------------- */

struct series {
	double part[STATS_BLOCKS_MAX], whole[STATS_BLOCKS_MAX];
	size_t n;
};

/* Blocks in which nothing ran say nothing of shares. */
static void fill(struct series *s, const float *part, const float *whole, size_t blocks)
{
	s->n = 0;
	for (size_t i = 0; i < blocks && i < STATS_BLOCKS_MAX; i++) {
		if (!(whole[i] > 0))
			continue;
		s->part[s->n] = (double)part[i];
		s->whole[s->n++] = (double)whole[i];
	}
}

/* Every two blocks become one; an odd last one joins its neighbour. */
static void halve(struct series *s)
{
	size_t half = s->n / 2;
	for (size_t i = 0; i < s->n; i++) {
		size_t to = i / 2 < half ? i / 2 : half - 1;
		double part = s->part[i], whole = s->whole[i];
		bool first = i % 2 == 0 && i / 2 < half;
		s->part[to] = first ? part : s->part[to] + part;
		s->whole[to] = first ? whole : s->whole[to] + whole;
	}
	s->n = half;
}

/* The variance of a ratio of sums by its linear part (W. G. Cochran, Sampling Techniques, 1977,
 * 6.4): residuals part − share × whole, so that blocks in which more ran count for more. *rho:
 * how much a block's residual tells of the next one's. */
static double ratio_variance(const struct series *s, double *share, double *rho)
{
	double part = 0, whole = 0, squares = 0, products = 0, before = 0;
	for (size_t i = 0; i < s->n; i++) {
		part += s->part[i];
		whole += s->whole[i];
	}
	*share = whole > 0 ? part / whole : 0;
	for (size_t i = 0; i < s->n; i++) {
		double r = s->part[i] - *share * s->whole[i];
		squares += r * r;
		products += r * before;
		before = r;
	}
	*rho = squares > 0 ? products / squares : 0;
	if (s->n < 2 || whole <= 0)
		return 0;
	return squares / (whole * whole) * (double)s->n / (double)(s->n - 1);
}

/* Samples follow one another in bursts, so that their number says little; blocks longer than the
 * bursts are independent. The method of batch means, batches doubled until they do not tell of
 * one another (A. M. Law, J. S. Carson, Operations Research 27, 1979; H. Flyvbjerg, H. G.
 * Petersen, J. Chem. Phys. 91, 1989). What correlation is left, too weak to be seen, is added. */
struct stats_share stats_share_of(const float *part, const float *whole, size_t blocks)
{
	struct series s;
	struct stats_share out = {0};
	double rho;
	fill(&s, part, whole, blocks);
	for (;;) {
		out.variance = ratio_variance(&s, &out.share, &rho);
		out.blocks = s.n;
		if (s.n < STATS_BLOCKS_MIN)
			return out;
		if (fabs(rho) <= 2 / sqrt((double)s.n))
			break;
		halve(&s);
	}
	out.variance *= 1 + 2 * fmax(rho, 0);
	out.freedom = (double)(s.n - 1);
	return out;
}
