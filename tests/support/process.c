/* process: programs run to their end for what they print; see process.h. */
#include "process.h"

#include "ctop/clock.h"
#include "ctop/strbuf.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

char *process_path(const char *name)
{
	const char *build = getenv("CTOP_BUILD");
	char path[1024], *absolute;
	snprintf(path, sizeof path, "%s/%s", build != NULL ? build : "build/gcc", name);
	absolute = realpath(path, NULL);
	return absolute != NULL ? absolute : strdup(path);
}

struct deadline deadline_in(int seconds)
{
	return (struct deadline){clock_now_ns() + (uint64_t)seconds * CLOCK_NS_PER_SEC};
}

bool deadline_over(const struct deadline *d)
{
	return clock_now_ns() >= d->at_ns;
}

static void become(char *const *argv, void (*prepare)(void), const int *out, const int *err)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(open("/dev/null", O_RDONLY), 0);
	dup2(out[1], 1);
	dup2(err[1], 2);
	if (prepare != NULL)
		prepare();
	execvp(argv[0], argv);
	perror(argv[0]);
	_exit(127);
}

/* Reads what is there; false at the end. */
static bool take(int fd, struct strbuf *b)
{
	char buf[4096];
	ssize_t n = read(fd, buf, sizeof buf);
	if (n > 0)
		strbuf_add(b, buf, (size_t)n);
	return n > 0;
}

static int code_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

struct process_result process_run(char *const *argv, void (*prepare)(void), int seconds)
{
	int out[2], err[2], status = 0;
	struct strbuf b[2] = {{0}, {0}};
	struct deadline d = deadline_in(seconds);
	if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0)
		abort();
	pid_t pid = fork();
	if (pid == 0)
		become(argv, prepare, out, err);
	close(out[1]);
	close(err[1]);
	struct pollfd fds[2] = {{out[0], POLLIN, 0}, {err[0], POLLIN, 0}};
	while ((fds[0].fd >= 0 || fds[1].fd >= 0) && !deadline_over(&d)) {
		if (poll(fds, 2, 100) <= 0)
			continue;
		for (int i = 0; i < 2; i++)
			if (fds[i].fd >= 0 && fds[i].revents != 0 && !take(fds[i].fd, &b[i]))
				fds[i].fd = -1;
	}
	bool late = deadline_over(&d);
	if (late)
		kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	close(out[0]);
	close(err[0]);
	strbuf_adds(&b[0], "");
	strbuf_adds(&b[1], "");
	return (struct process_result){b[0].data, b[1].data, late ? -1 : code_of(status)};
}

void process_result_fini(struct process_result *r)
{
	free(r->out);
	free(r->err);
}
