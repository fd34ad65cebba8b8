/* input: bytes from a terminal → keys and presses of the mouse.
 *
 * Understands what xterm, the Linux console, rxvt, tmux and screen send, mouse reports in SGR
 * (1006), rxvt's (1015) and xterm's first form; swallows
 * sequences it does not know. Any bytes are safe. Belongs to the UI thread.
 */
#ifndef CTOP_INPUT_H
#define CTOP_INPUT_H

#include "ctop/key.h"
#include "ctop/mouse.h"

#include <stdbool.h>
#include <stddef.h>

/* Bytes not decoded yet. Zero-initialised is empty. */
struct input {
	unsigned char buf[256];
	size_t len;
	struct mouse_event mouse; /* of the last KEY_CODE_MOUSE; its count is 1 */
};

/* Milliseconds after which a lone Esc is the Esc key and no sequence's beginning. */
enum { INPUT_ESCAPE_MS = 25 };

/* Adds bytes; returns how many were taken (fewer when the buffer is full). */
size_t input_feed(struct input *in, const void *bytes, size_t len);

/* The next key; false when the bytes are used up or end inside a sequence. With
 * `expired` an unfinished sequence is taken for the keys it is made of. */
bool input_next(struct input *in, bool expired, key_code *key);

/* Whether an unfinished sequence waits for more bytes. */
bool input_pending(const struct input *in);

#endif
