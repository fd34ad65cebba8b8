/* import: folded files, line by line and frame by frame. */
#include "check.h"

#include "ctop/frametext.h"
#include "ctop/strbuf.h"
#include "ctop/unfold.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* --- lines ------------------------------------------------------------------------------- */

/* Writes what was read as "frame|frame=VALUE ". */
static enum ctop_err note(void *ctx, const struct unfold_stack *s, struct err *e)
{
	struct strbuf *b = ctx;
	(void)e;
	for (size_t i = 0; i < s->count; i++)
		strbuf_addf(b, "%s%.*s", i > 0 ? "|" : "", (int)s->frames[i].len,
		            s->frames[i].text);
	strbuf_addf(b, "=%" PRIu64 ".%06" PRIu64 " ", s->value / UNFOLD_ONE, s->value % UNFOLD_ONE);
	return CTOP_OK;
}

/* Reads `text` in pieces of `piece` bytes. */
static enum ctop_err read_text(const char *text, size_t len, size_t piece, struct strbuf *out,
                               struct err *e)
{
	struct unfold u;
	enum ctop_err rc = CTOP_OK;
	unfold_init(&u, "x.folded", note, out);
	for (size_t at = 0; at < len && rc == CTOP_OK; at += piece)
		rc = unfold_feed(&u, text + at, len - at < piece ? len - at : piece, e);
	if (rc == CTOP_OK)
		rc = unfold_end(&u, e);
	unfold_fini(&u);
	return rc;
}

