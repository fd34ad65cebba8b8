/* jobs: a worker pool and the inboxes it answers to; see jobs.h. */
#include "jobs.h"

#include "ctop/mem.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { WORKERS_MAX = 8 };

struct workers {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct job *first, *last, *first_quick, *last_quick;
	bool stopping;
	unsigned count;
	unsigned slow, slow_most; /* jobs that run and are not quick */
	pthread_t threads[WORKERS_MAX];
};

static void append(struct job **first, struct job **last, struct job *job)
{
	job->next = NULL;
	if (*last != NULL)
		(*last)->next = job;
	else
		*first = job;
	*last = job;
}

static struct job *shift(struct job **first, struct job **last)
{
	struct job *job = *first;
	if (job != NULL) {
		*first = job->next;
		if (*first == NULL)
			*last = NULL;
	}
	return job;
}

int inbox_init(struct inbox *in)
{
	*in = (struct inbox){.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
	if (in->fd < 0)
		return errno;
	return pthread_mutex_init(&in->lock, NULL);
}

void inbox_fini(struct inbox *in)
{
	struct job *job;
	while ((job = shift(&in->first, &in->last)) != NULL)
		job->discard(job);
	pthread_mutex_destroy(&in->lock);
	if (in->fd >= 0)
		close(in->fd);
	in->fd = -1;
}

void inbox_put(struct inbox *in, struct job *job)
{
	uint64_t one = 1;
	pthread_mutex_lock(&in->lock);
	append(&in->first, &in->last, job);
	in->raised = true;
	/* Fails only when the counter is full, and then it is readable. */
	ssize_t n = write(in->fd, &one, sizeof one);
	(void)n;
	pthread_mutex_unlock(&in->lock);
}

struct job *inbox_take(struct inbox *in)
{
	pthread_mutex_lock(&in->lock);
	struct job *job = shift(&in->first, &in->last);
	if (job == NULL && in->raised) {
		uint64_t count;
		ssize_t n = read(in->fd, &count, sizeof count);
		(void)n;
		in->raised = false;
	}
	pthread_mutex_unlock(&in->lock);
	return job;
}

static struct job *next_job(struct workers *w)
{
	struct job *job = shift(&w->first_quick, &w->last_quick);
	if (job == NULL && w->slow < w->slow_most)
		job = shift(&w->first, &w->last);
	w->slow += job != NULL && !job->quick;
	return job;
}

static void *work(void *arg)
{
	struct workers *w = arg;
	for (;;) {
		struct job *job = NULL;
		pthread_mutex_lock(&w->lock);
		while (!w->stopping && (job = next_job(w)) == NULL)
			pthread_cond_wait(&w->wake, &w->lock);
		pthread_mutex_unlock(&w->lock);
		if (job == NULL)
			return NULL;
		bool quick = job->quick;
		job->run(job);
		inbox_put(job->reply, job); /* it is the reader's now */
		pthread_mutex_lock(&w->lock);
		w->slow -= !quick;
		pthread_mutex_unlock(&w->lock);
	}
}

struct workers *workers_new(unsigned threads)
{
	struct workers *w = mem_zalloc(1, sizeof *w);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->wake, NULL);
	w->slow_most = threads > 1 ? threads - 1 : 1;
	for (unsigned i = 0; i < threads && i < WORKERS_MAX; i++) {
		if (pthread_create(&w->threads[w->count], NULL, work, w) != 0)
			break;
		w->count++;
	}
	if (w->count > 0)
		return w;
	workers_free(w);
	return NULL;
}

void workers_free(struct workers *w)
{
	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	pthread_cond_broadcast(&w->wake);
	pthread_mutex_unlock(&w->lock);
	for (unsigned i = 0; i < w->count; i++)
		pthread_join(w->threads[i], NULL);
	struct job *job;
	while ((job = shift(&w->first, &w->last)) != NULL ||
	       (job = shift(&w->first_quick, &w->last_quick)) != NULL)
		job->discard(job);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->wake);
	free(w);
}

void workers_post(struct workers *w, struct job *job)
{
	pthread_mutex_lock(&w->lock);
	if (job->quick)
		append(&w->first_quick, &w->last_quick, job);
	else
		append(&w->first, &w->last, job);
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
}
