/* exchange: what passes between the analyzer and the owner of the session.
 *
 * Snapshots one way, commands the other, each through one slot or list under
 * one short mutex; an eventfd on either side. Holding the mutex never spans a
 * system call but the eventfd's write.
 */
#ifndef CTOP_PIPELINE_EXCHANGE_H
#define CTOP_PIPELINE_EXCHANGE_H

#include "ctop/command.h"

#include <pthread.h>
#include <stdbool.h>

struct detail;
struct dump;

enum { EXCHANGE_COMMANDS = 64 };

struct exchange {
	pthread_mutex_t lock;
	struct snapshot *snapshot; /* newest; one reference is the slot's */
	struct dump *dump;         /* the same */
	struct detail *detail;     /* the same */
	bool ended;                /* no newer snapshot will come */
	bool draining;             /* the owner wants the end, counted to the last sample */
	bool quit;                 /* the owner wants the end at once */
	struct command commands[EXCHANGE_COMMANDS];
	unsigned first, count;
	uint64_t last_number;
	int owner_fd;    /* readable for the owner */
	int analyzer_fd; /* readable for the analyzer */
};

/* 0, or an errno value. */
int exchange_init(struct exchange *x);
void exchange_fini(struct exchange *x);

/* Analyzer: puts a snapshot into the slot (its reference is taken over). */
void exchange_publish(struct exchange *x, struct snapshot *s, bool ended);

/* The same for a dump of the threads. */
void exchange_publish_dump(struct exchange *x, struct dump *d);
struct dump *exchange_dump(struct exchange *x);

/* The same for a detail. */
void exchange_publish_detail(struct exchange *x, struct detail *d);
struct detail *exchange_detail(struct exchange *x);

/* Analyzer: the oldest command; false when there is none. */
bool exchange_take(struct exchange *x, struct command *c);

/* Owner: the newest snapshot with a reference of its own; NULL before the first. */
struct snapshot *exchange_snapshot(struct exchange *x);

/* Owner: queues a command and returns its number. When the queue is full the
 * newest of the same kind is replaced: only the last wish of a kind counts. */
uint64_t exchange_send(struct exchange *x, const struct command *c);

/* Owner: asks for the end. */
void exchange_end(struct exchange *x, bool at_once);

/* Any thread: makes the owner's descriptor readable. */
void exchange_notify(struct exchange *x);

/* Clears an eventfd. */
void exchange_clear(int fd);

/* Any thread: flags read under the lock. */
bool exchange_quitting(struct exchange *x);
bool exchange_draining(struct exchange *x);
bool exchange_ended(struct exchange *x);

#endif
