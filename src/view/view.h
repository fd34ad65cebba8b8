/* view: what the views have in common, and the state of the screen they share.
 * Private to the view layer.
 *
 * A view is a row of a const table. `update` brings its rows up to date with the
 * snapshot shown; `draw` paints them into an area; `key` handles what the screen itself
 * does not; `select` lands on a function when the view is entered.
 */
#ifndef CTOP_VIEW_VIEW_H
#define CTOP_VIEW_VIEW_H

#include "around.h"
#include "commands.h"
#include "ctop/hash.h"
#include "ctop/query.h"
#include "ctop/screen.h"
#include "ctop/surface.h"
#include "ctop/table.h"
#include "delta.h"
#include "heat.h"
#include "hits.h"
#include "keymap.h"
#include "list.h"
#include "prompt.h"
#include "scope.h"
#include "search.h"
#include "strip.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum view_id {
	VIEW_FUNCTIONS,
	VIEW_TREE,
	VIEW_BOTTOMUP,
	VIEW_FLAME,
	VIEW_THREADS,
	VIEW_PROCESSES,
	VIEWS
};

struct area {
	int row, rows, cols; /* from column 0 */
};

struct view {
	const char *name;
	void (*update)(struct screen *s, const struct screen_facts *facts);
	void (*draw)(struct screen *s, struct surface *out, struct area area);
	/* ACTION_IGNORED: the key means nothing here. */
	struct action (*key)(struct screen *s, enum act act);
	void (*select)(struct screen *s, uint32_t func);
	/* The function under the cursor, 0 for none. */
	uint32_t (*current)(struct screen *s);
	/* One line about the selection; "" when there is none. */
	void (*describe)(struct screen *s, char *out, size_t cap);
	/* Puts the cursor on the next match of the search. */
	enum search_result (*find)(struct screen *s, enum search_way way);
	/* The mouse: the rows it scrolls; the cursor goes to a row, or a frame, as it was drawn. */
	struct list *(*list)(struct screen *s);
	void (*pick)(struct screen *s, size_t row);
	void (*scroll)(struct screen *s, int by); /* instead of `list`, where there is none */
	/* Sorts by a column, or, sorted by it already, the other way round. NULL: it has one order.
	 * `columns` names them, in order; NULL ends. */
	void (*sort)(struct screen *s, unsigned column);
	const char *const *columns;
};

extern const struct view view_functions, view_tree, view_bottomup, view_flame, view_threads,
        view_processes;

/* --- state of each view ------------------------------------------------------------ */

struct functions_state {
	struct table table;
	struct list list;
	unsigned column; /* enum table_column */
	bool inverted;
	bool follow; /* keep the cursor on the selected function */
};

/* A visible row of the call tree: a chain from `first` down to `last`. */
struct tree_row {
	uint32_t first, last;
	uint64_t path, last_path; /* hashes of the paths to them */
	uint16_t depth;
	bool open, has_children;
};

struct tree_state {
	struct tree_row *rows; /* owned */
	size_t cap;
	struct list list;
	struct hash_map open, unfolded; /* path hashes */
	uint64_t cursor_path;
	bool started; /* the first rows have been opened */
	enum query_order order;
};

struct bottomup_row {
	uint32_t func;
	uint64_t self_ns, root_ns;
	uint32_t self_n;
	uint64_t path;
	uint16_t depth;
	bool open, has_callers;
};

struct bottomup_state {
	struct table table;
	struct bottomup_row *rows; /* owned */
	size_t cap;
	struct list list;
	struct hash_map open;
	uint64_t cursor_path;
};

struct flame_cell {
	uint32_t node; /* NODE_NONE: `merged` frames too narrow to draw */
	uint32_t merged;
	int x, w, level;
	size_t parent; /* index of the cell it belongs to */
	bool match;    /* the search finds it, or something in what is merged */
};

struct flame_state {
	struct flame_cell *cells; /* owned; by level, then from left to right per branch */
	size_t count, cap;
	uint32_t zoom; /* node */
	uint64_t zoom_path;
	uint32_t zoom_func;
	uint32_t selected; /* node */
	uint64_t selected_path;
	uint32_t selected_func;
	int levels, top, page, cols;
	bool root_below;
	uint64_t generation;
};

struct thread_item {
	uint32_t id; /* UINT32_MAX: never sampled */
	uint32_t pid, tid;
	char name[32], wait[48];
	char state;
	float cpu;
	uint8_t spark[30];
	uint32_t hottest;
};

