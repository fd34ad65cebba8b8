/* follower: from a target that has ended to its successor; see follower.h.
 *
 * While the target lives its identity is read again now and then, for it may exec; a pidfd tells
 * its end at once. Then new processes are looked at until one fits; should that end before it is
 * taken, the search goes on.
 */
#include "follower.h"

#include "ctop/broker.h"
#include "ctop/clock.h"
#include "ctop/mem.h"
#include "ctop/newcomers.h"
#include "exchange.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { IDENTITY_MS = 2000 };

struct follower {
	pthread_t thread;
	struct broker *broker;
	struct exchange *exchange;
	int wake;                    /* eventfd: another target, or the end */
	struct identity gone;        /* the thread's */
	uint64_t alive_ticks;        /* when it was seen alive last; the thread's */
	struct successor *successor; /* the thread's; NULL while the target lives */
	pthread_mutex_t lock;        /* guards what follows */
	bool stopping, found;
	pid_t pid; /* the target */
	struct identity told_gone, told_next;
};

/* Waits for another wish, or for a descriptor (−1: none); true for a wish. */
static bool woken(struct follower *f, int fd, int ms)
{
	struct pollfd fds[] = {{.fd = f->wake, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
	poll(fds, 2, ms);
	if (fds[0].revents != 0)
		exchange_clear(f->wake);
	return fds[0].revents != 0;
}

static void look_at(struct follower *f, pid_t pid)
{
	uint64_t now = successor_now_ticks();
	if (identity_read(f->broker, pid, &f->gone))
		f->alive_ticks = now;
}

/* From when on a process may be the successor: on a busy machine it can be there before this thread
 * hears of the end. */
static uint64_t since(const struct follower *f)
{
	uint64_t now = successor_now_ticks(), slack = (uint64_t)sysconf(_SC_CLK_TCK);
	uint64_t least = now > slack ? now - slack : 0;
	return f->alive_ticks > least ? f->alive_ticks : least;
}

/* Until the target has ended: true; false when there is another wish. */
static bool live(struct follower *f, pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	bool wish = false;
	int ms = NEWCOMERS_MS; /* at first often: it may be about to exec */
	look_at(f, pid);
	while (fd >= 0 && !wish) {
		struct pollfd end = {.fd = fd, .events = POLLIN};
		wish = woken(f, fd, ms);
		ms = ms * 2 < IDENTITY_MS ? ms * 2 : IDENTITY_MS;
		if (poll(&end, 1, 0) > 0)
			break;
		look_at(f, pid);
	}
	if (fd >= 0)
		close(fd);
	return !wish;
}

static void tell(struct follower *f, const struct identity *next, bool found)
{
	pthread_mutex_lock(&f->lock);
	f->found = found;
	f->told_gone = f->gone;
	f->told_next = *next;
	pthread_mutex_unlock(&f->lock);
	exchange_notify(f->exchange);
}

/* Searches, and watches what was found, until there is another wish. */
static void search(struct follower *f)
{
	struct identity next;
	f->successor = successor_new(f->broker, &f->gone, since(f));
	while (f->gone.pid != 0) {
		if (successor_look(f->successor, clock_now_ns(), &next)) {
			tell(f, &next, true);
			while (identity_read(f->broker, next.pid, &next))
				if (woken(f, -1, IDENTITY_MS / 4))
					return;
			tell(f, &next, false);
		}
		if (woken(f, -1, NEWCOMERS_MS))
			return;
	}
	woken(f, -1, -1);
}

/* The target; 0: the thread is to end. */
static pid_t target(struct follower *f)
{
	pthread_mutex_lock(&f->lock);
	pid_t pid = f->stopping ? 0 : f->pid;
	pthread_mutex_unlock(&f->lock);
	return pid;
}

static void *run(void *arg)
{
	struct follower *f = arg;
	for (pid_t pid; (pid = target(f)) != 0;) {
		if (!live(f, pid))
			continue;
		search(f);
		successor_free(f->successor);
		f->successor = NULL;
	}
	return NULL;
}

static void release(struct follower *f)
{
	pthread_mutex_destroy(&f->lock);
	if (f->wake >= 0)
		close(f->wake);
	free(f);
}

enum ctop_err follower_start(struct follower **out, struct broker *broker, pid_t pid,
                             struct exchange *x, struct err *e)
{
	struct follower *f = mem_zalloc(1, sizeof *f);
	*f = (struct follower){.broker = broker, .exchange = x, .pid = pid};
	pthread_mutex_init(&f->lock, NULL);
	f->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int rc = f->wake < 0 ? errno : pthread_create(&f->thread, NULL, run, f);
	if (rc != 0) {
		release(f);
		return err_errno(e, CTOP_ELIMIT, rc, "cannot start the thread that follows");
	}
	*out = f;
	return CTOP_OK;
}

static void wish(struct follower *f, pid_t pid)
{
	uint64_t one = 1;
	pthread_mutex_lock(&f->lock);
	f->stopping = f->stopping || pid == 0;
	f->found = false;
	f->pid = pid;
	pthread_mutex_unlock(&f->lock);
	ssize_t n = write(f->wake, &one, sizeof one);
	(void)n;
}

void follower_stop(struct follower *f)
{
	if (f == NULL)
		return;
	wish(f, 0);
	pthread_join(f->thread, NULL);
	release(f);
}

bool follower_found(struct follower *f, struct identity *gone, struct identity *next)
{
	pthread_mutex_lock(&f->lock);
	bool found = f->found;
	*gone = f->told_gone;
	*next = f->told_next;
	pthread_mutex_unlock(&f->lock);
	return found;
}

void follower_take(struct follower *f, pid_t pid)
{
	wish(f, pid);
}
