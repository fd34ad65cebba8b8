/* input: terminal bytes to keys; see input.h, ECMA-48 for control sequences and xterm's
 * ctlseqs, "Mouse Tracking", for reports of the mouse.
 */
#include "ctop/input.h"

#include "ctop/utf8.h"

#include <string.h>

enum { ESC = 0x1b };

size_t input_feed(struct input *in, const void *bytes, size_t len)
{
	size_t room = sizeof in->buf - in->len;
	size_t n = len < room ? len : room;
	memcpy(in->buf + in->len, bytes, n);
	in->len += n;
	return n;
}

bool input_pending(const struct input *in)
{
	return in->len > 0;
}

static void drop(struct input *in, size_t n)
{
	memmove(in->buf, in->buf + n, in->len - n);
	in->len -= n;
}

/* Keys by the final letter of CSI and SS3 sequences. */
static key_code key_of_letter(unsigned char c)
{
	switch (c) {
	case 'A':
		return KEY_CODE_UP;
	case 'B':
		return KEY_CODE_DOWN;
	case 'C':
		return KEY_CODE_RIGHT;
	case 'D':
		return KEY_CODE_LEFT;
	case 'H':
		return KEY_CODE_HOME;
	case 'F':
		return KEY_CODE_END;
	case 'Z':
		return KEY_CODE_BACKTAB;
	case 'M':
		return KEY_CODE_ENTER; /* keypad Enter, SS3 only */
	case 'P':
	case 'Q':
	case 'R':
	case 'S':
		return KEY_CODE_F0 + 1 + (key_code)(c - 'P');
	default:
		return 0;
	}
}

/* Keys by the number of "CSI n ~". */
static key_code key_of_number(unsigned n)
{
	static const uint8_t function[] = {
	        [11] = 1, [12] = 2, [13] = 3, [14] = 4,  [15] = 5,  [17] = 6,
	        [18] = 7, [19] = 8, [20] = 9, [21] = 10, [23] = 11, [24] = 12};
	switch (n) {
	case 1:
	case 7:
		return KEY_CODE_HOME;
	case 3:
		return KEY_CODE_DELETE;
	case 4:
	case 8:
		return KEY_CODE_END;
	case 5:
		return KEY_CODE_PGUP;
	case 6:
		return KEY_CODE_PGDN;
	case 200:
		return KEY_CODE_PASTE;
	case 201:
		return KEY_CODE_PASTE_END;
	default:
		return n < sizeof function && function[n] != 0 ? KEY_CODE_F0 + function[n] : 0;
	}
}

/* --- mouse ------------------------------------------------------------------------------- */

enum { PLACE_MOST = 9999, PLAIN_OFFSET = 32 };

/* A press from its code and its place from 1; false for releases, motion and further buttons. */
static bool make_press(struct mouse_event *e, unsigned code, unsigned col, unsigned row)
{
	enum { SHIFT = 4, ALT = 8, CTRL = 16, MOTION = 32, WHEEL = 64, MORE = 128 };
	unsigned button = code & 3;
	bool wheel = (code & WHEEL) != 0;
	if ((code & (MOTION | MORE)) != 0 || (wheel ? button > 1 : button == 3) || col == 0 ||
	    row == 0 || col > PLACE_MOST || row > PLACE_MOST)
		return false;
	*e = (struct mouse_event){
	        .row = (int)row - 1,
	        .col = (int)col - 1,
	        .button = (enum mouse_button)(button + (wheel ? (unsigned)MOUSE_WHEEL_UP : 0)),
	        .count = 1,
	        .modifiers = ((code & SHIFT) != 0 ? MOUSE_SHIFT : 0u) |
	                     ((code & ALT) != 0 ? MOUSE_ALT : 0u) |
	                     ((code & CTRL) != 0 ? MOUSE_CTRL : 0u),
	};
	return true;
}

/* The numbers of "b[from] ; … ;", at most three; false when there are not just three. */
static bool three_numbers(const unsigned char *b, size_t from, size_t to, unsigned out[3])
{
	size_t n = 0;
	out[0] = out[1] = out[2] = 0;
	for (size_t i = from; i < to; i++) {
		if (b[i] == ';' && ++n > 2)
			return false;
		if (b[i] != ';' && (b[i] < '0' || b[i] > '9' || out[n] > PLACE_MOST))
			return false;
		if (b[i] != ';')
			out[n] = out[n] * 10 + (b[i] - '0');
	}
	return n == 2;
}

/* "ESC [ < code ; col ; row M" of SGR, or rxvt's "ESC [ code+32 ; col ; row M": `last` is where the
 * final letter is. */
