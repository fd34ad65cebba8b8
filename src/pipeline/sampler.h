/* sampler: the thread that drains the source into the byte ring.
 *
 * It owns the source while it runs, takes no locks and allocates nothing.
 */
#ifndef CTOP_PIPELINE_SAMPLER_H
#define CTOP_PIPELINE_SAMPLER_H

#include "ctop/err.h"

#include <stdatomic.h>
#include <stdint.h>

struct ring;
struct sampler;
struct source;

/* Starts the thread; source, ring and `stack_wanted` are borrowed until sampler_join(). The
 * last is the size of stack dumps in bytes; whoever changes it wants another. */
enum ctop_err sampler_start(struct sampler **out, struct source *source, struct ring *ring,
                            const _Atomic uint32_t *stack_wanted, struct err *e);

/* Asks it to end: what was sampled so far is handed on, then RECORD_END. */
void sampler_stop(struct sampler *s);

/* Asks it to end at once, dropping what was not handed on. */
void sampler_abort(struct sampler *s);

/* Waits for the end and frees. NULL is allowed. */
void sampler_join(struct sampler *s);

#endif
