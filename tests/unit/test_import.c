/* import: folded files, line by line and frame by frame. */
#include "check.h"

#include "ctop/folded.h"
#include "ctop/frametext.h"
#include "ctop/import.h"
#include "ctop/strbuf.h"
#include "ctop/text.h"
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

/* --- files ------------------------------------------------------------------------------- */

struct world {
	struct funcs *funcs;
	struct import *import;
	struct profile *profile;
	struct snapshot *s;
};

static struct world read_file(const char *text, const struct profile_query *q)
{
	struct world w = {.funcs = funcs_new()};
	struct err e = {0};
	w.import = import_new(w.funcs, 64 << 20);
	struct profile_config c = {.memory = 64 << 20,
	                           .frames_of = import_frames,
	                           .ctx = w.import,
	                           .funcs = w.funcs,
	                           .query = *q};
	w.profile = profile_new(&c);
	assert_int_equal(import_feed(w.import, w.profile, "x", text, strlen(text), &e), CTOP_OK);
	assert_int_equal(import_end(w.import, w.profile, &e), CTOP_OK);
	w.s = profile_publish(w.profile, 0, NULL, 0);
	return w;
}

static void world_fini(struct world *w)
{
	snapshot_unref(w->s);
	profile_free(w->profile);
	import_free(w->import);
	funcs_free(w->funcs);
}

static void assert_written_again(const char *text, const char *expected, enum profile_group group)
{
	struct profile_query q = {.group = group};
	struct world w = read_file(text, &q);
	struct strbuf out = {0};
	folded_write(w.s, &out);
	assert_string_equal(strbuf_str(&out), expected);
	strbuf_fini(&out);
	world_fini(&w);
}

static void what_was_read_can_be_written_again(void **state)
{
	static const char *const same[] = {
	        "p;main 3\np;main;f 2\n",
	        "p;[truncated at 16 KB];f 2\np;python3.11+0x5a8530 1\n",
	        "p;main;f_[i] 0.25\np;sys_read_[k] 9000000000\n",
	        "java/lang/Thread.run_[j];a.b_[j] 4\n",
	        "main;f (libc.so.6);g 4\n",
	};
	(void)state;
	for (size_t i = 0; i < sizeof same / sizeof *same; i++)
		assert_written_again(same[i], same[i], GROUP_FUNCTION);
	const char *lines =
	        "<module> (app.py:3);f (app.py:7) 2\n<module> (app.py:3);f (app.py:8) 1\n";
	assert_written_again(lines, lines, GROUP_LINE);
	assert_written_again(lines, "<module> (app.py);f (app.py) 3\n", GROUP_FUNCTION);
	assert_written_again(lines, "app.py 3\n", GROUP_FILE);
	assert_written_again("p;f (liba.so.1);g (liba.so.1) 2\n", "p;liba.so.1 2\n", GROUP_MODULE);
}

static const struct func *find(const struct snapshot *s, const char *name, struct counts *c)
{
	for (uint32_t i = 1; i < snapshot_func_count(s); i++) {
		*c = snapshot_func_counts(s, i);
		if (c->total_n > 0 && strcmp(snapshot_func(s, i)->name, name) == 0)
			return snapshot_func(s, i);
	}
	fail_msg("no %s", name);
	return NULL;
}

static void first_frames_are_one_kind_in_the_whole_file(void **state)
{
	struct profile_query q = {0};
	struct counts c;
	(void)state;
	struct world w = read_file("app;f 1\nother;g 2\n", &q);
	assert_int_equal(find(w.s, "app", &c)->kind, FUNC_PROCESS);
	world_fini(&w);
	w = read_file("app;f 1\n__libc_start_main;g 2\n", &q);
	assert_int_equal(find(w.s, "app", &c)->kind, FUNC_OWN);
	assert_int_equal(c.total_ns, SNAPSHOT_ONE);
	world_fini(&w);
}

static void kernel_and_inlined_frames_can_be_hidden(void **state)
{
	struct profile_query q = {.hide_kernel = true, .hide_inlined = true};
	struct counts c;
	(void)state;
	struct world w = read_file("p;main;in_[i];in2_[i];f;sys_[k] 5\np;main;in_[i] 2\n", &q);
	struct strbuf out = {0};
	folded_write(w.s, &out);
	assert_string_equal(strbuf_str(&out), "p;main 2\np;main;f 5\n");
	strbuf_fini(&out);
	find(w.s, "main", &c);
	assert_int_equal(c.total_n, 7);
	world_fini(&w);
}

static void no_seconds_are_made_up(void **state)
{
	struct profile_query q = {0};
	struct strbuf out = {0};
	(void)state;
	struct world w = read_file("p;main 30\np;main;f 12\n", &q);
	assert_int_equal(snapshot_stats(w.s)->unit, SNAPSHOT_COUNT);
	text_write(w.s, "x", &out);
	assert_non_null(strstr(out.data, "x: 42 samples; the file tells no time"));
	assert_non_null(strstr(out.data, "        30         42  main"));
	assert_null(strstr(out.data, "0s"));
	strbuf_fini(&out);
	world_fini(&w);
	w = read_file("p;main 30.5\n", &q);
	assert_true(snapshot_stats(w.s)->fractions);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(lines_of_every_kind_are_read),
	        cmocka_unit_test(a_bad_line_is_told_with_file_number_and_cause),
	        cmocka_unit_test(a_line_without_end_does_not_fill_the_memory),
	        cmocka_unit_test(frames_are_taken_apart),
	        cmocka_unit_test(roots_are_processes_or_functions),
	        cmocka_unit_test(what_was_read_can_be_written_again),
	        cmocka_unit_test(first_frames_are_one_kind_in_the_whole_file),
	        cmocka_unit_test(kernel_and_inlined_frames_can_be_hidden),
	        cmocka_unit_test(no_seconds_are_made_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
