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
	        {1, 12.7062, 0.05}, {2, 4.3027, 0.05}, {7, 2.3646, 0.05},   {30, 2.0423, 0.05},
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

static void a_short_or_lumpy_history_tells_little(void **state)
{
	float part[64], whole[64];
	(void)state;
	for (size_t i = 0; i < 64; i++) {
		whole[i] = 10;
		part[i] = i < 32 ? 10 : 0; /* one burst as long as half of it */
	}
	struct stats_share s = stats_share_of(part, whole, 64);
	assert_true(s.blocks <= STATS_BLOCKS_MIN &&
	            sqrt(s.variance) > 0.2); /* 50 % ± 20 and more */
	assert_true(stats_share_of(part, whole, 7).blocks < STATS_BLOCKS_MIN);
	for (size_t i = 0; i < 64; i++)
		part[i] = i % 2 ? 5 : 6;
	s = stats_share_of(part, whole, 64);
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
			ends += s->burst_s > 0 ? -s->burst_s * log(1 - uniform(&s->seed))
			                       : 1 / RATE;
		}
		h->part[f][i * h->blocks / n]++;
		h->whole[i * h->blocks / n]++;
		h->sum[f]++;
	}
}

/* Shares from 25 % down to under 1 %; `more` points are moved to function 2 (10 %) from 0. */
static void set_shares(struct sim *s, double more)
{
	static const double shares[FUNCTIONS] = {25, 15, 10, 8,   7,   6, 5,   4,   4,   3,
	                                         3,  2,  2,  1.5, 1.2, 1, 0.8, 0.7, 0.5, 0.3};
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
	double any;   /* share of comparisons that mark a row: with no change, the false discoveries
	               */
	double rows;  /* share of rows that are marked */
	double found; /* share of comparisons that mark function 2 */
	double false_share; /* of rows marked that have not changed, on average */
};

/* One comparison; function 0 and 2 are what `more` has changed. */
static void tally_add(struct tally *t, const struct compare_row rows[FUNCTIONS], bool changed)
{
	int marked = 0, wrong = 0;
	for (int i = 0; i < FUNCTIONS; i++) {
		bool is = rows[i].verdict == COMPARE_CHANGED;
		marked += is;
		wrong += is && !(changed && (i == 0 || i == 2));
	}
	t->any += marked > 0;
	t->rows += (double)marked / FUNCTIONS;
	t->found += rows[2].verdict == COMPARE_CHANGED;
	t->false_share += marked > 0 ? (double)wrong / marked : 0;
}

/* The same runs, judged by blocks and as if samples were independent. */
static void run_trials(double burst_s, double seconds, double more, struct tally *by_blocks,
                       struct tally *independent)
{
	static struct history h[2];
	struct compare_row rows[FUNCTIONS];
	*by_blocks = *independent = (struct tally){0};
	for (int trial = 0; trial < TRIALS; trial++) {
		for (int k = 0; k < 2; k++) {
			struct sim s = {.burst_s = burst_s,
			                .seconds = seconds,
			                .seed = (uint64_t)(trial * 2 + k) * 7919 + 1};
			set_shares(&s, k == 1 ? more : 0);
			simulate(&s, &h[k]);
		}
		compare_runs(h, true, rows);
		tally_add(by_blocks, rows, more > 0);
		compare_runs(h, false, rows);
		tally_add(independent, rows, more > 0);
	}
	for (int i = 0; i < 2; i++) {
		struct tally *t = i == 0 ? by_blocks : independent;
		t->any /= TRIALS;
		t->rows /= TRIALS;
		t->found /= TRIALS;
		t->false_share /= TRIALS;
	}
}

static const double bursts[] = {0, 0.005, 0.01, 0.02, 0.05};
enum { CASES = sizeof bursts / sizeof bursts[0] };

/* At most 5 % of comparisons without any change mark something; a single case may stand three
 * standard errors higher. The plain test of two proportions, for which bursts are many samples
 * that agree, marks 25 to 70 % of all rows. */
