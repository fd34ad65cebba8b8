/* foot: the bottom line: the keys that mean something where one is, F keys first as htop has them.
 *
 * Long words where there is room for those of all F keys, else short ones; what is left of the line
 * goes to further keys. Each can be clicked.
 */
#include "ctop/utf8.h"
#include "view.h"

#include <stdbool.h>
#include <string.h>

/* Where a key applies: a bit a view, and one a page. */
enum {
	FUNCTIONS = 1 << VIEW_FUNCTIONS,
	TREE = 1 << VIEW_TREE,
	BOTTOMUP = 1 << VIEW_BOTTOMUP,
	FLAME = 1 << VIEW_FLAME,
	THREADS = 1 << VIEW_THREADS,
	PROCESSES = 1 << VIEW_PROCESSES,
	ALL_VIEWS = (1 << VIEWS) - 1,
	PAGE = 1 << VIEWS, /* to read */
	DETAIL = 1 << (VIEWS + 1),
	AROUND = 1 << (VIEWS + 2),
	EVERYWHERE = ALL_VIEWS | PAGE | DETAIL | AROUND,
};

static const struct foot_key {
	key_code code;
	unsigned where;
	const char *key, *name, *brief;
	unsigned worth; /* F keys: the least leaves first; 0: shown when there is room left */
} keys[] = {
        {KEY_CODE_F0 + 1, ALL_VIEWS, "F1", "help", "help", 9},
        {KEY_CODE_F0 + 2, EVERYWHERE, "F2", "command", "cmd", 2},
        {KEY_CODE_F0 + 3, EVERYWHERE, "F3", "search", "find", 8},
        {KEY_CODE_F0 + 4, ALL_VIEWS, "F4", "filter", "filt", 4},
        {KEY_CODE_F0 + 5, (ALL_VIEWS & ~TREE) | AROUND, "F5", "tree", "tree", 7},
        {KEY_CODE_F0 + 5, TREE, "F5", "bottom-up", "b-up", 7},
        {KEY_CODE_F0 + 6, ALL_VIEWS & ~(BOTTOMUP | FLAME), "F6", "sort", "sort", 3},
        {KEY_CODE_F0 + 7, (ALL_VIEWS & ~FLAME) | AROUND, "F7", "flame", "flame", 6},
        {KEY_CODE_F0 + 7, FLAME, "F7", "flip", "flip", 6},
        {KEY_CODE_F0 + 8, ALL_VIEWS | AROUND, "F8", "source", "src", 5},
        {KEY_CODE_F0 + 8, DETAIL, "F8", "source/instructions", "src/insns", 5},
        {KEY_CODE_F0 + 9, ALL_VIEWS, "F9", "save", "save", 4},
        {KEY_CODE_F0 + 10, ALL_VIEWS, "F10", "quit", "quit", 10},
        {KEY_CODE_ESC, PAGE, "Esc", "close", "close", 9},
        {KEY_CODE_ESC, DETAIL | AROUND, "Esc", "back", "back", 9},
        {KEY_CODE_ENTER, AROUND, "Enter", "go there", "go", 0},
        {KEY_CODE_TAB, AROUND, "Tab", "callers/callees", "side", 0},
        {'c', ALL_VIEWS & ~(THREADS | PROCESSES), "c", "callers", "callers", 0},
        {KEY_CODE_ENTER, TREE | BOTTOMUP, "Enter", "expand", "expand", 0},
        {KEY_CODE_ENTER, FLAME, "Enter", "zoom", "zoom", 0},
        {KEY_CODE_ENTER, THREADS | PROCESSES, "Enter", "only this", "only", 0},
        {KEY_CODE_ENTER, DETAIL, "Enter", "follow", "follow", 0},
        {'H', TREE | BOTTOMUP | FLAME, "H", "hottest", "hottest", 0},
        {' ', ALL_VIEWS, "Space", "pause", "pause", 0},
        {'d', ALL_VIEWS, "d", "data quality", "quality", 0},
        {'K', ALL_VIEWS, "K", "kernel", "kernel", 0},
        {'r', ALL_VIEWS, "r", "reset", "reset", 0},
        {'n', EVERYWHERE, "n", "next match", "next", 0},
};
enum { KEYS = sizeof keys / sizeof keys[0] };

static unsigned here(const struct screen *s)
{
	if (s->overlay == OVERLAY_NONE)
		return 1u << s->view;
	return s->overlay == OVERLAY_DETAIL ? DETAIL : s->overlay == OVERLAY_AROUND ? AROUND : PAGE;
}

static int width_of(const struct foot_key *k, bool brief)
{
	return (int)(utf8_str_width(k->key) + utf8_str_width(brief ? k->brief : k->name)) + 1;
}

static int draw_key(struct screen *s, struct surface *out, int row, int col,
                    const struct foot_key *k, bool brief)
{
	int at = col;
	col += surface_text(out, row, col, out->cols - col, STYLE_KEY, k->key) + 1;
	col += surface_text(out, row, col, out->cols - col, STYLE_DIM, brief ? k->brief : k->name);
	hits_add(&s->hits, row, at, col - at, HIT_KEY, k->code);
	return col;
}

/* The F keys that apply, as `shown`; the cells they take. */
static int choose_keys(const struct screen *s, bool shown[KEYS], bool brief)
{
	int width = 0;
	for (size_t i = 0; i < KEYS; i++) {
		bool known = keymap_act(keys[i].code) != ACT_NONE;
		shown[i] = keys[i].worth > 0 && known && (keys[i].where & here(s)) != 0;
		width += shown[i] ? width_of(&keys[i], brief) + (brief ? 1 : 2) : 0;
	}
	return width;
}

static int drop_least(bool shown[KEYS])
{
	size_t least = KEYS;
	for (size_t i = 0; i < KEYS; i++)
		if (shown[i] && (least == KEYS || keys[i].worth < keys[least].worth))
			least = i;
	if (least == KEYS)
		return 0;
	shown[least] = false;
	return width_of(&keys[least], true) + 1;
}

/* Further keys, as many as fit. */
static void draw_more(struct screen *s, struct surface *out, int row, int col, bool brief)
{
	for (size_t i = 0; i < KEYS; i++) {
		bool applies = keys[i].worth == 0 && (keys[i].where & here(s)) != 0;
		bool idle = keys[i].code == 'n' && !s->search.on;
		if (!applies || idle)
			continue;
		if (col + width_of(&keys[i], brief) > out->cols)
			return;
		col = draw_key(s, out, row, col, &keys[i], brief) + (brief ? 1 : 2);
	}
}

void foot_draw(struct screen *s, struct surface *out, int row)
{
	bool shown[KEYS];
	int col = 1, width = choose_keys(s, shown, false);
	bool brief = width - 1 > out->cols;
	if (brief)
		width = choose_keys(s, shown, true);
	/* The gap behind the last one is not needed. */
	for (int less = 1; width > out->cols && less > 0; width -= less)
		less = drop_least(shown);
	for (size_t i = 0; i < KEYS; i++)
		if (shown[i])
			col = draw_key(s, out, row, col, &keys[i], brief) + (brief ? 1 : 2);
	draw_more(s, out, row, col, brief);
}
