/* term: the terminal: drawing a surface, reading keys, and restoring it on every way
 * out.
 *
 * curses never touches the terminal itself: it draws into memory, and each frame is
 * sent through an own non-blocking descriptor, so that a terminal that is not read
 * blocks nothing. No new frame is made before the last one is out. One terminal a
 * process; belongs to the UI thread.
 */
#ifndef CTOP_TERM_H
#define CTOP_TERM_H

#include "ctop/err.h"
#include "ctop/key.h"

#include <stdbool.h>

struct mouse_event;
struct surface;
struct term;

struct term_options {
	bool no_color;     /* --color never */
	bool always_color; /* --color always: NO_COLOR is not heeded */
};

/* Whether there is a terminal to take: standard input and output are one. Sets *e
 * when not. */
bool term_possible(struct err *e);

/* Takes the terminal: raw mode, alternate screen, cursor off; installs handlers that
 * restore it on fatal signals. Fails when there is none or TERM is unknown. */
enum ctop_err term_open(struct term **out, const struct term_options *o, struct err *e);

/* Restores the terminal and frees. Waits at most a third of a second for one that
 * blocks. NULL is allowed. */
void term_close(struct term *t);

/* Whether only 7-bit characters can be shown (the locale is not UTF-8). */
bool term_is_ascii(const struct term *t);

/* The size now in force; re-read after SIGWINCH by term_resize(). */
void term_size(const struct term *t, int *rows, int *cols);
void term_resize(struct term *t);

/* Sends a frame; false when the last one is not out yet (draw again later). */
bool term_draw(struct term *t, const struct surface *s);

/* The next frame repaints every cell. */
void term_redraw(struct term *t);

/* The descriptor to poll: for input always, for output while term_busy(). */
int term_fd(const struct term *t);
bool term_busy(const struct term *t);

/* Sends more of the frame in flight. */
void term_pump(struct term *t);

/* Reads what has come. False at the end of input (the terminal is gone). */
bool term_read(struct term *t);

/* The next key read; `expired`: the wait for the rest of a sequence is over. */
bool term_key(struct term *t, bool expired, key_code *key);

/* The event of the mouse that the last KEY_CODE_MOUSE stands for; its count is 1. */
struct mouse_event term_mouse(const struct term *t);

/* Has the terminal report the mouse, as it does from the start, or no longer; false: it has none.
 */
bool term_set_mouse(struct term *t, bool on);

/* Whether an unfinished key waits for INPUT_ESCAPE_MS. */
bool term_key_pending(const struct term *t);

/* Gives the terminal back, stops the process, takes it again when continued. */
void term_suspend(struct term *t);

#endif
