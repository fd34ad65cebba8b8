/* picker_state: what the picker is made of. Private to its two files. */
#ifndef CTOP_VIEW_PICKER_STATE_H
#define CTOP_VIEW_PICKER_STATE_H

#include "ctop/match.h"
#include "ctop/picker.h"
#include "list.h"
#include "procorder.h"
#include "prompt.h"

struct picker {
	bool ascii, held, failed; /* rows stand still; nothing matched what is typed */
	bool pasting, moved;      /* moved: the cursor belongs to a process, not to a row */
	struct process *rows;     /* owned; in order of pids */
	size_t count;
	struct procorder_row *order; /* owned */
	size_t order_cap;
	struct procorder how;
	struct list list;
	pid_t cursor_pid, spot; /* spot: where the cursor was when the prompt was opened */
	struct prompt prompt;
	struct prompt_history history;
	struct match *match; /* owned; NULL: nothing is searched */
	pid_t why_pid;       /* `why` is of this process; 0: of none */
	char why[768];
	char message[768];
};

/* The process of a row. */
static inline const struct process *picker_at(const struct picker *p, size_t row)
{
	return &p->rows[p->order[row].index];
}

/* What a process is called in the list: its command line, or "[name]". */
const char *picker_command(const struct process *q, char *buf, size_t cap);

#endif
