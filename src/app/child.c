/* child: a command started under the profiler; see child.h. */
#include "ctop/child.h"

#include "ctop/clock.h"
#include "ctop/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KEPT = 1 << 20, CHUNK = 1 << 16, SPACE = KEPT + CHUNK };

/* The end of the output, in memory the keeper shares with ctop. The keeper writes one chunk at most
 * behind `total`, so the KEPT bytes before it stand still while `total` does. */
struct kept {
	_Atomic uint64_t total; /* bytes that have come so far */
	char bytes[SPACE];
};

struct child {
	pid_t pid;
	int pidfd;
	int go;     /* a byte written here releases the child */
	int failed; /* the child writes errno here when exec fails */
	bool released, reaped;
	int status;
	struct kept *kept; /* NULL: no output is kept */
};

/* --- the keeper ------------------------------------------------------------------- */

/* Drains the master as fast as it fills: a slow reader would block the command.
 * Only the tail is kept. Ends when the last writer has closed its side. */
static _Noreturn void keep_output(int master, struct kept *kept)
{
	uint64_t total = 0;
	for (int fd = 0; fd < 1024; fd++)
		if (fd != master)
			close(fd);
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	for (;;) {
		size_t at = total % SPACE, room = SPACE - at < CHUNK ? SPACE - at : CHUNK;
		ssize_t n = read(master, kept->bytes + at, room);
		if (n <= 0 && errno != EINTR)
			_exit(0);
		if (n > 0)
			atomic_store_explicit(&kept->total, total += (uint64_t)n,
			                      memory_order_release);
	}
}

size_t child_output(const struct child *c, uint64_t *from, char *buf, size_t cap)
{
	if (c->kept == NULL)
		return 0;
	uint64_t total = atomic_load_explicit(&c->kept->total, memory_order_acquire);
	if (total - *from > KEPT)
		*from = total - KEPT;
	size_t n = total - *from < cap ? (size_t)(total - *from) : cap;
	for (size_t i = 0; i < n; i++)
		buf[i] = c->kept->bytes[(*from + i) % SPACE];
	/* What was written over meanwhile is left out. */
	atomic_thread_fence(memory_order_acquire);
	total = atomic_load_explicit(&c->kept->total, memory_order_relaxed);
	size_t lost = total - *from > KEPT ? (size_t)(total - *from - KEPT) : 0;
	lost = lost < n ? lost : n;
	memmove(buf, buf + lost, n - lost);
	*from += n;
	return n - lost;
}

bool child_keeps_output(const struct child *c)
{
	return c->kept != NULL;
}

/* Starts the keeper as nobody's child, so that it never becomes a zombie of ours. */
static int start_keeper(int master, struct kept *kept)
{
	pid_t middle = fork();
	if (middle < 0)
		return errno;
	if (middle == 0) {
		pid_t keeper = fork();
		if (keeper == 0) {
			setsid();
			prctl(PR_SET_NAME, "ctop-keeper");
			keep_output(master, kept);
		}
		_exit(keeper < 0 ? 1 : 0);
	}
	int status;
	while (waitpid(middle, &status, 0) < 0 && errno == EINTR)
		continue;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : EAGAIN;
}

