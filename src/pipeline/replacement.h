/* replacement: another source for a sampler whose source has ended. Private to pipeline.
 *
 * Asked for by the owner of the session, opened by the sampler's thread, which owns the sources.
 */
#ifndef CTOP_PIPELINE_REPLACEMENT_H
#define CTOP_PIPELINE_REPLACEMENT_H

#include "ctop/err.h"
#include "ctop/source.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct exchange;
struct peeker;
struct ring;

struct replacement {
	struct broker *broker; /* borrowed, as the exchange */
	struct exchange *exchange;
	enum source_choice choice;
	struct source_config config; /* but for the pids */
	_Atomic pid_t wanted;        /* 0: none is */
	atomic_bool idle;            /* the source has ended: one may be asked for */
	pthread_mutex_t lock;        /* guards what follows */
	bool answered;
	pid_t pid;
	struct err why;
};

/* Sampler: opens the source that is wanted in place of one that has ended, and says so in the ring.
 * False when there is none or it cannot be opened, which the owner is told. */
bool replacement_take(struct replacement *r, struct source *source, struct peeker *peeker,
                      struct ring *ring, const atomic_bool *abort);

/* Owner: what became of the last wish; false: nothing yet, or it was told already. */
bool replacement_answer(struct replacement *r, pid_t *pid, struct err *why);

#endif