static void lines_of_every_kind_are_read(void **state)
{
	static const char *const cases[][2] = {
	        {"a;b;c 123\n", "a|b|c=123.000000 "},
	        {"a;b 1\r\na 2", "a|b=1.000000 a=2.000000 "},
	        {"\n# a comment 3\na 0\n\nb\t4 \n", "b=4.000000 "},
	        {"\xef\xbb\xbf"
	         "a 1\n",
	         "a=1.000000 "},
	        {"f(int, char) const;operator new (x) 2.5\n",
	         "f(int, char) const|operator new (x)=2.500000 "},
	        {"a;;b 1\n", "a||b=1.000000 "},
	        {"a 1e3\na 0.0000001\n", "a=1000.000000 a=0.000001 "},
	        {"a 9007199254740993\n", NULL},
	        {"a 9007199254740\n", "a=9007199254740.000000 "},
	        {"proc;main [x] 7\nproc;[truncated at 16 KB];f 1\n",
	         "proc|main [x]=7.000000 proc|[truncated at 16 KB]|f=1.000000 "},
	        {"", ""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		for (size_t piece = 1; piece < 40; piece += 6) {
			struct strbuf out = {0};
			struct err e = {0};
			enum ctop_err rc =
			        read_text(cases[i][0], strlen(cases[i][0]), piece, &out, &e);
			if (cases[i][1] == NULL)
				assert_int_equal(rc, CTOP_EFORMAT);
			else
				assert_string_equal(strbuf_str(&out), cases[i][1]);
			strbuf_fini(&out);
		}
	}
}

static void a_bad_line_is_told_with_file_number_and_cause(void **state)
{
	static const char *const cases[][2] = {
	        {"a 1\nb\n", "x.folded, line 2: no count stands at its end: 'b'"},
	        {"a 1\nb -3", "x.folded, line 2: no count stands at its end: 'b -3'"},
	        {"a nan\n", "line 1: no count"},
	        {"a 1 \n17\n", "line 2: no stack stands before the count: '17'"},
	        {"a 99999999999999999999\n", "line 1: the count is too large"},
	        {"a 9000000000000\nb 9000000000000\n", "line 2: the counts add up to too much"},
	        {"a;b 1 2\na;c 3 4\n", "two counts a line"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct strbuf out = {0};
		struct err e = {0};
		assert_int_equal(read_text(cases[i][0], strlen(cases[i][0]), 3, &out, &e),
		                 CTOP_EFORMAT);
		if (strstr(e.text, cases[i][1]) == NULL)
			fail_msg("'%s' does not say '%s'", e.text, cases[i][1]);
		strbuf_fini(&out);
	}
	struct strbuf out = {0};
	struct err e = {0};
	assert_int_equal(read_text("a\0b 1\n", 6, 100, &out, &e), CTOP_EFORMAT);
	assert_non_null(strstr(e.text, "line 1: it holds bytes that are not text"));
	strbuf_fini(&out);
}

static void a_line_without_end_does_not_fill_the_memory(void **state)
{
	char *text = malloc(UNFOLD_LINE_MAX + 100);
	(void)state;
	for (size_t piece = 4096; piece < 4 << 20; piece *= 1024) {
		struct strbuf out = {0};
		struct err e = {0};
		memset(text, 'a', UNFOLD_LINE_MAX + 100);
		assert_int_equal(read_text(text, UNFOLD_LINE_MAX + 100, piece, &out, &e),
		                 CTOP_EFORMAT);
		assert_non_null(strstr(e.text, "line 1: it is longer than 1 MB"));
		memset(text, ';', 10000);
		memcpy(text + 10000, " 1", 3);
		assert_int_equal(read_text(text, 10002, piece, &out, &e), CTOP_EFORMAT);
		assert_non_null(strstr(e.text, "more than 8192 frames"));
		strbuf_fini(&out);
	}
	free(text);
}

/* --- frames ------------------------------------------------------------------------------ */

static void frames_are_taken_apart(void **state)
{
	enum { NAMELESS = FUNC_NAMELESS };
	static const struct {
		const char *text, *name, *module, *file;
		unsigned kind;
	} cases[] = {
	        {"main", "main", "", "", FUNC_OWN},
	        {"do_sys_open_[k]", "do_sys_open", "", "", FUNC_KERNEL},
	        {"java/util/HashMap.get_[j]", "java/util/HashMap.get", "", "", FUNC_JIT},
	        {"java/util/HashMap.hash_[i]", "java/util/HashMap.hash", "", "", FUNC_INLINED},
	        {"memcpy (libc.so.6)", "memcpy", "libc.so.6", "", FUNC_LIBRARY},
	        {"memcpy (/usr/lib/libc.so.6)", "memcpy", "libc.so.6", "", FUNC_LIBRARY},
	        {"vfs_read ([kernel.kallsyms])", "vfs_read", "[kernel.kallsyms]", "", FUNC_KERNEL},
	        {"main (app.py:12)", "main", "app.py", "app.py", FUNC_OWN},
	        {"<module> (lib/app.py:1)", "<module>", "app.py", "lib/app.py", FUNC_OWN},
	        {"work (demo.c:7)", "work", "", "demo.c", FUNC_OWN},
	        {"run (app.py)", "run", "app.py", "app.py", FUNC_OWN},
	        {"f(int) const", "f(int) const", "", "", FUNC_OWN},
	        {"f(std::pair<int, int>)", "f(std::pair<int, int>)", "", "", FUNC_OWN},
	        {"operator new (unsigned long)", "operator new (unsigned long)", "", "", FUNC_OWN},
	        {"python3.11+0x5a8530", "python3.11+0x5a8530", "python3.11", "",
	         FUNC_OWN | NAMELESS},
	        {"0x7f12", "0x7f12", "", "", FUNC_OWN | NAMELESS},
	        {"[libc-2.31.so]", "[libc-2.31.so]", "libc-2.31.so", "", FUNC_LIBRARY | NAMELESS},
	        {"[unknown]", "[unknown]", "", "", FUNC_OWN | NAMELESS},
	        {"[kernel.kallsyms]", "[kernel.kallsyms]", "[kernel.kallsyms]", "",
	         FUNC_KERNEL | NAMELESS},
	        {"[truncated at 16 KB]", "[truncated at 16 KB]", "", "", FUNC_MARK},
	        {"[folded]", "[folded]", "", "", FUNC_MARK},
	        {"", "[no name]", "", "", FUNC_MARK},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct frametext f = frametext_of(cases[i].text, strlen(cases[i].text));
		char got[256], want[256];
		snprintf(got, sizeof got, "%s → %.*s|%.*s|%.*s|%u", cases[i].text, (int)f.name.len,
		         f.name.at, (int)f.module.len, f.module.len > 0 ? f.module.at : "",
		         (int)f.file.len, f.file.len > 0 ? f.file.at : "",
		         f.kind | (f.nameless ? FUNC_NAMELESS : 0u));
		snprintf(want, sizeof want, "%s → %s|%s|%s|%u", cases[i].text, cases[i].name,
		         cases[i].module, cases[i].file, cases[i].kind);
		assert_string_equal(got, want);
	}
}

static void roots_are_processes_or_functions(void **state)
{
	static const char *const processes[] = {"postgres",        "kworker/0:1", "python3.11",
	                                        "tokio-runtime-w", "nginx-123",   "java-1234/1250",
	                                        "[pid 77]",        "(sd-pam)",    "redis server"};
	static const char *const functions[] = {"main",
	                                        "_start",
	                                        "java/lang/Thread.run",
	                                        "<module> (a.py:1)",
	                                        "std::sort",
	                                        "start_thread",
	                                        "java/lang/Thread.run_[j]",
	                                        "a_function_with_a_long_name"};
	(void)state;
	for (size_t i = 0; i < sizeof processes / sizeof *processes; i++)
		if (frametext_is_thread_root(processes[i], strlen(processes[i])))
			fail_msg("%s is a process", processes[i]);
	for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
		if (!frametext_is_thread_root(functions[i], strlen(functions[i])))
			fail_msg("%s is a function", functions[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(lines_of_every_kind_are_read),
	        cmocka_unit_test(a_bad_line_is_told_with_file_number_and_cause),
	        cmocka_unit_test(a_line_without_end_does_not_fill_the_memory),
	        cmocka_unit_test(frames_are_taken_apart),
	        cmocka_unit_test(roots_are_processes_or_functions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
