/* ptyterm: a program in a real pseudo-terminal, its screen kept by libvterm.
 *
 * Every wait is for a condition, with a deadline; nothing sleeps for its own sake.
 */
#ifndef CTOP_TESTS_PTYTERM_H
#define CTOP_TESTS_PTYTERM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct pty;

/* Starts argv (NULL-terminated) in a terminal of that size, with TERM and further
 * environment entries ("NAME=value", NULL-terminated list, may be NULL). */
struct pty *pty_start(char *const *argv, int rows, int cols, const char *term, char *const *env);

/* Kills what still runs; frees. */
void pty_free(struct pty *p);

pid_t pty_pid(const struct pty *p);

/* Types text; "\x1b" is Esc, "\r" Enter. */
void pty_type(struct pty *p, const char *text);

/* Another size, with SIGWINCH. */
void pty_resize(struct pty *p, int rows, int cols);

/* While stopped nothing is read: the terminal blocks. */
void pty_stop_reading(struct pty *p, bool stopped);

/* Reads until `text` is on the screen, or for `seconds`; whether it came. */
bool pty_wait_text(struct pty *p, const char *text, int seconds);

/* Reads until `text` is in that row. */
bool pty_wait_row(struct pty *p, int row, const char *text, int seconds);

/* Reads until it is not. */
bool pty_wait_gone(struct pty *p, const char *text, int seconds);

/* Reads until the program has ended; false at the deadline. *status: wait status. */
bool pty_wait_exit(struct pty *p, int seconds, int *status);

/* The screen as text, rows ended by newlines, in memory the caller frees. */
char *pty_screen(struct pty *p);

/* Text of one row without trailing blanks, in memory the caller frees. */
char *pty_row(struct pty *p, int row);

/* Colours: the number of different foregrounds and backgrounds on the screen. */
int pty_colors(struct pty *p);

/* Whether the program uses the alternate screen, and shows the cursor. */
bool pty_alternate(const struct pty *p);
bool pty_cursor(const struct pty *p);

/* What of the mouse is reported: 0 nothing, 1 clicks. */
int pty_mouse(const struct pty *p);

/* Whether the terminal is in raw mode. */
bool pty_raw(const struct pty *p);

#endif
