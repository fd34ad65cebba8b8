/* command: what flows back from the display to the analyzer. */
#ifndef CTOP_COMMAND_H
#define CTOP_COMMAND_H

#include "ctop/profile.h"

enum command_kind {
	COMMAND_QUERY,    /* count under `query` */
	COMMAND_RESET,    /* forget all counts */
	COMMAND_PACKAGES, /* find the packages of files without symbols */
	COMMAND_FETCH,    /* fetch debug files from now on, or no longer: `on` */
	COMMAND_DETAIL,   /* show function `func` in detail (detail.h) from now on; 0: none */
	COMMAND_MARK,     /* a moment with a name: `name`; "": "mark 1", "mark 2" ... */
};
enum { COMMAND_NAME = 56 };

struct command {
	enum command_kind kind;
	uint64_t number; /* given by session_command() */
	struct profile_query query;
	uint32_t func;
	bool on;
	char name[COMMAND_NAME];
};

#endif
