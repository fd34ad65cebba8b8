/* prompt: a line to type in; see prompt.h. */
#include "prompt.h"

#include "ctop/mem.h"
#include "ctop/surface.h"
#include "ctop/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- history ---------------------------------------------------------------------------- */

void prompt_history_add(struct prompt_history *h, const char *line)
{
	size_t i = 0;
	if (line[0] == '\0')
		return;
	while (i < h->count && strcmp(h->lines[i], line) != 0)
		i++;
	/* A line stands in it once; the oldest leaves when there is no room. */
	size_t out = i < h->count ? i : h->count == PROMPT_LINES ? 0 : h->count;
	if (out < h->count) {
		free(h->lines[out]);
		memmove(&h->lines[out], &h->lines[out + 1],
		        (h->count - out - 1) * sizeof *h->lines);
		h->count--;
	}
	h->lines[h->count++] = mem_strdup(line);
}

void prompt_history_fini(struct prompt_history *h)
{
	while (h->count > 0)
		free(h->lines[--h->count]);
}

static void set_text(struct prompt *p, const char *text)
{
	snprintf(p->text, sizeof p->text, "%s", text);
	p->len = p->at = strlen(p->text);
}

/* Older for 1, newer for −1. */
static enum prompt_event go_back(struct prompt *p, int by)
{
	size_t most = p->history != NULL ? p->history->count : 0;
	size_t back = by > 0 ? p->back + (p->back < most) : p->back - (p->back > 0);
	if (back == p->back)
		return PROMPT_MOVED;
	if (p->back == 0)
		memcpy(p->typed, p->text, sizeof p->typed);
	p->back = back;
	set_text(p, back == 0 ? p->typed : p->history->lines[most - back]);
	return PROMPT_EDITED;
}

static enum prompt_event older(struct prompt *p)
{
	return go_back(p, 1);
}

static enum prompt_event newer(struct prompt *p)
{
	return go_back(p, -1);
}

/* --- editing ---------------------------------------------------------------------------- */

/* Where the character before or after a place begins. */
static size_t before(const struct prompt *p, size_t at)
{
	while (at > 0 && ((unsigned char)p->text[--at] & 0xc0) == 0x80)
		continue;
	return at;
}

static size_t after(const struct prompt *p, size_t at)
{
	uint32_t cp;
	return at < p->len ? at + utf8_decode(p->text + at, p->len - at, &cp) : at;
}

/* Takes out bytes [from, to). */
static enum prompt_event cut(struct prompt *p, size_t from, size_t to)
{
	if (from >= to)
		return PROMPT_MOVED;
	memmove(p->text + from, p->text + to, p->len - to + 1);
	p->len -= to - from;
	p->at = from;
	return PROMPT_EDITED;
}

static enum prompt_event insert(struct prompt *p, key_code key)
{
	char bytes[4], clean[16];
	bool control = key < 0x20 || (key >= 0x7f && key < 0xa0);
	if (control || key >= KEY_CODE_BASE || key == 0xfffd)
		return PROMPT_MOVED;
	size_t n = utf8_encode(key, bytes);
	/* What would turn the line around on a terminal stays out. */
	if (utf8_clean(bytes, n, clean) != n || memcmp(clean, bytes, n) != 0 ||
	    p->len + n >= sizeof p->text)
		return PROMPT_MOVED;
	memmove(p->text + p->at + n, p->text + p->at, p->len - p->at + 1);
	memcpy(p->text + p->at, bytes, n);
	p->len += n;
	p->at += n;
	return PROMPT_EDITED;
}

static enum prompt_event left(struct prompt *p)
{
	p->at = before(p, p->at);
	return PROMPT_MOVED;
}

static enum prompt_event right(struct prompt *p)
{
	p->at = after(p, p->at);
	return PROMPT_MOVED;
}

static enum prompt_event home(struct prompt *p)
{
	p->at = 0;
	return PROMPT_MOVED;
}

static enum prompt_event end(struct prompt *p)
{
	p->at = p->len;
	return PROMPT_MOVED;
}

static enum prompt_event cancel(struct prompt *p)
{
	p->label = NULL;
	return PROMPT_CANCELLED;
}

/* From an empty line it leads out, as in less and vi. */
static enum prompt_event rub_out(struct prompt *p)
{
	return p->len == 0 ? cancel(p) : cut(p, before(p, p->at), p->at);
}

