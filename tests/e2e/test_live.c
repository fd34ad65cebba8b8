/* live: the real ctop on real processes in a real pseudo-terminal, driven by keys. */
#include "check.h"

#include "live.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECONDS = 20 };

static char build[512];
static char directory[] = "/tmp/ctop-e2e-XXXXXX";

/* A program of the build directory, absolute. */
static char *program(const char *name)
{
	char *path = malloc(1024);
	snprintf(path, 1024, "%s/%s", build, name);
	return path;
}

static struct pty *start_ctop(pid_t pid, int rows, int cols, const char *term, char *const *env)
{
	char number[32];
	char *ctop = program("ctop");
	snprintf(number, sizeof number, "%d", pid);
	struct pty *p = pty_start((char *[]){ctop, "--pid", number, NULL}, rows, cols, term, env);
	free(ctop);
	return p;
}

static void quit(struct pty *p)
{
	int status;
	pty_type(p, "q");
	assert_true(pty_wait_exit(p, SECONDS, &status));
	assert_int_equal(status, 0);
	assert_false(pty_alternate(p));
	assert_true(pty_cursor(p));
	assert_int_equal(pty_mouse(p), 0);
	assert_false(pty_raw(p));
	pty_free(p);
}

/* --- what the issue asks for first ---------------------------------------------------- */

static char *saved_file(void)
{
	DIR *d = opendir(".");
	char *found = NULL;
	for (struct dirent *e; (e = readdir(d)) != NULL;)
		if (strstr(e->d_name, ".folded") != NULL && strstr(e->d_name, "XXXXXX") == NULL)
			found = strdup(e->d_name);
	closedir(d);
	return found;
}

/* Each line is "comm;frames count"; returns the samples, and how many of them pass through
 * `name`. */
static long parse_folded(const char *path, const char *name, long *through)
{
	char line[65536];
	long sum = 0;
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	*through = 0;
	while (fgets(line, sizeof line, f) != NULL) {
		char *space = strrchr(line, ' '), *end;
		assert_non_null(space);
		long n = strtol(space + 1, &end, 10);
		assert_true(n > 0 && *end == '\n');
		assert_non_null(strchr(line, ';'));
		sum += n;
		if (strstr(line, name) != NULL)
			*through += n;
	}
	fclose(f);
	return sum;
}

static void a_hot_function_is_on_top_and_every_view_shows_it(void **state)
{
	pid_t pid = live_workload("shares", NULL);
	struct pty *p = start_ctop(pid, 24, 80, "xterm-256color", NULL);
	(void)state;
	assert_true(pty_wait_text(p, "burn_half", SECONDS));
	assert_true(pty_wait_text(p, "LIVE", SECONDS));
	/* The first row of the table is the function with half of the time. */
	assert_true(pty_wait_row(p, 4, "burn_half", SECONDS));
	assert_true(pty_wait_text(p, "00:02", SECONDS)); /* enough samples for what follows */
	assert_true(pty_colors(p) > 5);
	pty_type(p, "t");
	assert_true(pty_wait_text(p, "CALL TREE", SECONDS));
	assert_true(pty_wait_text(p, "rounds", SECONDS));
	pty_type(p, "H");
	assert_true(pty_wait_text(p, "burn_half", SECONDS));
	pty_type(p, "t");
	assert_true(pty_wait_text(p, "BOTTOM-UP", SECONDS));
	pty_type(p, "g\r");
	assert_true(pty_wait_text(p, "▾", SECONDS));
	assert_true(pty_wait_text(p, "rounds", SECONDS)); /* its caller */
	pty_type(p, "f");
	assert_true(pty_wait_text(p, "root on top", SECONDS));
	assert_true(pty_wait_text(p, "burn_half", SECONDS));
	pty_type(p, "f");
	assert_true(pty_wait_text(p, "root below", SECONDS));
	pty_type(p, "5");
	assert_true(pty_wait_text(p, "HOTTEST FUNCTION", SECONDS));
	pty_type(p, "d");
	assert_true(pty_wait_text(p, "DATA QUALITY", SECONDS));
	assert_true(pty_wait_text(p, "of stacks reach their root", SECONDS));
	assert_true(pty_wait_text(p, "unwind tables", SECONDS));
	pty_type(p, "\x1b");
	assert_true(pty_wait_text(p, "HOTTEST FUNCTION", SECONDS));
	pty_type(p, "?");
	assert_true(pty_wait_text(p, "choose a view", SECONDS));
	pty_type(p, "\x1b");
	assert_true(pty_wait_gone(p, "choose a view", SECONDS));
	pty_type(p, "1");
	assert_true(pty_wait_text(p, "SELF%", SECONDS));
	pty_type(p, "s");
	assert_true(pty_wait_text(p, "saved ./ctop-shares-", SECONDS));
	quit(p);
	live_end(pid);
	long through, all;
	char *path = saved_file();
	assert_non_null(path);
	all = parse_folded(path, ";burn_half", &through);
	assert_true(all > 20);
	assert_true(through * 100 > all * 30);
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	if (geteuid() == 0)
		assert_int_equal(st.st_mode & 0777, 0600);
	unlink(path);
	free(path);
}

