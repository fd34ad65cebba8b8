/* keymap: what each key does, in one table: the handler, the help screen and the
 * manual are made from it. Private to view.
 */
#ifndef CTOP_VIEW_KEYMAP_H
#define CTOP_VIEW_KEYMAP_H

#include "ctop/key.h"

enum act {
	ACT_NONE,
	ACT_VIEW, /* key − '1' is the view */
	ACT_NEXT_VIEW,
	ACT_PREV_VIEW,
	ACT_PROCESSES,
	ACT_TOGGLE_TREE,
	ACT_FLAME,
	ACT_UP,
	ACT_DOWN,
	ACT_LEFT,
	ACT_RIGHT,
	ACT_PAGE_UP,
	ACT_PAGE_DOWN,
	ACT_HALF_UP,
	ACT_HALF_DOWN,
	ACT_HOME,
	ACT_END,
	ACT_ENTER,
	ACT_ESCAPE,
	ACT_EXPAND,
	ACT_COLLAPSE,
	ACT_EXPAND_ALL,
	ACT_HOTTEST,
	ACT_UNFOLD,
	ACT_SORT_LEFT,
	ACT_SORT_RIGHT,
	ACT_INVERT,
	ACT_SEARCH,
	ACT_SEARCH_NEXT,
	ACT_SEARCH_PREVIOUS,
	ACT_PAUSE,
	ACT_QUALITY,
	ACT_PLACES,
	ACT_DETAIL,
	ACT_AROUND,
	ACT_OUTPUT,
	ACT_KERNEL,
	ACT_INLINED,
	ACT_GROUP,
	ACT_FETCH,
	ACT_FILTER,
	ACT_FOCUS_FUNCTION,
	ACT_FOCUS_MODULE,
	ACT_MODULE,
	ACT_WINDOW,
	ACT_THRESHOLD,
	ACT_TIMELINE,
	ACT_BASE,
	ACT_HEAT,
	ACT_NO_BASE,
	ACT_MARK,
	ACT_RESET,
	ACT_SAVE,
	ACT_MOUSE,
	ACT_COMMAND,
	ACT_HELP,
	ACT_REDRAW,
	ACT_SUSPEND,
	ACT_QUIT,
};

enum { KEYMAP_CODES = 4 };

struct keymap_row {
	key_code codes[KEYMAP_CODES]; /* 0 ends */
	enum act act;
	const char *keys; /* as help shows them; NULL: listed with the row before */
	const char *what;
};

/* What a key means. */
enum act keymap_act(key_code key);

/* The table; *count rows. */
const struct keymap_row *keymap_rows(unsigned *count);

#endif