static enum prompt_event delete (struct prompt *p) { return cut(p, p->at, after(p, p->at)); }

static enum prompt_event cut_to_start(struct prompt *p)
{
	return cut(p, 0, p->at);
}

static enum prompt_event cut_to_end(struct prompt *p)
{
	return cut(p, p->at, p->len);
}

static enum prompt_event cut_word(struct prompt *p)
{
	size_t from = p->at;
	while (from > 0 && p->text[from - 1] == ' ')
		from--;
	while (from > 0 && p->text[from - 1] != ' ')
		from--;
	return cut(p, from, p->at);
}

static enum prompt_event accept(struct prompt *p)
{
	p->label = NULL;
	if (p->history != NULL)
		prompt_history_add(p->history, p->text);
	return PROMPT_ACCEPTED;
}

/* --- keys --------------------------------------------------------------------------------- */

static const struct {
	key_code key;
	enum prompt_event (*act)(struct prompt *p);
} keys[] = {
        {KEY_CODE_ENTER, accept},
        {KEY_CODE_ESC, cancel},
        {KEY_CODE_CTRL('C'), cancel},
        {KEY_CODE_CTRL('G'), cancel},
        {KEY_CODE_BACKSPACE, rub_out},
        {KEY_CODE_DELETE, delete},
        {KEY_CODE_CTRL('D'), delete},
        {KEY_CODE_CTRL('U'), cut_to_start},
        {KEY_CODE_CTRL('K'), cut_to_end},
        {KEY_CODE_CTRL('W'), cut_word},
        {KEY_CODE_LEFT, left},
        {KEY_CODE_CTRL('B'), left},
        {KEY_CODE_RIGHT, right},
        {KEY_CODE_CTRL('F'), right},
        {KEY_CODE_HOME, home},
        {KEY_CODE_CTRL('A'), home},
        {KEY_CODE_END, end},
        {KEY_CODE_CTRL('E'), end},
        {KEY_CODE_UP, older},
        {KEY_CODE_CTRL('P'), older},
        {KEY_CODE_DOWN, newer},
        {KEY_CODE_CTRL('N'), newer},
};

enum prompt_event prompt_key(struct prompt *p, key_code key, bool pasted)
{
	if (pasted)
		return insert(p, key);
	if (key == KEY_CODE_CTRL('Z') || key == KEY_CODE_CTRL('L'))
		return PROMPT_IGNORED;
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (keys[i].key == key)
			return keys[i].act(p);
	return insert(p, key);
}

void prompt_open(struct prompt *p, const char *label, struct prompt_history *history)
{
	*p = (struct prompt){.label = label, .history = history};
}

void prompt_replace(struct prompt *p, size_t from, const char *text)
{
	if (from > p->len)
		return;
	snprintf(p->text + from, sizeof p->text - from, "%s", text);
	p->len = p->at = strlen(p->text);
}

bool prompt_is_open(const struct prompt *p)
{
	return p->label != NULL;
}

/* --- drawing ------------------------------------------------------------------------------ */

static int width_between(const struct prompt *p, size_t from, size_t to)
{
	char part[PROMPT_MOST];
	memcpy(part, p->text + from, to - from);
	part[to - from] = '\0';
	return (int)utf8_str_width(part);
}

void prompt_draw(const struct prompt *p, struct surface *out, int row)
{
	size_t from = 0;
	int note = (int)utf8_str_width(p->note), cols = out->cols;
	surface_fill(out, row, 0, cols, STYLE_TEXT, " ");
	int col = surface_text(out, row, 0, cols, STYLE_KEY, p->label);
	int room = cols - col;
	/* The note gives way to what is typed. */
	if (note > 0 && note + 2 + width_between(p, 0, p->len) < room) {
		surface_text(out, row, cols - note, note, STYLE_DIM, p->note);
		room -= note + 1;
	}
	while (from < p->at && width_between(p, from, p->at) >= room)
		from = after(p, from);
	surface_text(out, row, col, room, STYLE_TEXT, p->text + from);
	int cursor = col + width_between(p, from, p->at);
	if (row >= 0 && row < out->rows && cursor < cols)
		out->cells[(size_t)row * (size_t)cols + (size_t)cursor].style |= STYLE_REVERSE;
}
