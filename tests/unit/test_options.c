/* options: the command line; input: terminal bytes; child: launched commands. */
#include "check.h"

#include "../../src/app/child.c"
#include "../../src/app/options.c"
#include "ctop/input.h"
#include "ctop/surface.h"
#include "ctop/theme.h"

#include <fcntl.h>

static enum ctop_err parse(struct options *o, struct err *e, const char *line)
{
	static char text[512];
	static char *argv[32];
	int argc = 0;
	snprintf(text, sizeof text, "%s", line);
	for (char *save = NULL, *w = strtok_r(text, " ", &save); w != NULL;
	     w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	argv[argc] = NULL;
	*e = (struct err){0};
	return options_parse(o, argc, argv, e);
}

static void options_may_stand_anywhere(void **state)
{
	struct options o;
	struct err e;
	(void)state;
	assert_int_equal(parse(&o, &e, "ctop -F 99 record --pid 12,34,12 -d 1.5 -o x.folded"),
	                 CTOP_OK);
	assert_int_equal(o.command, OPTIONS_RECORD);
	assert_int_equal(o.pid_count, 2);
	assert_int_equal(o.pids[1], 34);
	assert_int_equal(o.rate_hz, 99);
	assert_true(o.duration_s == 1.5);
	assert_int_equal(parse(&o, &e, "ctop --memory 1G --stack-size 1029 -- ls -l --pid 3"),
	                 CTOP_OK);
	assert_int_equal(o.command, OPTIONS_LIVE);
	assert_string_equal(o.launch[0], "ls");
	assert_string_equal(o.launch[2], "--pid"); /* the command's, not ours */
	assert_int_equal(o.pid_count, 0);
	assert_int_equal(o.memory, 1ul << 30);
	assert_int_equal(o.stack_bytes, 1024);
	assert_int_equal(parse(&o, &e, "ctop diff --fail-if self(f)>5% a -f json b"), CTOP_OK);
	assert_int_equal(o.command, OPTIONS_DIFF);
	assert_string_equal(o.file, "a");
	assert_string_equal(o.file_now, "b");
	assert_int_equal(o.condition_count, 1);
	assert_int_equal(parse(&o, &e, "ctop view x.ctr --ascii"), CTOP_OK);
	assert_string_equal(o.file, "x.ctr");
	assert_true(o.ascii);
	assert_int_equal(parse(&o, &e, "ctop -F 99"), CTOP_OK);
	assert_int_equal(o.command, OPTIONS_PICK);
}

static void errors_name_the_cure(void **state)
{
	static const char *const cases[][2] = {
	        {"ctop record -d 1", "nothing to profile"},
	        {"ctop --pid 0", "wants process ids"},
	        {"ctop --pid 1,x", "wants process ids"},
	        {"ctop --pid", "value is missing"},
	        {"ctop --pid 1 -a", "exclude each other"},
	        {"ctop --wait /bin/ls", "without a path"},
	        {"ctop --wait x -p 1", "exclude each other"},
	        {"ctop -a --follow", "where one process has ended"},
	        {"ctop dump --wait x", "belongs to the live view"},
	        {"ctop recrod", "did you mean 'ctop record'"},
	        {"ctop top", "ctop -- top"},
	        {"ctop record", "nothing to profile"},
	        {"ctop record --pid 1 extra", "one word too many"},
	        {"ctop record --pid 1 --raw", "add -o FILE.ctr"},
	        {"ctop record --pid 1 -o x.ctr", "add --raw"},
	        {"ctop --pid 1 -o x", "belong to: ctop record"},
	        {"ctop --rate 0 --pid 1", "from 1 to 20000"},
	        {"ctop --rate 1e3 --pid 1", "from 1 to 20000"},
	        {"ctop --stack-size 70000 --pid 1", "from 1024 to 65000"},
	        {"ctop --memory 3M --pid 1", "from 16M"},
	        {"ctop --duration -1 --pid 1", "wants seconds"},
	        {"ctop --format svg record --pid 1", "one of folded, text"},
	        {"ctop --", "nothing stands behind --"},
	        {"ctop view", "view wants a capture"},
	        {"ctop --nonsense", "no such option"},
	        {"ctop dump", "nothing to profile"},
	        {"ctop dump -a", "dump wants running processes"},
	        {"ctop dump --pid 1 -f folded", "dump writes text or json"},
	        {"ctop dump --pid 1 --source perf", "leave out --source"},
	        {"ctop dump --pid 1 -d 3", "belong to: ctop record"},
	        {"ctop record --pid 1 -f json", "json is dump's"},
	        {"ctop record --pid 1 --no-stop", "belongs to: ctop dump"},
	        {"ctop --pid 1 -f text", "belong to: ctop record"},
	        {"ctop diff a", "diff wants two profiles"},
	        {"ctop diff a b c", "one word too many"},
	        {"ctop diff - -", "only one of the two"},
	        {"ctop dif a b", "did you mean 'ctop diff'"},
	        {"ctop diff a b --group line", "leave out --group"},
	        {"ctop diff a b --fail-if parse>5%", "is no condition"},
	        {"ctop view a --fail-if self(f)>5%", "belongs to: ctop diff"},
	};
	struct options o;
	struct err e;
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(parse(&o, &e, cases[i][0]), CTOP_EINVAL);
		if (strstr(e.text, cases[i][1]) == NULL)
			fail_msg("%s: %s", cases[i][0], e.text);
	}
}

