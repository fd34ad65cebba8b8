/* clicks: which presses of a button belong together; see clicks.h. */
#include "clicks.h"

#include <stdlib.h>

/* What desktops take for a double click, and how far a hand may slip meanwhile. */
static const uint64_t QUICK_NS = 400 * UINT64_C(1000000);
enum { SLIP = 1 };

void clicks_count(struct clicks *c, struct mouse_event *e, uint64_t now_ns)
{
	const struct mouse_event *l = &c->last;
	int same = l->count > 0 && l->button == e->button && l->row == e->row &&
	           abs(l->col - e->col) <= SLIP && now_ns - c->last_ns <= QUICK_NS;
	e->count = same ? l->count + 1 : 1;
	c->last = *e;
	c->last_ns = now_ns;
}
