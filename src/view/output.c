/* output: what a launched command has printed, as a page that follows its end. */
#include "ctop/typescript.h"
#include "view.h"

#include <stdio.h>

void output_fini(struct output_state *o)
{
	typescript_free(o->text);
}

bool screen_wants_output(const struct screen *s)
{
	return s->overlay == OVERLAY_OUTPUT;
}

void screen_output(struct screen *s, const char *bytes, size_t len)
{
	if (s->output.text == NULL)
		s->output.text = typescript_new();
	typescript_feed(s->output.text, bytes, len);
}

struct action output_open(struct screen *s, const struct screen_facts *facts)
{
	if (!facts->launched) {
		view_say(s, "no command was launched whose output is kept: ctop -- COMMAND");
		return view_handled();
	}
	if (s->output.text == NULL)
		s->output.text = typescript_new();
	s->overlay = OVERLAY_OUTPUT;
	s->output.scrolled = false;
	return view_handled();
}

void output_draw(struct screen *s, struct surface *out, struct area a)
{
	struct output_state *o = &s->output;
	size_t page = a.rows > 1 ? (size_t)a.rows - 1 : 1, n = typescript_count(o->text);
	size_t most = n > page ? n - page : 0;
	if (!o->scrolled || o->top >= most)
		o->top = most;
	o->page = page;
	o->most = most;
	surface_fill(out, a.row, 0, a.cols, STYLE_HEADING, " ");
	surface_printf(out, a.row, 0, a.cols, STYLE_HEADING, " OUTPUT · %zu line%s · %s", n,
	               n == 1 ? "" : "s",
	               o->top < most ? "End follows, any other key closes"
	                             : "arrows scroll, any other key closes");
	for (size_t i = 0; (int)i < a.rows - 1 && o->top + i < n; i++)
		surface_ellipsis(out, a.row + 1 + (int)i, 0, a.cols, STYLE_TEXT,
		                 typescript_line(o->text, o->top + i));
}

/* Scrolls; what is no movement closes. At the end the page follows again. */
struct action output_key(struct screen *s, enum act act)
{
	struct output_state *o = &s->output;
	struct list l = {.cursor = o->top, .count = o->most + 1, .page = (int)o->page};
	if (act == ACT_QUIT || !list_move(&l, act)) {
		s->overlay = OVERLAY_NONE;
		return view_handled();
	}
	o->top = l.cursor;
	o->scrolled = o->top < o->most;
	return view_handled();
}
