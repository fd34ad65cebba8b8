/* live: ctop in a pseudo-terminal; see live.h. */
#include "live.h"

#include "check.h"
#include "process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECONDS = 20, WORDS = 30 };

struct pty *live_start(char *const *words, int rows, int cols, char *const *env)
{
	char *argv[WORDS + 2] = {process_path("ctop")};
	for (size_t i = 0; i < WORDS && words[i] != NULL; i++)
		argv[i + 1] = words[i];
	struct pty *p = pty_start(argv, rows, cols, "xterm-256color", env);
	free(argv[0]);
	return p;
}

void live_see(struct pty *p, const char *text)
{
	if (pty_wait_text(p, text, SECONDS))
		return;
	char *screen = pty_screen(p);
	fail_msg("'%s' is not on the screen:\n%s", text, screen);
}

void live_type(struct pty *p, const char *keys, const char *text)
{
	pty_type(p, keys);
	live_see(p, text);
}

void live_quit(struct pty *p)
{
	int status;
	pty_type(p, "q");
	assert_true(pty_wait_exit(p, SECONDS, &status));
	assert_int_equal(status, 0);
	assert_false(pty_alternate(p));
	assert_true(pty_cursor(p));
	assert_false(pty_raw(p));
	pty_free(p);
}

pid_t live_program(char *const *argv)
{
	pid_t pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (int fd = 0; fd < 3; fd++)
			dup2(null, fd);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0) { /* −1 must never reach kill() */
		perror("fork");
		exit(1);
	}
	return pid;
}

pid_t live_workload(const char *name, const char *arg)
{
	char path[256], word[64] = "";
	snprintf(path, sizeof path, "workloads/%s", name);
	char *program = process_path(path);
	if (arg != NULL)
		snprintf(word, sizeof word, "%s", arg);
	pid_t pid = live_program((char *[]){program, arg != NULL ? word : NULL, NULL});
	free(program);
	return pid;
}

void live_end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}