static void it_fits_small_and_large_terminals_and_resizes(void **state)
{
	static const int sizes[][2] = {{10, 40}, {24, 80}, {60, 200}, {5, 20}, {24, 100}};
	pid_t pid = live_workload("shares", NULL);
	struct pty *p = start_ctop(pid, 24, 80, "xterm-256color", NULL);
	(void)state;
	assert_true(pty_wait_text(p, "burn_half", SECONDS));
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		pty_resize(p, sizes[i][0], sizes[i][1]);
		pty_type(p, "21");
		assert_true(pty_wait_text(p, "shares", SECONDS));
		if (sizes[i][0] >= 10)
			assert_true(pty_wait_text(p, "burn_", SECONDS));
	}
	quit(p);
	live_end(pid);
}

static void few_colours_none_and_ascii_work(void **state)
{
	static const struct {
		const char *term;
		char *env;
		int least, most;
	} cases[] = {{"xterm-256color", "A=b", 6, 600},
	             {"xterm", "A=b", 3, 16},
	             {"vt100", "A=b", 0, 0},
	             {"xterm-256color", "NO_COLOR=1", 0, 0},
	             {"xterm-256color", "LC_ALL=C", 3, 600}};
	pid_t pid = live_workload("shares", NULL);
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char env[32];
		snprintf(env, sizeof env, "%s", cases[i].env);
		struct pty *p = start_ctop(pid, 24, 80, cases[i].term, (char *[]){env, NULL});
		assert_true(pty_wait_text(p, "burn_half", SECONDS));
		int colors = pty_colors(p);
		assert_in_range(colors, cases[i].least, cases[i].most);
		if (strcmp(env, "LC_ALL=C") == 0) {
			char *s = pty_screen(p);
			for (const char *c = s; *c != '\0'; c++)
				assert_true((unsigned char)*c < 0x80);
			free(s);
		}
		quit(p);
	}
	live_end(pid);
}

static void when_nothing_runs_it_says_where_threads_wait(void **state)
{
	pid_t pid = live_program((char *[]){"sleep", "1000", NULL});
	struct pty *p = start_ctop(pid, 24, 80, "xterm-256color", NULL);
	(void)state;
	assert_true(pty_wait_text(p, "% CPU over the last", SECONDS));
	assert_true(pty_wait_text(p, "1 thread asleep", SECONDS));
	pty_type(p, "5");
	assert_true(pty_wait_text(p, "sleep", SECONDS));
	quit(p);
	live_end(pid);
}

/* --- life and death ---------------------------------------------------------------------- */

