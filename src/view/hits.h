/* hits: what lies where on the screen, for the mouse. Private to view.
 *
 * Whoever draws something that can be clicked says so in passing: the cells, and what they stand
 * for. So where a thing is drawn and where it is clicked cannot differ. The list is of the last
 * drawing; the last entry that has a cell counts.
 */
#ifndef CTOP_VIEW_HITS_H
#define CTOP_VIEW_HITS_H

#include <stddef.h>
#include <stdint.h>

enum hit_kind {
	HIT_NONE,
	HIT_KEY,  /* value: a key_code, which is pressed */
	HIT_ROW,  /* value: a row of the list that the view or page shows */
	HIT_SORT, /* value: a column of the view */
};

struct hit {
	int row, col, cols;
	enum hit_kind kind;
	uint32_t value;
};

/* Zero-initialised is empty. */
struct hits {
	struct hit *all; /* owned */
	size_t count, cap;
};

void hits_clear(struct hits *h);
void hits_fini(struct hits *h);
void hits_add(struct hits *h, int row, int col, int cols, enum hit_kind kind, uint32_t value);

/* What is at a cell; of kind HIT_NONE where nothing is. */
struct hit hits_at(const struct hits *h, int row, int col);

#endif
