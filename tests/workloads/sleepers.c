/* sleepers: one thread in each state a look at threads must cope with; see test_dump.c.
 *
 * reader  waits in read(), called through outer_read → inner_read
 * frame   waits in poll() below a function whose frame is found by the frame pointer alone
 * vforker waits in vfork(), which cannot be interrupted
 * poller  waits in epoll_wait(), which a stop would end early: that ends the program with 3, unless
 * it was started with an argument busy    runs in spin
 */
#include <alloca.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#define APART __attribute__((noinline, noclone))

static int pipe_fds[2];
static volatile unsigned long spun;
static int calm;

APART static void inner_read(void)
{
	char c;
	while (read(pipe_fds[0], &c, 1) != 1)
		continue;
}

APART static void outer_read(void)
{
	inner_read();
	spun++;
}

static void *reader(void *arg)
{
	prctl(PR_SET_NAME, "reader");
	outer_read();
	return arg;
}

APART static void framed_wait(size_t n)
{
	char *room = alloca(n);
	memset(room, 1, n);
	for (;;) {
		poll(NULL, 0, -1);
		spun += (unsigned long)room[n / 2];
	}
}

static void *frame(void *arg)
{
	prctl(PR_SET_NAME, "frame");
	framed_wait(100 + spun % 7);
	return arg;
}

static void *vforker(void *arg)
{
	prctl(PR_SET_NAME, "vforker");
	pid_t pid = vfork();
	if (pid == 0) {
		char c;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (read(pipe_fds[0], &c, 1) != 1)
			continue;
		_exit(0);
	}
	return arg;
}

APART static void wait_for_events(int fd)
{
	struct epoll_event ev;
	for (;;)
		if (epoll_wait(fd, &ev, 1, -1) < 0 && errno == EINTR && !calm)
			_exit(3);
}

static void *poller(void *arg)
{
	prctl(PR_SET_NAME, "poller");
	wait_for_events(epoll_create1(0));
	return arg;
}

APART static void spin(void)
{
	for (;;)
		spun++;
}

static void *busy(void *arg)
{
	prctl(PR_SET_NAME, "busy");
	spin();
	return arg;
}

int main(int argc, char **argv)
{
	static void *(*const all[])(void *) = {reader, frame, vforker, poller, busy};
	pthread_t t;
	(void)argv;
	calm = argc > 1;
	if (pipe(pipe_fds) != 0)
		return 1;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (pthread_create(&t, NULL, all[i], NULL) != 0)
			return 1;
	for (;;)
		pause();
}
