/* help: the key table as a page. */
#include "view.h"

#include <stddef.h>

static const char *const preface[] = {
        "",
        " self: time in the function itself; total: with what it calls (recursion counted once).",
        " Seconds are CPU time by weight of samples. Colours: own code, library, kernel, JIT.",
        "",
};
enum { PREFACE = sizeof preface / sizeof preface[0] };

static unsigned key_lines(void)
{
	const char *keys;
	unsigned n = 0;
	while (screen_key_help(n, &keys) != NULL)
		n++;
	return n;
}

void help_draw(struct screen *s, struct surface *out, struct area a)
{
	unsigned lines = key_lines() + PREFACE;
	struct list *l = &s->overlay_list;
	int page = a.rows - 1;
	/* A page to read: the whole page moves, there is no cursor. */
	size_t most = lines > (unsigned)page ? lines - (unsigned)page : 0;
	list_fit(l, most + 1, 1);
	surface_fill(out, a.row, 0, a.cols, STYLE_HEADING, " ");
	surface_ellipsis(out, a.row, 0, a.cols, STYLE_HEADING,
	                 " KEYS · arrows scroll, any other key closes");
	for (int i = 0; i < page && l->cursor + (size_t)i < lines; i++) {
		unsigned line = (unsigned)l->cursor + (unsigned)i;
		const char *keys;
		if (line >= key_lines()) {
			surface_ellipsis(out, a.row + 1 + i, 0, a.cols, STYLE_DIM,
			                 preface[line - key_lines()]);
			continue;
		}
		const char *what = screen_key_help(line, &keys);
		surface_text(out, a.row + 1 + i, 2, 14, STYLE_KEY, keys);
		surface_ellipsis(out, a.row + 1 + i, 17, a.cols - 17, STYLE_TEXT, what);
	}
}
