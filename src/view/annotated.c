/* annotated: one function's source or instructions with what was counted there, as a page over the
 * view; live while it is open. Rows are laid out anew at each drawing: a function has a few
 * thousand at most that are worth looking at.
 */
#include "annotated.h"

#include "ctop/mem.h"
#include "ctop/utf8.h"
#include "ctop/vec.h"
#include "format.h"
#include "view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AROUND = 3, SHARE = 7, NUMBER = 8, NARROW = 60, TEXT_MOST = 2048 };

static void add(struct annotated_rows *r, struct annotated_row row)
{
	r->all = vec_reserve(r->all, &r->cap, r->count + 1, sizeof *r->all);
	r->all[r->count++] = row;
}

static void add_lines(struct annotated_rows *r, const struct detail *d)
{
	const struct listing_file *f = &d->listing->files[d->listing->main_file];
	uint32_t first, last;
	if (!detail_line_range(d, &first, &last))
		return;
	first = first > AROUND ? first - AROUND : 1;
	last = last + AROUND < f->line_count ? last + AROUND : f->line_count;
	for (uint32_t i = first; i <= last; i++)
		add(r, (struct annotated_row){ROW_LINE, i});
}

static void add_insns(struct annotated_rows *r, const struct listing *l)
{
	for (size_t i = 0; i < l->insn_count; i++) {
		bool known = l->insns[i].inner_file != LISTING_NO_FILE;
		if (known && (i == 0 || !listing_same_place(&l->insns[i], &l->insns[i - 1])))
			add(r, (struct annotated_row){ROW_PLACE, i});
		add(r, (struct annotated_row){ROW_INSN, i});
	}
}

static bool has_source(const struct detail *d)
{
	const struct listing *l = d->listing;
	return l->main_file != LISTING_NO_FILE && l->files[l->main_file].line_count > 0;
}

static struct detail_counts counts_of(const struct detail *d, const struct annotated_row *row)
{
	if (row->kind == ROW_INSN)
		return d->insns[row->at];
	bool counted = row->kind == ROW_LINE && row->at <= d->line_count;
	return counted ? d->lines[row->at - 1] : (struct detail_counts){0};
}

static size_t hottest(const struct detail *d, const struct annotated_rows *r)
{
	size_t best = 0;
	for (size_t i = 1; i < r->count; i++) {
		struct detail_counts a = counts_of(d, &r->all[i]), b = counts_of(d, &r->all[best]);
		if (a.self_ns > b.self_ns || (a.self_ns == b.self_ns && a.total_ns > b.total_ns))
			best = i;
	}
	return best;
}

struct annotated_rows annotated_rows(struct screen *s)
{
	struct annotated_state *t = &s->annotated;
	struct annotated_rows r = {0};
	const struct detail *d = t->detail;
	if (d == NULL || d->listing == NULL)
		return r;
	if (!t->started && !has_source(d))
		t->code = true;
	if (t->code)
		add_insns(&r, d->listing);
	else if (has_source(d))
		add_lines(&r, d);
	if (!t->started && r.count > 0) {
		s->overlay_list.cursor = hottest(d, &r);
		t->started = true;
	}
	return r;
}

/* --- drawing -----------------------------------------------------------------------------------
 */

static void draw_share(struct surface *out, int row, int col, uint64_t ns, uint64_t whole)
{
	char text[32];
	format_percent(text, sizeof text, ns, whole);
	if (ns > 0)
		surface_right(out, row, col, SHARE, ns * 10 >= whole ? STYLE_HOT : STYLE_NUMBER,
		              text);
}

static void write_place(const struct listing *l, const struct listing_insn *in, char *out,
                        size_t cap)
{
	const struct listing_file *f = &l->files[in->inner_file];
	const char *source = "";
	if (in->inner_line > 0 && in->inner_line <= f->line_count)
		source = f->lines[in->inner_line - 1] + strspn(f->lines[in->inner_line - 1], " ");
	snprintf(out, cap, "%s:%u%s%.300s%s  %s", basename(f->path), in->inner_line,
	         in->inlined[0] != '\0' ? " (" : "", in->inlined,
	         in->inlined[0] != '\0' ? ", inlined)" : "", source);
}

static void write_insn(const struct listing_insn *in, char *out, size_t cap)
{
	bool named = in->target_name[0] != '\0';
	snprintf(out, cap, "%s%8" PRIx64 "  %s%s%.300s%s", in->is_target ? ">" : " ", in->addr,
	         in->text, named ? "  <" : "", in->target_name, named ? ">" : "");
}

