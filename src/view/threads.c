/* threads: one row a thread, from the samples and from what /proc says now. */
#include "ctop/vec.h"
#include "format.h"
#include "view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NEVER = UINT32_MAX };
enum { COLUMN_TID, COLUMN_NAME, COLUMN_CPU, COLUMNS_SORTED };

static struct thread_item *add_item(struct threads_state *t)
{
	t->items = vec_reserve(t->items, &t->cap, t->count + 1, sizeof *t->items);
	struct thread_item *it = &t->items[t->count++];
	*it = (struct thread_item){.id = NEVER, .state = '?'};
	return it;
}

/* Whether threads of a process are shown. */
static bool is_shown(const struct screen *s, uint32_t pid)
{
	return !s->query.by_process || s->query.process == pid;
}

static void add_sampled(const struct screen *s, struct threads_state *t)
{
	uint32_t count;
	const struct snapshot_thread *rows = snapshot_threads(s->shown, &count);
	for (uint32_t i = 0; i < count; i++) {
		if (!is_shown(s, rows[i].pid))
			continue;
		struct thread_item *it = add_item(t);
		it->id = rows[i].id;
		it->pid = rows[i].pid;
		it->tid = rows[i].tid;
		it->cpu = rows[i].cpu_percent;
		it->hottest = rows[i].hottest;
		it->state = rows[i].alive ? '?' : 'X';
		memcpy(it->name, rows[i].name, sizeof it->name);
		memcpy(it->spark, rows[i].spark, sizeof it->spark);
	}
}

static int by_tid(const void *va, const void *vb)
{
	const struct thread_item *a = va, *b = vb;
	int dead = (a->state == 'X') - (b->state == 'X');
	if (a->tid != b->tid)
		return (a->tid > b->tid) - (a->tid < b->tid);
	return dead != 0 ? dead : (a->id < b->id) - (a->id > b->id);
}

/* Enters what /proc says; items are sorted by tid, the living first. */
static void add_facts(const struct screen *s, struct threads_state *t,
                      const struct screen_facts *facts)
{
	size_t sampled = t->count;
	for (uint32_t i = 0; i < facts->thread_count; i++) {
		const struct screen_thread *f = &facts->threads[i];
		struct thread_item *it = NULL;
		size_t lo = 0, hi = sampled;
		if (!is_shown(s, f->pid))
			continue;
		while (lo < hi) {
			size_t mid = lo + (hi - lo) / 2;
			if (t->items[mid].tid < f->tid)
				lo = mid + 1;
			else
				hi = mid;
		}
		if (lo < sampled && t->items[lo].tid == f->tid && t->items[lo].state != 'X')
			it = &t->items[lo];
		else
			it = add_item(t);
		it->pid = f->pid;
		it->tid = f->tid;
		it->state = f->state;
		memcpy(it->name, f->name, sizeof it->name);
		memcpy(it->wait, f->wait, sizeof it->wait);
	}
}

static int compare(const void *va, const void *vb, void *ctx)
{
	const struct thread_item *a = va, *b = vb;
	const struct threads_state *t = ctx;
	int c = 0;
	if (t->column == COLUMN_NAME)
		c = strcmp(a->name, b->name);
	else if (t->column == COLUMN_CPU)
		c = (a->cpu < b->cpu) - (a->cpu > b->cpu);
	if (c == 0)
		c = (a->tid > b->tid) - (a->tid < b->tid);
	return t->inverted ? -c : c;
}

static uint64_t key_of(const struct thread_item *it)
{
	return (uint64_t)it->pid << 32 | it->tid;
}

static void update(struct screen *s, const struct screen_facts *facts)
{
	struct threads_state *t = &s->threads;
	t->count = 0;
	add_sampled(s, t);
	if (t->count > 1)
		qsort(t->items, t->count, sizeof *t->items, by_tid);
	if (facts != NULL && facts->threads_known)
		add_facts(s, t, facts);
	if (t->count > 1)
		qsort_r(t->items, t->count, sizeof *t->items, compare, t);
	t->list.count = t->count;
	for (size_t i = 0; t->cursor_key != 0 && i < t->count; i++)
		if (key_of(&t->items[i]) == t->cursor_key)
			t->list.cursor = i;
}

/* --- drawing --------------------------------------------------------------------------- */

static const char *state_name(char state)
{
	static const struct {
		char state;
		const char *name;
	} names[] = {{'R', "running"}, {'S', "sleep"},  {'D', "disk"},  {'T', "stopped"},
	             {'t', "traced"},  {'Z', "zombie"}, {'X', "ended"}, {'I', "idle"}};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i].state == state)
			return names[i].name;
	return "";
}