static void without_a_change_hardly_any_row_is_marked(void **state)
{
	double sum = 0, slack = 3 * sqrt(0.05 * 0.95 / TRIALS);
	(void)state;
	for (int i = 0; i < CASES; i++) {
		struct tally blocks, independent;
		run_trials(bursts[i], 10, 0, &blocks, &independent);
		print_message(
		        "bursts of %2.0f ms, 10 s, no change: %.1f %% of comparisons mark a row; "
		        "as if independent %.1f %% (%.0f %% of rows)\n",
		        1e3 * bursts[i], 100 * blocks.any, 100 * independent.any,
		        100 * independent.rows);
		assert_true(blocks.any <= 0.05 + slack);
		assert_true(bursts[i] > 0 ? independent.rows > 0.2
		                          : independent.any <= 0.05 + slack);
		sum += blocks.any;
	}
	assert_true(sum / CASES <= 0.05);
}

/* Two points more of 10 %: what is found depends on how many bursts were seen, not samples. */
static void a_change_of_two_points_is_found_as_far_as_bursts_allow(void **state)
{
	static const struct {
		double burst_s, seconds, least;
	} cases[] = {{0, 10, 0.5},     {0, 30, 0.95},     {0.005, 60, 0.65}, {0.005, 120, 0.9},
	             {0.01, 120, 0.6}, {0.02, 120, 0.25}, {0.05, 120, 0}};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct tally blocks, independent;
		run_trials(cases[i].burst_s, cases[i].seconds, 2, &blocks, &independent);
		print_message(
		        "bursts of %2.0f ms, %3.0f s, +2 points: found in %.0f %%; of the rows "
		        "marked %.1f %% are false\n",
		        1e3 * cases[i].burst_s, cases[i].seconds, 100 * blocks.found,
		        100 * blocks.false_share);
		assert_true(blocks.found >= cases[i].least);
		assert_true(blocks.false_share <= 0.05 + 3 * sqrt(0.05 * 0.95 / TRIALS));
	}
}

static void little_data_and_small_changes_are_no_change(void **state)
{
	float whole[10], part[2][10];
	struct compare_side sides[2];
	struct compare_row rows[3] = {{.part = {50, 90}, .blocks = {part[0], part[1]}},
	                              {.part = {2, 5}, .blocks = {part[0], part[1]}},
	                              {.part = {0, 0}}};
	(void)state;
	for (int i = 0; i < 10; i++) {
		whole[i] = 20;
		part[0][i] = 5;
		part[1][i] = 9;
	}
	for (int k = 0; k < 2; k++)
		sides[k] = (struct compare_side){200, 200, whole, 7};
	assert_int_equal(compare_rows(sides, rows, 3), COMPARE_BY_BLOCKS);
	assert_int_equal(rows[0].verdict, COMPARE_TOO_LITTLE); /* seven blocks */
	sides[0].blocks = sides[1].blocks = 10;
	compare_rows(sides, rows, 3);
	assert_int_equal(rows[0].verdict, COMPARE_CHANGED);
	assert_near(rows[0].delta, 0.2, 1e-12);
	assert_int_equal(rows[1].verdict, COMPARE_TOO_LITTLE); /* seven samples in all */
	assert_int_equal(rows[2].verdict, COMPARE_NOISE);
	sides[1].block_whole = NULL;
	assert_int_equal(compare_rows(sides, rows, 3), COMPARE_INDEPENDENT);
	assert_int_equal(rows[0].verdict, COMPARE_CHANGED);
	sides[1].samples = 0;
	assert_int_equal(compare_rows(sides, rows, 3), COMPARE_UNTESTED);
	sides[0] = sides[1] = (struct compare_side){1e6, 1e6, NULL, 0};
	rows[0] = (struct compare_row){.part = {100000, 104000}};
	assert_int_equal(compare_rows(sides, rows, 1), COMPARE_INDEPENDENT);
	assert_true(rows[0].chance < 1e-6); /* certain, and too small to tell */
	assert_int_equal(rows[0].verdict, COMPARE_NOISE);
}

/* --- joins ----------------------------------------------------------------------------------- */

struct side {
	struct funcs *funcs;
	struct import *import;
	struct profile *profile;
	struct snapshot *s;
};

struct pair {
	struct side sides[JOIN_SIDES];
	struct join *j;
};

