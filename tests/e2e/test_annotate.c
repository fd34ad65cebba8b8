/* annotate: the real `ctop record --annotate` on a program whose hot loop is known. */
#include "check.h"

#include "process.h"
#include "run_session.h"

#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECONDS = 60 };

static pid_t target;

static struct process_result annotate(const char *function, const char *map)
{
	char pid[32], *ctop = process_path("ctop"), name[128], mapped[512];
	snprintf(pid, sizeof pid, "%d", target);
	snprintf(name, sizeof name, "%s", function);
	snprintf(mapped, sizeof mapped, "%s", map != NULL ? map : "");
	struct process_result r =
	        process_run((char *[]){ctop, "record", "-d", "3", "--pid", pid, "--annotate", name,
	                               map != NULL ? "--source-map" : NULL, mapped, NULL},
	                    NULL, SECONDS);
	free(ctop);
	return r;
}

/* The share at the beginning of the line that holds `text`, in percent; −1 when there is none. */
static double share_of(const char *out, const char *text)
{
	const char *at = strstr(out, text);
	if (at == NULL)
		return -1;
	while (at > out && at[-1] != '\n')
		at--;
	return strtod(at, NULL);
}

/* The total of that line: the second share. */
static double total_of(const char *out, const char *text)
{
	const char *at = strstr(out, text);
	if (at == NULL)
		return -1;
	while (at > out && at[-1] != '\n')
		at--;
	return strtod(at + 9, NULL);
}

static void source_and_code_hold_the_samples(void **state)
{
	(void)state;
	struct process_result r = annotate("mix", NULL);
	assert_string_equal(r.err, "");
	assert_int_equal(r.code, 0);
	double loop = share_of(r.out, "x = x * 1103515245 + 12345;");
	print_message("the loop's line: %.1f %%\n", loop);
	assert_true(loop > 5 && loop <= 100);
	/* Its multiplication, in the function it was inlined into. */
	assert_non_null(strstr(r.out, "mix (inlined)"));
	assert_non_null(strstr(r.out, "$0x3039"));
	process_result_fini(&r);

	r = annotate("shop::store::work", NULL);
	assert_int_equal(r.code, 0);
	double call = total_of(r.out, "return sums[name] += total(items);");
	double sort = total_of(r.out, "std::sort(items.begin(), items.end(), cheaper);");
	assert_true(call > 5 && sort > 5 && call + sort <= 101);
	assert_non_null(strstr(r.out, "(shop::item::worth, inlined)"));
	process_result_fini(&r);
}

static void what_is_not_there_is_said(void **state)
{
	(void)state;
	struct process_result r = annotate("no_such_function", NULL);
	assert_int_equal(r.code, 1);
	assert_non_null(strstr(r.err, "no function 'no_such_function' was sampled"));
	process_result_fini(&r);
	/* The source is looked for where it is said to be, and in its own place. */
	r = annotate("mix", "/=/nowhere/");
	assert_int_equal(r.code, 0);
	assert_non_null(strstr(r.out, "x = x * 1103515245"));
	process_result_fini(&r);
}

/* --- perf annotate -----------------------------------------------------------------------------
 */

enum { RATE = 4999, INSNS = 4096 };

/* Shares of a function's instructions, by address. */
struct shares {
	size_t count;
	double sum;
	struct {
		unsigned long addr;
		double share;
	} of[INSNS];
};

static void add_share(struct shares *s, double share, unsigned long addr)
{
	if (s->count == INSNS || share <= 0)
		return;
	s->of[s->count].addr = addr;
	s->of[s->count++].share = share;
	s->sum += share;
}

