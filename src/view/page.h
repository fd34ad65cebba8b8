/* page: text laid over the view to be read: help, data quality, places. Private to view.
 *
 * Built anew for each drawing and each search: a line is one or two pieces of text. A page has no
 * cursor: the whole of it moves; what a search found last is marked.
 */
#ifndef CTOP_VIEW_PAGE_H
#define CTOP_VIEW_PAGE_H

#include "ctop/strbuf.h"

#include <stddef.h>

struct area;
struct screen;
struct surface;

struct page_piece {
	size_t at; /* of its text, NUL-terminated */
	int col, cells, style;
};

struct page_line {
	struct page_piece pieces[2];
	int count;
};

struct page {
	int cols; /* to lay out for */
	char heading[200];
	struct strbuf text;
	struct page_line *lines;
	size_t count, cap;
};

/* Begins a line; puts a piece of text on it, at most `cells` wide, 0: to the end. */
void page_line(struct page *p);
void page_put(struct page *p, int col, int cells, int style, const char *fmt, ...)
        __attribute__((format(printf, 5, 6)));

void page_draw(struct screen *s, struct surface *out, struct area area);

/* --- help.c, quality.c, places.c --- */
void help_build(struct screen *s, struct page *p);
void quality_build(struct screen *s, struct page *p);
void places_build(struct screen *s, struct page *p);

#endif