struct threads_state {
	struct thread_item *items; /* owned */
	size_t count, cap;
	struct list list;
	uint64_t cursor_key; /* pid and tid */
	unsigned column;     /* 0 tid, 1 name, 2 CPU */
	bool inverted;
};

struct process_item {
	uint32_t pid, threads; /* alive */
	char name[32];
	float cpu;
	uint64_t weight_ns;
	uint32_t hottest; /* of its busiest thread */
	uint64_t busiest_ns;
};

struct processes_state {
	struct process_item *items; /* owned */
	size_t count, cap;
	struct hash_map index; /* by pid */
	uint64_t weight_ns;    /* of all */
	struct list list;
	uint32_t cursor_pid;
	unsigned column; /* 0 pid, 1 name, 2 threads, 3 CPU, 4 share */
	bool inverted;
};

/* Threads at the same place: a range of `order`. */
struct places_group {
	uint32_t first, count;
};
struct places_line {
	uint32_t group, frame; /* frame UINT32_MAX: the group's heading */
};

struct places_state {
	struct dump *dump; /* one reference, or NULL */
	const struct funcs *funcs;
	uint32_t *order; /* threads of the dump, those at one place together; owned, as the rest */
	size_t order_cap;
	struct places_group *groups;
	size_t group_count, group_cap;
	struct places_line *lines;
	size_t line_count, line_cap;
};

/* A function one has come from, as it was left. */
struct annotated_visit {
	struct detail *detail; /* one reference */
	uint32_t func;
	struct list list;
	bool code;
};
enum { VISITS_MOST = 32 };

/* One function's source or instructions. */
struct annotated_state {
	struct detail *detail; /* one reference, or NULL */
	uint32_t func;
	bool code;    /* its instructions, not its source */
	bool started; /* the cursor has been put on the hottest row */
	struct annotated_visit visits[VISITS_MOST];
	size_t visit_count;
};

/* What a launched command has printed. */
struct output_state {
	struct typescript *text; /* owned; NULL: it was not looked at yet */
	size_t top, most, page;  /* the first line seen; the last it may be; lines seen */
	bool scrolled;           /* else the end is followed */
};

/* What a prompt is for. Called with the text in s->prompt. */
struct prompt_use {
	const char *label;
	void (*edited)(struct screen *s);            /* after each change */
	void (*completed)(struct screen *s, int by); /* Tab: 1, Shift-Tab: −1; NULL: no keys */
	struct action (*accepted)(struct screen *s);
	void (*cancelled)(struct screen *s);
};

/* A page to read over the view. */
enum overlay {
	OVERLAY_NONE,
	OVERLAY_HELP,
	OVERLAY_QUALITY,
	OVERLAY_PLACES,
	OVERLAY_DETAIL,
	OVERLAY_HEAT,
	OVERLAY_AROUND,
	OVERLAY_OUTPUT
};

struct screen {
	struct screen_options options;
	struct snapshot *shown, *newer; /* one reference each, or NULL */
	bool paused, stale;             /* stale: rows are older than `shown` or the state */
	enum view_id view;
	uint32_t selected; /* function, 0: none */
	struct profile_query query;
	uint64_t command; /* the last one sent */
	enum overlay overlay;
	struct list overlay_list;
	bool asking; /* quitting is being asked */
	struct prompt prompt;
	const struct prompt_use *prompt_use; /* of the one that is open */
	bool pasting;                        /* keys are pasted text */
	struct search search;
	struct commandline commandline;
	const struct screen_facts *facts; /* of the call under way */
	struct hits hits;                 /* of the last drawing */
	bool mouse_off;
	char message[512];
	bool message_error;
	uint64_t message_until;
	char offer[256]; /* what could go on where the target has ended; "" for nothing */
	int offer_pid;
	uint64_t now_ns;
	int rows, cols;
	int wait_status; /* of a launched command that has ended, or −1 */
	struct functions_state functions;
	struct tree_state tree;
	struct bottomup_state bottomup;
	struct flame_state flame;
	struct threads_state threads;
	struct processes_state processes;
	struct places_state places;
	struct annotated_state annotated;
	struct scope scope;
	enum delta_order delta_order;
	struct heat_state heat;
	struct strip_state strip;
	struct around_state around;
	struct output_state output;
};

/* Total weight of the snapshot shown: what 100 % is. */
uint64_t view_whole(const struct screen *s);

/* What its weights are. */
enum snapshot_unit view_unit(const struct screen *s);

/* --- fetching.c: debug files from a server: what is under way, false when nothing is; the key;
 * what a newer snapshot tells of it. */
