/* typescript: terminal output as lines; see typescript.h and ECMA-48 for control sequences. */
#include "ctop/typescript.h"

#include "ctop/mem.h"
#include "ctop/strbuf.h"
#include "ctop/utf8.h"
#include "ctop/vec.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { CELLS = 4096, LINES = 20000, TAB = 8, ESC = 0x1b };

enum state { PLAIN, ESCAPED, CONTROL, STRING, STRING_ESCAPED, CHARSET };

struct typescript {
	char **lines; /* owned; those that are complete */
	size_t count, cap;
	uint32_t cells[CELLS]; /* the line being written: code points */
	size_t len, at;
	enum state state;
	unsigned number; /* the first parameter of a control sequence */
	char part[4];    /* of a character that is cut */
	size_t part_len;
	struct strbuf text; /* the last line asked for */
};

struct typescript *typescript_new(void)
{
	return mem_zalloc(1, sizeof(struct typescript));
}

void typescript_free(struct typescript *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->count; i++)
		free(t->lines[i]);
	free(t->lines);
	strbuf_fini(&t->text);
	free(t);
}

/* --- lines ------------------------------------------------------------------------------ */

static const char *current(struct typescript *t)
{
	char buf[4];
	strbuf_clear(&t->text);
	for (size_t i = 0; i < t->len; i++)
		strbuf_add(&t->text, buf, utf8_encode(t->cells[i], buf));
	return strbuf_str(&t->text);
}

static void forget_oldest(struct typescript *t)
{
	size_t half = t->count / 2;
	for (size_t i = 0; i < half; i++)
		free(t->lines[i]);
	memmove(t->lines, t->lines + half, (t->count - half) * sizeof(char *));
	t->count -= half;
}

static void end_line(struct typescript *t)
{
	if (t->count == LINES)
		forget_oldest(t);
	t->lines = vec_reserve(t->lines, &t->cap, t->count + 1, sizeof(char *));
	t->lines[t->count++] = mem_strdup(current(t));
	t->len = t->at = 0;
}

static void put(struct typescript *t, uint32_t cp)
{
	if (t->at == CELLS)
		end_line(t);
	while (t->len < t->at)
		t->cells[t->len++] = ' ';
	t->cells[t->at++] = cp;
	t->len = t->at > t->len ? t->at : t->len;
}

size_t typescript_count(const struct typescript *t)
{
	return t->count + (t->len > 0);
}

const char *typescript_line(struct typescript *t, size_t at)
{
	return at < t->count ? t->lines[at] : current(t);
}

/* --- controls --------------------------------------------------------------------------- */

/* Moving and erasing in the line; all else is left out. */
static void control(struct typescript *t, char final)
{
	size_t n = t->number > 0 ? t->number : 1;
	if (final == 'C')
		t->at = t->at + n < CELLS ? t->at + n : CELLS - 1;
	else if (final == 'D')
		t->at -= n < t->at ? n : t->at;
	else if (final == 'G')
		t->at = n <= CELLS ? n - 1 : CELLS - 1;
	else if (final == 'K' && t->number == 0)
		t->len = t->at < t->len ? t->at : t->len;
	else if (final == 'K' && t->number == 2)
		t->len = 0;
	else if ((final == 'H' || final == 'J') && t->len > 0)
		end_line(
		        t); /* a program that fills the screen: at least its texts are kept apart */
}

static void simple(struct typescript *t, unsigned char c)
{
	if (c == '\n')
		end_line(t);
	else if (c == '\r')
		t->at = 0;
	else if (c == '\b')
		t->at -= t->at > 0;
	else if (c == '\t')
		t->at = t->at + TAB < CELLS ? t->at / TAB * TAB + TAB : t->at;
	else if (c == ESC)
		t->state = ESCAPED;
}

static void after_escape(struct typescript *t, unsigned char c)
{
	t->number = 0;
	t->state = c == '['                     ? CONTROL
	           : strchr("]PX^_", c) != NULL ? STRING
	           : c == '(' || c == ')'       ? CHARSET
	                                        : PLAIN;
}

static void in_control(struct typescript *t, unsigned char c)
{
	if (c >= '0' && c <= '9' && t->number < 10000)
		t->number = t->number * 10 + (c - '0');
	else if (c >= 0x40 && c <= 0x7e) {
		t->state = PLAIN;
		control(t, (char)c);
	} else if (c < 0x20) { /* no sequence any more */
		t->state = PLAIN;
		simple(t, c);
	}
}

/* Part of a sequence or a control: true. */
static bool is_control(struct typescript *t, unsigned char c)
{
	switch (t->state) {
	case PLAIN:
		if (c >= 0x20 && c != 0x7f)
			return false;
		simple(t, c);
		break;
	case ESCAPED:
		after_escape(t, c != '\0' ? c : ' ');
		break;
	case CONTROL:
		in_control(t, c);
		break;
	case STRING:
		if (c == '\n') /* its end was lost */
			end_line(t);
		t->state = c == '\n'   ? PLAIN
		           : c == '\a' ? PLAIN
		           : c == ESC  ? STRING_ESCAPED
		                       : STRING;
		break;
	case STRING_ESCAPED:
		t->state = c == '\\' ? PLAIN : STRING;
		break;
	case CHARSET:
		t->state = PLAIN;
		break;
	}
	return true;
}

/* A character as it may be shown; C1 controls and what turns text around are not. */
static void put_clean(struct typescript *t, const char *bytes, size_t len)
{
	char clean[3 * 4 + 1];
	uint32_t cp;
	size_t n = utf8_clean(bytes, len, clean);
	if (n > 0) {
		utf8_decode(clean, n, &cp);
		put(t, cp);
	}
}

void typescript_feed(struct typescript *t, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)bytes[i];
		bool goes_on = (c & 0xc0) == 0x80;
		if (t->part_len > 0 && !goes_on) { /* it was cut for good */
			put(t, 0xfffd);
			t->part_len = 0;
		}
		if (t->part_len == 0 && is_control(t, c))
			continue;
		t->part[t->part_len++] = (char)c;
		unsigned char first = (unsigned char)t->part[0];
		size_t want = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
		if (t->part_len < want)
			continue;
		put_clean(t, t->part, t->part_len);
		t->part_len = 0;
	}
}
