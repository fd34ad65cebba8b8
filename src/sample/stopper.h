/* stopper: stops threads on request, for looks at them (peek.c): in a helper process (helper.h), so
 * that what stops ctop itself never leaves one of them stopped. Private to the sample layer.
 *
 * A stopper is used by one thread at a time.
 */
#ifndef CTOP_SAMPLE_STOPPER_H
#define CTOP_SAMPLE_STOPPER_H

#include "ptrace_stop.h"

struct stopper;

/* Its process is started when it is first needed. NULL: no memory. */
struct stopper *stopper_new(void);
void stopper_free(struct stopper *s); /* NULL is allowed */

/* As stop_copy(): c->stack is the stopper's until the next call. One that is held is let go by the
 * helper as soon as it stops. */
enum stop_result stopper_copy(struct stopper *s, pid_t pid, pid_t tid, struct stop_copy *c);

/* Whether a thread that was held is not any more. */
bool stopper_let_go(struct stopper *s, pid_t tid);

#endif
