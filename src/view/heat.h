/* heat: CPU use as a grid, a column a second, a row a part of it, so that periodic work and stalls
 * are seen; the range that is counted can be chosen on it. After Netflix's FlameScope. Private to
 * view.
 */
#ifndef CTOP_VIEW_HEAT_H
#define CTOP_VIEW_HEAT_H

#include "keymap.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct action;
struct area;
struct screen;
struct surface;

struct heat_state {
	int column, row;    /* the cursor */
	int columns, rows;  /* of the grid as it was asked for */
	bool picking;       /* a beginning was picked: */
	uint64_t picked_ns; /* the time it begins at */
};

struct action heat_open(struct screen *s);
void heat_draw(struct screen *s, struct surface *out, struct area a);
struct action heat_key(struct screen *s, enum act act);

/* The part of a second under the cursor, in words. */
void heat_describe(const struct screen *s, char *out, size_t cap);

#endif
