/* sampler: the thread that drains the source into the byte ring.
 *
 * It owns the source and the peeker while it runs, takes no locks, and allocates nothing but for a
 * look at the threads.
 */
#ifndef CTOP_PIPELINE_SAMPLER_H
#define CTOP_PIPELINE_SAMPLER_H

#include "ctop/err.h"

#include <stdatomic.h>
#include <stdint.h>

struct peek_request;
struct peeker;
struct replacement;
struct ring;
struct sampler;
struct source;

/* Starts the thread; source, ring and `stack_wanted` are borrowed until sampler_join(). The
 * last is the size of stack dumps in bytes; whoever changes it wants another. `peeker` does the
 * looks; NULL where there is nothing to look at. */
/* When the source has ended the thread waits for another one, if there is a `replacement`. */
enum ctop_err sampler_start(struct sampler **out, struct source *source, struct ring *ring,
                            const _Atomic uint32_t *stack_wanted, struct peeker *peeker,
                            struct replacement *replacement, struct err *e);

/* There is something new to be seen in the replacement. NULL is allowed. */
void sampler_wake(struct sampler *s);

/* Asks for a look at the threads; the request (from malloc(), as its tids) is taken over. One that
 * was not begun is replaced. */
void sampler_peek(struct sampler *s, struct peek_request *r);

/* Asks it to end: what was sampled so far is handed on, then RECORD_END. */
void sampler_stop(struct sampler *s);

/* Asks it to end at once, dropping what was not handed on. */
void sampler_abort(struct sampler *s);

/* Waits for the end and frees. NULL is allowed. */
void sampler_join(struct sampler *s);

#endif
