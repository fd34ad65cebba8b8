/* help: the key table as a page. */
#include "page.h"
#include "view.h"

#include <stdio.h>

static const char *const preface[] = {
        "",
        " self: time in the function itself; total: with what it calls (recursion counted once).",
        " Seconds are CPU time by weight of samples. Colours: own code, library, kernel, JIT.",
        "",
};

void help_build(struct screen *s, struct page *p)
{
	const char *keys, *what;
	(void)s;
	snprintf(p->heading, sizeof p->heading,
	         " KEYS · arrows scroll, / searches, any other key closes");
	for (unsigned i = 0; (what = screen_key_help(i, &keys)) != NULL; i++) {
		page_line(p);
		page_put(p, 2, 14, STYLE_KEY, "%s", keys);
		page_put(p, 17, 0, STYLE_TEXT, "%s", what);
	}
	char usage[64];
	page_line(p);
	for (unsigned i = 0; (what = screen_command_help(i, usage, sizeof usage)) != NULL; i++) {
		page_line(p);
		page_put(p, 2, 18, STYLE_KEY, "%s", usage);
		page_put(p, 21, 0, STYLE_TEXT, "%s", what);
	}
	for (size_t i = 0; i < sizeof preface / sizeof preface[0]; i++) {
		page_line(p);
		page_put(p, 0, 0, STYLE_DIM, "%s", preface[i]);
	}
}