void annotated_write(const struct detail *d, const struct annotated_row *row, char *out, size_t cap)
{
	const struct listing *l = d->listing;
	if (row->kind == ROW_LINE)
		snprintf(out, cap, "%s", l->files[l->main_file].lines[row->at - 1]);
	else if (row->kind == ROW_INSN)
		write_insn(&l->insns[row->at], out, cap);
	else
		write_place(l, &l->insns[row->at], out, cap);
}

static void draw_row(const struct screen *s, struct surface *out, int at,
                     const struct annotated_row *row)
{
	const struct detail *d = s->annotated.detail;
	struct detail_counts n = counts_of(d, row);
	char text[TEXT_MOST];
	int col = 0, style = row->kind == ROW_PLACE ? STYLE_DIM : STYLE_TEXT;
	if (out->cols >= NARROW) {
		draw_share(out, at, col, n.self_ns, d->whole_ns);
		col += SHARE + 1;
	}
	draw_share(out, at, col, n.total_ns, d->whole_ns);
	col += SHARE + 1;
	if (row->kind == ROW_LINE) {
		surface_printf(out, at, col, NUMBER, STYLE_DIM, "%6zu", row->at);
		col += NUMBER;
	}
	annotated_write(d, row, text, sizeof text);
	search_draw_text(s, out, at, col, out->cols - col, style, text);
}

/* What the keys do, in at most `cells`: "" when that is not enough. */
static void write_hint(const struct screen *s, char *out, size_t cap, int cells)
{
	const struct annotated_state *t = &s->annotated;
	const char *other = t->code ? "source" : "instructions";
	char back[160] = "Esc closes", name[FORMAT_NAME_MAX];
	if (t->visit_count > 0)
		snprintf(back, sizeof back, "Esc back to %.100s",
		         format_name(snapshot_func(s->shown, t->visits[t->visit_count - 1].func),
		                     name));
	snprintf(out, cap, " a %s · Enter follows a call · %s ", other, back);
	if ((int)utf8_str_width(out) > cells)
		snprintf(out, cap, " a %s · Enter follows · Esc back ", other);
	if ((int)utf8_str_width(out) > cells)
		snprintf(out, cap, " a %s · Enter · Esc ", other);
	if ((int)utf8_str_width(out) > cells)
		out[0] = '\0';
}

/* The function and its file, whose directory gives way first. */
static void write_title(const struct screen *s, char *out, size_t cap, int cells)
{
	const char *columns = s->cols >= NARROW ? "  SELF%  TOTAL%  " : " TOTAL%  ";
	const struct annotated_state *t = &s->annotated;
	const struct detail *d = t->detail;
	char name[FORMAT_NAME_MAX];
	bool sourced = !t->code && d != NULL && d->listing != NULL && has_source(d);
	const char *place = t->code   ? "instructions"
	                    : sourced ? d->listing->files[d->listing->main_file].path
	                              : "";
	const char *what = format_name(snapshot_func(s->shown, t->func), name);
	for (int i = 0; i < 2; i++) {
		snprintf(out, cap, "%s%.200s%s%.200s", columns, what, place[0] != '\0' ? " · " : "",
		         place);
		if ((int)utf8_str_width(out) <= cells)
			return;
		place = basename(place);
	}
}

static void draw_heading(const struct screen *s, struct surface *out, struct area a)
{
	enum { HINT = 46, LEAST = 30 };
	char title[600], hint[256];
	write_title(s, title, sizeof title, a.cols - HINT);
	int room = a.cols - (int)utf8_str_width(title);
	write_hint(s, hint, sizeof hint, room > a.cols - LEAST ? a.cols - LEAST : room);
	int width = (int)utf8_str_width(hint);
	surface_fill(out, a.row, 0, a.cols, STYLE_HEADING, " ");
	surface_ellipsis(out, a.row, 0, a.cols - width, STYLE_HEADING, title);
	surface_right(out, a.row, a.cols - width, width, STYLE_HEADING, hint);
}

/* Why there is nothing to show. */
static const char *reason(const struct annotated_state *t)
{
	const struct detail *d = t->detail;
	if (d == NULL || (d->listing == NULL && d->why == NULL))
		return "reading its code …";
	if (d->listing == NULL)
		return d->why;
	if (t->code)
		return d->listing->why_no_code;
	if (d->listing->main_file == LISTING_NO_FILE)
		return "no debug information tells where its source is; a shows the instructions";
	return d->listing->files[d->listing->main_file].why;
}

