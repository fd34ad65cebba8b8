/* search: asking for a pattern and going from match to match; see search.h. */
#include "search.h"

#include "ctop/vec.h"
#include "paths.h"
#include "view.h"

#include <stdio.h>
#include <stdlib.h>

void search_fini(struct search *f)
{
	match_free(f->match);
	match_free(f->before);
	free(f->opened);
	free(f->funcs);
	free(f->below);
	prompt_history_fini(&f->history);
}

/* --- where one came from ------------------------------------------------------------------ */

static void take_spot(struct screen *s)
{
	s->search.opened_count = 0;
	s->search.spot = (struct search_spot){
	        .functions = s->functions.list,
	        .tree = s->tree.list,
	        .bottomup = s->bottomup.list,
	        .threads = s->threads.list,
	        .processes = s->processes.list,
	        .process = s->processes.cursor_pid,
	        .overlay = s->overlay_list,
	        .functions_follow = s->functions.follow,
	        .tree_path = s->tree.cursor_path,
	        .bottomup_path = s->bottomup.cursor_path,
	        .thread_key = s->threads.cursor_key,
	        .flame_node = s->flame.selected,
	        .flame_path = s->flame.selected_path,
	        .flame_func = s->flame.selected_func,
	        .flame_top = s->flame.top,
	        .selected = s->selected,
	        .page_line = s->search.page_line,
	        .around = around_hit(s->around.side, s->around.list[s->around.side].cursor),
	};
}

/* The number of rows and of visible ones is of now. */
static void put_back(struct list *l, const struct list *then)
{
	l->cursor = then->cursor;
	l->top = then->top;
}

static void close_opened(struct screen *s)
{
	struct search *f = &s->search;
	for (size_t i = 0; i < f->opened_count; i++)
		paths_set(f->opened[i].unfolded ? &s->tree.unfolded : &s->tree.open,
		          f->opened[i].path, false);
	f->opened_count = 0;
}

static void restore_spot(struct screen *s)
{
	const struct search_spot *p = &s->search.spot;
	close_opened(s);
	put_back(&s->functions.list, &p->functions);
	put_back(&s->tree.list, &p->tree);
	put_back(&s->bottomup.list, &p->bottomup);
	put_back(&s->threads.list, &p->threads);
	put_back(&s->processes.list, &p->processes);
	s->processes.cursor_pid = p->process;
	put_back(&s->overlay_list, &p->overlay);
	s->functions.follow = p->functions_follow;
	s->tree.cursor_path = p->tree_path;
	s->bottomup.cursor_path = p->bottomup_path;
	s->threads.cursor_key = p->thread_key;
	s->flame.selected = p->flame_node;
	s->flame.selected_path = p->flame_path;
	s->flame.selected_func = p->flame_func;
	s->flame.top = p->flame_top;
	s->selected = p->selected;
	s->search.page_line = p->page_line;
	around_pick(s, p->around);
	s->stale = true;
}

void search_opened(struct screen *s, uint64_t path, bool unfolded)
{
	struct search *f = &s->search;
	f->opened = vec_reserve(f->opened, &f->opened_cap, f->opened_count + 1, sizeof *f->opened);
	f->opened[f->opened_count++] = (struct search_opened){path, unfolded};
}

/* --- going -------------------------------------------------------------------------------- */

enum search_result search_rows(struct screen *s, const struct list *l, enum search_way way,
                               search_row_fn *matches, const void *ctx, size_t *found)
{
	size_t first = way != SEARCH_HERE, n = l->count;
	for (size_t i = first; i < n + first; i++) {
		bool back = way == SEARCH_PREVIOUS;
		bool wrapped = back ? i > l->cursor : l->cursor + i >= n;
		size_t row = back ? (l->cursor + n - i) % n : (l->cursor + i) % n;
		if (!matches(s, ctx, row))
			continue;
		*found = row;
		return wrapped ? SEARCH_WRAPPED : SEARCH_FOUND;
	}
	return SEARCH_NONE;
}

static enum search_result find(struct screen *s, enum search_way way)
{
	if (s->overlay == OVERLAY_DETAIL)
		return annotated_find(s, way);
	if (s->overlay == OVERLAY_HEAT)
		return SEARCH_NONE;
	if (s->overlay == OVERLAY_AROUND)
		return around_find(s, way);
	if (s->overlay != OVERLAY_NONE)
		return page_find(s, way);
	return s->shown != NULL ? view_table[s->view]->find(s, way) : SEARCH_NONE;
}

