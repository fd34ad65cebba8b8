/* apart: a source that works in a process of its own (helper.h), which hands its records over
 * through shared memory. Private to the sample layer.
 *
 * So what stops or debugs ctop never leaves a thread of the target stopped, and a sample wakes
 * nobody up here: they are fetched several at a time. Should the process be killed, another one
 * takes over.
 */
#ifndef CTOP_SAMPLE_APART_H
#define CTOP_SAMPLE_APART_H

#include "ctop/source.h"

typedef enum ctop_err source_open_fn(struct source *out, struct broker *b,
                                     const struct source_config *config, struct err *e);

/* As source_open_ptrace(), of the source that open() opens over there; its errors are told here. */
enum ctop_err apart_open(struct source *out, source_open_fn *open, struct broker *b,
                         const struct source_config *config, struct err *e);

#endif
