/* proclist: all processes, looked at again and again.
 *
 * A look reads one small file a process; users and command lines are read when a process is new,
 * young or has another name, and now and then of a few others, by a step of its own: a command line
 * stands in the memory of its process, and reading it can hang. One thread at a time.
 */
#ifndef CTOP_PROCLIST_H
#define CTOP_PROCLIST_H

#include "ctop/err.h"
#include "ctop/process.h"

#include <stddef.h>
#include <stdint.h>

struct broker;
struct proclist;

/* The broker is borrowed. */
struct proclist *proclist_new(struct broker *b);
void proclist_free(struct proclist *l); /* NULL is allowed */

/* Looks at time `now_ns`. */
enum ctop_err proclist_look(struct proclist *l, uint64_t now_ns, struct err *e);

/* Reads the users and command lines that are wanted. */
void proclist_describe(struct proclist *l);

/* In order of pids; borrowed until the next look. */
const struct process *proclist_rows(const struct proclist *l, size_t *count);

#endif
