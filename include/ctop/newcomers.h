/* newcomers: processes as they appear, by looking at /proc again and again.
 *
 * That works for every user and in every container, where the kernel's own news of processes
 * (netlink's proc connector) wants CAP_NET_ADMIN outside of any. A process is shown when it is new
 * and for two seconds more, for it is made first and becomes another program a moment later; all
 * others in turn, once a second. One thread.
 */
#ifndef CTOP_NEWCOMERS_H
#define CTOP_NEWCOMERS_H

#include <stdint.h>
#include <sys/types.h>

struct broker;
struct newcomers;

enum { NEWCOMERS_MS = 50 }; /* between looks */

typedef void newcomers_fn(void *ctx, pid_t pid);

/* All borrowed. */
struct newcomers *newcomers_new(struct broker *b, newcomers_fn *show, void *ctx);
void newcomers_free(struct newcomers *n); /* NULL is allowed */

/* A look, at all that is due; the first is at all there are. */
void newcomers_look(struct newcomers *n, uint64_t now_ns);

#endif