static void use_pattern(struct screen *s, struct match *m, bool on)
{
	struct search *f = &s->search;
	match_free(f->match);
	f->match = m;
	f->on = on && m != NULL;
	search_forget_pattern(f);
	s->stale = true;
}

static void say_not_found(struct screen *s)
{
	const struct match *m = s->search.match;
	char text[512];
	bool odd = match_complaint(m)[0] != '\0';
	snprintf(text, sizeof text, "pattern not found: %.200s%s%s%s", match_pattern(m),
	         odd ? " (searched as plain text: " : "", match_complaint(m), odd ? ")" : "");
	view_say(s, text);
}

struct action search_again(struct screen *s, enum search_way way)
{
	struct search *f = &s->search;
	if (f->match == NULL) {
		view_say(s, "nothing to search for yet: / asks for it");
		return view_handled();
	}
	s->stale = s->stale || !f->on;
	f->on = true;
	enum search_result r = find(s, way);
	f->opened_count = 0;
	if (r == SEARCH_NONE)
		say_not_found(s);
	else if (r == SEARCH_WRAPPED)
		view_say(s, way == SEARCH_PREVIOUS ? "search wrapped to the bottom"
		                                   : "search wrapped to the top");
	return view_handled();
}

bool search_clear(struct screen *s)
{
	bool was = s->search.on;
	s->search.on = false;
	s->stale = s->stale || was;
	return was;
}

/* --- asking ------------------------------------------------------------------------------- */

struct action search_for(struct screen *s, const char *pattern)
{
	prompt_history_add(&s->search.history, pattern);
	use_pattern(s, match_new(pattern), true);
	view_refresh(s);
	if (find(s, SEARCH_HERE) == SEARCH_NONE)
		say_not_found(s);
	return view_handled();
}

static void edited(struct screen *s)
{
	s->search.pending = true;
}

/* Beside the pattern: whether it is found, and how much that is in the flamegraph. */
static void write_note(struct screen *s, enum search_result r)
{
	struct prompt *p = &s->prompt;
	p->note[0] = '\0';
	if (r == SEARCH_NONE)
		snprintf(p->note, sizeof p->note, "not found ");
	else if (s->overlay == OVERLAY_NONE && s->view == VIEW_FLAME)
		flame_matched(s, p->note, sizeof p->note);
}

void search_settle(struct screen *s)
{
	struct search *f = &s->search;
	if (!f->pending)
		return;
	f->pending = f->failed = false;
	restore_spot(s);
	bool empty = s->prompt.len == 0;
	use_pattern(s, empty ? NULL : match_new(s->prompt.text), true);
	s->prompt.note[0] = '\0';
	if (empty)
		return;
	enum search_result r = find(s, SEARCH_HERE);
	f->failed = r == SEARCH_NONE;
	write_note(s, r);
}

static void take_back(struct screen *s)
{
	struct match *before = s->search.before;
	s->search.before = NULL;
	s->search.pending = false;
	use_pattern(s, before, s->search.before_on);
}

static void cancelled(struct screen *s)
{
	restore_spot(s);
	take_back(s);
}

/* An empty pattern is the last one again. */
static struct action accepted(struct screen *s)
{
	struct search *f = &s->search;
	char text[256];
	f->opened_count = 0;
	if (s->prompt.len == 0) {
		take_back(s);
		return search_again(s, SEARCH_NEXT);
	}
	match_free(f->before);
	f->before = NULL;
	if (f->failed) {
		say_not_found(s);
	} else if (match_complaint(f->match)[0] != '\0') {
		snprintf(text, sizeof text, "no regular expression (%s): searched as plain text",
		         match_complaint(f->match));
		view_say(s, text);
	}
	return view_handled();
}

void search_ask(struct screen *s)
{
	static const struct prompt_use use = {
	        .label = "/", .edited = edited, .accepted = accepted, .cancelled = cancelled};
	struct search *f = &s->search;
	if (s->overlay == OVERLAY_DETAIL)
		annotated_settle(s);
	take_spot(s);
	f->before = f->match;
	f->before_on = f->on;
	f->match = NULL;
	f->on = false;
	f->pending = f->failed = false;
	s->stale = true;
	view_prompt(s, &use, &f->history);
}