static void the_view_stays_when_the_target_dies(void **state)
{
	pid_t pid = live_workload("shares", NULL);
	struct pty *p = start_ctop(pid, 24, 80, "xterm-256color", NULL);
	(void)state;
	assert_true(pty_wait_text(p, "burn_half", SECONDS));
	assert_true(pty_wait_text(p, "00:02", SECONDS));
	live_end(pid);
	assert_true(pty_wait_text(p, "EXITED", SECONDS));
	pty_type(p, "2");
	assert_true(pty_wait_text(p, "CALL TREE", SECONDS));
	pty_type(p, "H");
	assert_true(pty_wait_text(p, "burn_half", SECONDS));
	pty_type(p, "K"); /* regrouping works after the end, too */
	assert_true(pty_wait_gone(p, "working", SECONDS));
	quit(p);
}

static void killed_at_any_moment_it_leaves_the_target_running(void **state)
{
	pid_t pid = live_workload("shares", NULL);
	(void)state;
	for (int i = 0; i < 5; i++) {
		struct pty *p = start_ctop(pid, 24, 80, "xterm-256color", NULL);
		int status;
		if (i > 0)
			assert_true(pty_wait_text(p, "ctop", SECONDS));
		if (i > 2)
			assert_true(pty_wait_text(p, "burn_half", SECONDS));
		kill(pty_pid(p), SIGKILL);
		assert_true(pty_wait_exit(p, SECONDS, &status));
		pty_free(p);
		char path[64], line[256];
		snprintf(path, sizeof path, "/proc/%d/stat", pid);
		FILE *f = fopen(path, "r");
		assert_non_null(f);
		assert_non_null(fgets(line, sizeof line, f));
		fclose(f);
		char run = strrchr(line, ')')[2];
		assert_null(strchr("TtZX", run)); /* neither stopped nor dead */
	}
	live_end(pid);
}

static void signals_restore_the_terminal(void **state)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGSEGV, SIGABRT, SIGBUS, SIGHUP};
	pid_t pid = live_workload("shares", NULL);
	(void)state;
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
		struct pty *p = start_ctop(pid, 24, 80, "xterm-256color", NULL);
		int status;
		assert_true(pty_wait_text(p, "burn_half", SECONDS));
		assert_true(pty_raw(p));
		kill(pty_pid(p), signals[i]);
		assert_true(pty_wait_exit(p, SECONDS, &status));
		bool fatal = signals[i] == SIGSEGV || signals[i] == SIGABRT || signals[i] == SIGBUS;
		if (fatal)
			assert_int_equal(WTERMSIG(status), signals[i]);
		else
			assert_int_equal(WEXITSTATUS(status), 128 + signals[i]);
		assert_false(pty_alternate(p));
		assert_true(pty_cursor(p));
		assert_int_equal(pty_mouse(p), 0);
		assert_false(pty_raw(p));
		if (signals[i] == SIGHUP) {
			long through;
			char *path = saved_file();
			assert_non_null(path);
			assert_true(parse_folded(path, ";burn_", &through) > 0);
			unlink(path);
			free(path);
		}
		pty_free(p);
	}
	live_end(pid);
}

static void a_blocked_terminal_costs_no_key_and_no_second(void **state)
{
	pid_t pid = live_workload("shares", NULL);
	struct pty *p = start_ctop(pid, 60, 200, "xterm-256color", NULL);
	int status;
	(void)state;
	assert_true(pty_wait_text(p, "burn_half", SECONDS));
	pty_stop_reading(p, true);
	/* More frames than any buffer holds, then a key, then reading again. */
	for (int i = 0; i < 60; i++)
		pty_type(p, "f2\x0c");
	pty_type(p, "5");
	pty_stop_reading(p, false);
	assert_true(pty_wait_text(p, "HOTTEST FUNCTION", SECONDS));
	pty_stop_reading(p, true);
	kill(pty_pid(p), SIGTERM);
	assert_true(pty_wait_exit(p, SECONDS, &status));
	assert_int_equal(WEXITSTATUS(status), 128 + SIGTERM);
	pty_free(p);
	live_end(pid);
}

/* --- launched commands ---------------------------------------------------------------------- */

