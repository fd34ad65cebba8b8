/* dumps: what a look at the threads has seen, gathered into a dump. Belongs to the analyzer. */
#ifndef CTOP_PIPELINE_DUMPS_H
#define CTOP_PIPELINE_DUMPS_H

#include "ctop/record.h"
#include "ctop/unwind.h"

struct dump;
struct dumps;
struct funcs;
struct loc;
struct naming;

/* Borrowed. */
struct dumps *dumps_new(struct naming *naming, struct funcs *funcs);
void dumps_free(struct dumps *d);

void dumps_look(struct dumps *d, const struct record_look *r);
void dumps_thread(struct dumps *d, const struct record_thread *r, const char *process);

/* The stack of a thread seen before: `count` locations, root first. A
 * stacker_peek_fn. */
void dumps_stack(void *dumps, const struct record_sample *r, const struct loc *locs, size_t count,
                 enum unwind_end end);

/* Whether a look is over that dumps_take() has not told of. */
bool dumps_ready(const struct dumps *d);

/* What looks have seen so far; the caller owns the reference. */
struct dump *dumps_take(struct dumps *d);

#endif
