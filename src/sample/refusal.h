/* refusal: why a process may not be looked into, and what to do about it. Private to the sample
 * layer. One line each, cause first, then the cure. Any thread.
 */
#ifndef CTOP_SAMPLE_REFUSAL_H
#define CTOP_SAMPLE_REFUSAL_H

#include "ctop/err.h"

struct broker;
struct target_info;

/* CTOP_EPERM when another process traces it already, CTOP_OK else. */
enum ctop_err refusal_tracer(struct broker *b, const struct target_info *t, struct err *e);

/* What errno `why` of a try to trace it, or to read its memory, means. */
enum ctop_err refusal_ptrace(const struct target_info *t, int why, struct err *e);

#endif
