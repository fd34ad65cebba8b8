/* unfold: folded stacks as text → stacks and their values.
 *
 * A line is `frame;frame;frame VALUE`, the root first: what ctop, stackcollapse-perf.pl, py-spy
 * (raw) and async-profiler (collapsed) write. Frames are any text without a semicolon; the value
 * is behind the last blank and may be decimal. CR LF, a missing last newline, empty lines and
 * comments ("# …") are accepted; any other line that is none is an error, told with its number.
 *
 * Takes bytes as they come, in any pieces; keeps one line at most (UNFOLD_LINE_MAX). Hostile
 * bytes are safe. Belongs to one thread.
 */
#ifndef CTOP_UNFOLD_H
#define CTOP_UNFOLD_H

#include "ctop/err.h"
#include "ctop/strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UNFOLD_LINE_MAX = 1 << 20, UNFOLD_FRAMES_MAX = 8192 };

/* Values are in millionths, so that decimal ones are kept; their sum fits 64 bits. */
#define UNFOLD_ONE UINT64_C(1000000)

struct unfold_frame {
	const char
	        *text; /* not NUL-terminated, as it stands in the file; borrowed during the call */
	size_t len;
};

struct unfold_stack {
	const struct unfold_frame *frames; /* root first; borrowed during the call */
	size_t count;                      /* at least 1 */
	uint64_t value;                    /* in millionths; at least 1 */
};

/* Takes one stack; anything but CTOP_OK ends the reading (*e gets what unfold_feed() returns). */
typedef enum ctop_err unfold_fn(void *ctx, const struct unfold_stack *s, struct err *e);

struct unfold {
	const char *name; /* of the file, for errors; borrowed */
	unfold_fn *fn;
	void *ctx;
	/* Private: */
	struct strbuf held;          /* the beginning of a line */
	struct unfold_frame *frames; /* of the line being read; owned */
	size_t frame_cap;
	uint64_t line, stacks, pairs, sum;
	bool decimal;
};

/* Starts reading; the caller sets nothing else in *u. */
void unfold_init(struct unfold *u, const char *name, unfold_fn *fn, void *ctx);
void unfold_fini(struct unfold *u);

/* Reads the next bytes. An error names file, line and cause; nothing may be fed after one. */
enum ctop_err unfold_feed(struct unfold *u, const void *bytes, size_t len, struct err *e);

/* The end of the file: reads a last line without a newline. */
enum ctop_err unfold_end(struct unfold *u, struct err *e);

#endif