static void a_launched_command_is_seen_from_its_start_and_its_code_shown(void **state)
{
	char *ctop = program("ctop");
	struct pty *p = pty_start((char *[]){ctop, "--", "sh", "-c",
	                                     "echo not-on-the-screen; i=0; while [ $i -lt 300000 "
	                                     "]; do i=$((i+1)); done; "
	                                     "exit 7",
	                                     NULL},
	                          24, 80, "xterm-256color", NULL);
	(void)state;
	assert_true(pty_wait_text(p, "EXITED 7", SECONDS));
	char *s = pty_screen(p);
	assert_null(strstr(s, "not-on-the-screen"));
	free(s);
	quit(p);
	free(ctop);
}

static void quitting_asks_about_a_running_command(void **state)
{
	char *ctop = program("ctop");
	struct pty *p = pty_start((char *[]){ctop, "--", "sleep", "1000", NULL}, 24, 80,
	                          "xterm-256color", NULL);
	int status;
	(void)state;
	assert_true(pty_wait_text(p, "sleep", SECONDS));
	pty_type(p, "q");
	assert_true(pty_wait_text(p, "k kill it", SECONDS));
	pty_type(p, "\x1b");
	assert_true(pty_wait_gone(p, "k kill it", SECONDS));
	pty_type(p, "q");
	assert_true(pty_wait_text(p, "k kill it", SECONDS));
	pty_type(p, "k");
	assert_true(pty_wait_exit(p, SECONDS, &status));
	pty_free(p);
	free(ctop);
}

/* --- captures ------------------------------------------------------------------------------------
 */

static void a_capture_is_seen_in_the_same_views(void **state)
{
	char *ctop = program("ctop");
	char *fixture = getenv("CTOP_TOP");
	char path[1200];
	(void)state;
	snprintf(path, sizeof path, "%s/tests/fixtures/chain-recurse.ctr", fixture);
	struct pty *p =
	        pty_start((char *[]){ctop, "view", path, NULL}, 24, 80, "xterm-256color", NULL);
	assert_true(pty_wait_text(p, "spin", SECONDS));
	assert_true(pty_wait_text(p, "REPLAY", SECONDS));
	pty_type(p, "2");
	assert_true(pty_wait_text(p, "recurse › recurse", SECONDS));
	pty_type(p, "o");
	quit(p);
	free(ctop);
}

/* --- refusals
 * --------------------------------------------------------------------------------------- */

static void refuse(char *const *args, int code, const char *text)
{
	char *argv[16] = {program("ctop")};
	int status;
	for (size_t i = 0; args[i] != NULL; i++)
		argv[i + 1] = args[i];
	struct pty *p = pty_start(argv, 24, 200, "xterm-256color", NULL);
	assert_true(pty_wait_text(p, text, SECONDS));
	assert_true(pty_wait_exit(p, SECONDS, &status));
	assert_int_equal(WEXITSTATUS(status), code);
	pty_free(p);
	free(argv[0]);
}

static void bad_input_names_cause_and_cure(void **state)
{
	(void)state;
	refuse((char *[]){"--pid", "999999999", NULL}, 1, "no process 999999999");
	refuse((char *[]){"--pid", "2", NULL}, 1, "is a kernel thread");
	refuse((char *[]){"--pid", "abc", NULL}, 2, "wants process ids");
	refuse((char *[]){"--bogus", NULL}, 2, "no such option");
	refuse((char *[]){"recrod", NULL}, 2, "did you mean 'ctop record'?");
	refuse((char *[]){"frobnicate", NULL}, 2, "ctop -- frobnicate");
	refuse((char *[]){"--", "/no/such/program", NULL}, 127, "no such command");
	refuse((char *[]){"--", "/etc/passwd", NULL}, 126, "cannot run it");
	refuse((char *[]){"view", "/etc/passwd", NULL}, 1,
	       "/etc/passwd, line 1: no count stands at its end");
	refuse((char *[]){"view", "/no/such/file", NULL}, 1, "cannot open /no/such/file");
	refuse((char *[]){"record", "--pid", "1", "-d", "0.2", "-o", "/no/dir/x.folded", NULL}, 1,
	       "cannot write /no/dir/x.folded");
}

