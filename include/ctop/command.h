/* command: what flows back from the display to the analyzer. */
#ifndef CTOP_COMMAND_H
#define CTOP_COMMAND_H

#include "ctop/profile.h"

enum command_kind {
	COMMAND_QUERY,    /* count under `query` */
	COMMAND_RESET,    /* forget all counts */
	COMMAND_PACKAGES, /* find the packages of files without symbols */
	COMMAND_FETCH,    /* fetch debug files from now on, or no longer: `on` */
	COMMAND_STRIP,    /* show from_ns to to_ns in the strip (profile.h) */
	COMMAND_HEAT,     /* show the newest `from_ns` seconds as heat, in `to_ns` parts each */
	COMMAND_DETAIL,   /* show function `func` in detail (detail.h) from now on; 0: none */
	COMMAND_MARK,     /* set mark `name` ("": "mark 1", …) at from_ns, 0: now */
};
enum { COMMAND_NAME = 56 };

struct command {
	enum command_kind kind;
	uint64_t number; /* given by session_command() */
	struct profile_query query;
	uint32_t func;
	bool on;
	uint64_t from_ns, to_ns;
	char name[COMMAND_NAME];
};

#endif