static int open_pty(int *slave, struct kept **kept)
{
	struct winsize size = {.ws_row = 24, .ws_col = 80};
	int master;
	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	*kept = mmap(NULL, sizeof **kept, PROT_READ | PROT_WRITE,
	             MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (*kept == MAP_FAILED) {
		*kept = NULL;
		return errno;
	}
	if (openpty(&master, slave, NULL, NULL, &size) != 0)
		return errno;
	fcntl(*slave, F_SETFD, FD_CLOEXEC);
	int rc = start_keeper(master, *kept);
	close(master);
	if (rc != 0)
		close(*slave);
	return rc;
}

/* --- the child ---------------------------------------------------------------------- */

static void default_signals(void)
{
	sigset_t none;
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void use_terminal(int slave)
{
	bool terminal[3];
	for (int fd = 0; fd < 3; fd++)
		terminal[fd] = isatty(fd);
	setsid();
	ioctl(slave, TIOCSCTTY, 0);
	for (int fd = 0; fd < 3; fd++)
		if (terminal[fd])
			dup2(slave, fd);
}

/* Waits for the release, then becomes the command. When ctop dies first, the read
 * ends and so does the child. */
static _Noreturn void run_command(char *const *argv, int slave, int go, int failed)
{
	char byte;
	default_signals();
	if (slave >= 0)
		use_terminal(slave);
	ssize_t n;
	while ((n = read(go, &byte, 1)) < 0 && errno == EINTR)
		continue;
	if (n != 1)
		_exit(125);
	execvp(argv[0], argv);
	int why = errno;
	if (write(failed, &why, sizeof why) < 0)
		_exit(126);
	_exit(why == ENOENT ? 127 : 126);
}

static enum ctop_err spawn_with(struct child *c, char *const *argv, int slave, struct err *e)
{
	int go[2], failed[2];
	if (pipe2(go, O_CLOEXEC) != 0)
		return err_errno(e, CTOP_ELIMIT, errno, "cannot make a pipe");
	if (pipe2(failed, O_CLOEXEC) != 0) {
		close(go[0]);
		close(go[1]);
		return err_errno(e, CTOP_ELIMIT, errno, "cannot make a pipe");
	}
	c->pid = fork();
	if (c->pid == 0) {
		close(go[1]);
		close(failed[0]);
		run_command(argv, slave, go[0], failed[1]);
	}
	int why = errno;
	close(go[0]);
	close(failed[1]);
	c->go = go[1];
	c->failed = failed[0];
	if (c->pid < 0)
		return err_errno(e, CTOP_ELIMIT, why, "cannot fork");
	c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	return CTOP_OK;
}

enum ctop_err child_spawn(struct child **out, char *const *argv, enum child_output output,
                          struct err *e)
{
	int slave = -1;
	struct kept *kept = NULL;
	bool any_tty = isatty(0) || isatty(1) || isatty(2);
	if (output == CHILD_PTY && any_tty) {
		int rc = open_pty(&slave, &kept);
		if (rc != 0)
			return err_errno(e, CTOP_ELIMIT, rc, "cannot make a pseudo-terminal for %s",
			                 argv[0]);
	}
	struct child *c = mem_zalloc(1, sizeof *c);
	c->pidfd = c->go = c->failed = -1;
	c->kept = kept;
	enum ctop_err rc = spawn_with(c, argv, slave, e);
	if (slave >= 0)
		close(slave);
	if (rc == CTOP_OK)
		*out = c;
	else
		child_free(c);
	return rc;
}

pid_t child_pid(const struct child *c)
{
	return c->pid;
}

int child_fd(const struct child *c)
{
	return c->pidfd;
}

enum ctop_err child_release(struct child *c, struct err *e)
{
	int why = 0;
	c->released = true;
	if (write(c->go, "g", 1) != 1)
		return err_errno(e, CTOP_EIO, errno, "the child has died before it could start");
	ssize_t n;
	while ((n = read(c->failed, &why, sizeof why)) < 0 && errno == EINTR)
		continue;
	if (n != sizeof why)
		return CTOP_OK; /* closed by the exec */
	return err_errno(e, err_from_errno(why), why,
	                 why == ENOENT ? "no such command, check its name and PATH"
	                               : "cannot run it");
}

bool child_reap(struct child *c, int *status)
{
	if (!c->reaped && waitpid(c->pid, &c->status, WNOHANG) == c->pid)
		c->reaped = true;
	if (c->reaped)
		*status = c->status;
	return c->reaped;
}

void child_kill(struct child *c)
{
	int status;
	if (child_reap(c, &status))
		return;
	kill(c->pid, SIGTERM);
	kill(c->pid, SIGCONT);
	struct pollfd fd = {.fd = c->pidfd, .events = POLLIN};
	poll(&fd, 1, 2000);
	if (child_reap(c, &status))
		return;
	kill(c->pid, SIGKILL);
	poll(&fd, 1, 2000);
	child_reap(c, &status);
}

void child_free(struct child *c)
{
	if (c == NULL)
		return;
	if (c->go >= 0)
		close(c->go);
	if (c->failed >= 0)
		close(c->failed);
	if (c->pidfd >= 0)
		close(c->pidfd);
	if (c->kept != NULL)
		munmap(c->kept, sizeof *c->kept);
	free(c);
}

int child_exit_code(int wait_status)
{
	if (WIFSIGNALED(wait_status))
		return 128 + WTERMSIG(wait_status);
	return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 1;
}
