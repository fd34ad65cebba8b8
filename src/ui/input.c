/* input: terminal bytes to keys; see input.h and ECMA-48 for control sequences. */
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

/* Decodes "ESC [ …": bytes used, 0 when it is not complete; *key may stay 0. */
static size_t decode_csi(const unsigned char *b, size_t len, key_code *key)
{
	unsigned number = 0;
	bool first = true;
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
			*key = b[i] == '~'   ? key_of_number(number)
			       : b[i] == 'M' ? 0
			                     : key_of_letter(b[i]);
			return i + 1;
		} else if (b[i] < 0x20 || b[i] > 0x3f) {
			return i; /* no sequence: what follows stands for itself */
		}
	}
	return 0;
}

/* Decodes what begins with Esc. */
static size_t decode_escape(const struct input *in, key_code *key)
{
	const unsigned char *b = in->buf;
	if (in->len < 2)
		return 0;
	if (b[1] == '[')
		return decode_csi(b, in->len, key);
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
