/* coming: how ctop comes by its target, in a real pseudo-terminal: picked from a list, waited
 * for, followed when it is started again; and what a launched command prints.
 */
#include "check.h"

#include "live.h"
#include "process.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_process_is_found_by_search_and_attached_to),
	        cmocka_unit_test(what_cannot_be_attached_to_says_why_and_the_list_goes_on),
	        cmocka_unit_test(the_picker_fits_every_size_and_is_left),
	        cmocka_unit_test(without_a_terminal_nothing_is_picked),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
