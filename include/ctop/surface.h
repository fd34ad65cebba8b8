/* surface: a grid of cells that views draw on.
 *
 * Knows nothing of terminals: the ui layer copies it to one, tests print it as
 * text. Coordinates are cells from the top left, (row, column), from 0; drawing
 * outside is clipped. Belongs to the UI thread.
 */
#ifndef CTOP_SURFACE_H
#define CTOP_SURFACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a cell means; the theme turns it into colour and attributes. Colour never
 * carries meaning alone. */
enum style {
	STYLE_TEXT,
	STYLE_DIM,        /* secondary text, ascii rules */
	STYLE_TITLE,      /* the header line */
	STYLE_WARN,       /* a figure that wants attention */
	STYLE_TAB,        /* a tab */
	STYLE_TAB_ON,     /* the current tab */
	STYLE_HEADING,    /* column headings */
	STYLE_HEADING_ON, /* the sorted column */
	STYLE_NUMBER,
	STYLE_HOT,   /* a large share */
	STYLE_STRIP, /* the time strip, sparklines */
	STYLE_KEY,   /* a key's name in the foot line */
	STYLE_OWN,   /* names: the target's own code */
	STYLE_LIBRARY,
	STYLE_INLINED,
	STYLE_KERNEL,
	STYLE_JIT,
	STYLE_MARK, /* "[truncated …]" */
	STYLE_PROCESS,
	STYLE_MESSAGE,
	STYLE_ERROR,
	STYLE_MATCH, /* what a search found */
	STYLE_GREW,  /* differences that are more than chance */
	STYLE_SHRANK,
	STYLE_FLAME0, /* flame cells: eight hues, chosen by function */
	STYLE_FLAME7 = STYLE_FLAME0 + 7,
	STYLE_COUNT,
};
enum {
	STYLE_BOLD = 0x100,    /* or-ed to a style */
	STYLE_REVERSE = 0x200, /* selected */
	STYLE_UNDERLINE = 0x400,
	STYLE_MASK = 0xff,
};

struct cell {
	char text[8];   /* one character with what combines with it, UTF-8, NUL-terminated; "" in
	                   the second half of a wide one */
	uint16_t style; /* enum style | flags */
	uint8_t width;  /* 1, 2; 0 in the second half */
};

struct surface {
	struct cell *cells; /* rows × cols, row by row; owned */
	int rows, cols;
	bool ascii; /* only 7-bit characters may be drawn */
};

/* Zero-initialised is an empty surface. */
void surface_resize(struct surface *s, int rows, int cols);
void surface_fini(struct surface *s);

/* Fills with blanks of STYLE_TEXT. */
void surface_clear(struct surface *s);

/* Draws `text` from (row, col), at most `cells` wide; the rest of `cells` is not
 * touched. Control and malformed bytes are replaced. With ascii set, what is not
 * 7-bit is replaced by a look-alike or '?'. Returns the cells used. */
int surface_text(struct surface *s, int row, int col, int cells, int style, const char *text);

/* The same, truncated with "…" ("~" in ascii) when it does not fit. */
int surface_ellipsis(struct surface *s, int row, int col, int cells, int style, const char *text);

/* Right-aligned in `cells`. */
void surface_right(struct surface *s, int row, int col, int cells, int style, const char *text);

/* printf to (row, col), clipped to `cells`. Returns the cells used. */
int surface_printf(struct surface *s, int row, int col, int cells, int style, const char *fmt, ...)
        __attribute__((format(printf, 6, 7)));

/* Fills a run of cells with one character. */
void surface_fill(struct surface *s, int row, int col, int cells, int style, const char *ch);

/* The text of a row without trailing blanks, in memory the caller frees. */
char *surface_row_text(const struct surface *s, int row);

#endif
