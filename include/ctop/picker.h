/* picker: the screen on which a process is picked, as a value: rows, order, cursor, search. Draws
 * on a surface; touches no terminal, file, clock or thread. Belongs to the UI thread.
 */
#ifndef CTOP_PICKER_H
#define CTOP_PICKER_H

#include "ctop/key.h"
#include "ctop/process.h"

#include <stdbool.h>
#include <stddef.h>

struct picker;
struct surface;

enum picker_event {
	PICKER_HANDLED,
	PICKER_ATTACH, /* to picker_selected() */
	PICKER_QUIT,
	PICKER_SUSPEND,
	PICKER_REDRAW, /* paint every cell */
};

/* `uid`: whose processes come first. */
struct picker *picker_new(bool ascii, uid_t uid);
void picker_free(struct picker *p);

/* Newer rows, in order of pids, from malloc(); they are taken over. */
void picker_set_rows(struct picker *p, struct process *rows, size_t count);

/* The process under the cursor; 0: none. */
pid_t picker_selected(const struct picker *p);

/* Why `pid` could not be attached to; "": nothing is known to forbid it. */
void picker_set_why(struct picker *p, pid_t pid, const char *why);

/* Shown until the next key: what went wrong. */
void picker_message(struct picker *p, const char *text);

/* Any size from 1×1. */
void picker_draw(struct picker *p, struct surface *out);

enum picker_event picker_key(struct picker *p, key_code key);

#endif
