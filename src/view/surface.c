/* surface: a grid of cells; see surface.h. */
#include "ctop/surface.h"

#include "ctop/mem.h"
#include "ctop/strbuf.h"
#include "ctop/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void surface_resize(struct surface *s, int rows, int cols)
{
	s->rows = rows > 0 ? rows : 0;
	s->cols = cols > 0 ? cols : 0;
	s->cells = mem_realloc(s->cells, (size_t)s->rows * (size_t)s->cols + 1, sizeof *s->cells);
	surface_clear(s);
}

void surface_fini(struct surface *s)
{
	free(s->cells);
	*s = (struct surface){0};
}

static struct cell *cell_at(struct surface *s, int row, int col)
{
	return &s->cells[(size_t)row * (size_t)s->cols + (size_t)col];
}

static bool inside(const struct surface *s, int row, int col)
{
	return row >= 0 && row < s->rows && col >= 0 && col < s->cols;
}

void surface_clear(struct surface *s)
{
	static const struct cell blank = {.text = " ", .style = STYLE_TEXT, .width = 1};
	for (size_t i = 0; i < (size_t)s->rows * (size_t)s->cols; i++)
		s->cells[i] = blank;
}

/* What stands for a character where only 7 bits may be drawn. */
static char ascii_for(uint32_t cp)
{
	static const struct {
		uint32_t cp;
		char ch;
	} table[] = {
	        {0x25be, 'v'}, {0x25b8, '>'}, {0x203a, '>'}, {0x2026, '~'}, {0x00b7, '-'},
	        {0x2502, '|'}, {0x25bc, 'v'}, {0x25b2, '^'}, {0x2500, '-'}, {0x202f, ' '},
	        {0x2581, '.'}, {0x2582, ':'}, {0x2583, '-'}, {0x2584, '='}, {0x2585, '+'},
	        {0x2586, '*'}, {0x2587, '%'}, {0x2588, '#'}, {0x2192, '>'}, {0x2190, '<'},
	        {0x2191, '^'}, {0x2193, 'v'}, {0x00b5, 'u'}, {0x2591, '.'}, {0x2592, 'o'},
	        {0x2593, 'O'}, {0x258f, '|'}, {0x2503, '|'}, {0x0394, 'd'}, {0x2013, '-'},
	        {0x2265, '>'},
	};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (table[i].cp == cp)
			return table[i].ch;
	return '?';
}

static void put_cell(struct surface *s, int row, int col, int style, const char *text, size_t len,
                     int width)
{
	if (!inside(s, row, col))
		return;
	struct cell *c = cell_at(s, row, col);
	memcpy(c->text, text, len);
	c->text[len] = '\0';
	c->style = (uint16_t)style;
	c->width = (uint8_t)width;
	if (width == 2 && inside(s, row, col + 1))
		*cell_at(s, row, col + 1) = (struct cell){.style = (uint16_t)style};
}

/* A zero-width character joins the cell before it, if there is room. */
static void join_cell(struct surface *s, int row, int col, const char *text, size_t len)
{
	if (!inside(s, row, col))
		return;
	struct cell *c = cell_at(s, row, col);
	size_t have = strlen(c->text);
	if (have + len < sizeof c->text) {
		memcpy(c->text + have, text, len);
		c->text[have + len] = '\0';
	}
}

int surface_text(struct surface *s, int row, int col, int cells, int style, const char *text)
{
	size_t len = strlen(text);
	int used = 0;
	for (size_t at = 0; at < len;) {
		uint32_t cp;
		char out[4];
		at += utf8_decode(text + at, len - at, &cp);
		if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
			cp = '?';
		if (s->ascii && cp > 0x7e)
			cp = (uint32_t)ascii_for(cp);
		int width = utf8_width(cp);
		size_t n = utf8_encode(cp, out);
		if (width == 0) {
			join_cell(s, row, col + used - 1, out, n);
			continue;
		}
		if (used + width > cells || col + used + width > s->cols)
			break;
		put_cell(s, row, col + used, style, out, n, width);
		used += width;
	}
	return used;
}

int surface_ellipsis(struct surface *s, int row, int col, int cells, int style, const char *text)
{
	int room = cells < s->cols - col ? cells : s->cols - col;
	if (room <= 0)
		return 0;
	if (utf8_str_width(text) <= (size_t)room)
		return surface_text(s, row, col, room, style, text);
	int used = surface_text(s, row, col, room - 1, style, text);
	return used + surface_text(s, row, col + used, 1, style, "…");
}

void surface_right(struct surface *s, int row, int col, int cells, int style, const char *text)
{
	int width = (int)utf8_str_width(text);
	int skip = width < cells ? cells - width : 0;
	surface_text(s, row, col + skip, cells - skip, style, text);
}

int surface_printf(struct surface *s, int row, int col, int cells, int style, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return surface_text(s, row, col, cells, style, text);
}

void surface_fill(struct surface *s, int row, int col, int cells, int style, const char *ch)
{
	for (int i = 0; i < cells; i++)
		surface_text(s, row, col + i, 1, style, ch);
}

char *surface_row_text(const struct surface *s, int row)
{
	struct strbuf b = {0};
	size_t end = 0;
	strbuf_adds(&b, "");
	for (int col = 0; col < s->cols; col++) {
		const struct cell *c = &s->cells[(size_t)row * (size_t)s->cols + (size_t)col];
		strbuf_adds(&b, c->text);
		if (c->width > 0 && strcmp(c->text, " ") != 0)
			end = b.len;
	}
	b.data[end] = '\0';
	return b.data;
}
