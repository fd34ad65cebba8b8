/* options: the command line, parsed and checked.
 *
 * One const table makes the parser and the option list of --help. Pure: reads no file
 * and no environment; one thread.
 */
#ifndef CTOP_OPTIONS_H
#define CTOP_OPTIONS_H

#include "ctop/condition.h"
#include "ctop/err.h"
#include "ctop/profile.h"
#include "ctop/source.h"
#include "ctop/unwind.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum options_command {
	OPTIONS_LIVE,    /* ctop --pid …, ctop -- CMD, ctop -a */
	OPTIONS_PICK,    /* ctop: a process is picked, then as above */
	OPTIONS_RECORD,  /* ctop record … */
	OPTIONS_VIEW,    /* ctop view FILE */
	OPTIONS_DUMP,    /* ctop dump … */
	OPTIONS_DIFF,    /* ctop diff BEFORE AFTER */
	OPTIONS_HELP,    /* --help */
	OPTIONS_VERSION, /* --version */
};

enum options_color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };
enum options_format { FORMAT_DEFAULT, FORMAT_FOLDED, FORMAT_TEXT, FORMAT_JSON };

enum { OPTIONS_PIDS_MAX = 256, OPTIONS_CONDITIONS_MAX = 64 };

struct options {
	enum options_command command;
	pid_t pids[OPTIONS_PIDS_MAX];
	size_t pid_count;
	const char *wait; /* the name of a process to wait for, or NULL */
	bool whole_machine;
	char **launch;        /* borrowed from argv: COMMAND and its arguments, or NULL */
	const char *file;     /* view: the profile; record: --input; diff: before; or NULL */
	const char *file_now; /* diff: after */
	const char *output;   /* -o, or NULL; "-" is standard output */
	enum options_format format;
	bool raw;
	uint32_t rate_hz;
	double duration_s; /* 0: until stopped */
	enum source_choice source;
	bool stack_fixed; /* stack_bytes was given: it is not raised by itself */
	uint32_t stack_bytes;
	enum unwind_mode unwind;
	size_t memory; /* bytes */
	uint32_t refresh_ms;
	bool no_kernel, no_children;
	const char *annotate;       /* record, view: the function to print in detail, or NULL */
	const char *source_map;     /* "FROM=TO", or NULL */
	struct profile_query query; /* what is counted to begin with: group, hide_inlined */
	bool fetch;                 /* fetch debug files from debuginfod servers */
	bool follow;                /* go on with the successor of a target */
	bool no_stop;               /* dump: do not stop any thread */
	struct condition conditions[OPTIONS_CONDITIONS_MAX]; /* diff: --fail-if */
	size_t condition_count;
	enum options_color color;
	bool ascii, verbose;
};

/* Fills *o from argv (which is permuted). Errors (CTOP_EINVAL) are one line with
 * cause and cure, without "ctop: ". */
enum ctop_err options_parse(struct options *o, int argc, char **argv, struct err *e);

/* What is wrong with a command line without a target, where no process can be picked. */
extern const char options_no_target[];

/* The text of --help, in memory the caller frees. */
char *options_help(void);

#endif
