/* theme: what each style looks like, by the colours a terminal has. Pure data. */
#ifndef CTOP_THEME_H
#define CTOP_THEME_H

#include <stdbool.h>

enum { THEME_DEFAULT = -1 }; /* the terminal's own colour */

enum theme_attr {
	THEME_BOLD = 1 << 0,
	THEME_DIM = 1 << 1,
	THEME_REVERSE = 1 << 2,
	THEME_UNDERLINE = 1 << 3,
};

struct theme_look {
	short fg, bg; /* colour numbers or THEME_DEFAULT */
	unsigned attr;
};

/* The look of a style (enum style, without flags) on a terminal with `colors`
 * colours (0: none). */
struct theme_look theme_look(int style, int colors);

#endif