/* First cells of the columns; −1: left out. */
struct thread_columns {
	int tid, name, state, cpu, spark, hottest;
};

static struct thread_columns lay_out(int cols)
{
	struct thread_columns c = {0, 8, 26, 35, 44, 76};
	if (cols < 100) {
		c.spark = -1;
		c.hottest = 44;
	}
	if (cols < 60)
		c = (struct thread_columns){0, 8, -1, 22, -1, 31};
	return c;
}

static void draw_heading(const struct threads_state *t, struct surface *out, int row,
                         const struct thread_columns *c)
{
	const char *mark = t->inverted ? "▲" : "▼";
	char text[32];
	int on[COLUMNS_SORTED] = {STYLE_HEADING, STYLE_HEADING, STYLE_HEADING};
	on[t->column] = STYLE_HEADING_ON;
	surface_fill(out, row, 0, out->cols, STYLE_HEADING, " ");
	snprintf(text, sizeof text, "TID%s", t->column == COLUMN_TID ? mark : "");
	surface_right(out, row, c->tid, 7, on[COLUMN_TID], text);
	snprintf(text, sizeof text, "NAME%s", t->column == COLUMN_NAME ? mark : "");
	surface_text(out, row, c->name, 17, on[COLUMN_NAME], text);
	if (c->state >= 0)
		surface_text(out, row, c->state, 9, STYLE_HEADING, "STATE");
	snprintf(text, sizeof text, "CPU%%%s", t->column == COLUMN_CPU ? mark : "");
	surface_right(out, row, c->cpu, 7, on[COLUMN_CPU], text);
	if (c->spark >= 0)
		surface_text(out, row, c->spark, 30, STYLE_HEADING, "LAST 30 s");
	surface_text(out, row, c->hottest, 40, STYLE_HEADING, "HOTTEST FUNCTION or wait");
}

static void add_heading_hits(struct hits *h, int row, const struct thread_columns *c)
{
	hits_add(h, row, c->tid, 7, HIT_SORT, COLUMN_TID);
	hits_add(h, row, c->name, 14, HIT_SORT, COLUMN_NAME);
	hits_add(h, row, c->cpu, 7, HIT_SORT, COLUMN_CPU);
}

/* What a thread does, as the last column says it. */
static int write_doing(const struct screen *s, const struct thread_item *it, char *out, size_t cap)
{
	char name[FORMAT_NAME_MAX];
	bool asleep = (it->state == 'S' || it->state == 'D') && it->cpu < 0.5f;
	out[0] = '\0';
	if (asleep && places_of(s, it->pid, it->tid, out, cap))
		return STYLE_DIM;
	out[0] = '\0';
	if (asleep && it->wait[0] != '\0') {
		snprintf(out, cap, "waits in %s", it->wait);
		return STYLE_DIM;
	}
	if (it->hottest == 0)
		return STYLE_TEXT;
	const struct func *f = snapshot_func(s->shown, it->hottest);
	snprintf(out, cap, "%s", format_name(f, name));
	return format_style(f->kind);
}

static void draw_row(struct screen *s, struct surface *out, int row, const struct thread_columns *c,
                     const struct thread_item *it)
{
	char text[FORMAT_NAME_MAX];
	snprintf(text, sizeof text, "%7u", it->tid);
	search_draw_text(s, out, row, c->tid, 7, STYLE_NUMBER, text);
	int name_end = c->state >= 0 ? c->state : c->cpu;
	bool on = s->query.by_thread && it->id == s->query.thread;
	search_draw_text(s, out, row, c->name, name_end - c->name - 1,
	                 on ? STYLE_PROCESS | STYLE_BOLD : STYLE_PROCESS, it->name);
	if (c->state >= 0)
		surface_text(out, row, c->state, 9, STYLE_DIM, state_name(it->state));
	snprintf(text, sizeof text, "%.1f%%", (double)it->cpu);
	surface_right(out, row, c->cpu, 7, it->cpu >= 50 ? STYLE_HOT : STYLE_NUMBER, text);
	for (int i = 0; c->spark >= 0 && i < 30; i++)
		surface_text(out, row, c->spark + i, 1, STYLE_STRIP,
		             format_spark(it->spark[i] / 255.0));
	int style = write_doing(s, it, text, sizeof text);
	search_draw_text(s, out, row, c->hottest, out->cols - c->hottest, style, text);
}

