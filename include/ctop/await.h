/* await: waiting for a process by its name.
 *
 * By looking at /proc again and again: that works for every user and in every container, where the
 * kernel's own news of processes (netlink's proc connector) wants CAP_NET_ADMIN outside of any. A
 * process is looked at when it is new and for two seconds more, for it is made first and becomes
 * the program that is waited for a moment later; all others in turn, once a second. One thread.
 */
#ifndef CTOP_AWAIT_H
#define CTOP_AWAIT_H

#include <stdint.h>
#include <sys/types.h>

struct await;
struct broker;

enum { AWAIT_MS = 50 }; /* between looks */

/* Waits for processes with that name, or whose executable's base name it is. Both borrowed. */
struct await *await_new(struct broker *b, const char *name);
void await_free(struct await *w);

/* A look: the newest of the processes with the name that were found; 0: none. */
pid_t await_look(struct await *w, uint64_t now_ns);

#endif