static int set_up(void **state)
{
	const char *b = getenv("CTOP_BUILD");
	char top[512];
	(void)state;
	if (getcwd(top, sizeof top) == NULL)
		return -1;
	setenv("CTOP_TOP", top, 1);
	snprintf(build, sizeof build, "%.250s/%.250s", top, b != NULL ? b : "build/gcc");
	if (b != NULL && b[0] == '/')
		snprintf(build, sizeof build, "%s", b);
	setenv("CTOP_BUILD", build, 1); /* the tests work in another directory */
	signal(SIGPIPE, SIG_IGN);
	return mkdtemp(directory) != NULL && chdir(directory) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	return chdir("/") == 0 && rmdir(directory) == 0 ? 0 : -1;
}

/* A hung process: nothing to sample, and still an answer. */
static void a_key_shows_where_sleepers_are(void **state)
{
	(void)state;
	pid_t pid = live_workload("sleepers", NULL);
	struct pty *p = start_ctop(pid, 40, 100, "xterm-256color", NULL);
	assert_true(pty_wait_text(p, "LIVE", SECONDS));
	pty_type(p, "D");
	assert_true(pty_wait_text(p, "THREADS WERE", SECONDS));
	pty_type(p, "G");
	for (int i = 0; i < 40 && !pty_wait_text(p, "outer_read", 0); i++)
		pty_type(p, "k");
	assert_true(pty_wait_text(p, "outer_read", SECONDS));
	/* None was stopped: the poller would have ended the program. */
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	pty_type(p, " ");
	assert_true(pty_wait_gone(p, "THREADS WERE", SECONDS));
	quit(p);
	live_end(pid);
}

static void type_and_see(struct pty *p, const char *keys, const char *text)
{
	pty_type(p, keys);
	if (!pty_wait_text(p, text, SECONDS)) {
		char *screen = pty_screen(p);
		fail_msg("no '%s' on:\n%s", text, screen);
	}
}

/* Typed and pasted, in the table, and over the instructions; to a callee and back. */
static void a_function_is_found_and_its_calls_are_followed(void **state)
{
	(void)state;
	pid_t pid = live_workload("shares", NULL);
	struct pty *p = start_ctop(pid, 24, 80, "xterm-256color", NULL);
	assert_true(pty_wait_text(p, "burn_rest", SECONDS));
	assert_true(pty_wait_text(p, "00:02", SECONDS));
	type_and_see(p, "/no_such", "not found");
	type_and_see(p, "\x15^burn_t", "/^burn_t");
	type_and_see(p, "\r", " burn_third · shares · self");
	type_and_see(p, "n", "search wrapped");
	type_and_see(p, "/\x1b[200~burn_r\rest\x1b[201~", "/burn_rest");
	type_and_see(p, "\r", " burn_rest · shares · self");
	type_and_see(p, "2/burn_half\r", " burn_half · shares · here");
	type_and_see(p, "4", "of the visible time");
	type_and_see(p, "1/rounds\r", " rounds · shares · self");
	type_and_see(p, "a", "burn_third(at += 30 * unit)");
	type_and_see(p, "a", "<burn_half>");
	type_and_see(p, "/call.*burn_third\r\r", "burn_third · instructions");
	type_and_see(p, "\x1b", "rounds · instructions");
	assert_true(pty_wait_text(p, "<burn_third>", SECONDS));
	type_and_see(p, "\x1b", "FUNCTION ");
	quit(p);
	live_end(pid);
}

