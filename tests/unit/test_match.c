/* match: search patterns: plain text, expressions, case, and what is refused. */
#include "check.h"

#include "ctop/match.h"

#include <locale.h>
#include <string.h>

static void assert_finds(const char *pattern, const char *text, const char *wanted)
{
	struct match *m = match_new(pattern);
	struct match_range r;
	bool found = match_next(m, text, 0, &r);
	if (found != (wanted != NULL))
		fail_msg("'%s' in '%s': found is %d", pattern, text, found);
	if (found &&
	    (r.to - r.from != strlen(wanted) || strncmp(text + r.from, wanted, r.to - r.from) != 0))
		fail_msg("'%s' in '%s': '%.*s', not '%s'", pattern, text, (int)(r.to - r.from),
		         text + r.from, wanted);
	assert_int_equal(match_has(m, text), found);
	match_free(m);
}

static void text_and_expressions_are_found(void **state)
{
	static const struct {
		const char *pattern, *text, *found;
	} cases[] = {
	        {"exec", "ExecutorRun", "Exec"},
	        {"Exec", "ExecutorRun", "Exec"},
	        {"Exec", "pg_exec", NULL},
	        {"eXec", "ExecutorRun", NULL},
	        {"", "anything", NULL},
	        {"^exec", "pg_exec", NULL},
	        {"^exec", "ExecScan", "Exec"},
	        {"scan$", "ExecScan", "Scan"},
	        {"exec.*scan|main", "ExecSeqScan", "ExecSeqScan"},
	        {"exec.*scan|main", "domain", "main"},
	        {"\\Wrun", "x::run", ":run"},
	        /* What stands there is found, though it says something else as an expression. */
	        {"f(int)", "f(int)", "f(int)"},
	        {"operator+", "T::operator+", "operator+"},
	        {"memmove.part.0", "memmove.part.0", "memmove.part.0"},
	        {"x*", "aaxxa", "xx"},
	        {"x*", "aaa", NULL},
	        {"größe", "GRÖSSE GRÖßE", "GRÖßE"},
	        {"ÖS", "größe GRÖSSE", "ÖS"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_finds(cases[i].pattern, cases[i].text, cases[i].found);
}

static void what_does_not_compile_is_plain_text(void **state)
{
	static const char *const bad[] = {"push_back(", "a[b", "(a)\\1", "((a{200}){200}){200}",
	                                  "x{99999}"};
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		char text[64];
		struct match *m = match_new(bad[i]);
		assert_string_not_equal(match_complaint(m), "");
		assert_string_equal(match_pattern(m), bad[i]);
		snprintf(text, sizeof text, "is it %s?", bad[i]);
		assert_true(match_has(m, text));
		match_free(m);
	}
	struct match *m = match_new("push_back()|a{3}");
	assert_string_equal(match_complaint(m), "");
	match_free(m);
}

static void matches_follow_one_another(void **state)
{
	struct match *m = match_new("a*|ü");
	const char *text = "aab\xc3\xbc.a";
	struct match_range r = {0};
	static const struct match_range wanted[] = {{0, 2}, {3, 5}, {6, 7}};
	(void)state;
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		assert_true(match_next(m, text, r.to, &r));
		assert_int_equal(r.from, wanted[i].from);
		assert_int_equal(r.to, wanted[i].to);
	}
	assert_false(match_next(m, text, r.to, &r));
	assert_false(match_next(m, text, 700, &r));
	match_free(m);
	m = match_new("^a");
	assert_false(match_next(m, "aa", 1, &r));
	match_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(text_and_expressions_are_found),
	        cmocka_unit_test(what_does_not_compile_is_plain_text),
	        cmocka_unit_test(matches_follow_one_another),
	};
	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