static key_code key_of_report(struct mouse_event *e, const unsigned char *b, size_t last)
{
	unsigned n[3];
	bool sgr = b[2] == '<';
	if (!three_numbers(b, sgr ? 3 : 2, last, n) || (!sgr && n[0] < PLAIN_OFFSET))
		return 0;
	bool press = b[last] == 'M' && make_press(e, sgr ? n[0] : n[0] - PLAIN_OFFSET, n[1], n[2]);
	return press ? KEY_CODE_MOUSE : 0;
}

/* "ESC [ M code+32 col+32 row+32", of terminals without SGR: bytes used, 0: not complete. */
static size_t decode_plain_report(struct mouse_event *e, const unsigned char *b, size_t len,
                                  key_code *key)
{
	enum { LENGTH = 6 };
	if (len < LENGTH)
		return 0;
	if (b[3] < PLAIN_OFFSET || b[4] <= PLAIN_OFFSET || b[5] <= PLAIN_OFFSET)
		return 3; /* none: what follows stands for itself */
	if (make_press(e, b[3] - PLAIN_OFFSET, b[4] - PLAIN_OFFSET, b[5] - PLAIN_OFFSET))
		*key = KEY_CODE_MOUSE;
	return LENGTH;
}

/* --- sequences ----------------------------------------------------------------------------- */

/* What "ESC [ … c" stands for, c at `last`; 0: nothing. */
static key_code key_of_csi(struct mouse_event *e, const unsigned char *b, size_t last,
                           unsigned number)
{
	bool report = b[last] == 'M' || (b[last] == 'm' && b[2] == '<');
	if (report)
		return key_of_report(e, b, last);
	return b[last] == '~' ? key_of_number(number) : key_of_letter(b[last]);
}

/* Decodes "ESC [ …": bytes used, 0 when it is not complete; *key may stay 0. */
static size_t decode_csi(struct mouse_event *e, const unsigned char *b, size_t len, key_code *key)
{
	unsigned number = 0;
	bool first = true;
	if (len >= 3 && b[2] == 'M')
		return decode_plain_report(e, b, len, key);
	if (len >= 3 && b[2] == '[') { /* Linux console: ESC [ [ A is F1 */
		if (len < 4)
			return 0;
		*key = b[3] >= 'A' && b[3] <= 'E' ? KEY_CODE_F0 + 1 + (key_code)(b[3] - 'A') : 0;
		return 4;
	}
	for (size_t i = 2; i < len; i++) {
		if (b[i] >= '0' && b[i] <= '9' && first && number < 1000)
			number = number * 10 + (b[i] - '0');
		else if (b[i] == ';')
			first = false;
		else if (b[i] >= 0x40 && b[i] <= 0x7e) {
			*key = key_of_csi(e, b, i, number);
			return i + 1;
		} else if (b[i] < 0x20 || b[i] > 0x3f) {
			return i; /* no sequence: what follows stands for itself */
		}
	}
	return 0;
}

/* Decodes what begins with Esc. */
static size_t decode_escape(struct input *in, key_code *key)
{
	const unsigned char *b = in->buf;
	if (in->len < 2)
		return 0;
	if (b[1] == '[')
		return decode_csi(&in->mouse, b, in->len, key);
	if (b[1] == 'O') {
		if (in->len < 3)
			return 0;
		*key = key_of_letter(b[2]);
		return 3;
	}
	*key = KEY_CODE_ESC;
	return 1;
}

static size_t decode_plain(const struct input *in, bool expired, key_code *key)
{
	uint32_t cp;
	unsigned char c = in->buf[0];
	size_t want = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	if (in->len < want && !expired)
		return 0;
	size_t n = utf8_decode((const char *)in->buf, in->len, &cp);
	if (cp == '\r' || cp == '\n')
		cp = KEY_CODE_ENTER;
	else if (cp == 0x7f || cp == 0x08)
		cp = KEY_CODE_BACKSPACE;
	*key = cp;
	return n;
}

bool input_next(struct input *in, bool expired, key_code *key)
{
	while (in->len > 0) {
		*key = 0;
		size_t n =
		        in->buf[0] == ESC ? decode_escape(in, key) : decode_plain(in, expired, key);
		if (n == 0 && (expired || in->len == sizeof in->buf)) {
			*key = in->buf[0] == ESC ? KEY_CODE_ESC : 0xfffd;
			n = 1;
		}
		if (n == 0)
			return false;
		drop(in, n);
		if (*key != 0)
			return true;
	}
	return false;
}
