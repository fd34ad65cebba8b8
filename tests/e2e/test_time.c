/* time: the real ctop looks back, and compares, while a program goes from one phase to another. */
#include "check.h"

#include "live.h"
#include "process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECONDS = 60 };

static pid_t target;
static int next_phase; /* a write to it, or its end, begins the second phase */

static int start(void **state)
{
	int pipes[2];
	char *path = process_path("workloads/phases");
	(void)state;
	if (pipe(pipes) != 0)
		return -1;
	fcntl(pipes[1], F_SETFD, FD_CLOEXEC);
	target = fork();
	if (target == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(pipes[0], 0); /* it may be that already, where there is no standard input */
		execl(path, "phases", NULL);
		_exit(127);
	}
	close(pipes[0]);
	next_phase = pipes[1];
	free(path);
	return target > 0 ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	kill(target, SIGKILL);
	waitpid(target, NULL, 0);
	return 0;
}

static struct pty *watch(void)
{
	char pid[32];
	snprintf(pid, sizeof pid, "%d", target);
	struct pty *p = live_start((char *[]){"--pid", pid, NULL}, 24, 120, NULL);
	live_see(p, "gamma_ray");
	return p;
}

/* What comes after the base line is told from it, and what has gone stays in sight. */
static void a_change_is_seen_while_it_happens(void **state)
{
	(void)state;
	struct pty *p = watch();
	live_see(p, "alpha");
	live_see(p, "all 00:04"); /* blocks enough for a verdict */
	live_type(p, "b", "DIFF");
	assert_int_equal(write(next_phase, "x", 1), 1);
	live_see(p, "beta");
	live_see(p, "chance would do (5 % false discoveries)");
	live_type(p, "1g", "points: changed");
	live_see(p, "alpha");
	live_see(p, "▼");
	live_see(p, "▲");
	live_type(p, "2", "CALL TREE · changed most");
	live_type(p, "4", "beta +");
	live_type(p, "1B", "no base line");
	live_quit(p);
}

/* A fresh ctop sees the second phase only; with the first still on, a range shows one of both. */
static void a_range_shows_what_was_then(void **state)
{
	(void)state;
	struct pty *p = watch();
	live_type(p, "[", "Esc live");
	live_type(p, "\x1b[H", "beta");
	live_type(p, "[", "RANGE");
	live_type(p, "w", "on-CPU · all");
	live_type(p, "w", "last 10 s");
	live_type(p, "\\alpha\r", "nothing of that was sampled");
	live_type(p, "\x1b", "beta");
	live_type(p, "\x1b", "on-CPU · all");
	live_type(p, "mnow\r", "marked");
	live_type(p, "e", "% CPU over");
	live_type(p, " ", "HEAT");
	live_type(p, "\r", "every view shows that range");
	live_type(p, "\x1b", "beta");
	live_quit(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_change_is_seen_while_it_happens),
	        cmocka_unit_test(a_range_shows_what_was_then),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
