/* strip: CPU use over time under the header, and choosing a range on it. Private to
 * view.
 *
 * Live, the strip shows the newest buckets, one a cell. With the time line focused it shows the
 * whole run, or the part that was zoomed to, and keys move and stretch the range that is counted.
 */
#ifndef CTOP_VIEW_STRIP_H
#define CTOP_VIEW_STRIP_H

#include "keymap.h"
#include "prompt.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct action;
struct screen;
struct screen_facts;
struct surface;

struct strip_state {
	bool focused;
	uint64_t view_from, view_to; /* zoomed to; both 0: the whole run */
	int cells;                   /* of the strip as it was drawn last */
	uint64_t clock_offset_ns;    /* to wall-clock time; 0: times are since the start */
	struct prompt_history names; /* of marks */
};

/* Draws the strip at a row and, focused, its axis on the next; returns the rows used. */
int strip_draw(struct screen *s, struct surface *out, int row);

/* Opens and leaves it. */
struct action strip_open(struct screen *s);

/* A key while it is focused; ACTION_IGNORED for those that are not its own. */
struct action strip_key(struct screen *s, enum act act, key_code key);

/* Asks for a name, and sets a mark at the chosen range's beginning, or now. */
struct action strip_mark(struct screen *s);

/* Sets a mark of that name; "": it gets a number. */
struct action strip_set_mark(struct screen *s, const char *name);

/* "10:42:07". */
void strip_moment(const struct screen *s, uint64_t time_ns, char *out, size_t cap);

/* "10:42:07.2–10:42:09.9 (2.7 s)". */
void strip_range(const struct screen *s, uint64_t from_ns, uint64_t to_ns, char *out, size_t cap);

#endif
