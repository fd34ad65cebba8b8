/* diff: the real `ctop diff` on recordings of programs whose shares are known. */
#include "check.h"

#include "process.h"
#include "ptyterm.h"
#include "run_session.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SECONDS = 30, ARGS = 16, OFF_MOST = 5 };

static char dir[] = "/tmp/ctop-diff-XXXXXX";

static char *in_dir(const char *name)
{
	static char paths[8][256];
	static unsigned next;
	char *path = paths[next++ % 8];
	snprintf(path, sizeof paths[0], "%s/%s", dir, name);
	return path;
}

/* Runs ctop with up to ARGS words. */
static struct process_result run(const char *const *words)
{
	char *argv[ARGS + 2] = {process_path("ctop")};
	int n = 0;
	for (; words[n] != NULL && n < ARGS; n++)
		argv[n + 1] = strdup(words[n]);
	struct process_result r = process_run(argv, NULL, SECONDS);
	for (int i = 0; i <= n; i++)
		free(argv[i]);
	return r;
}

#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

static void record(const char *workload, const char *arg, const char *to)
{
	char pid[32];
	pid_t target = workload_start(workload, arg);
	snprintf(pid, sizeof pid, "%d", target);
	bool raw = strstr(to, ".ctr") != NULL;
	struct process_result r = RUN("record", "-p", pid, "-d", "3", "-F", "997", "-o", in_dir(to),
	                              raw ? "--raw" : "--no-children");
	workload_end(target);
	if (r.code != 0)
		fail_msg("record: %s", r.err);
	process_result_fini(&r);
}

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(in_dir(name), "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0 && fclose(f) == 0);
}

/* The figures of a function's line: change, before, now of the total. */
static bool row_of(const char *page, const char *function, double out[3])
{
	char word[128];
	snprintf(word, sizeof word, " %s ", function);
	const char *at = strstr(page, word);
	if (at == NULL)
		return false;
	while (at > page && at[-1] != '\n')
		at--;
	char *end;
	out[0] = strtod(at, &end);
	out[1] = strtod(end + 1, &end);
	out[2] = strtod(end + 1, &end);
	return true;
}

/* Both recordings are of one program: half, third and rest have 50, 30 and 20 %. */
static void known_shares_are_compared(void **state)
{
	(void)state;
	need_perf();
	static const char *const pairs[][2] = {
	        {"a.ctr", "b.ctr"}, {"a.folded", "b.folded"}, {"a.folded", "b.ctr"}};
	for (size_t i = 0; i < 3; i++) {
		bool timed = i == 0;
		struct process_result r = RUN("diff", in_dir(pairs[i][0]), in_dir(pairs[i][1]),
		                              "-f", "json", "-o", in_dir("d.json"));
		assert_int_equal(r.code, 0);
		assert_non_null(strstr(r.out, timed ? "varies in time" : "independent samples"));
		process_result_fini(&r);
		r = RUN("diff", in_dir(pairs[i][0]), in_dir(pairs[i][1]), "--fail-if",
		        "total(burn_half) > 55%", "--fail-if", "total(burn_half) < 45%",
		        "--fail-if", "total(burn_third) > 35%", "--fail-if",
		        "total(burn_third) < 25%", "--fail-if", "total(burn_rest) >+5%");
		assert_string_equal(r.err, "");
		assert_int_equal(r.code, 0);
		process_result_fini(&r);
	}
	/* The condition that holds is told with its figures. */
	struct process_result r =
	        RUN("diff", in_dir("a.ctr"), in_dir("b.folded"), "--fail-if",
	            "total(burn_third) > 90%", "--fail-if", "total(burn_third) > 10%");
	assert_int_equal(r.code, 3);
	assert_non_null(strstr(r.err, "failed: total(burn_third) > 10%: "));
	assert_non_null(strstr(r.err, " now, "));
	assert_null(strstr(r.err, "> 90%"));
	process_result_fini(&r);
}

/* Another program: its functions are new, the first one's are gone. */
static void new_and_gone_are_marked(void **state)
{
	double row[3];
	(void)state;
	need_perf();
	struct process_result r = RUN("diff", in_dir("a.ctr"), in_dir("c.ctr"));
	assert_int_equal(r.code, 0);
	assert_non_null(strstr(r.out, "new   spin"));
	assert_non_null(strstr(r.out, "gone  burn_half"));
	assert_true(row_of(r.out, "spin", row));
	assert_true(row[1] < 0.1 && row[2] > 90 && fabs(row[0] - row[2] + row[1]) < 0.2);
	assert_true(row_of(r.out, "burn_half", row));
	assert_true(fabs(row[1] - 50) < OFF_MOST && row[2] < 0.1);
	/* The largest change comes first. */
	assert_true(strstr(r.out, " spin ") < strstr(r.out, "burn_half"));
	process_result_fini(&r);
}

