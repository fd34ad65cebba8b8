/* action: what a key asks of the program, beyond what the views do themselves. */
#ifndef CTOP_ACTION_H
#define CTOP_ACTION_H

#include "ctop/profile.h"

enum action_kind {
	ACTION_IGNORED, /* the key means nothing here */
	ACTION_HANDLED, /* view state changed: paint */
	ACTION_QUIT,
	ACTION_SUSPEND,     /* Ctrl-Z */
	ACTION_REDRAW,      /* Ctrl-L: paint every cell */
	ACTION_SAVE,        /* write a snapshot */
	ACTION_RESET,       /* forget all counts */
	ACTION_PACKAGES,    /* find the packages of files without symbols */
	ACTION_LOOK,        /* look where every thread is, stopping none */
	ACTION_FETCH,       /* fetch debug files from now on, or no longer: `on` */
	ACTION_DETAIL,      /* show function `func` in detail from now on; 0: none */
	ACTION_STRIP,       /* show that part of the run in the strip, and count under `query` */
	ACTION_HEAT,        /* show the newest `from_ns` seconds (0: none) in `to_ns` parts each */
	ACTION_MARK,        /* set mark `name` at `from_ns`, 0: now */
	ACTION_MOUSE,       /* have the terminal report the mouse, or no longer: `on` */
	ACTION_QUERY,       /* count under another query: `query` */
	ACTION_SUCCEED,     /* go on with process `pid` */
	ACTION_CHILD_KILL,  /* end the launched command, then quit */
	ACTION_CHILD_LEAVE, /* quit and leave it running */
};

struct action {
	enum action_kind kind;
	struct profile_query query; /* ACTION_QUERY */
	uint32_t func;              /* ACTION_DETAIL */
	char path[512];             /* ACTION_SAVE: to that file; "": one that is not there yet */
	bool on;                    /* ACTION_FETCH, ACTION_MOUSE */
	uint64_t from_ns, to_ns;    /* ACTION_STRIP: as profile_set_strip(); ACTION_MARK */
	char name[56];              /* ACTION_MARK */
	int pid;                    /* ACTION_SUCCEED */
};

#endif
