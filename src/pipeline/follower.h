/* follower: knows who the target is while it lives, and searches for its successor when it has
 * ended (successor.h). A thread of its own: /proc makes nobody wait.
 */
#ifndef CTOP_PIPELINE_FOLLOWER_H
#define CTOP_PIPELINE_FOLLOWER_H

#include "ctop/err.h"
#include "ctop/successor.h"

#include <stdbool.h>

struct broker;
struct exchange;
struct follower;

/* The owner of the exchange is notified when a successor was found. */
enum ctop_err follower_start(struct follower **out, struct broker *broker, pid_t pid,
                             struct exchange *x, struct err *e);

/* Ends the thread and frees. NULL is allowed. */
void follower_stop(struct follower *f);

/* Who has ended and who could go on; false while there is none. */
bool follower_found(struct follower *f, struct identity *gone, struct identity *next);

/* `pid` is the target from now on. */
void follower_take(struct follower *f, pid_t pid);

#endif
