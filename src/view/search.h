/* search: the pattern looked for in every view and page, and what is known of its matches.
 * Private to view.
 *
 * The pattern outlives a change of view and of snapshot. Which functions match is kept by function
 * id, as functions never change; in which sub-trees there is one is found anew for each snapshot
 * that is searched, by one sweep over its nodes.
 * While a pattern is typed the cursor goes to the first match from where it stood, at the next
 * drawing, so that pasted text costs one search.
 */
#ifndef CTOP_VIEW_SEARCH_H
#define CTOP_VIEW_SEARCH_H

#include "ctop/key.h"
#include "ctop/match.h"
#include "list.h"
#include "prompt.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct action;
struct screen;
struct surface;

/* Where a search begins and goes. */
enum search_way {
	SEARCH_HERE, /* at the cursor, its own row included, downwards */
	SEARCH_NEXT,
	SEARCH_PREVIOUS,
};

enum search_result { SEARCH_NONE, SEARCH_FOUND, SEARCH_WRAPPED };

/* Where every cursor stood when the prompt was opened. */
struct search_spot {
	struct list functions, tree, bottomup, threads, processes, overlay;
	bool functions_follow;
	uint64_t tree_path, bottomup_path, thread_key, flame_path;
	uint32_t process;
	uint32_t flame_node, flame_func, selected;
	int flame_top;
	size_t page_line;
	uint32_t around; /* see around_hit() */
};

/* A row of the tree that a search opened. */
struct search_opened {
	uint64_t path;
	bool unfolded; /* not opened, but a chain unfolded */
};

struct search {
	struct match *match;  /* owned; NULL: nothing was searched yet */
	bool on;              /* matches are highlighted */
	bool pending;         /* the prompt's text is not searched yet */
	bool failed;          /* nothing matched it */
	struct match *before; /* owned: what was searched before the prompt was opened */
	bool before_on;
	struct search_spot spot;
	struct search_opened *opened; /* owned; since the spot was taken */
	size_t opened_count, opened_cap;
	uint8_t *funcs; /* owned; by function id: enum verdict */
	size_t func_cap, func_count;
	uint64_t *below; /* owned; a bit a node: it or a node below it matches */
	size_t below_cap, below_nodes;
	bool below_known; /* of the snapshot shown */
	size_t page_line; /* of a page without a cursor: the match last found, SIZE_MAX */
	struct prompt_history history;
};

void search_fini(struct search *f);

/* --- what matches: matches.c ------------------------------------------------------------- */

/* Whether a text, a function by its name as it is shown, does; false while highlighting is off. */
bool search_text_matches(const struct screen *s, const char *text);
bool search_func_matches(struct screen *s, uint32_t func);

/* Whether a node of the snapshot shown or one below it matches. */
bool search_below(struct screen *s, uint32_t node);

/* The weight of the matching nodes at or below a node, each stack counted once. */
uint64_t search_weight(struct screen *s, uint32_t node);

/* Another pattern, or another snapshot. */
void search_forget_pattern(struct search *f);
void search_forget_snapshot(struct search *f);

/* surface_ellipsis() with what matches highlighted. Returns the cells used. */
int search_draw_text(const struct screen *s, struct surface *out, int row, int col, int cells,
                     int style, const char *text);

/* --- going there: search.c --------------------------------------------------------------- */

/* The prompt; n and N. */
void search_ask(struct screen *s);
struct action search_again(struct screen *s, enum search_way way);

/* Searches for a pattern as if it had been typed. */
struct action search_for(struct screen *s, const char *pattern);

/* Searches for what has been typed meanwhile. */
void search_settle(struct screen *s);

/* Ends highlighting; false when there was none. */
bool search_clear(struct screen *s);

/* The first matching row of a list from its cursor. */
typedef bool search_row_fn(struct screen *s, const void *ctx, size_t row);
enum search_result search_rows(struct screen *s, const struct list *l, enum search_way way,
                               search_row_fn *matches, const void *ctx, size_t *found);

/* Remembers that a row of the tree was opened for the search. */
void search_opened(struct screen *s, uint64_t path, bool unfolded);

#endif
