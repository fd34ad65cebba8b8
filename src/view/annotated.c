/* annotated: one function's source or instructions with what was counted there, as a page over the
 * view; live while it is open. Rows are laid out anew at each drawing: a function has a few
 * thousand at most that are worth looking at.
 */
#include "ctop/detail.h"
#include "ctop/mem.h"
#include "ctop/vec.h"
#include "format.h"
#include "view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AROUND = 3, SHARE = 7, NAME = 2 * (SHARE + 1) };

/* A source line (from 1), an instruction, or, before it, where it comes from. */
struct row {
	enum { ROW_LINE, ROW_INSN, ROW_PLACE } kind;
	size_t at;
};

struct rows {
	struct row *all;
	size_t count, cap;
};

static void add(struct rows *r, struct row row)
{
	r->all = vec_reserve(r->all, &r->cap, r->count + 1, sizeof *r->all);
	r->all[r->count++] = row;
}

static void add_lines(struct rows *r, const struct detail *d)
{
	const struct listing_file *f = &d->listing->files[d->listing->main_file];
	uint32_t first, last;
	if (!detail_line_range(d, &first, &last))
		return;
	first = first > AROUND ? first - AROUND : 1;
	last = last + AROUND < f->line_count ? last + AROUND : f->line_count;
	for (uint32_t i = first; i <= last; i++)
		add(r, (struct row){ROW_LINE, i});
}

static void add_insns(struct rows *r, const struct listing *l)
{
	for (size_t i = 0; i < l->insn_count; i++) {
		bool known = l->insns[i].inner_file != LISTING_NO_FILE;
		if (known && (i == 0 || !listing_same_place(&l->insns[i], &l->insns[i - 1])))
			add(r, (struct row){ROW_PLACE, i});
		add(r, (struct row){ROW_INSN, i});
	}
}

static bool has_source(const struct detail *d)
{
	const struct listing *l = d->listing;
	return l->main_file != LISTING_NO_FILE && l->files[l->main_file].line_count > 0;
}

static struct detail_counts counts_of(const struct detail *d, const struct row *row)
{
	if (row->kind == ROW_INSN)
		return d->insns[row->at];
	bool counted = row->kind == ROW_LINE && row->at <= d->line_count;
	return counted ? d->lines[row->at - 1] : (struct detail_counts){0};
}

static size_t hottest(const struct detail *d, const struct rows *r)
{
	size_t best = 0;
	for (size_t i = 1; i < r->count; i++) {
		struct detail_counts a = counts_of(d, &r->all[i]), b = counts_of(d, &r->all[best]);
		if (a.self_ns > b.self_ns || (a.self_ns == b.self_ns && a.total_ns > b.total_ns))
			best = i;
	}
	return best;
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

static void draw_row(const struct detail *d, struct surface *out, int at, const struct row *row)
{
	const struct listing *l = d->listing;
	struct detail_counts n = counts_of(d, row);
	char text[2048];
	int style = STYLE_TEXT, room = out->cols - NAME;
	draw_share(out, at, 0, n.self_ns, d->whole_ns);
	draw_share(out, at, SHARE + 1, n.total_ns, d->whole_ns);
	if (row->kind == ROW_LINE) {
		snprintf(text, sizeof text, "%6zu  %s", row->at,
		         l->files[l->main_file].lines[row->at - 1]);
	} else if (row->kind == ROW_INSN) {
		write_insn(&l->insns[row->at], text, sizeof text);
	} else {
		write_place(l, &l->insns[row->at], text, sizeof text);
		style = STYLE_DIM;
	}
	surface_ellipsis(out, at, NAME, room, style, text);
}

static void draw_heading(const struct annotated_state *t, struct surface *out, struct area a,
                         const char *name)
{
	char text[600];
	bool code = t->code;
	const struct detail *d = t->detail;
	const char *file = d != NULL && d->listing != NULL && has_source(d)
	                           ? d->listing->files[d->listing->main_file].path
	                           : "";
	snprintf(text, sizeof text, "  SELF%%  TOTAL%%  %.200s · %.200s · a %s · Esc back", name,
	         code ? "instructions" : file, code ? "source" : "instructions");
	surface_fill(out, a.row, 0, a.cols, STYLE_HEADING, " ");
	surface_ellipsis(out, a.row, 0, a.cols, STYLE_HEADING, text);
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
	struct rows r = {0};
	const struct detail *d = t->detail;
	char name[FORMAT_NAME_MAX];
	bool ready = d != NULL && d->listing != NULL;
	if (ready && !t->started && !has_source(d))
		t->code = true;
	draw_heading(t, out, a, format_name(snapshot_func(s->shown, t->func), name));
	if (ready && t->code)
		add_insns(&r, d->listing);
	else if (ready && has_source(d))
		add_lines(&r, d);
	if (r.count == 0) {
		surface_ellipsis(out, a.row + 1, 1, a.cols - 1, STYLE_DIM, reason(t));
		return;
	}
	if (!t->started)
		s->overlay_list.cursor = hottest(d, &r);
	t->started = true;
	list_fit(&s->overlay_list, r.count, a.rows - 1);
	for (int i = 0; i < a.rows - 1 && s->overlay_list.top + (size_t)i < r.count; i++) {
		size_t at = s->overlay_list.top + (size_t)i;
		draw_row(d, out, a.row + 1 + i, &r.all[at]);
		if (at == s->overlay_list.cursor)
			view_mark_cursor(out, a.row + 1 + i, a.cols);
	}
	free(r.all);
}

/* --- state ---------------------------------------------------------------------------------------
 */

struct action annotated_open(struct screen *s)
{
	struct annotated_state *t = &s->annotated;
	detail_unref(t->detail);
	*t = (struct annotated_state){.func = s->selected};
	return (struct action){.kind = ACTION_DETAIL, .func = t->func};
}

struct action annotated_key(struct screen *s, enum act act)
{
	struct annotated_state *t = &s->annotated;
	if (act == ACT_DETAIL) {
		t->code = !t->code;
		t->started = false;
		/* What was asked for is shown, though there may be a reason instead of it. */
		t->started = t->detail != NULL && t->detail->listing != NULL && !t->code &&
		             !has_source(t->detail);
		return view_handled();
	}
	if (list_move(&s->overlay_list, act))
		return view_handled();
	if (act != ACT_ESCAPE && act != ACT_QUIT) {
		view_say(s,
		         "arrows move, a changes between source and instructions, Esc goes back");
		return view_handled();
	}
	s->overlay = OVERLAY_NONE;
	return (struct action){.kind = ACTION_DETAIL, .func = 0};
}

void screen_set_detail(struct screen *s, struct detail *d)
{
	struct annotated_state *t = &s->annotated;
	if (d->func != t->func || s->overlay != OVERLAY_DETAIL ||
	    (s->paused && t->detail != NULL && t->detail->listing != NULL))
		return;
	detail_unref(t->detail);
	t->detail = detail_ref(d);
}

void annotated_fini(struct annotated_state *t)
{
	detail_unref(t->detail);
}

enum search_result annotated_find(struct screen *s, enum search_way way)
{
	(void)s;
	(void)way;
	return SEARCH_NONE;
}