static void help_lists_every_option(void **state)
{
	char *text = options_help();
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		char name[64];
		snprintf(name, sizeof name, "--%s", rows[i].name);
		assert_non_null(strstr(text, name));
	}
	free(text);
}

/* --- input ------------------------------------------------------------------------------ */

static void keys_are_decoded(void **state)
{
	static const struct {
		const char *bytes;
		key_code key;
	} cases[] = {
	        {"a", 'a'},
	        {"\x1b[A", KEY_CODE_UP},
	        {"\x1bOB", KEY_CODE_DOWN},
	        {"\x1b[1;5C", KEY_CODE_RIGHT},
	        {"\x1b[5~", KEY_CODE_PGUP},
	        {"\x1b[H", KEY_CODE_HOME},
	        {"\x1b[4~", KEY_CODE_END},
	        {"\x1bOP", KEY_CODE_F0 + 1},
	        {"\x1b[[A", KEY_CODE_F0 + 1},
	        {"\x1b[11~", KEY_CODE_F0 + 1},
	        {"\x1b[21~", KEY_CODE_F0 + 10},
	        {"\x1b[Z", KEY_CODE_BACKTAB},
	        {"\x1b[200~", KEY_CODE_PASTE},
	        {"\x1b[201~", KEY_CODE_PASTE_END},
	        {"\r", KEY_CODE_ENTER},
	        {"\x7f", KEY_CODE_BACKSPACE},
	        {"\x0c", 0x0c},
	        {"é", 0xe9},
	        {"\t", KEY_CODE_TAB},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct input in = {0};
		key_code key = 0;
		size_t len = strlen(cases[i].bytes);
		/* Byte by byte: no key before the last one. */
		for (size_t k = 0; k + 1 < len; k++) {
			input_feed(&in, cases[i].bytes + k, 1);
			assert_false(input_next(&in, false, &key));
			assert_true(input_pending(&in));
		}
		input_feed(&in, cases[i].bytes + len - 1, 1);
		assert_true(input_next(&in, false, &key));
		assert_int_equal(key, cases[i].key);
		assert_false(input_pending(&in));
	}
}

static void a_lone_escape_is_a_key_when_its_time_is_over(void **state)
{
	struct input in = {0};
	key_code key;
	(void)state;
	input_feed(&in, "\x1b", 1);
	assert_false(input_next(&in, false, &key));
	assert_true(input_next(&in, true, &key));
	assert_int_equal(key, KEY_CODE_ESC);
}

static void any_bytes_are_survived(void **state)
{
	struct input in = {0};
	unsigned seed = 11;
	key_code key;
	(void)state;
	for (int i = 0; i < 200000; i++) {
		unsigned char b = (unsigned char)(rand_r(&seed) % 4 == 0 ? 0x1b : rand_r(&seed));
		while (input_feed(&in, &b, 1) == 0)
			assert_true(input_next(&in, true, &key));
		if (i % 5 == 0)
			input_next(&in, i % 3 == 0, &key);
	}
	while (input_next(&in, true, &key))
		continue;
	assert_false(input_pending(&in));
}

