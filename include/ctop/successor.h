/* successor: who goes on where a process has ended: the same program, started after that. */
#ifndef CTOP_SUCCESSOR_H
#define CTOP_SUCCESSOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct broker;
struct successor;

/* What a process is known by when it has ended. Zero-initialised is nobody. */
struct identity {
	pid_t pid, ppid;
	uint64_t start_ticks;
	char comm[64];
	char program[256]; /* path; "" when it may not be seen */
	char cgroup[256];  /* with the systemd unit in it */
};

/* Reads it; false, and *out stays as it was, when the process is gone or a zombie. */
bool identity_read(struct broker *b, pid_t pid, struct identity *out);

/* How well one goes on for another: −1 not at all (another program, another name, started before
 * `since_ticks`); else the more the better. */
int successor_score(const struct identity *gone, const struct identity *next, uint64_t since_ticks);

/* The clock of start_ticks, now. */
uint64_t successor_now_ticks(void);

/* Searches for one, from a moment on. The broker and `gone` are borrowed. */
struct successor *successor_new(struct broker *b, const struct identity *gone,
                                uint64_t since_ticks);
void successor_free(struct successor *s); /* NULL is allowed */

/* A look (newcomers.h): the best of those found, of equals the first; false: none. */
bool successor_look(struct successor *s, uint64_t now_ns, struct identity *out);

#endif
