/* loop: the display's thread: waits for keys, snapshots, signals and the child,
 * turns actions into commands, paints. Never waits for the analyzer, a file or a
 * child; a terminal that blocks costs no key.
 */
#ifndef CTOP_LOOP_H
#define CTOP_LOOP_H

#include "ctop/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct screen;
struct session;
struct snapshot;
struct term;

/* Why the loop ended. */
enum loop_end {
	LOOP_QUIT,        /* the user quits */
	LOOP_CHILD_KILL,  /* … and wants the launched command to end */
	LOOP_CHILD_LEAVE, /* … and to leave it running */
	LOOP_SIGNAL,      /* SIGTERM, SIGINT, SIGHUP: `signal` */
};

/* What the loop needs from the program around it. Callbacks run on its thread. */
struct loop_options {
	int child_fd; /* readable when the launched command has ended; −1: none */
	bool (*child_reap)(void *ctx, int *wait_status);
	/* What the launched command has printed since the last call, at most `cap` bytes; NULL: it
	 * is not kept. Never waits. */
	size_t (*output)(void *ctx, char *buf, size_t cap);
	/* SIGHUP: saves the snapshot before the loop ends. */
	void (*save_now)(void *ctx, struct snapshot *s);
	/* A frame was handed to the terminal; key_ns: when its key was read, 0 for none.
	 * For benchmarks; may be NULL. */
	void (*painted)(void *ctx, uint64_t key_ns, uint64_t now_ns);
	void *ctx;
};

/* Blocks the signals the loop handles, in this thread and those it creates: call
 * before session_start(). */
void loop_block_signals(void);

/* Runs until the end. All borrowed. *signal is set with LOOP_SIGNAL. */
enum loop_end loop_run(struct session *session, struct screen *screen, struct term *term,
                       const struct loop_options *o, int *signal);

#endif
