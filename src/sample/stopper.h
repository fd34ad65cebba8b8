/* stopper: who stops threads: a small process of its own, or the calling thread. Private to the
 * sample layer.
 *
 * A tracer that is itself stopped, debugged or swapped out between stopping a thread and letting it
 * go would hold it. So a helper process does both: what stops ctop does not stop it, and it dies
 * with ctop, whereupon the kernel lets go of what it held. It has no files, and a terminal's
 * signals do not reach it. Where only an ancestor may trace (Yama scope 1, a launched command),
 * ctop does it itself.
 *
 * A stopper is used by one thread at a time.
 */
#ifndef CTOP_SAMPLE_STOPPER_H
#define CTOP_SAMPLE_STOPPER_H

#include "ptrace_stop.h"

struct stopper;

/* `direct`: without a helper; to be made before other threads are then. */
struct stopper *stopper_new(bool direct);
void stopper_free(struct stopper *s); /* NULL is allowed */

/* As stop_copy(): c->stack is the stopper's until the next call. One that is held is let go by the
 * helper as soon as it stops. */
enum stop_result stopper_copy(struct stopper *s, pid_t pid, pid_t tid, struct stop_copy *c);

/* Whether a thread that was held is not any more; without a helper, this is what lets it go. */
bool stopper_let_go(struct stopper *s, pid_t tid);

/* The helper process, 0 without one. */
pid_t stopper_helper(const struct stopper *s);

#endif
