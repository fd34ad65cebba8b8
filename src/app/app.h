/* app: the sub-commands. Each returns the exit code of the program. */
#ifndef CTOP_APP_APP_H
#define CTOP_APP_APP_H

struct options;
struct session_config;

/* Exit codes, as documented in the manual. */
enum {
	EXIT_DONE = 0,
	EXIT_FAILED = 1, /* the profile could not be made or written */
	EXIT_USAGE = 2,  /* the command line makes no sense */
};

int app_live(const struct options *o);
int app_record(const struct options *o);
int app_dump(const struct options *o);

/* What the options ask of a session, whichever way it is shown. */
struct session_config app_session_config(const struct options *o);

/* Prints "ctop: TEXT" on standard error and returns `code`. */
int app_fail(int code, const char *text);

#endif
