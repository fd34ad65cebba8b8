/* coming: how ctop comes by its target, in a real pseudo-terminal: picked from a list, waited
 * for, followed when it is started again; and what a launched command prints.
 */
#include "check.h"

#include "ctop/capture.h"
#include "ctop/record.h"
#include "live.h"
#include "process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECONDS = 20 };

/* --- picking ----------------------------------------------------------------------------- */

static void a_process_is_found_by_search_and_attached_to(void **state)
{
	pid_t pid = live_workload("shares", NULL);
	struct pty *p = live_start((char *[]){NULL}, 24, 80, NULL);
	char number[32];
	(void)state;
	live_see(p, "pick a process");
	snprintf(number, sizeof number, "/^%d", pid);
	live_type(p, number, number);
	snprintf(number, sizeof number, "attaches to %d", pid);
	live_type(p, "\r", number);
	live_type(p, "\r", "burn_half");
	live_see(p, "LIVE");
	live_quit(p);
	live_end(pid);
}

static void what_cannot_be_attached_to_says_why_and_the_list_goes_on(void **state)
{
	pid_t pid = live_workload("shares", NULL);
	struct pty *p = live_start((char *[]){"--ascii", NULL}, 24, 120, NULL);
	(void)state;
	live_see(p, "pick a process");
	live_see(p, "workloads/shares");
	live_type(p, "/kthreadd\r", "2 (kthreadd) is a kernel thread");
	live_type(p, "\r", "ctop -a");
	live_type(p, "/workloads.shares\r", "workloads/shares");
	live_type(p, "t", "`-");
	live_type(p, "<<", "PIDv");
	live_type(p, "\r", "burn_half");
	live_quit(p);
	live_end(pid);
}

static void the_picker_fits_every_size_and_is_left(void **state)
{
	static const int sizes[][2] = {{10, 40}, {60, 200}, {5, 20}, {24, 80}};
	struct pty *p = live_start((char *[]){NULL}, 24, 80, NULL);
	int status;
	(void)state;
	live_see(p, "pick a process");
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		pty_resize(p, sizes[i][0], sizes[i][1]);
		live_see(p, "PID");
	}
	pty_type(p, "\x1b");
	assert_true(pty_wait_exit(p, SECONDS, &status));
	assert_int_equal(status, 0);
	assert_false(pty_alternate(p));
	assert_false(pty_raw(p));
	pty_free(p);
	p = live_start((char *[]){NULL}, 24, 80, NULL);
	live_see(p, "pick a process");
	live_quit(p);
}

static void without_a_terminal_nothing_is_picked(void **state)
{
	char *ctop = process_path("ctop");
	struct process_result r = process_run((char *[]){ctop, NULL}, NULL, SECONDS);
	(void)state;
	assert_int_equal(r.code, 2);
	assert_non_null(strstr(r.err, "nothing to profile"));
	process_result_fini(&r);
	free(ctop);
}

/* --- waiting --------------------------------------------------------------------------- */

/* A copy of a workload under a name of its own. */
static void copy_workload(const char *name, char *path, size_t cap)
{
	char command[2048];
	char *from = process_path("workloads/shares");
	snprintf(path, cap, "/tmp/%s%d", name, getpid());
	snprintf(command, sizeof command, "cp %s %s", from, path);
	assert_int_equal(system(command), 0);
	free(from);
}

static void a_process_is_waited_for(void **state)
{
	char path[64];
	(void)state;
	copy_workload("wt", path, sizeof path);
	struct pty *p = live_start((char *[]){"--wait", path + 5, NULL}, 24, 80, NULL);
	live_see(p, "waiting for a process named 'wt");
	/* It is a shell before it is the program. */
	pid_t pid = live_program((char *[]){"sh", "-c", (char[]){"exec \"$0\""}, path, NULL});
	live_see(p, "burn_half");
	live_quit(p);
	/* One that runs is taken at once. */
	p = live_start((char *[]){"--wait", path + 5, NULL}, 24, 80, NULL);
	live_see(p, "burn_half");
	live_quit(p);
	live_end(pid);
	unlink(path);
}

static void waiting_ends_by_ctrl_c(void **state)
{
	struct pty *p =
	        live_start((char *[]){"record", "--wait", "no-such-name", NULL}, 24, 80, NULL);
	int status;
	(void)state;
	live_see(p, "waiting for a process named 'no-such-name' (Ctrl-C ends)");
	pty_type(p, "\x03");
	assert_true(pty_wait_exit(p, SECONDS, &status));
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
	pty_free(p);
}

/* --- following -------------------------------------------------------------------------- */

static struct pty *start_on(pid_t pid, char *option)
{
	char number[16];
	snprintf(number, sizeof number, "%d", pid);
	return live_start((char *[]){"--pid", number, option, NULL}, 24, 100, NULL);
}

