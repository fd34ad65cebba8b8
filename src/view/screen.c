/* screen: header, views, foot lines; see screen.h. */
#include "ctop/screen.h"

#include "ctop/clock.h"
#include "ctop/mem.h"
#include "ctop/utf8.h"
#include "format.h"
#include "page.h"
#include "view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t MESSAGE_NS = 6 * CLOCK_NS_PER_SEC;
enum { LOW = 14 };

const struct view *const view_table[VIEWS] = {
        [VIEW_FUNCTIONS] = &view_functions, [VIEW_TREE] = &view_tree,
        [VIEW_BOTTOMUP] = &view_bottomup,   [VIEW_FLAME] = &view_flame,
        [VIEW_THREADS] = &view_threads,     [VIEW_PROCESSES] = &view_processes,
};

/* --- life ------------------------------------------------------------------------------ */

struct screen *screen_new(const struct screen_options *o)
{
	struct screen *s = mem_zalloc(1, sizeof *s);
	s->options = *o;
	s->query = o->query;
	s->stale = true;
	s->wait_status = -1;
	s->flame.selected = NODE_NONE;
	s->threads.column = 2;   /* CPU */
	s->processes.column = 3; /* CPU */
	s->search.page_line = SIZE_MAX;
	return s;
}

void screen_free(struct screen *s)
{
	if (s == NULL)
		return;
	snapshot_unref(s->shown);
	snapshot_unref(s->newer);
	table_fini(&s->functions.table);
	table_fini(&s->bottomup.table);
	free(s->tree.rows);
	hash_map_fini(&s->tree.open);
	hash_map_fini(&s->tree.unfolded);
	free(s->bottomup.rows);
	hash_map_fini(&s->bottomup.open);
	free(s->flame.cells);
	free(s->threads.items);
	free(s->processes.items);
	hash_map_fini(&s->processes.index);
	places_fini(&s->places);
	annotated_fini(&s->annotated);
	around_fini(&s->around);
	output_fini(&s->output);
	search_fini(&s->search);
	scope_fini(&s->scope);
	prompt_history_fini(&s->strip.names);
	prompt_history_fini(&s->commandline.history);
	hits_fini(&s->hits);
	free(s);
}

void screen_set_snapshot(struct screen *s, struct snapshot *snap)
{
	struct snapshot **slot = s->paused && s->shown != NULL ? &s->newer : &s->shown;
	struct snapshot *old = *slot;
	*slot = snapshot_ref(snap);
	fetching_news(s, old, snap);
	snapshot_unref(old);
	s->stale = s->stale || slot == &s->shown;
}

void screen_set_command(struct screen *s, uint64_t number)
{
	s->command = number;
}

void screen_message(struct screen *s, uint64_t now_ns, bool error, const char *text)
{
	snprintf(s->message, sizeof s->message, "%s", text);
	s->message_error = error;
	s->message_until = error ? UINT64_MAX : now_ns + MESSAGE_NS;
}

struct snapshot *screen_snapshot(struct screen *s)
{
	return s->shown;
}

/* --- what views share -------------------------------------------------------------------- */

enum snapshot_unit view_unit(const struct screen *s)
{
	return snapshot_stats(s->shown)->unit;
}

uint64_t view_whole(const struct screen *s)
{
	return snapshot_counts(s->shown, NODE_ROOT).total_ns;
}

void view_say(struct screen *s, const char *text)
{
	screen_message(s, s->now_ns, false, text);
}

void view_describe(const struct screen *s, uint32_t func, char *out, size_t cap)
{
	const struct func *f = snapshot_func(s->shown, func);
	struct counts c = snapshot_func_counts(s->shown, func);
	char self[16], total[16], n[32], name[FORMAT_NAME_MAX];
	format_percent(self, sizeof self, c.self_ns, view_whole(s));
	format_percent(total, sizeof total, c.total_ns, view_whole(s));
	format_count(n, sizeof n, c.total_n);
	snprintf(out, cap, "%s · %s · self %s total %s · %s samples", format_name(f, name),
	         f->module, self, total, n);
}

struct action view_handled(void)
{
	return (struct action){.kind = ACTION_HANDLED};
}

struct action view_ignored(void)
{
	return (struct action){.kind = ACTION_IGNORED};
}

void view_mark_cursor(struct surface *out, int row, int cols)
{
	view_mark_cells(out, row, 0, cols);
}

void view_mark_cells(struct surface *out, int row, int from, int cells)
{
	for (int col = from; col < from + cells && col < out->cols; col++) {
		size_t at = (size_t)row * (size_t)out->cols + (size_t)col;
		if (row < out->rows)
			out->cells[at].style |= STYLE_REVERSE;
	}
}