static void read_side(struct side *side, const char *text)
{
	struct err e = {0};
	side->funcs = funcs_new();
	side->import = import_new(side->funcs, 64 << 20);
	struct profile_config c = {.memory = 64 << 20,
	                           .frames_of = import_frames,
	                           .ctx = side->import,
	                           .funcs = side->funcs};
	side->profile = profile_new(&c);
	assert_int_equal(import_feed(side->import, side->profile, "x", text, strlen(text), &e), 0);
	assert_int_equal(import_end(side->import, side->profile, &e), CTOP_OK);
	side->s = profile_publish(side->profile, 0, NULL, 0);
}

static struct pair join_texts(const char *base, const char *now)
{
	struct pair p;
	read_side(&p.sides[JOIN_BASE], base);
	read_side(&p.sides[JOIN_NOW], now);
	p.j = join_new(p.sides[JOIN_BASE].s, p.sides[JOIN_NOW].s);
	return p;
}

static void pair_fini(struct pair *p)
{
	join_free(p->j);
	for (int k = 0; k < JOIN_SIDES; k++) {
		snapshot_unref(p->sides[k].s);
		profile_free(p->sides[k].profile);
		import_free(p->sides[k].import);
		funcs_free(p->sides[k].funcs);
	}
}

/* "name|module self,total→self,total" of a row, in counts. */
static void assert_row(const struct join *j, const char *name, const char *want)
{
	size_t count;
	const struct join_row *rows = join_rows(j, &count);
	struct strbuf got = {0};
	for (size_t i = 0; i < count; i++) {
		const struct join_row *r = &rows[i];
		if (strcmp(r->name, name) != 0)
			continue;
		strbuf_addf(&got, "%s|%s %d,%d→%d,%d%s ", r->name, r->module,
		            (int)(r->self[0] / SNAPSHOT_ONE), (int)(r->total[0] / SNAPSHOT_ONE),
		            (int)(r->self[1] / SNAPSHOT_ONE), (int)(r->total[1] / SNAPSHOT_ONE),
		            r->process ? "!" : "");
	}
	assert_string_equal(strbuf_str(&got), want);
	strbuf_fini(&got);
}