static void a_successor_is_offered_and_taken(void **state)
{
	pid_t pid = live_workload("shares", NULL);
	struct pty *p = start_on(pid, NULL);
	char text[100];
	(void)state;
	live_see(p, "burn_half");
	live_end(pid);
	live_see(p, "EXITED");
	pid_t next = live_workload("shares", NULL);
	snprintf(text, sizeof text, "shares %d has exited; %d is a successor: Enter attaches", pid,
	         next);
	live_see(p, text);
	live_type(p, "\x1b", "FUNCTION"); /* no */
	assert_true(pty_wait_gone(p, "is a successor", SECONDS));
	live_end(next);
	next = live_workload("shares", NULL);
	live_see(p, "is a successor");
	snprintf(text, sizeof text, "shares %d", next);
	live_type(p, "\r", text);
	live_see(p, "LIVE");
	live_see(p, "burn_half");
	live_end(next);
	live_see(p, "EXITED");
	live_quit(p);
}

static void follow_takes_the_successor_unasked(void **state)
{
	pid_t pid = live_workload("shares", NULL);
	struct pty *p = start_on(pid, "--follow");
	char text[100];
	(void)state;
	for (int i = 0; i < 3; i++) {
		live_see(p, "LIVE");
		live_see(p, "burn_half");
		live_end(pid);
		pid = live_workload("shares", NULL);
		snprintf(text, sizeof text, "shares %d", pid);
		live_see(p, text);
	}
	live_quit(p);
	live_end(pid);
}

/* A restarted process in a recording: samples of both halves, the mark in the capture. */
static void a_recording_follows_and_a_capture_has_the_mark(void **state)
{
	pid_t pid = live_workload("shares", NULL), next;
	char number[16], file[64], text[64];
	(void)state;
	snprintf(number, sizeof number, "%d", pid);
	snprintf(file, sizeof file, "/tmp/follow-%d.ctr", getpid());
	struct pty *p = live_start((char *[]){"record", "--raw", "-o", file, "--follow", "-d", "6",
	                                      "--pid", number, NULL},
	                           24, 100, NULL);
	live_see(p, ", 1.");
	kill(pty_pid(p), SIGUSR1);
	live_end(pid);
	next = live_workload("shares", NULL);
	snprintf(text, sizeof text, "process %d has taken over", next);
	live_see(p, text);
	live_see(p, "ctop: wrote");
	live_end(next);
	pty_free(p);
	struct capture_reader *r;
	int fd = open(file, O_RDONLY), marks = 0, restarts = 0, first = 0, second = 0;
	assert_int_equal(capture_reader_open(&r, fd, NULL), CTOP_OK);
	for (const struct record *c; (c = capture_next(r)) != NULL;) {
		marks += c->kind == RECORD_MARK && (c->flags & RECORD_RESTART) == 0;
		restarts += c->kind == RECORD_MARK && (c->flags & RECORD_RESTART) != 0;
		first += c->kind == RECORD_SAMPLE && c->pid == (uint32_t)pid;
		second += c->kind == RECORD_SAMPLE && c->pid == (uint32_t)next;
	}
	capture_reader_free(r);
	assert_int_equal(marks, 1);
	assert_int_equal(restarts, 1);
	assert_true(first > 20 && second > 20);
	unlink(file);
}

/* --- output ----------------------------------------------------------------------------- */

static void what_a_command_prints_is_shown_and_garbles_nothing(void **state)
{
	char script[] = "printf 'one\\r\\033[31mtwo\\033[0m\\033]0;title\\007!\\n\\033[2Jlast\\a'; "
	                "exec cat >/dev/null";
	struct pty *p = live_start((char *[]){"--", "sh", "-c", script, NULL}, 24, 80, NULL);
	int status;
	(void)state;
	live_see(p, "LIVE");
	live_type(p, "u", "OUTPUT");
	live_see(p, "two!");
	live_see(p, "last");
	live_see(p, "2 lines");
	live_type(p, "\x1b", "SELF%");
	live_type(p, "q", "k kill it");
	pty_type(p, "k");
	assert_true(pty_wait_exit(p, SECONDS, &status));
	pty_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_process_is_found_by_search_and_attached_to),
	        cmocka_unit_test(what_cannot_be_attached_to_says_why_and_the_list_goes_on),
	        cmocka_unit_test(the_picker_fits_every_size_and_is_left),
	        cmocka_unit_test(without_a_terminal_nothing_is_picked),
	        cmocka_unit_test(a_process_is_waited_for),
	        cmocka_unit_test(waiting_ends_by_ctrl_c),
	        cmocka_unit_test(a_successor_is_offered_and_taken),
	        cmocka_unit_test(follow_takes_the_successor_unasked),
	        cmocka_unit_test(a_recording_follows_and_a_capture_has_the_mark),
	        cmocka_unit_test(what_a_command_prints_is_shown_and_garbles_nothing),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
