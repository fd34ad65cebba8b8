/* mouse: clicks and the wheel, in every view and page alike.
 *
 * What was hit is known from the last drawing (hits.h). A click on a row chooses it, a second one
 * is Enter; the rest of what can be clicked stands for keys, or for columns to sort by.
 */
#include "ctop/mouse.h"

#include "view.h"

static const int WHEEL_ROWS = 3;

/* The list that a page has rows of its own in; NULL: the page scrolls as a whole. */
static struct list *page_list(struct screen *s)
{
	return s->overlay == OVERLAY_DETAIL ? &s->overlay_list : NULL;
}

static void pick(struct screen *s, size_t row)
{
	if (s->overlay == OVERLAY_DETAIL)
		s->overlay_list.cursor = row;
	else if (s->overlay == OVERLAY_AROUND)
		around_pick(s, (uint32_t)row);
	else if (s->overlay == OVERLAY_NONE && s->shown != NULL)
		view_table[s->view]->pick(s, row);
}

void view_go_to_row(struct screen *s, size_t row)
{
	struct list *l = s->overlay != OVERLAY_NONE          ? &s->overlay_list
	                 : view_table[s->view]->list != NULL ? view_table[s->view]->list(s)
	                                                     : NULL;
	if (s->overlay == OVERLAY_AROUND) {
		around_pick(s, around_hit(s->around.side, row));
		return;
	}
	if (s->overlay == OVERLAY_DETAIL)
		row = annotated_row_of(s, row + 1);
	else if (s->overlay == OVERLAY_NONE)
		view_refresh(s);
	if (l == NULL) {
		view_say(s, "this view has no rows");
		return;
	}
	if (l->count == 0 || row == SIZE_MAX)
		return;
	row = row < l->count ? row : l->count - 1;
	if (s->overlay != OVERLAY_NONE)
		l->cursor = row;
	else
		pick(s, row);
}

static struct action click_row(struct screen *s, size_t row, int count,
                               const struct screen_facts *facts)
{
	pick(s, row);
	/* Of many quick clicks every second one is Enter. */
	return count % 2 == 0 ? screen_key(s, KEY_CODE_ENTER, facts) : view_handled();
}

static struct action click_heading(struct screen *s, unsigned column)
{
	if (s->overlay == OVERLAY_NONE && s->shown != NULL)
		view_sort(s, column);
	return view_handled();
}

/* A tab leads out of a page, where its key would be one that closes it. */
static struct action click_key(struct screen *s, key_code key, const struct screen_facts *facts)
{
	if (keymap_act(key) != ACT_VIEW || s->overlay == OVERLAY_NONE)
		return screen_key(s, key, facts);
	struct action left = view_leave_page(s);
	screen_key(s, key, facts);
	return left;
}

static struct action click(struct screen *s, const struct mouse_event *e,
                           const struct screen_facts *facts)
{
	struct hit hit = hits_at(&s->hits, e->row, e->col);
	switch (hit.kind) {
	case HIT_KEY:
		return click_key(s, hit.value, facts);
	case HIT_ROW:
		return click_row(s, hit.value, e->count, facts);
	case HIT_SORT:
		return click_heading(s, hit.value);
	default:
		return view_handled();
	}
}

/* The cursor stays where it is while it is in sight, and goes along at the edge. */
static void scroll_list(struct screen *s, struct list *l, int by)
{
	size_t before = l->cursor;
	list_scroll(l, by);
	if (l->cursor != before)
		pick(s, l->cursor);
}

static void scroll_page(struct screen *s, int by)
{
	for (int i = 0; i < (by < 0 ? -by : by); i++)
		list_move(&s->overlay_list, by < 0 ? ACT_UP : ACT_DOWN);
	s->search.page_line = SIZE_MAX;
}

/* Of two lists the one under the pointer. */
static void scroll_around(struct screen *s, const struct mouse_event *e, int by)
{
	struct hit hit = hits_at(&s->hits, e->row, e->col);
	bool over = hit.kind == HIT_ROW;
	around_scroll(s, over ? (enum around_side)(hit.value % AROUND_SIDES) : s->around.side, by);
}

static void wheel(struct screen *s, const struct mouse_event *e, int by)
{
	struct list *l = page_list(s);
	if (s->overlay == OVERLAY_NONE)
		view_refresh(s);
	if (s->overlay == OVERLAY_AROUND)
		scroll_around(s, e, by);
	else if (l != NULL)
		scroll_list(s, l, by);
	else if (s->overlay != OVERLAY_NONE)
		scroll_page(s, by);
	else if (s->shown != NULL && view_table[s->view]->scroll != NULL)
		view_table[s->view]->scroll(s, by);
	else if (s->shown != NULL)
		scroll_list(s, view_table[s->view]->list(s), by);
}

struct action mouse_set(struct screen *s, bool on)
{
	s->mouse_off = !on;
	view_say(s, on ? "mouse on; with Shift the terminal selects text"
	               : "mouse off: it is the terminal's again");
	return (struct action){.kind = ACTION_MOUSE, .on = on};
}

void view_sort(struct screen *s, unsigned column)
{
	if (view_table[s->view]->sort == NULL)
		view_say(s, "this view has one order");
	else
		view_table[s->view]->sort(s, column);
}

struct action screen_mouse(struct screen *s, const struct mouse_event *e,
                           const struct screen_facts *facts)
{
	s->now_ns = facts->now_ns;
	s->facts = facts;
	/* What is being typed or asked is not lost to a stray click. */
	bool busy = s->asking || prompt_is_open(&s->prompt) || s->pasting;
	if (busy)
		return view_handled();
	if (e->button == MOUSE_WHEEL_UP || e->button == MOUSE_WHEEL_DOWN) {
		wheel(s, e, e->button == MOUSE_WHEEL_UP ? -WHEEL_ROWS : WHEEL_ROWS);
		return view_handled();
	}
	if (e->button != MOUSE_LEFT)
		return view_handled();
	s->message[0] = '\0';
	return click(s, e, facts);
}