/* Reports of the mouse as xterm and tmux send them; it is switched off on every way out. */
static void the_mouse_works_in_a_terminal(void **state)
{
	(void)state;
	pid_t pid = live_workload("shares", NULL);
	struct pty *p = start_ctop(pid, 24, 80, "xterm-256color", NULL);
	assert_true(pty_wait_text(p, "burn_half", SECONDS));
	assert_true(pty_wait_text(p, "00:02", SECONDS));
	assert_int_equal(pty_mouse(p), 1);
	type_and_see(p, "\x1b[<0;18;3M\x1b[<0;18;3m", "CALL TREE"); /* its tab */
	type_and_see(p, "\x1b[<0;75;3M\x1b[<0;75;3m", "choose a view");
	type_and_see(p, "\x1b[<65;10;10M", "expand");
	type_and_see(p, "\x1b\x1b[M %#", "TOTAL%"); /* the first tab, in the old form */
	type_and_see(p, "\x1b[<0;12;4M", "TOTAL%▼");
	type_and_see(p, "\x1b[<0;40;5M\x1b[<0;40;5M", "CALLED BY"); /* a double click */
	type_and_see(p, "\x1b", "FUNCTION ");
	type_and_see(p, ":view thr\t\r", "HOTTEST FUNCTION");
	pty_type(p, "M");
	assert_true(pty_wait_text(p, "mouse off", SECONDS));
	assert_int_equal(pty_mouse(p), 0);
	pty_type(p, "M");
	assert_true(pty_wait_text(p, "mouse on", SECONDS));
	assert_int_equal(pty_mouse(p), 1);
	pty_type(p, "\x1a"); /* suspended, the terminal is given back */
	assert_true(pty_wait_gone(p, "HOTTEST FUNCTION", SECONDS));
	assert_int_equal(pty_mouse(p), 0);
	kill(pty_pid(p), SIGCONT);
	assert_true(pty_wait_text(p, "HOTTEST FUNCTION", SECONDS));
	assert_int_equal(pty_mouse(p), 1);
	quit(p);
	live_end(pid);
}

/* Several processes: the view of them narrows the others, and the header says so. */
static void a_process_of_several_is_looked_at_alone(void **state)
{
	(void)state;
	pid_t first = live_workload("shares", NULL), second = live_workload("demo", NULL);
	char numbers[64], wanted[64], *ctop = program("ctop");
	snprintf(numbers, sizeof numbers, "%d,%d", first, second);
	struct pty *p =
	        pty_start((char *[]){ctop, "--pid", numbers, NULL}, 24, 80, "xterm-256color", NULL);
	free(ctop);
	assert_true(pty_wait_text(p, "burn_half", SECONDS));
	assert_true(pty_wait_text(p, "iterate_point", SECONDS));
	snprintf(wanted, sizeof wanted, "%d shares", first);
	type_and_see(p, "P", wanted);
	snprintf(wanted, sizeof wanted, "only shares %d", first);
	type_and_see(p, "/^shares$\r\r", wanted);
	type_and_see(p, "1", "burn_half");
	assert_true(pty_wait_gone(p, "iterate_point", SECONDS));
	type_and_see(p, "/^rounds$\rc", "CALLS 3");
	type_and_see(p, "q", "FUNCTION ");
	type_and_see(p, "\x1bg", "iterate_point");
	quit(p);
	live_end(first);
	live_end(second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_hot_function_is_on_top_and_every_view_shows_it),
	        cmocka_unit_test(it_fits_small_and_large_terminals_and_resizes),
	        cmocka_unit_test(few_colours_none_and_ascii_work),
	        cmocka_unit_test(when_nothing_runs_it_says_where_threads_wait),
	        cmocka_unit_test(the_view_stays_when_the_target_dies),
	        cmocka_unit_test(killed_at_any_moment_it_leaves_the_target_running),
	        cmocka_unit_test(signals_restore_the_terminal),
	        cmocka_unit_test(a_blocked_terminal_costs_no_key_and_no_second),
	        cmocka_unit_test(a_launched_command_is_seen_from_its_start_and_its_code_shown),
	        cmocka_unit_test(quitting_asks_about_a_running_command),
	        cmocka_unit_test(a_capture_is_seen_in_the_same_views),
	        cmocka_unit_test(bad_input_names_cause_and_cure),
	        cmocka_unit_test(a_key_shows_where_sleepers_are),
	        cmocka_unit_test(a_function_is_found_and_its_calls_are_followed),
	        cmocka_unit_test(the_mouse_works_in_a_terminal),
	        cmocka_unit_test(a_process_of_several_is_looked_at_alone),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