/* "   12.34 :   11d0:  imul …", and ctop's "  12.34%   12.40% >    11d0  imulq …". */
static void read_shares(struct shares *s, char *text, bool of_perf)
{
	char *save = NULL;
	for (char *l = strtok_r(text, "\n", &save); l != NULL; l = strtok_r(NULL, "\n", &save)) {
		double self, total;
		unsigned long addr;
		char mark;
		if (of_perf && sscanf(l, "%lf : %lx: %c", &self, &addr, &mark) == 3)
			add_share(s, self, addr);
		else if (!of_perf &&
		         (sscanf(l, "%lf%% %lf%% > %lx %c", &self, &total, &addr, &mark) == 4 ||
		          sscanf(l, "%lf%% %lf%% %lx  %c", &self, &total, &addr, &mark) == 4))
			add_share(s, self, addr);
	}
}

static double share_at(const struct shares *s, unsigned long addr)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->of[i].addr == addr)
			return s->of[i].share / s->sum;
	return 0;
}

/* perf records for as long as ctop does: how a loop's time spreads over its instructions is not the
 * same for ever. Prints what perf says, a line of dashes, what ctop says. */
static struct process_result annotate_both(void)
{
	char command[1024], *ctop = process_path("ctop");
	snprintf(command, sizeof command,
	         "d=$(mktemp -d); perf record -q -e cpu-clock -F %d -o $d/p -p %d -- "
	         "%s record -F %d -d 4 --pid %d --annotate shop::store::work >$d/c && "
	         "perf annotate --stdio --no-source -i $d/p shop::store::work; echo ----ctop; "
	         "cat $d/c; rm -rf $d",
	         RATE, target, ctop, RATE, target);
	free(ctop);
	return process_run((char *[]){"sh", "-c", command, NULL}, NULL, SECONDS);
}

/* The same shares as the peer's, within sampling error. */
static void instructions_have_the_shares_of_perf_annotate(void **state)
{
	(void)state;
	static struct shares ours, theirs;
	struct process_result p = annotate_both();
	char *c = strstr(p.out, "----ctop");
	if (c == p.out) {
		print_message("SKIP: perf is not here, or may not be used: %.200s\n", p.err);
		process_result_fini(&p);
		skip();
	}
	assert_non_null(c);
	*c++ = '\0';
	/* Ours may be fewer on a busy machine, but hardly by more than half. */
	const char *told = strstr(p.out, " samples");
	while (told != NULL && told > p.out && told[-1] >= '0' && told[-1] <= '9')
		told--;
	double n = told != NULL ? atof(told) / 2 : 0;
	assert_true(n > 500);
	char *insns = strstr(c, "INSTRUCTION");
	assert_non_null(insns);
	read_shares(&ours, insns, false);
	read_shares(&theirs, p.out, true);
	assert_true(ours.count > 10 && theirs.count > 10);
	for (size_t i = 0; i < theirs.count; i++) {
		double them = theirs.of[i].share / theirs.sum;
		double us = share_at(&ours, theirs.of[i].addr);
		double bound = 5 * sqrt(2 * them * (1 - them) / n);
		bound = bound > 0.01 ? bound : 0.01;
		if (fabs(us - them) > bound)
			print_message("%lx: %.2f %%, perf annotate %.2f %%\n", theirs.of[i].addr,
			              100 * us, 100 * them);
		assert_true(fabs(us - them) <= bound);
	}
	size_t hot = 0;
	for (size_t i = 1; i < theirs.count; i++)
		hot = theirs.of[i].share > theirs.of[hot].share ? i : hot;
	print_message("%zu instructions; the hottest: %.2f %%, perf annotate %.2f %%\n",
	              theirs.count, 100 * share_at(&ours, theirs.of[hot].addr),
	              100 * theirs.of[hot].share / theirs.sum);
	process_result_fini(&p);
}

static int start(void **state)
{
	(void)state;
	target = workload_start("inlined", "0");
	return target > 0 ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	workload_end(target);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(source_and_code_hold_the_samples),
	        cmocka_unit_test(what_is_not_there_is_said),
	        cmocka_unit_test(instructions_have_the_shares_of_perf_annotate),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
