/* page: text laid over the view; see page.h. */
#include "page.h"

#include "ctop/vec.h"
#include "view.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void page_line(struct page *p)
{
	p->lines = vec_reserve(p->lines, &p->cap, p->count + 1, sizeof *p->lines);
	p->lines[p->count++] = (struct page_line){0};
}

void page_put(struct page *p, int col, int cells, int style, const char *fmt, ...)
{
	char text[2048];
	va_list ap;
	struct page_line *l = &p->lines[p->count - 1];
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	cells = cells > 0 ? cells : p->cols - col;
	l->pieces[l->count++] = (struct page_piece){p->text.len, col, cells, style};
	strbuf_adds(&p->text, text);
	strbuf_addc(&p->text, '\0');
}

static void build(struct screen *s, struct page *p)
{
	static void (*const builders[])(struct screen *, struct page *) = {
	        [OVERLAY_HELP] = help_build,
	        [OVERLAY_QUALITY] = quality_build,
	        [OVERLAY_PLACES] = places_build,
	};
	*p = (struct page){.cols = s->cols};
	builders[s->overlay](s, p);
}

static void fini(struct page *p)
{
	strbuf_fini(&p->text);
	free(p->lines);
}

/* --- drawing ------------------------------------------------------------------------------ */

static void draw_line(const struct screen *s, const struct page *p, struct surface *out, int row,
                      const struct page_line *l)
{
	for (int i = 0; i < l->count; i++) {
		const struct page_piece *q = &l->pieces[i];
		if (q->style == STYLE_HEADING)
			surface_fill(out, row, 0, out->cols, STYLE_HEADING, " ");
		search_draw_text(s, out, row, q->col, q->cells, q->style, p->text.data + q->at);
	}
}

void page_draw(struct screen *s, struct surface *out, struct area a)
{
	struct page p;
	struct list *l = &s->overlay_list;
	int page = a.rows - 1;
	build(s, &p);
	size_t most = p.count > (size_t)page ? p.count - (size_t)page : 0;
	list_fit(l, most + 1, 1);
	l->page = page;
	surface_fill(out, a.row, 0, a.cols, STYLE_HEADING, " ");
	surface_ellipsis(out, a.row, 0, a.cols, STYLE_HEADING, p.heading);
	for (int i = 0; i < page && l->cursor + (size_t)i < p.count; i++) {
		size_t at = l->cursor + (size_t)i;
		draw_line(s, &p, out, a.row + 1 + i, &p.lines[at]);
		if (s->search.on && s->search.page_line == at)
			view_mark_cursor(out, a.row + 1 + i, a.cols);
	}
	fini(&p);
}

/* --- search ------------------------------------------------------------------------------- */

static bool line_matches(struct screen *s, const void *ctx, size_t row)
{
	const struct page *p = ctx;
	const struct page_line *l = &p->lines[row];
	for (int i = 0; i < l->count; i++)
		if (search_text_matches(s, p->text.data + l->pieces[i].at))
			return true;
	return false;
}

/* From what was found last or, after scrolling, from the top of what is seen. */
enum search_result page_find(struct screen *s, enum search_way way)
{
	struct page p;
	size_t *found = &s->search.page_line;
	struct list *l = &s->overlay_list;
	build(s, &p);
	bool here = *found < p.count;
	struct list lines = {.cursor = here ? *found : l->cursor, .count = p.count};
	if (!here && way == SEARCH_NEXT)
		way = SEARCH_HERE;
	enum search_result r = search_rows(s, &lines, way, line_matches, &p, found);
	fini(&p);
	if (r == SEARCH_NONE)
		return r;
	size_t page = l->page > 0 ? (size_t)l->page : 1;
	if (*found < l->cursor || *found >= l->cursor + page)
		l->cursor = *found > page / 3 ? *found - page / 3 : 0;
	return r;
}
