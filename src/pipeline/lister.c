/* lister: the processes of the machine; see lister.h. */
#include "ctop/lister.h"

#include "ctop/attach.h"
#include "ctop/broker.h"
#include "ctop/clock.h"
#include "ctop/mem.h"
#include "ctop/proclist.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_MS = 1000, SECOND_LOOK_MS = 250, LEAVE_S = 1 };

struct lister {
	pthread_t thread;
	struct broker *broker;
	struct proclist *list; /* the thread's */
	int fd;                /* eventfd */
	pthread_mutex_t lock;  /* guards what follows */
	pthread_cond_t wake;
	bool stopping, fresh;
	struct process *rows; /* owned */
	size_t count;
	pid_t asked, answered; /* 0: none */
	struct err why;
};

static void notify(struct lister *l)
{
	uint64_t one = 1;
	ssize_t n = write(l->fd, &one, sizeof one);
	(void)n;
}

/* --- the thread -------------------------------------------------------------------------- */

static void publish(struct lister *l)
{
	size_t count;
	const struct process *rows = proclist_rows(l->list, &count);
	struct process *copy = mem_alloc((count + 1) * sizeof *copy);
	if (count > 0)
		memcpy(copy, rows, count * sizeof *copy);
	pthread_mutex_lock(&l->lock);
	struct process *old = l->rows;
	l->rows = copy;
	l->count = count;
	l->fresh = true;
	pthread_mutex_unlock(&l->lock);
	free(old);
	notify(l);
}

/* Called and returns with the lock held. */
static void answer(struct lister *l)
{
	pid_t pid = l->asked;
	struct err why = {0};
	l->asked = 0;
	pthread_mutex_unlock(&l->lock);
	attach_check(l->broker, pid, &why);
	pthread_mutex_lock(&l->lock);
	l->answered = pid;
	l->why = why;
	notify(l);
}

/* Waits until the next look is due, and answers meanwhile. */
static void wait_until(struct lister *l, uint64_t due_ns)
{
	struct timespec until = {(time_t)(due_ns / CLOCK_NS_PER_SEC),
	                         (long)(due_ns % CLOCK_NS_PER_SEC)};
	int rc = 0;
	pthread_mutex_lock(&l->lock);
	while (!l->stopping && rc != ETIMEDOUT) {
		if (l->asked != 0)
			answer(l);
		else
			rc = pthread_cond_timedwait(&l->wake, &l->lock, &until);
	}
	pthread_mutex_unlock(&l->lock);
}

static bool is_stopping(struct lister *l)
{
	pthread_mutex_lock(&l->lock);
	bool stopping = l->stopping;
	pthread_mutex_unlock(&l->lock);
	return stopping;
}

/* The first rows are shown before a command line is read; CPU is known from the second on. */
static void *run(void *arg)
{
	struct lister *l = arg;
	for (unsigned looks = 0; !is_stopping(l); looks++) {
		uint64_t now = clock_now_ns();
		if (proclist_look(l->list, now, NULL) == CTOP_OK) {
			if (looks == 0)
				publish(l);
			proclist_describe(l->list);
			publish(l);
		}
		wait_until(l, now + (looks == 0 ? SECOND_LOOK_MS : LOOK_MS) * CLOCK_NS_PER_MS);
	}
	return NULL;
}

/* --- the owner's side -------------------------------------------------------------------- */

static void release(struct lister *l)
{
	pthread_mutex_destroy(&l->lock);
	pthread_cond_destroy(&l->wake);
	proclist_free(l->list);
	broker_free(l->broker);
	if (l->fd >= 0)
		close(l->fd);
	free(l->rows);
	free(l);
}

enum ctop_err lister_start(struct lister **out, struct err *e)
{
	struct lister *l = mem_zalloc(1, sizeof *l);
	pthread_condattr_t attr;
	l->broker = broker_new_live();
	l->list = proclist_new(l->broker);
	l->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&l->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&l->wake, &attr);
	pthread_condattr_destroy(&attr);
	int rc = l->fd < 0 ? errno : pthread_create(&l->thread, NULL, run, l);
	if (rc != 0) {
		release(l);
		return err_errno(e, CTOP_ELIMIT, rc, "cannot start the thread that reads /proc");
	}
	*out = l;
	return CTOP_OK;
}

void lister_stop(struct lister *l)
{
	struct timespec until;
	if (l == NULL)
		return;
	pthread_mutex_lock(&l->lock);
	l->stopping = true;
	pthread_cond_signal(&l->wake);
	pthread_mutex_unlock(&l->lock);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += LEAVE_S;
	if (pthread_timedjoin_np(l->thread, NULL, &until) == 0)
		release(l);
	else
		pthread_detach(l->thread);
}

int lister_fd(const struct lister *l)
{
	return l->fd;
}

void lister_ack(struct lister *l)
{
	uint64_t n;
	ssize_t got = read(l->fd, &n, sizeof n);
	(void)got;
}

bool lister_take(struct lister *l, struct process **rows, size_t *count)
{
	pthread_mutex_lock(&l->lock);
	bool fresh = l->fresh;
	if (fresh) {
		*rows = l->rows;
		*count = l->count;
		l->rows = NULL;
		l->fresh = false;
	}
	pthread_mutex_unlock(&l->lock);
	return fresh;
}

void lister_ask(struct lister *l, pid_t pid)
{
	pthread_mutex_lock(&l->lock);
	l->asked = pid;
	l->answered = 0;
	pthread_cond_signal(&l->wake);
	pthread_mutex_unlock(&l->lock);
}

bool lister_answer(struct lister *l, pid_t pid, struct err *why)
{
	pthread_mutex_lock(&l->lock);
	bool known = pid != 0 && l->answered == pid;
	if (known)
		*why = l->why;
	pthread_mutex_unlock(&l->lock);
	return known;
}
