/* around: the page that shows a function between its callers and its callees. Private to view. */
#ifndef CTOP_VIEW_AROUND_H
#define CTOP_VIEW_AROUND_H

#include "ctop/edges.h"
#include "keymap.h"
#include "list.h"
#include "search.h"

#include <stdbool.h>
#include <stdint.h>

struct action;
struct area;
struct snapshot;
struct screen;
struct surface;

enum around_side { AROUND_CALLERS, AROUND_CALLEES, AROUND_SIDES };
enum { AROUND_VISITS = 64 };

struct around_state {
	uint32_t func;
	enum around_side side; /* where the cursor is */
	struct edges edges[AROUND_SIDES];
	struct list list[AROUND_SIDES];
	uint32_t follow[AROUND_SIDES];  /* function the cursor keeps to; 0: it stays at the top */
	const struct snapshot *of;      /* what they were made of, not to be read; NULL: nothing */
	uint64_t samples;               /* that it had */
	uint32_t visits[AROUND_VISITS]; /* where one came from */
	size_t visit_count;
};

/* A row of both lists: its number in its own, and the list. */
static inline uint32_t around_hit(enum around_side side, size_t row)
{
	return (uint32_t)row * AROUND_SIDES + side;
}

void around_open(struct screen *s, uint32_t func);
void around_fini(struct around_state *t);
void around_draw(struct screen *s, struct surface *out, struct area area);
struct action around_key(struct screen *s, enum act act, key_code key);
enum search_result around_find(struct screen *s, enum search_way way);

/* The function under the cursor, or the page's own. */
uint32_t around_current(struct screen *s);

/* The cursor goes to a row, told as around_hit() does. */
void around_pick(struct screen *s, uint32_t hit);
void around_scroll(struct screen *s, enum around_side side, int by);

#endif
