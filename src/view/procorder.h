/* procorder: the order of a list of processes: by a column, or as a tree. Pure. Private to view. */
#ifndef CTOP_VIEW_PROCORDER_H
#define CTOP_VIEW_PROCORDER_H

#include "ctop/process.h"

#include <stddef.h>
#include <stdint.h>

enum process_column {
	PROCESS_PID,
	PROCESS_USER,
	PROCESS_CPU,
	PROCESS_MEMORY,
	PROCESS_THREADS,
	PROCESS_STATE,
	PROCESS_COMMAND,
	PROCESS_COLUMNS
};

struct procorder {
	enum process_column column;
	bool inverted;
	bool tree; /* children behind their parents, siblings in the order of the column */
	uid_t own; /* processes of this user first, where it is not root and this is no tree */
};

struct procorder_row {
	uint32_t index; /* of the process */
	uint16_t depth;
};

/* Fills `out`, which has room for `count` rows. The processes are in order of pids. */
void procorder_make(const struct process *p, size_t count, const struct procorder *o,
                    struct procorder_row *out);

#endif