void annotated_draw(struct screen *s, struct surface *out, struct area a)
{
	struct annotated_state *t = &s->annotated;
	struct list *l = &s->overlay_list;
	struct annotated_rows r = annotated_rows(s);
	draw_heading(s, out, a);
	if (r.count == 0) {
		surface_ellipsis(out, a.row + 1, 1, a.cols - 1, STYLE_DIM, reason(t));
		return;
	}
	list_fit(l, r.count, a.rows - 1);
	for (int i = 0; i < a.rows - 1 && l->top + (size_t)i < r.count; i++) {
		size_t at = l->top + (size_t)i;
		draw_row(s, out, a.row + 1 + i, &r.all[at]);
		hits_add(&s->hits, a.row + 1 + i, 0, a.cols, HIT_ROW, (uint32_t)at);
		if (at == l->cursor)
			view_mark_cursor(out, a.row + 1 + i, a.cols);
	}
	free(r.all);
}

void annotated_settle(struct screen *s)
{
	struct annotated_rows r = annotated_rows(s);
	s->overlay_list.count = r.count;
	free(r.all);
}

size_t annotated_row_of(struct screen *s, size_t number)
{
	struct annotated_rows r = annotated_rows(s);
	size_t found = SIZE_MAX;
	for (size_t i = 0; i < r.count && found == SIZE_MAX; i++)
		if (r.all[i].kind == ROW_LINE ? r.all[i].at >= number : i + 1 >= number)
			found = i;
	if (found == SIZE_MAX && r.count > 0)
		found = r.count - 1;
	free(r.all);
	return found;
}

/* --- state ---------------------------------------------------------------------------------------
 */

struct action annotated_open(struct screen *s)
{
	struct annotated_state *t = &s->annotated;
	annotated_fini(t);
	*t = (struct annotated_state){.func = s->selected};
	return (struct action){.kind = ACTION_DETAIL, .func = t->func};
}

static struct action turn_over(struct annotated_state *t)
{
	t->code = !t->code;
	/* What was asked for is shown, though there may be a reason instead of it. */
	t->started = t->detail != NULL && t->detail->listing != NULL && !t->code &&
	             !has_source(t->detail);
	return view_handled();
}

static struct action leave(struct screen *s)
{
	s->overlay = OVERLAY_NONE;
	follow_forget(&s->annotated);
	return (struct action){.kind = ACTION_DETAIL, .func = 0};
}

struct action annotated_key(struct screen *s, enum act act)
{
	struct action back;
	annotated_settle(s);
	if (list_move(&s->overlay_list, act))
		return view_handled();
	switch (act) {
	case ACT_DETAIL:
		return turn_over(&s->annotated);
	case ACT_ENTER:
	case ACT_RIGHT:
		return follow_enter(s);
	case ACT_LEFT:
		return follow_back(s, &back) ? back : view_handled();
	case ACT_ESCAPE:
		return follow_back(s, &back) ? back : leave(s);
	case ACT_QUIT:
		return leave(s);
	default:
		view_say(s, "arrows move, Enter follows a call, a changes between source and "
		            "instructions, / searches, Esc goes back");
		return view_handled();
	}
}

void screen_set_detail(struct screen *s, struct detail *d)
{
	struct annotated_state *t = &s->annotated;
	bool have = t->detail != NULL && t->detail->listing != NULL;
	/* Back at a function, its listing of before is shown until it has been made anew. */
	bool making = d->listing == NULL && d->why == NULL;
	if (d->func != t->func || s->overlay != OVERLAY_DETAIL || (have && (s->paused || making)))
		return;
	detail_unref(t->detail);
	t->detail = detail_ref(d);
}

void annotated_fini(struct annotated_state *t)
{
	follow_forget(t);
	detail_unref(t->detail);
}

/* --- search --------------------------------------------------------------------------------------
 */

static bool row_matches(struct screen *s, const void *ctx, size_t row)
{
	const struct annotated_rows *r = ctx;
	char text[TEXT_MOST];
	annotated_write(s->annotated.detail, &r->all[row], text, sizeof text);
	return search_text_matches(s, text);
}

enum search_result annotated_find(struct screen *s, enum search_way way)
{
	struct annotated_rows r = annotated_rows(s);
	struct list *l = &s->overlay_list;
	l->count = r.count;
	if (l->cursor >= r.count)
		l->cursor = 0;
	enum search_result found = search_rows(s, l, way, row_matches, &r, &l->cursor);
	free(r.all);
	return found;
}