static void modules_are_joined_without_path_and_version(void **state)
{
	static const char *const cases[][2] = {
	        {"libfoo.so.1.2", "libfoo.so"},
	        {"/usr/lib/libfoo.so.1.3", "libfoo.so"},
	        {"libc-2.31.so", "libc.so"},
	        {"libstdc++.so.6.0.30", "libstdc++.so"},
	        {"my.sophisticated.program", "my.sophisticated.program"},
	        {"/opt/x/python3.11", "python3.11"},
	        {"[kernel.kallsyms]", "[kernel]"},
	        {"[kernel]", "[kernel]"},
	        {"app.py", "app.py"},
	        {"server (deleted)", "server"},
	        {"", ""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char out[64];
		join_module_name(cases[i][0], out, sizeof out);
		assert_string_equal(out, cases[i][1]);
	}
}

static void functions_are_joined_by_name_and_module(void **state)
{
	(void)state;
	struct pair p = join_texts("p;main;f (liba.so.1);f (libb.so) 10\n"
	                           "p;g (liba.so.1) 5\np;liba.so.1+0x1234 1\n"
	                           "p;liba.so.1+0x4321 2\np;main;main;main 3\n",
	                           "p;main;f (/x/liba.so.2) 7\np;g;h 4\n"
	                           "p;liba.so.2+0x99;f (libb.so) 1\n");
	assert_row(p.j, "f", "f|libb.so 10,10→1,1 f|liba.so 0,10→7,7 ");
	/* One side does not tell the module of g: by name alone. */
	assert_row(p.j, "g", "g|liba.so 5,5→0,4 ");
	assert_row(p.j, "h", "h| 0,0→4,4 ");
	assert_row(p.j, "main", "main| 3,13→0,7 "); /* recursion once */
	assert_row(p.j, "[code without a name]", "[code without a name]|liba.so 3,3→0,1 ");
	assert_row(p.j, "p", "p| 0,21→0,12! ");
	pair_fini(&p);
	/* Two that one side cannot tell apart are one, and counted once a stack. */
	p = join_texts("p;f (liba.so);f (libb.so) 10\n", "p;f 4\n");
	assert_row(p.j, "f", "f|(several) 10,10→4,4 ");
	pair_fini(&p);
}

static void differential_stacks_have_two_counts(void **state)
{
	(void)state;
	struct pair p =
	        join_texts("p;a;b 10\np;a 2.5\np;x+0x10 1\n", "p;a;b 4\np;c 3\np;x+0x20 6\n");
	struct judgement judgement;
	struct strbuf out = {0};
	const struct snapshot *s[] = {p.sides[0].s, p.sides[1].s};
	judge(&judgement, p.j, s, (struct profile *[]){NULL, NULL});
	assert_int_equal(judgement.method, COMPARE_UNTESTED); /* 2.5 is no number of samples */
	struct difference d = {p.j, &judgement, {s[0], s[1]}, {"before", "now"}};
	difference_folded(&d, &out);
	assert_string_equal(out.data, "p;[code without a name] 1 6\np;a 2.5 0\np;a;b 10 4\n"
	                              "p;c 0 3\n");
	strbuf_clear(&out);
	difference_text(&d, &out);
	assert_non_null(strstr(out.data, "not judged: the counts are no samples"));
	assert_non_null(strstr(out.data, "new   c"));
	strbuf_fini(&out);
	judgement_fini(&judgement);
	pair_fini(&p);
}

/* --- conditions --------------------------------------------------------------------------------
 */

static void conditions_say_what_they_mean(void **state)
{
	static const struct {
		const char *text;
		int holds; /* −1: an error */
	} cases[] = {
	        {"total(parse) > +5%", 1},  {"total(parse) > +10%", 0},
	        {"total(parse)>=+10%", 1},  {" self ( parse ) > 15 % ", 1},
	        {"self(parse) > 20%", 0},   {"total(gone) < -4%", 1},
	        {"total(gone) < -5%", 0},   {"total(gone) <= -5%", 1},
	        {"total(gone) <= 0%", 1},   {"self(operator>(A, B)) > 1%", 1},
	        {"self(perator>) > 1%", 1}, {"self(neither) > 0%", 0},
	        {"self(neither) >= 0%", 1}, {"self(r) > 0%", -1},
	        {"total(p) >= 100%", 1},    {"total(f (x)) > 1%", 0},
	};
	(void)state;
	struct pair p = join_texts("a;p;parse 10\na;p;gone 5\na;p;operator>(A, B) 85\n",
	                           "a;p;parse 20\na;p;operator>(A, B) 80\n");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct condition c;
		struct condition_result r;
		struct err e = {0};
		if (condition_parse(&c, cases[i].text, &e) != CTOP_OK)
			fail_msg("%s", e.text);
		int got = condition_judge(&c, p.j, &r, &e) == CTOP_OK ? r.holds : -1;
		if (got != cases[i].holds)
			fail_msg("%s: %d (%s)", cases[i].text, got, e.text);
	}
	pair_fini(&p);
}

static void what_is_no_condition_is_refused(void **state)
{
	static const char *const cases[] = {"",
	                                    "total",
	                                    "total(x)",
	                                    "total(x) > 5",
	                                    "total() > 5%",
	                                    "total( ) > 5%",
	                                    "all(x) > 5%",
	                                    "self(x) = 5%",
	                                    "self(x) > x%",
	                                    "self(x) > 5% 3",
	                                    "self(x) > 500%",
	                                    "self(x) > +%",
	                                    "self(x > 5%",
	                                    "self(x) > nan%",
	                                    "self(x) > - 5%"};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct condition c;
		struct err e = {0};
		if (condition_parse(&c, cases[i], &e) != CTOP_EINVAL)
			fail_msg("'%s' was taken", cases[i]);
		assert_non_null(strstr(e.text, "is no condition"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(distributions_are_those_of_the_tables),
	        cmocka_unit_test(discoveries_are_those_of_the_paper),
	        cmocka_unit_test(a_short_or_lumpy_history_tells_little),
	        cmocka_unit_test(without_a_change_hardly_any_row_is_marked),
	        cmocka_unit_test(a_change_of_two_points_is_found_as_far_as_bursts_allow),
	        cmocka_unit_test(little_data_and_small_changes_are_no_change),
	        cmocka_unit_test(modules_are_joined_without_path_and_version),
	        cmocka_unit_test(functions_are_joined_by_name_and_module),
	        cmocka_unit_test(differential_stacks_have_two_counts),
	        cmocka_unit_test(conditions_say_what_they_mean),
	        cmocka_unit_test(what_is_no_condition_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
