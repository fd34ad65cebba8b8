/* prompt: a line to type in, on the message line. Private to view.
 *
 * A plain value: it knows nothing of what the line is for. prompt_key() tells what became of the
 * line; its owner acts on that. One prompt is open at a time; each use has a history of its own.
 */
#ifndef CTOP_VIEW_PROMPT_H
#define CTOP_VIEW_PROMPT_H

#include "ctop/key.h"

#include <stdbool.h>
#include <stddef.h>

struct surface;

enum { PROMPT_MOST = 1024, PROMPT_LINES = 100 };

/* Lines accepted before, newest last. Zero-initialised is empty. */
struct prompt_history {
	char *lines[PROMPT_LINES]; /* owned */
	size_t count;
};
void prompt_history_add(struct prompt_history *h, const char *line);
void prompt_history_fini(struct prompt_history *h);

/* Zero-initialised is closed. */
struct prompt {
	const char *label; /* borrowed; NULL: closed */
	struct prompt_history *history;
	char text[PROMPT_MOST];
	size_t len, at;          /* bytes; the cursor */
	size_t back;             /* lines back in the history; 0: the line being typed */
	char typed[PROMPT_MOST]; /* that line, while older ones are looked at */
	char note[160];          /* what is told at the right end, set by the owner */
};

enum prompt_event {
	PROMPT_IGNORED,   /* the key is not the prompt's: suspend, redraw */
	PROMPT_MOVED,     /* the cursor, or nothing */
	PROMPT_EDITED,    /* the text is another */
	PROMPT_ACCEPTED,  /* closed; `text` stays readable, and is in the history */
	PROMPT_CANCELLED, /* closed */
};

/* `label` and `history` are borrowed while it is open. */
void prompt_open(struct prompt *p, const char *label, struct prompt_history *history);

bool prompt_is_open(const struct prompt *p);

/* Puts other text from a byte on, and the cursor behind it. */
void prompt_replace(struct prompt *p, size_t from, const char *text);

/* With `pasted` Enter and other controls are no keys but text that is left out. */
enum prompt_event prompt_key(struct prompt *p, key_code key, bool pasted);

/* Label, text with the cursor reversed, note. A long text scrolls. */
void prompt_draw(const struct prompt *p, struct surface *out, int row);

#endif
