/* keymap: the key table; see keymap.h. */
#include "keymap.h"

#include "ctop/screen.h"

#include <stddef.h>

static const struct keymap_row rows[] = {
        {{'1', '2', '3'}, ACT_VIEW, "1 … 6", "choose a view"},
        {{'4', '5', '6'}, ACT_VIEW, NULL, NULL},
        {{KEY_CODE_TAB}, ACT_NEXT_VIEW, "Tab", "next view"},
        {{KEY_CODE_BACKTAB}, ACT_PREV_VIEW, "Shift-Tab", "previous view"},
        {{'t', KEY_CODE_F0 + 5}, ACT_TOGGLE_TREE, "t F5", "toggle call tree / bottom-up"},
        {{'f', KEY_CODE_F0 + 7}, ACT_FLAME, "f F7", "flamegraph; again: flip it"},
        {{KEY_CODE_UP, 'k'}, ACT_UP, "↑ ↓ k j", "move"},
        {{KEY_CODE_DOWN, 'j'}, ACT_DOWN, NULL, NULL},
        {{KEY_CODE_LEFT}, ACT_LEFT, "← →", "collapse or go to the caller, expand; flame: sideways"},
        {{KEY_CODE_RIGHT}, ACT_RIGHT, NULL, NULL},
        {{KEY_CODE_PGUP, KEY_CODE_CTRL('B')},
         ACT_PAGE_UP,
         "PgUp PgDn",
         "a page up, down; also Ctrl-B, Ctrl-F"},
        {{KEY_CODE_PGDN, KEY_CODE_CTRL('F')}, ACT_PAGE_DOWN, NULL, NULL},
        {{KEY_CODE_CTRL('U')}, ACT_HALF_UP, "Ctrl-U Ctrl-D", "half a page up, down"},
        {{KEY_CODE_CTRL('D')}, ACT_HALF_DOWN, NULL, NULL},
        {{KEY_CODE_HOME, 'g'}, ACT_HOME, "Home g", "to the top"},
        {{KEY_CODE_END, 'G'}, ACT_END, "End G", "to the bottom"},
        {{KEY_CODE_ENTER},
         ACT_ENTER,
         "Enter",
         "expand, zoom in, follow, count only this; functions: as c"},
        {{KEY_CODE_ESC},
         ACT_ESCAPE,
         "Esc",
         "back, zoom out, close; drop thread, filters, window; end highlighting"},
        {{'+', '='}, ACT_EXPAND, "+ =", "expand"},
        {{'-'}, ACT_COLLAPSE, "-", "collapse"},
        {{'*'}, ACT_EXPAND_ALL, "*", "expand the whole sub-tree"},
        {{'H'}, ACT_HOTTEST, "H", "expand the hottest path"},
        {{'o'}, ACT_UNFOLD, "o", "call tree: unfold or fold a chain of single callees"},
        {{'<'}, ACT_SORT_LEFT, "< > F6", "sort by the column left, right"},
        {{'>', KEY_CODE_F0 + 6}, ACT_SORT_RIGHT, NULL, NULL},
        {{'I'}, ACT_INVERT, "I", "invert that order"},
        {{'/', KEY_CODE_F0 + 3},
         ACT_SEARCH,
         "/ F3",
         "search: text or expression; capitals count if there are any"},
        {{'n'}, ACT_SEARCH_NEXT, "n N", "next match, previous match"},
        {{'N'}, ACT_SEARCH_PREVIOUS, NULL, NULL},
        {{'\\', KEY_CODE_F0 + 4},
         ACT_FILTER,
         "\\ F4",
         "filter: keep stacks with a match, !text those without; empty: no filters"},
        {{'v'}, ACT_FOCUS_FUNCTION, "v V", "only stacks through the selected function, module"},
        {{'V'}, ACT_FOCUS_MODULE, NULL, NULL},
        {{'x'}, ACT_MODULE, "x", "fold the selection's module into one row; again: hide it"},
        {{'L'}, ACT_THRESHOLD, "L", "hide rows under a share: 0.1, 0.5, 1, 5 %, none"},
        {{'w'}, ACT_WINDOW, "w", "window: all, the last 10 s, 60 s, fading"},
        {{'['},
         ACT_TIMELINE,
         "[",
         "time line: choose a range; ← → move, + - stretch, * busiest, n N spikes, | between "
         "marks"},
        {{'b'},
         ACT_BASE,
         "b B",
         "compare: what is counted now is the base line from here on; end that"},
        {{'B'}, ACT_NO_BASE, NULL, NULL},
        {{'e'}, ACT_HEAT, "e", "heat: seconds against parts of them; choose a range there"},
        {{'m'}, ACT_MARK, "m", "set a mark, now or where the chosen range begins"},
        {{' ', 'p'}, ACT_PAUSE, "Space p", "pause or resume the display; sampling goes on"},
        {{'a', KEY_CODE_F0 + 8},
         ACT_DETAIL,
         "a F8",
         "source of the selected function; again: its instructions"},
        {{'c'}, ACT_AROUND, "c", "callers and callees of the selected function; Enter goes there"},
        {{'P'}, ACT_PROCESSES, "P", "processes; Enter narrows every view to one"},
        {{'d'}, ACT_QUALITY, "d", "data quality: what is missing, and what would mend it"},
        {{'D'}, ACT_PLACES, "D", "where every thread is now, asleep or not; none is stopped"},
        {{'u'}, ACT_OUTPUT, "u", "what the launched command has printed"},
        {{'K'}, ACT_KERNEL, "K", "kernel frames on and off"},
        {{'i'}, ACT_INLINED, "i", "inlined functions on and off"},
        {{'y'}, ACT_GROUP, "y", "group by function, line, source file, module"},
        {{'F'}, ACT_FETCH, "F", "fetch debug files (DEBUGINFOD_URLS), or stop that"},
        {{'r'}, ACT_RESET, "r", "reset: forget all counts"},
        {{'s', KEY_CODE_F0 + 9}, ACT_SAVE, "s F9", "save a snapshot as folded stacks"},
        {{':', KEY_CODE_F0 + 2}, ACT_COMMAND, ": F2", "a command; :N goes to row N"},
        {{'M'}, ACT_MOUSE, "M", "mouse on and off; off, the terminal selects text without Shift"},
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