static void every_style_has_a_look(void **state)
{
	(void)state;
	for (int style = 0; style < STYLE_COUNT; style++) {
		struct theme_look l = theme_look(style, 8);
		assert_true(l.fg >= -1 && l.fg < 8 && l.bg >= -1 && l.bg < 8);
		l = theme_look(style, 0);
		assert_true(l.fg == -1 && l.bg == -1);
	}
}

/* --- child -------------------------------------------------------------------------------- */

static int wait_code(struct child *c)
{
	int status = 0;
	struct pollfd fd = {.fd = child_fd(c), .events = POLLIN};
	assert_int_equal(poll(&fd, 1, 20000), 1);
	assert_true(child_reap(c, &status));
	return child_exit_code(status);
}

static int run_child(const char *script, enum ctop_err *released)
{
	struct child *c;
	struct err e = {0};
	char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, strdup(script), NULL};
	assert_int_equal(child_spawn(&c, argv, CHILD_PASS, &e), CTOP_OK);
	*released = child_release(c, &e);
	int code = wait_code(c);
	child_free(c);
	free(argv[2]);
	return code;
}

static void exit_codes_are_a_shells(void **state)
{
	enum ctop_err rc;
	(void)state;
	assert_int_equal(run_child("exit 0", &rc), 0);
	assert_int_equal(run_child("exit 42", &rc), 42);
	assert_int_equal(run_child("kill -9 $$", &rc), 137);
	assert_int_equal(rc, CTOP_OK);
}

static void a_child_starts_with_clean_signals(void **state)
{
	sigset_t set, old;
	enum ctop_err rc;
	(void)state;
	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, &old);
	signal(SIGPIPE, SIG_IGN);
	/* Signals 32 and 33 are the C library's own: make leaves them ignored. */
	int code = run_child("exec awk '/^SigBlk/ && $2 !~ /^0*$/ {bad = 1} "
	                     "/^SigIgn/ && $2 !~ /0000000$/ {bad = 1} END {exit bad}' "
	                     "/proc/self/status",
	                     &rc);
	sigprocmask(SIG_SETMASK, &old, NULL);
	assert_int_equal(code, 0);
}

static void a_missing_command_is_told(void **state)
{
	struct child *c;
	struct err e = {0};
	char *argv[] = {(char[]){"/no/such/command"}, NULL};
	(void)state;
	assert_int_equal(child_spawn(&c, argv, CHILD_PASS, &e), CTOP_OK);
	assert_int_equal(child_release(c, &e), CTOP_ENOENT);
	assert_non_null(strstr(e.text, "no such command"));
	assert_int_equal(wait_code(c), 127);
	child_free(c);
}

static void an_unreleased_child_ends_with_its_parent(void **state)
{
	struct child *c;
	struct err e = {0};
	char *argv[] = {(char[]){"sleep"}, (char[]){"1000"}, NULL};
	(void)state;
	assert_int_equal(child_spawn(&c, argv, CHILD_PASS, &e), CTOP_OK);
	close(c->go); /* what the kernel does when ctop is killed */
	c->go = -1;
	assert_int_equal(wait_code(c), 125);
	child_free(c);
}

static void kill_ends_even_what_ignores_sigterm(void **state)
{
	struct child *c;
	struct err e = {0};
	int status;
	char *argv[] = {(char[]){"sh"}, (char[]){"-c"},
	                (char[]){"trap '' TERM; while :; do sleep 0.1; done"}, NULL};
	(void)state;
	assert_int_equal(child_spawn(&c, argv, CHILD_PASS, &e), CTOP_OK);
	assert_int_equal(child_release(c, &e), CTOP_OK);
	child_kill(c);
	assert_true(child_reap(c, &status));
	assert_true(WIFSIGNALED(status));
	child_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(options_may_stand_anywhere),
	        cmocka_unit_test(errors_name_the_cure),
	        cmocka_unit_test(help_lists_every_option),
	        cmocka_unit_test(keys_are_decoded),
	        cmocka_unit_test(a_lone_escape_is_a_key_when_its_time_is_over),
	        cmocka_unit_test(any_bytes_are_survived),
	        cmocka_unit_test(every_style_has_a_look),
	        cmocka_unit_test(exit_codes_are_a_shells),
	        cmocka_unit_test(a_child_starts_with_clean_signals),
	        cmocka_unit_test(a_missing_command_is_told),
	        cmocka_unit_test(an_unreleased_child_ends_with_its_parent),
	        cmocka_unit_test(kill_ends_even_what_ignores_sigterm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
