/* annotate: the real `ctop record --annotate` on a program whose hot loop is known. */
#include "check.h"

#include "process.h"
#include "run_session.h"

#include <signal.h>
#include <stdbool.h>
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
	};
	return cmocka_run_group_tests(tests, start, stop);
}
