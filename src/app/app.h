/* app: the sub-commands. Each returns the exit code of the program. */
#ifndef CTOP_APP_APP_H
#define CTOP_APP_APP_H

#include "ctop/err.h"

struct options;
struct session_config;

/* Exit codes, as documented in the manual. */
enum {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,    /* the profile could not be made or written */
	EXIT_USAGE = 2,     /* the command line makes no sense */
	EXIT_CONDITION = 3, /* diff: a condition of --fail-if holds */
};

int app_live(const struct options *o);
int app_record(const struct options *o);
int app_dump(const struct options *o);
int app_diff(const struct options *o);

/* What the options ask of a session, whichever way it is shown. */
struct session_config app_session_config(const struct options *o);

/* Prints "ctop: TEXT" on standard error and returns `code`. */
int app_fail(int code, const char *text);

struct session;
struct strbuf;

/* Appends function `name` of what a running session has sampled, in detail. */
enum ctop_err app_annotate(struct session *session, const char *name, struct strbuf *out,
                           struct err *e);

#endif
