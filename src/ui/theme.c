/* theme: looks of styles; see theme.h.
 *
 * Three columns: 256 colours, 8 or 16, none. What matters must be told by text or
 * place, too: without colours only weight and reverse are left.
 */
#include "ctop/theme.h"

#include "ctop/surface.h"

struct row {
	struct theme_look many, few;
	unsigned mono;
};

enum { D = THEME_DEFAULT };

static const struct row rows[STYLE_COUNT] = {
        [STYLE_TEXT] = {{D, D, 0}, {D, D, 0}, 0},
        [STYLE_DIM] = {{245, D, 0}, {D, D, 0}, 0},
        [STYLE_TITLE] = {{252, 237, 0}, {7, 4, 0}, THEME_REVERSE},
        [STYLE_WARN] = {{214, 237, THEME_BOLD}, {3, 4, THEME_BOLD}, THEME_BOLD | THEME_UNDERLINE},
        [STYLE_TAB] = {{248, D, 0}, {D, D, 0}, 0},
        [STYLE_TAB_ON] = {{231, 25, THEME_BOLD}, {7, 6, THEME_BOLD}, THEME_REVERSE},
        [STYLE_HEADING] = {{250, 236, 0}, {0, 7, 0}, THEME_UNDERLINE},
        [STYLE_HEADING_ON] = {{231, 236, THEME_BOLD},
                              {0, 7, THEME_BOLD},
                              THEME_UNDERLINE | THEME_BOLD},
        [STYLE_NUMBER] = {{252, D, 0}, {D, D, 0}, 0},
        [STYLE_HOT] = {{209, D, THEME_BOLD}, {1, D, THEME_BOLD}, THEME_BOLD},
        [STYLE_STRIP] = {{74, D, 0}, {6, D, 0}, 0},
        [STYLE_KEY] = {{117, D, THEME_BOLD}, {6, D, THEME_BOLD}, THEME_BOLD},
        [STYLE_OWN] = {{255, D, 0}, {D, D, 0}, 0},
        [STYLE_LIBRARY] = {{151, D, 0}, {2, D, 0}, 0},
        [STYLE_INLINED] = {{109, D, 0}, {6, D, 0}, 0},
        [STYLE_KERNEL] = {{180, D, 0}, {3, D, 0}, 0},
        [STYLE_JIT] = {{176, D, 0}, {5, D, 0}, 0},
        [STYLE_MARK] = {{203, D, 0}, {1, D, 0}, THEME_UNDERLINE},
        [STYLE_PROCESS] = {{117, D, THEME_BOLD}, {6, D, THEME_BOLD}, THEME_BOLD},
        [STYLE_MESSAGE] = {{157, D, 0}, {2, D, 0}, THEME_BOLD},
        [STYLE_ERROR] = {{231, 124, THEME_BOLD}, {7, 1, THEME_BOLD}, THEME_REVERSE},
        [STYLE_MATCH] = {{231, 127, THEME_BOLD},
                         {7, 5, THEME_BOLD | THEME_UNDERLINE},
                         THEME_BOLD | THEME_UNDERLINE},
        [STYLE_GREW] = {{203, D, THEME_BOLD}, {1, D, THEME_BOLD}, THEME_BOLD},
        [STYLE_SHRANK] = {{75, D, THEME_BOLD}, {4, D, THEME_BOLD}, THEME_BOLD},
        [STYLE_FLAME0] = {{233, 216, 0}, {0, 3, 0}, 0},
        [STYLE_FLAME0 + 1] = {{233, 222, 0}, {0, 6, 0}, 0},
        [STYLE_FLAME0 + 2] = {{233, 210, 0}, {0, 2, 0}, 0},
        [STYLE_FLAME0 + 3] = {{233, 180, 0}, {0, 5, 0}, 0},
        [STYLE_FLAME0 + 4] = {{233, 186, 0}, {7, 4, 0}, 0},
        [STYLE_FLAME0 + 5] = {{233, 223, 0}, {0, 7, 0}, 0},
        [STYLE_FLAME0 + 6] = {{233, 174, 0}, {7, 1, 0}, 0},
        [STYLE_FLAME7] = {{233, 144, 0}, {0, 3, 0}, 0},
};

struct theme_look theme_look(int style, int colors)
{
	const struct row *r = &rows[style >= 0 && style < STYLE_COUNT ? style : STYLE_TEXT];
	if (colors >= 256)
		return r->many;
	if (colors >= 8)
		return r->few;
	return (struct theme_look){THEME_DEFAULT, THEME_DEFAULT, r->mono};
}
