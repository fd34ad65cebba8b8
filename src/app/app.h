/* app: the sub-commands. Each returns the exit code of the program. */
#ifndef CTOP_APP_APP_H
#define CTOP_APP_APP_H

#include "ctop/err.h"

struct options;
struct session_config;
struct term;
struct term_options;

/* Exit codes, as documented in the manual. */
enum {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,    /* the profile could not be made or written */
	EXIT_USAGE = 2,     /* the command line makes no sense */
	EXIT_CONDITION = 3, /* diff: a condition of --fail-if holds */
};

int app_live(const struct options *o);
int app_pick(const struct options *o);
int app_record(const struct options *o);
int app_dump(const struct options *o);
int app_diff(const struct options *o);

/* --wait: fills in the process waited for. Ctrl-C ends the program meanwhile. */
void app_wait(struct options *o);

/* What the options ask of a session, whichever way it is shown. */
struct session_config app_session_config(const struct options *o);

/* What they ask of the terminal. */
struct term_options app_term_options(const struct options *o);

/* The live view of processes in a terminal that was taken already. When sampling cannot begin, the
 * terminal stays as it is; else it is given back in the end, and *code is the exit code. */
enum ctop_err app_live_in(const struct options *o, struct term *term, int *code, struct err *e);

/* Prints "ctop: TEXT" on standard error and returns `code`. */
int app_fail(int code, const char *text);

struct session;
struct strbuf;

/* Appends function `name` of what a running session has sampled, in detail. */
enum ctop_err app_annotate(struct session *session, const char *name, struct strbuf *out,
                           struct err *e);

#endif
