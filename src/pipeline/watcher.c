/* watcher: /proc facts of the targets' threads; see watcher.h. */
#include "watcher.h"

#include "ctop/broker.h"
#include "ctop/mem.h"
#include "ctop/target.h"
#include "ctop/utf8.h"
#include "ctop/vec.h"
#include "exchange.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct table {
	struct session_thread *rows;
	size_t count, cap;
};

struct watcher {
	pthread_t thread;
	struct broker *broker;
	struct exchange *exchange;
	bool children;
	pthread_mutex_t lock; /* guards what follows */
	pid_t *pids;
	size_t pid_count;
	pthread_cond_t wake;
	bool stopping, known;
	struct table now;
};

/* Where a sleeping thread waits: the kernel function of its wait channel. */
static void read_wait(struct watcher *w, struct session_thread *t)
{
	char *text = NULL;
	size_t len = 0;
	if (broker_read_proc(w->broker, (pid_t)t->pid, (pid_t)t->tid, "wchan", &text, &len, NULL) !=
	    CTOP_OK)
		return;
	if (strcmp(text, "0") != 0) {
		char clean[3 * 64 + 1];
		utf8_clean(text, strnlen(text, 64), clean);
		snprintf(t->wait, sizeof t->wait, "%.*s", (int)sizeof t->wait - 1, clean);
	}
	free(text);
}

static void add_thread(struct watcher *w, struct table *table, pid_t pid, pid_t tid)
{
	struct target_info info;
	if (target_read(w->broker, pid, tid, &info, NULL) != CTOP_OK)
		return;
	table->rows = vec_reserve(table->rows, &table->cap, table->count + 1, sizeof *table->rows);
	struct session_thread *t = &table->rows[table->count++];
	*t = (struct session_thread){
	        .pid = (uint32_t)pid, .tid = (uint32_t)tid, .state = info.state};
	size_t fits = utf8_fit(info.comm, sizeof t->name - 1, NULL);
	while (fits >= sizeof t->name)
		fits--;
	memcpy(t->name, info.comm, fits);
	if (info.state == 'S' || info.state == 'D')
		read_wait(w, t);
}

static void add_process(struct watcher *w, struct table *table, pid_t pid)
{
	pid_t *tids = NULL;
	size_t count = 0;
	if (target_threads(w->broker, pid, &tids, &count, NULL) != CTOP_OK)
		return;
	for (size_t i = 0; i < count && table->count < WATCHER_THREADS_MAX; i++)
		add_thread(w, table, pid, tids[i]);
	free(tids);
}

static size_t target(struct watcher *w, size_t i, pid_t *pid)
{
	pthread_mutex_lock(&w->lock);
	size_t count = w->pid_count;
	*pid = i < count ? w->pids[i] : 0;
	pthread_mutex_unlock(&w->lock);
	return count;
}

void watcher_retarget(struct watcher *w, pid_t pid)
{
	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	w->pids[0] = pid; /* there is room for one at least */
	w->pid_count = 1;
	pthread_mutex_unlock(&w->lock);
}

static void read_all(struct watcher *w, struct table *table)
{
	pid_t pid;
	for (size_t i = 0; i < target(w, i, &pid); i++) {
		add_process(w, table, pid);
		pid_t *kids = NULL;
		size_t count = 0;
		if (!w->children || target_children(w->broker, pid, &kids, &count) != CTOP_OK)
			continue;
		for (size_t k = 0; k < count; k++)
			add_process(w, table, kids[k]);
		free(kids);
	}
}

/* Sleeps a second or until asked to stop; called and returns with the lock held. */
static void wait_a_second(struct watcher *w)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec++;
	while (!w->stopping && pthread_cond_timedwait(&w->wake, &w->lock, &until) == 0)
		continue;
}

static void *run(void *arg)
{
	struct watcher *w = arg;
	pthread_mutex_lock(&w->lock);
	while (!w->stopping) {
		pthread_mutex_unlock(&w->lock);
		struct table fresh = {0};
		read_all(w, &fresh);
		pthread_mutex_lock(&w->lock);
		struct table old = w->now;
		w->now = fresh;
		w->known = true;
		free(old.rows);
		exchange_notify(w->exchange);
		wait_a_second(w);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

enum ctop_err watcher_start(struct watcher **out, struct broker *broker, const pid_t *pids,
                            size_t count, bool children, struct exchange *x, struct err *e)
{
	struct watcher *w = mem_zalloc(1, sizeof *w);
	pthread_condattr_t attr;
	*w = (struct watcher){
	        .broker = broker, .exchange = x, .pid_count = count, .children = children};
	w->pids = mem_alloc((count + 1) * sizeof *w->pids);
	memcpy(w->pids, pids, count * sizeof *w->pids);
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->wake, &attr);
	pthread_condattr_destroy(&attr);
	int rc = pthread_create(&w->thread, NULL, run, w);
	if (rc != 0) {
		free(w->pids);
		free(w);
		return err_errno(e, CTOP_ELIMIT, rc, "cannot start the thread that reads /proc");
	}
	*out = w;
	return CTOP_OK;
}

void watcher_stop(struct watcher *w)
{
	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->wake);
	free(w->now.rows);
	free(w->pids);
	free(w);
}

bool watcher_threads(struct watcher *w, struct session_thread **out, uint32_t *count)
{
	pthread_mutex_lock(&w->lock);
	bool known = w->known;
	if (known) {
		size_t bytes = w->now.count * sizeof *w->now.rows;
		*out = mem_alloc(bytes);
		if (bytes != 0)
			memcpy(*out, w->now.rows, bytes);
		*count = (uint32_t)w->now.count;
	}
	pthread_mutex_unlock(&w->lock);
	return known;
}
