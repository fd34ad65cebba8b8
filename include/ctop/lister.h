/* lister: the processes of the machine, looked at once a second by a thread of its own, so that
 * whoever shows them never waits for /proc; and whether one of them could be attached to.
 *
 * All functions here are called by one thread, the owner's.
 */
#ifndef CTOP_LISTER_H
#define CTOP_LISTER_H

#include "ctop/err.h"
#include "ctop/process.h"

#include <stdbool.h>
#include <stddef.h>

struct lister;

enum ctop_err lister_start(struct lister **out, struct err *e);

/* Ends the thread and frees. A thread that hangs in the kernel is left behind. NULL is allowed. */
void lister_stop(struct lister *l);

/* Readable when there is news; lister_ack() clears it. Borrowed. */
int lister_fd(const struct lister *l);
void lister_ack(struct lister *l);

/* The newest rows, in order of pids, in an array the caller frees; false when there are none that
 * have not been taken. */
bool lister_take(struct lister *l, struct process **rows, size_t *count);

/* Asks why a process could not be attached to. */
void lister_ask(struct lister *l, pid_t pid);

/* The answer: false when it has not come. *why is CTOP_OK when nothing forbids it. */
bool lister_answer(struct lister *l, pid_t pid, struct err *why);

#endif