static void stacks_are_written_with_two_counts(void **state)
{
	(void)state;
	write_file("x.folded", "p;main;parse 90\np;main;other 910\n");
	write_file("y.folded", "p;main;parse 190\r\np;main;fresh 810");
	struct process_result r =
	        RUN("diff", in_dir("x.folded"), in_dir("y.folded"), "-f", "folded");
	assert_string_equal(r.out, "p;main;fresh 0 810\np;main;other 910 0\np;main;parse 90 190\n");
	process_result_fini(&r);
	r = RUN("diff", in_dir("x.folded"), in_dir("y.folded"), "-o", in_dir("d.folded"));
	assert_int_equal(r.code, 0);
	assert_non_null(strstr(r.out, "+10.0     9.0%   19.0%   +10.0        parse"));
	process_result_fini(&r);
	/* It is no profile again. */
	r = RUN("record", "--input", in_dir("d.folded"), "-f", "text", "-o", "-");
	assert_int_equal(r.code, 1);
	assert_non_null(strstr(r.err, "two counts a line"));
	process_result_fini(&r);
	r = RUN("diff", in_dir("x.folded"), in_dir("y.folded"), "-f", "json");
	assert_non_null(strstr(r.out, "\"function\":\"parse\""));
	assert_non_null(strstr(r.out, "\"chance\":\"independent samples\""));
	process_result_fini(&r);
}

static void what_cannot_be_compared_is_said(void **state)
{
	(void)state;
	write_file("bad.folded", "p;main 3\np;main x\n");
	write_file("empty.folded", "");
	struct process_result r = RUN("diff", in_dir("x.folded"), in_dir("bad.folded"));
	assert_int_equal(r.code, 1);
	assert_non_null(
	        strstr(r.err, "bad.folded, line 2: no count stands at its end: 'p;main x'"));
	process_result_fini(&r);
	r = RUN("diff", in_dir("empty.folded"), in_dir("x.folded"));
	assert_int_equal(r.code, 1);
	assert_non_null(strstr(r.err, "holds no samples"));
	process_result_fini(&r);
	r = RUN("diff", in_dir("x.folded"), in_dir("y.folded"), "--fail-if", "parse > 5%");
	assert_int_equal(r.code, 2);
	process_result_fini(&r);
}

/* What was saved is shown again: the text of a folded file has the same shares as the capture's. */
static void a_folded_file_is_read_like_a_capture(void **state)
{
	(void)state;
	need_perf();
	struct process_result r =
	        RUN("record", "--input", in_dir("a.folded"), "-o", in_dir("e.folded"));
	assert_int_equal(r.code, 0);
	process_result_fini(&r);
	r = RUN("record", "--input", in_dir("e.folded"), "-f", "folded", "-o", "-");
	FILE *f = fopen(in_dir("a.folded"), "r");
	char *text = calloc(1, 1 << 20);
	assert_true(fread(text, 1, (1 << 20) - 1, f) > 0);
	fclose(f);
	assert_string_equal(r.out, text);
	free(text);
	process_result_fini(&r);
}

/* The views have everything but time. */
static void a_folded_file_is_seen_in_the_same_views(void **state)
{
	(void)state;
	char *ctop = process_path("ctop");
	write_file("v.folded", "app;main;work;half 5000\napp;main;work;sys_read_[k] 2500\n"
	                       "app;main;rest 2500\n");
	struct pty *p = pty_start((char *[]){ctop, "view", in_dir("v.folded"), NULL}, 24, 100,
	                          "xterm-256color", NULL);
	assert_true(pty_wait_text(p, "000 samples, without time", SECONDS));
	assert_true(pty_wait_text(p, "FILE", SECONDS));
	assert_true(pty_wait_text(p, "50.0%  50.0%     5000    5000  half", SECONDS));
	pty_type(p, "2");
	assert_true(pty_wait_text(p, "main", SECONDS));
	assert_true(pty_wait_text(p, "10000", SECONDS));
	pty_type(p, "K"); /* the kernel's time goes to its caller */
	assert_true(pty_wait_gone(p, "sys_read", SECONDS));
	pty_type(p, "1");
	assert_true(pty_wait_text(p, "25.0%  75.0%     2500    7500  work", SECONDS));
	pty_type(p, "ja");
	assert_true(pty_wait_text(p, "does not tell where code is", SECONDS));
	pty_type(p, "\x1b");
	pty_type(p, "3");
	pty_type(p, "4");
	pty_type(p, "5");
	pty_type(p, "d");
	assert_true(pty_wait_text(p, "of a file that tells no time", SECONDS));
	pty_type(p, "\x1b");
	pty_type(p, "q");
	int status;
	assert_true(pty_wait_exit(p, SECONDS, &status));
	assert_int_equal(status, 0);
	pty_free(p);
	free(ctop);
}

static int start(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	if (!may_sample())
		return 0;
	record("shares", NULL, "a.ctr");
	record("shares", NULL, "a.folded");
	record("shares", NULL, "b.ctr");
	record("shares", NULL, "b.folded");
	record("chains", "recurse", "c.ctr");
	return 0;
}

static int stop(void **state)
{
	char command[128];
	(void)state;
	snprintf(command, sizeof command, "rm -rf '%s'", dir);
	return system(command) == 0 ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(known_shares_are_compared),
	        cmocka_unit_test(new_and_gone_are_marked),
	        cmocka_unit_test(stacks_are_written_with_two_counts),
	        cmocka_unit_test(what_cannot_be_compared_is_said),
	        cmocka_unit_test(a_folded_file_is_read_like_a_capture),
	        cmocka_unit_test(a_folded_file_is_seen_in_the_same_views),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
