/* commands: what can be typed behind ":", in one table: the help screen, the manual, completion and
 * what is said of errors are made from it. Private to view.
 *
 * Another command is another row: a name, what help says of it, and a function that is given the
 * rest of the line.
 */
#ifndef CTOP_VIEW_COMMANDS_H
#define CTOP_VIEW_COMMANDS_H

#include "prompt.h"

#include <stddef.h>

struct action;
struct screen;

struct command_row {
	const char *name;
	const char *args; /* as help shows them; NULL: there are none */
	const char *what;
	/* `args`: without blanks around; "" where none were given. May be changed. */
	struct action (*run)(struct screen *s, char *args);
	/* The i-th word that may stand behind `before`, which is "" or words and a blank; NULL: no
	 * more. Valid until the next call. NULL: anything may stand there. */
	const char *(*word)(struct screen *s, const char *before, size_t i);
};

/* The table; *count rows. */
const struct command_row *commands_rows(size_t *count);

/* The row a word names, by itself or by the beginning of one only; NULL. */
const struct command_row *commands_find(const char *word);

/* Does what a line says; an error is told with the nearest that could be meant. */
struct action commands_run(struct screen *s, const char *line);

/* --- commandline.c: the prompt for it --- */

enum { COMMANDLINE_WORD = 48, COMMANDLINE_WORDS = 64 };

/* What Tab goes through. */
struct commandline {
	struct prompt_history history;
	char words[COMMANDLINE_WORDS][COMMANDLINE_WORD];
	size_t count, at; /* at: the one chosen, `count`: none yet */
	size_t from;      /* where in the line it stands */
};

void commandline_ask(struct screen *s);

#endif
