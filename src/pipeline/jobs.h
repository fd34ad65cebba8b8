/* jobs: slow work done off the analyzer's and the display's threads.
 *
 * A pool of worker threads takes jobs in order, quick ones first, and leaves one
 * worker to those: opening a large file may take a second, and somebody may wait
 * for one function of another that is open. A finished job goes to the
 * inbox its poster named and makes the inbox's eventfd readable. A job is
 * embedded in the poster's own structure, belongs to the worker while it runs
 * and to the inbox's reader afterwards.
 */
#ifndef CTOP_PIPELINE_JOBS_H
#define CTOP_PIPELINE_JOBS_H

#include <pthread.h>
#include <stdbool.h>

struct inbox;

struct job {
	void (*run)(struct job *self);     /* on a worker */
	void (*discard)(struct job *self); /* frees a job nobody will read */
	struct inbox *reply;
	struct job *next;
	bool quick; /* takes no longer than one looks at a screen */
};

/* Where finished jobs wait for one reader. */
struct inbox {
	pthread_mutex_t lock;
	struct job *first, *last;
	int fd;      /* eventfd */
	bool raised; /* fd is readable */
};

/* 0, or an errno value. */
int inbox_init(struct inbox *in);

/* Discards what was not read. After every worker that could post has stopped. */
void inbox_fini(struct inbox *in);

/* The oldest finished job, or NULL (and the eventfd is cleared). Reader only. */
struct job *inbox_take(struct inbox *in);

/* Hands a finished job to its inbox. Any thread. */
void inbox_put(struct inbox *in, struct job *job);

struct workers;

/* Starts `threads` workers; NULL when not even one could be started. */
struct workers *workers_new(unsigned threads);

/* Lets running jobs end, discards waiting ones, joins. NULL is allowed. */
void workers_free(struct workers *w);

/* Queues a job. Any thread. */
void workers_post(struct workers *w, struct job *job);

#endif
