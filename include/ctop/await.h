/* await: waiting for a process by its name. One thread. */
#ifndef CTOP_AWAIT_H
#define CTOP_AWAIT_H

#include <stdint.h>
#include <sys/types.h>

struct await;
struct broker;

/* Waits for processes with that name, or whose executable's base name it is. Both borrowed. */
struct await *await_new(struct broker *b, const char *name);
void await_free(struct await *w);

/* A look (newcomers.h): the newest of the processes with the name that were found; 0: none. */
pid_t await_look(struct await *w, uint64_t now_ns);

#endif
