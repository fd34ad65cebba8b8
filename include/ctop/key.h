/* key: one key press as the terminal layer hands it on. */
#ifndef CTOP_KEY_H
#define CTOP_KEY_H

#include <stdint.h>

/* A Unicode code point (control characters included: Ctrl-L is 0x0c, Enter is
 * KEY_CODE_ENTER, Esc is 0x1b, Tab 0x09), or one of these. */
typedef uint32_t key_code;

enum {
	KEY_CODE_BASE = 0x110000, /* beyond Unicode */
	KEY_CODE_UP,
	KEY_CODE_DOWN,
	KEY_CODE_LEFT,
	KEY_CODE_RIGHT,
	KEY_CODE_PGUP,
	KEY_CODE_PGDN,
	KEY_CODE_HOME,
	KEY_CODE_END,
	KEY_CODE_ENTER,
	KEY_CODE_BACKTAB,
	KEY_CODE_BACKSPACE,
	KEY_CODE_DELETE,
	KEY_CODE_RESIZE,    /* the terminal has another size */
	KEY_CODE_PASTE,     /* what follows was pasted, */
	KEY_CODE_PASTE_END, /* until here */
	KEY_CODE_MOUSE,     /* no key: an event of the mouse, kept beside it */
	KEY_CODE_F0,        /* F1 is KEY_CODE_F0 + 1, up to F12 */
	KEY_CODE_F12 = KEY_CODE_F0 + 12,
};

enum { KEY_CODE_ESC = 0x1b, KEY_CODE_TAB = 0x09 };
#define KEY_CODE_CTRL(c) ((key_code)(c)&0x1f)

#endif