struct columns view_columns(int cols, bool module)
{
	struct columns c = {.self = 0, .total = 7, .self_s = -1, .total_s = -1, .module = -1};
	c.name = 15;
	if (cols >= 76) {
		c.self_s = 15;
		c.total_s = 23;
		c.name = 33;
	}
	c.name_width = cols - c.name;
	if (module && cols >= 60) {
		int width = cols >= 120 ? 28 : cols >= 90 ? 22 : 16;
		c.module = cols - width;
		c.name_width = c.module - c.name - 1;
	}
	return c;
}

/* --- drawing -------------------------------------------------------------------------------- */

static void refresh(struct screen *s, const struct screen_facts *facts)
{
	if (s->stale)
		search_forget_snapshot(&s->search);
	if (s->view == VIEW_THREADS || s->view == VIEW_PROCESSES || s->stale)
		view_table[s->view]->update(s, facts);
	s->stale = false;
}

/* Whether the message line is needed where there is room for it only then. */
static bool is_talking(const struct screen *s)
{
	bool share = s->view == VIEW_FLAME && s->overlay == OVERLAY_NONE && s->search.on;
	return s->asking || prompt_is_open(&s->prompt) || share || s->offer[0] != '\0' ||
	       (s->message[0] != '\0' && s->now_ns < s->message_until);
}

/* The prompt, the question before quitting, a message, or the line about the selection. */
static void draw_details(struct screen *s, struct surface *out, int row)
{
	char text[1024] = "";
	if (prompt_is_open(&s->prompt)) {
		prompt_draw(&s->prompt, out, row);
		return;
	}
	if (s->asking) {
		surface_ellipsis(out, row, 1, out->cols - 1, STYLE_WARN,
		                 "the command still runs: k kill it, l leave it running, Esc stay");
		return;
	}
	if (s->message[0] != '\0' && s->now_ns < s->message_until) {
		surface_ellipsis(out, row, 1, out->cols - 1,
		                 s->message_error ? STYLE_ERROR : STYLE_MESSAGE, s->message);
		return;
	}
	if (s->offer[0] != '\0') {
		surface_ellipsis(out, row, 1, out->cols - 1, STYLE_WARN, s->offer);
		return;
	}
	if (s->shown != NULL && s->overlay == OVERLAY_DETAIL)
		view_describe(s, s->annotated.func, text, sizeof text);
	else if (s->shown != NULL && s->overlay == OVERLAY_HEAT)
		heat_describe(s, text, sizeof text);
	else if (s->shown != NULL && s->overlay == OVERLAY_AROUND)
		view_describe(s, around_current(s), text, sizeof text);
	else if (s->shown != NULL)
		view_table[s->view]->describe(s, text, sizeof text);
	if (delta_on(s) && s->overlay == OVERLAY_NONE)
		delta_tell(s, text, sizeof text);
	surface_ellipsis(out, row, 1, out->cols - 1, STYLE_DIM, text);
}

/* A page over the view; false when there is none, or nothing to show on it yet. */
static bool draw_overlay(struct screen *s, struct surface *out, struct area area)
{
	if (s->overlay == OVERLAY_NONE || (s->shown == NULL && s->overlay != OVERLAY_HELP))
		return false;
	if (s->overlay == OVERLAY_DETAIL)
		annotated_draw(s, out, area);
	else if (s->overlay == OVERLAY_HEAT)
		heat_draw(s, out, area);
	else if (s->overlay == OVERLAY_AROUND)
		around_draw(s, out, area);
	else if (s->overlay == OVERLAY_OUTPUT)
		output_draw(s, out, area);
	else
		page_draw(s, out, area);
	return true;
}

static void draw_body(struct screen *s, struct surface *out, const struct screen_facts *facts,
                      struct area area)
{
	char text[512];
	if (s->shown != NULL)
		refresh(s, facts); /* under a page, too: the line below tells of the selection */
	if (draw_overlay(s, out, area))
		return;
	if (s->shown == NULL) {
		surface_ellipsis(out, area.row + 1, 1, area.cols - 1, STYLE_DIM,
		                 facts->doing != NULL ? facts->doing
		                                      : "waiting for the first sample");
		return;
	}
	if (area.rows > 3 && header_idle(s, facts, text, sizeof text)) {
		surface_ellipsis(out, area.row, 1, area.cols - 1, STYLE_WARN, text);
		area.row++;
		area.rows--;
	}
	if (area.rows > 1)
		view_table[s->view]->draw(s, out, area);
	if (area.rows > 2 && snapshot_stats(s->shown)->samples == 0 && scope_is_narrow(s))
		surface_ellipsis(out, area.row + 1, 1, area.cols - 1, STYLE_DIM,
		                 "nothing of that was sampled: Esc drops what was chosen last");
}

/* What was typed into the search prompt since the last time is searched. */
static void settle_search(struct screen *s, const struct screen_facts *facts)
{
	if (!s->search.pending)
		return;
	if (s->shown != NULL && s->overlay == OVERLAY_NONE)
		refresh(s, facts);
	search_settle(s);
}

