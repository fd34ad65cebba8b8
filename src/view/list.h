/* list: a cursor that moves over rows and what of them is visible. Private to view. */
#ifndef CTOP_VIEW_LIST_H
#define CTOP_VIEW_LIST_H

#include "keymap.h"

#include <stdbool.h>
#include <stddef.h>

struct list {
	size_t cursor, top, count;
	int page; /* visible rows at the last draw */
};

/* Moves the cursor for a movement key; false when it is none. */
bool list_move(struct list *l, enum act act);

/* Moves what is visible by rows; the cursor goes along where it would get out of sight. */
void list_scroll(struct list *l, int by);

/* The keys that choose the column to sort by, of so many, and invert the order; false for others.
 */
bool list_sort(enum act act, unsigned *column, unsigned columns, bool *inverted);

/* Sets the number of rows and of visible ones; keeps the cursor inside and in sight. */
void list_fit(struct list *l, size_t count, int page);

#endif
