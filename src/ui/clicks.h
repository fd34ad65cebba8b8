/* clicks: which presses of a button belong together. Private to ui. */
#ifndef CTOP_UI_CLICKS_H
#define CTOP_UI_CLICKS_H

#include "ctop/mouse.h"

#include <stdint.h>

/* The last press. Zero-initialised: none. */
struct clicks {
	struct mouse_event last;
	uint64_t last_ns;
};

/* Sets e->count: one more than that of the last press where this one follows quickly in the same
 * place. */
void clicks_count(struct clicks *c, struct mouse_event *e, uint64_t now_ns);

#endif