void screen_draw(struct screen *s, struct surface *out, const struct screen_facts *facts)
{
	s->now_ns = facts->now_ns;
	s->rows = out->rows;
	s->cols = out->cols;
	s->wait_status = facts->wait_status;
	s->strip.clock_offset_ns = facts->clock_offset_ns;
	out->ascii = s->options.ascii;
	surface_clear(out);
	hits_clear(&s->hits);
	if (out->rows < 1 || out->cols < 1)
		return;
	settle_search(s, facts);
	int top = header_draw(s, out, facts);
	int foot = out->rows < LOW ? is_talking(s) : 2;
	struct area area = {top, out->rows - top - foot, out->cols};
	if (area.rows > 0)
		draw_body(s, out, facts, area);
	if (foot > 0)
		draw_details(s, out, out->rows - foot);
	if (foot > 1)
		foot_draw(s, out, out->rows - 1);
}

/* --- keys --------------------------------------------------------------------------------------
 */

static struct action escape(struct screen *s)
{
	struct action a = scope_drop(s);
	if (a.kind != ACTION_IGNORED)
		return a;
	search_clear(s);
	return view_handled();
}

struct action view_leave_page(struct screen *s)
{
	bool detail = s->overlay == OVERLAY_DETAIL;
	s->overlay = OVERLAY_NONE;
	return detail ? (struct action){.kind = ACTION_DETAIL, .func = 0} : view_handled();
}

void view_refresh(struct screen *s)
{
	if (s->shown != NULL)
		refresh(s, s->facts);
}

static struct action answer(struct screen *s, key_code key)
{
	s->asking = false;
	if (key == 'k')
		return (struct action){.kind = ACTION_CHILD_KILL};
	if (key == 'l')
		return (struct action){.kind = ACTION_CHILD_LEAVE};
	return view_handled();
}

static struct action from_detail_to_around(struct screen *s)
{
	uint32_t func = s->annotated.func;
	struct action left = view_leave_page(s);
	around_open(s, func);
	return left;
}

static struct action overlay_key(struct screen *s, enum act act, key_code key)
{
	if (s->overlay == OVERLAY_HEAT)
		return heat_key(s, act);
	if (s->overlay == OVERLAY_OUTPUT)
		return output_key(s, act);
	if (act == ACT_SEARCH || act == ACT_SEARCH_NEXT || act == ACT_SEARCH_PREVIOUS ||
	    act == ACT_COMMAND)
		return view_common_key(s, act, key);
	if (act == ACT_PLACES && s->overlay == OVERLAY_PLACES)
		return (struct action){.kind = ACTION_LOOK};
	if (s->overlay == OVERLAY_AROUND)
		return around_key(s, act, key);
	if (s->overlay == OVERLAY_DETAIL && act == ACT_AROUND)
		return from_detail_to_around(s);
	if (s->overlay == OVERLAY_DETAIL)
		return annotated_key(s, act);
	if (act == ACT_FETCH && s->overlay == OVERLAY_QUALITY)
		return fetching_key(s);
	s->search.page_line = SIZE_MAX;
	if (act == ACT_QUIT || !list_move(&s->overlay_list, act))
		s->overlay = OVERLAY_NONE;
	return view_handled();
}

static struct action view_key(struct screen *s, enum act act, const struct screen_facts *facts)
{
	struct action a = view_ignored();
	if (s->shown != NULL) {
		refresh(s, facts);
		a = view_table[s->view]->key(s, act);
	}
	if (a.kind == ACTION_IGNORED && act == ACT_ESCAPE)
		return escape(s);
	if (a.kind == ACTION_IGNORED)
		view_say(s, "this key does nothing in this view (? shows the keys)");
	return a.kind == ACTION_IGNORED ? view_handled() : a;
}

struct action screen_key(struct screen *s, key_code key, const struct screen_facts *facts)
{
	enum act act = keymap_act(key);
	s->now_ns = facts->now_ns;
	s->facts = facts;
	if (key == KEY_CODE_ENTER)
		settle_search(s, facts);
	struct action typed = typing_key(s, key);
	if (typed.kind != ACTION_IGNORED)
		return typed;
	if (prompt_is_open(&s->prompt))
		return view_common_key(s, act, key);
	s->message[0] = '\0';
	if (s->asking)
		return answer(s, key);
	struct action offered = offer_key(s, act);
	if (offered.kind != ACTION_IGNORED)
		return offered;
	if (s->overlay != OVERLAY_NONE)
		return overlay_key(s, act, key);
	if (s->strip.focused && s->shown != NULL) {
		struct action a = strip_key(s, act, key);
		if (a.kind != ACTION_IGNORED)
			return a;
	}
	struct action a = view_common_key(s, act, key);
	return a.kind != ACTION_IGNORED || act == ACT_NONE ? a : view_key(s, act, facts);
}