static void draw(struct screen *s, struct surface *out, struct area a)
{
	struct threads_state *t = &s->threads;
	struct thread_columns c = lay_out(a.cols);
	list_fit(&t->list, t->count, a.rows - 1);
	draw_heading(t, out, a.row, &c);
	add_heading_hits(&s->hits, a.row, &c);
	for (int i = 0; i < a.rows - 1 && t->list.top + (size_t)i < t->count; i++) {
		size_t at = t->list.top + (size_t)i;
		draw_row(s, out, a.row + 1 + i, &c, &t->items[at]);
		hits_add(&s->hits, a.row + 1 + i, 0, a.cols, HIT_ROW, (uint32_t)at);
		if (at == t->list.cursor)
			view_mark_cursor(out, a.row + 1 + i, a.cols);
	}
}

/* --- keys --------------------------------------------------------------------------------- */

static struct action filter_to_current(struct screen *s)
{
	struct threads_state *t = &s->threads;
	if (t->list.cursor >= t->count)
		return view_ignored();
	const struct thread_item *it = &t->items[t->list.cursor];
	if (it->id == NEVER) {
		view_say(s, "this thread has no samples yet");
		return view_handled();
	}
	s->query.by_thread = true;
	s->query.thread = it->id;
	return (struct action){.kind = ACTION_QUERY, .query = s->query};
}

static struct action key(struct screen *s, enum act act)
{
	struct threads_state *t = &s->threads;
	if (list_move(&t->list, act)) {
		if (t->list.cursor < t->count)
			t->cursor_key = key_of(&t->items[t->list.cursor]);
		return view_handled();
	}
	if (act == ACT_ENTER)
		return filter_to_current(s);
	if (!list_sort(act, &t->column, COLUMNS_SORTED, &t->inverted))
		return view_ignored();
	s->stale = true;
	return view_handled();
}

static struct list *list_of(struct screen *s)
{
	return &s->threads.list;
}

static void pick(struct screen *s, size_t row)
{
	struct threads_state *t = &s->threads;
	if (row >= t->count)
		return;
	t->list.cursor = row;
	t->cursor_key = key_of(&t->items[row]);
}

static void sort(struct screen *s, unsigned column)
{
	struct threads_state *t = &s->threads;
	t->inverted = t->column == column && !t->inverted;
	t->column = column;
	s->stale = true;
}

/* By what the row says: number, name, what it does. */
static bool row_matches(struct screen *s, const void *ctx, size_t row)
{
	const struct thread_item *it = &s->threads.items[row];
	char text[FORMAT_NAME_MAX];
	(void)ctx;
	snprintf(text, sizeof text, "%7u", it->tid);
	if (search_text_matches(s, text) || search_text_matches(s, it->name))
		return true;
	write_doing(s, it, text, sizeof text);
	return search_text_matches(s, text);
}

static enum search_result find(struct screen *s, enum search_way way)
{
	struct threads_state *t = &s->threads;
	enum search_result r = search_rows(s, &t->list, way, row_matches, NULL, &t->list.cursor);
	if (r != SEARCH_NONE)
		t->cursor_key = key_of(&t->items[t->list.cursor]);
	return r;
}

static void select_func(struct screen *s, uint32_t func)
{
	(void)func; /* threads are not functions */
	s->stale = true;
}

static uint32_t current_func(struct screen *s)
{
	const struct threads_state *t = &s->threads;
	return t->list.cursor < t->count ? t->items[t->list.cursor].hottest : 0;
}

static void describe(struct screen *s, char *out, size_t cap)
{
	const struct threads_state *t = &s->threads;
	if (t->list.cursor >= t->count)
		return;
	const struct thread_item *it = &t->items[t->list.cursor];
	char place[256];
	if (!places_of(s, it->pid, it->tid, place, sizeof place))
		snprintf(place, sizeof place, "%s", it->wait);
	snprintf(out, cap, "thread %u of process %u · %s · %s%s%s · Enter shows only this one",
	         it->tid, it->pid, it->name, state_name(it->state), place[0] != '\0' ? " in " : "",
	         place);
}

const struct view view_threads = {
        .name = "Threads",
        .update = update,
        .draw = draw,
        .key = key,
        .select = select_func,
        .current = current_func,
        .describe = describe,
        .find = find,
        .list = list_of,
        .pick = pick,
        .sort = sort,
        .columns = (const char *const[]){"tid", "name", "cpu", NULL},
};