bool fetching_progress(const struct snapshot *s, char *out, size_t cap);
struct action fetching_key(struct screen *s);
void fetching_news(struct screen *s, const struct snapshot *before, const struct snapshot *now);

/* A one-line remark, as screen_message(). */
void view_say(struct screen *s, const char *text);

/* The same for what cannot be done: it stays until a key. ACTION_HANDLED. */
struct action view_refuse(struct screen *s, const char *fmt, ...)
        __attribute__((format(printf, 2, 3)));

/* acts.c: a key that means the same everywhere; ACTION_IGNORED: it is none, or the view's own here.
 * `key` is for ACT_VIEW. */
struct action view_common_key(struct screen *s, enum act act, key_code key);

/* Closes the page over the view; what that asks for. */
struct action view_leave_page(struct screen *s);

/* The page with a function's source. */
struct action view_detail(struct screen *s, uint32_t func);

/* Brings the view's rows up to date. */
void view_refresh(struct screen *s);

/* The cursor goes to a row, from 0, of the view or page; the last one when there are fewer. */
void view_go_to_row(struct screen *s, size_t row);

/* One line about a function as a whole. */
void view_describe(const struct screen *s, uint32_t func, char *out, size_t cap);

/* ACTION_HANDLED, ACTION_IGNORED as values. */
struct action view_handled(void);
struct action view_ignored(void);

/* --- mouse.c --- */

/* Has the mouse reported, or no longer. */
struct action mouse_set(struct screen *s, bool on);

/* Sorts the view by a column; says so when it cannot. */
void view_sort(struct screen *s, unsigned column);

/* --- foot.c --- */
void foot_draw(struct screen *s, struct surface *out, int row);

/* Marks the current row of an area's line. */
void view_mark_cursor(struct surface *out, int row, int cols);
void view_mark_cells(struct surface *out, int row, int from, int cells);

/* Numeric columns of the tables, by width. */
struct columns {
	int self, total, self_s, total_s, name, module; /* first cell of each; −1: left out */
	int name_width;
};

/* Lays out: percentages always, then seconds, then the module when there is room. */
struct columns view_columns(int cols, bool module);

/* --- output.c --- */
struct action output_open(struct screen *s, const struct screen_facts *facts);
struct action output_key(struct screen *s, enum act act);
void output_draw(struct screen *s, struct surface *out, struct area area);
void output_fini(struct output_state *o);

/* --- offer.c: Enter and Esc while something is offered; ACTION_IGNORED: the key is not its. */
struct action offer_key(struct screen *s, enum act act);

/* --- typing.c --- */

/* Opens a prompt; keys go to it from now on. */
void view_prompt(struct screen *s, const struct prompt_use *use, struct prompt_history *history);

/* A key that is text for a prompt, or pasted; ACTION_IGNORED when it is neither. */
struct action typing_key(struct screen *s, key_code key);

/* --- header.c, places.c, annotated.c, page.c, flame.c ------------------------------------- */

/* Whether more than one process was sampled. */
bool processes_several(const struct screen *s);
/* The line of facts, the strip, the tabs. Returns the rows used. */
int header_draw(struct screen *s, struct surface *out, const struct screen_facts *facts);
/* How the target or the display stands: LIVE, PAUSED, EXITED … */
void header_state(const struct screen *s, char *out, size_t cap, int *style);
/* "0.0 % CPU …" when nothing runs; false when something does. */
bool header_idle(struct screen *s, const struct screen_facts *facts, char *out, size_t cap);
void places_fini(struct places_state *t);
void annotated_draw(struct screen *s, struct surface *out, struct area area);
struct action annotated_open(struct screen *s);
struct action annotated_key(struct screen *s, enum act act);
void annotated_fini(struct annotated_state *t);
/* The row of a source line, or of that number, from 1; SIZE_MAX: there are none. */
size_t annotated_row_of(struct screen *s, size_t number);
/* Puts the cursor where it begins, if it has not been drawn yet. */
void annotated_settle(struct screen *s);
enum search_result annotated_find(struct screen *s, enum search_way way);
enum search_result page_find(struct screen *s, enum search_way way);
/* "matched: 12.3% of the visible time"; false when nothing is searched. */
bool flame_matched(struct screen *s, char *out, size_t cap);
/* Where a thread was at the last look, if that was not long ago; false when not known. */
bool places_of(const struct screen *s, uint32_t pid, uint32_t tid, char *out, size_t cap);
extern const struct view *const view_table[VIEWS];

#endif
