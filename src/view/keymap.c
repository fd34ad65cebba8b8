/* keymap: the key table; see keymap.h. */
#include "keymap.h"

#include "ctop/screen.h"

#include <stddef.h>

static const struct keymap_row rows[] = {
        {{'1', '2', '3'}, ACT_VIEW, "1 … 5", "choose a view"},
        {{'4', '5'}, ACT_VIEW, NULL, NULL},
        {{KEY_CODE_TAB}, ACT_NEXT_VIEW, "Tab", "next view"},
        {{KEY_CODE_BACKTAB}, ACT_PREV_VIEW, "Shift-Tab", "previous view"},
        {{'t'}, ACT_TOGGLE_TREE, "t", "toggle call tree / bottom-up"},
        {{'f'}, ACT_FLAME, "f", "flamegraph; again: flip it"},
        {{KEY_CODE_UP, 'k'}, ACT_UP, "↑ ↓ k j", "move"},
        {{KEY_CODE_DOWN, 'j'}, ACT_DOWN, NULL, NULL},
        {{KEY_CODE_LEFT}, ACT_LEFT, "← →", "collapse or go to the caller, expand; flame: sideways"},
        {{KEY_CODE_RIGHT}, ACT_RIGHT, NULL, NULL},
        {{KEY_CODE_PGUP}, ACT_PAGE_UP, "PgUp PgDn", "a page up, down"},
        {{KEY_CODE_PGDN}, ACT_PAGE_DOWN, NULL, NULL},
        {{KEY_CODE_HOME, 'g'}, ACT_HOME, "Home g", "to the top"},
        {{KEY_CODE_END, 'G'}, ACT_END, "End G", "to the bottom"},
        {{KEY_CODE_ENTER},
         ACT_ENTER,
         "Enter",
         "expand, collapse; flame: zoom in; threads: filter; a: follow"},
        {{KEY_CODE_ESC},
         ACT_ESCAPE,
         "Esc",
         "zoom out, drop the thread filter, close; then end highlighting"},
        {{'+', '='}, ACT_EXPAND, "+ =", "expand"},
        {{'-'}, ACT_COLLAPSE, "-", "collapse"},
        {{'*'}, ACT_EXPAND_ALL, "*", "expand the whole sub-tree"},
        {{'H'}, ACT_HOTTEST, "H", "expand the hottest path"},
        {{'o'}, ACT_UNFOLD, "o", "call tree: unfold or fold a chain of single callees"},
        {{'<'},
         ACT_SORT_LEFT,
         "< > F6",
         "functions, tree, threads: sort by the column left, right"},
        {{'>', KEY_CODE_F0 + 6}, ACT_SORT_RIGHT, NULL, NULL},
        {{'I'}, ACT_INVERT, "I", "functions, threads: invert that order"},
        {{'/'}, ACT_SEARCH, "/", "search: text or expression; capitals count if there are any"},
        {{'n'}, ACT_SEARCH_NEXT, "n N", "next match, previous match"},
        {{'N'}, ACT_SEARCH_PREVIOUS, NULL, NULL},
        {{' ', 'p'}, ACT_PAUSE, "Space p", "pause or resume the display; sampling goes on"},
        {{'a'}, ACT_DETAIL, "a", "source of the selected function; again: its instructions"},
        {{'d'}, ACT_QUALITY, "d", "data quality: what is missing, and what would mend it"},
        {{'D'}, ACT_PLACES, "D", "where every thread is now, asleep or not; none is stopped"},
        {{'u'}, ACT_OUTPUT, "u", "what the launched command has printed"},
        {{'K'}, ACT_KERNEL, "K", "kernel frames on and off"},
        {{'i'}, ACT_INLINED, "i", "inlined functions on and off"},
        {{'y'}, ACT_GROUP, "y", "group by function, line, source file, module"},
        {{'F'}, ACT_FETCH, "F", "fetch debug files (DEBUGINFOD_URLS), or stop that"},
        {{'r'}, ACT_RESET, "r", "reset: forget all counts"},
        {{'s'}, ACT_SAVE, "s", "save a snapshot as folded stacks"},
        {{'?', 'h', KEY_CODE_F0 + 1}, ACT_HELP, "? h F1", "this help"},
        {{KEY_CODE_CTRL('L')}, ACT_REDRAW, "Ctrl-L", "redraw"},
        {{KEY_CODE_CTRL('Z')}, ACT_SUSPEND, "Ctrl-Z", "suspend"},
        {{'q', KEY_CODE_CTRL('C'), KEY_CODE_F0 + 10}, ACT_QUIT, "q Ctrl-C F10", "quit"},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

enum act keymap_act(key_code key)
{
	for (size_t i = 0; i < ROWS; i++)
		for (size_t k = 0; k < KEYMAP_CODES && rows[i].codes[k] != 0; k++)
			if (rows[i].codes[k] == key)
				return rows[i].act;
	return ACT_NONE;
}

const struct keymap_row *keymap_rows(unsigned *count)
{
	*count = ROWS;
	return rows;
}

const char *screen_key_help(unsigned index, const char **keys)
{
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].keys != NULL && index-- == 0) {
			*keys = rows[i].keys;
			return rows[i].what;
		}
	return NULL;
}
