/* processes: one row a process, from the samples of its threads and from what /proc says now; Enter
 * narrows every view to it.
 */
#include "ctop/vec.h"
#include "format.h"
#include "view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMN_PID, COLUMN_NAME, COLUMN_THREADS, COLUMN_CPU, COLUMN_SHARE, COLUMNS_SORTED };

static struct process_item *item_of(struct processes_state *t, uint32_t pid)
{
	uint32_t at;
	if (hash_map_get(&t->index, (uint64_t)pid + 1, &at, NULL))
		return &t->items[at];
	hash_map_add(&t->index, (uint64_t)pid + 1, (uint32_t)t->count);
	t->items = vec_reserve(t->items, &t->cap, t->count + 1, sizeof *t->items);
	struct process_item *it = &t->items[t->count++];
	*it = (struct process_item){.pid = pid};
	return it;
}

/* A process is called as its first thread is. */
static void name_item(struct process_item *it, uint32_t tid, const char *name)
{
	if (tid == it->pid || it->name[0] == '\0')
		snprintf(it->name, sizeof it->name, "%s", name);
}

static void add_sampled(struct processes_state *t, const struct snapshot *snap)
{
	uint32_t count;
	const struct snapshot_thread *rows = snapshot_threads(snap, &count);
	for (uint32_t i = 0; i < count; i++) {
		struct process_item *it = item_of(t, rows[i].pid);
		name_item(it, rows[i].tid, rows[i].name);
		it->threads += rows[i].alive;
		it->cpu += rows[i].cpu_percent;
		it->weight_ns += rows[i].weight_ns;
		t->weight_ns += rows[i].weight_ns;
		if (rows[i].weight_ns > it->busiest_ns && rows[i].hottest != 0) {
			it->busiest_ns = rows[i].weight_ns;
			it->hottest = rows[i].hottest;
		}
	}
}

/* Threads that never ran have no samples. */
static void add_facts(struct processes_state *t, const struct screen_facts *facts)
{
	for (size_t i = 0; i < t->count; i++)
		t->items[i].threads = 0;
	for (uint32_t i = 0; i < facts->thread_count; i++) {
		const struct screen_thread *f = &facts->threads[i];
		struct process_item *it = item_of(t, f->pid);
		name_item(it, f->tid, f->name);
		it->threads++;
	}
}

static int compare(const void *va, const void *vb, void *ctx)
{
	const struct process_item *a = va, *b = vb;
	const struct processes_state *t = ctx;
	int c = 0;
	if (t->column == COLUMN_NAME)
		c = strcmp(a->name, b->name);
	else if (t->column == COLUMN_THREADS)
		c = (a->threads < b->threads) - (a->threads > b->threads);
	else if (t->column == COLUMN_CPU)
		c = (a->cpu < b->cpu) - (a->cpu > b->cpu);
	else if (t->column == COLUMN_SHARE)
		c = (a->weight_ns < b->weight_ns) - (a->weight_ns > b->weight_ns);
	if (c == 0)
		c = (a->pid > b->pid) - (a->pid < b->pid);
	return t->inverted ? -c : c;
}

static void update(struct screen *s, const struct screen_facts *facts)
{
	struct processes_state *t = &s->processes;
	t->count = 0;
	t->weight_ns = 0;
	hash_map_clear(&t->index);
	add_sampled(t, s->shown);
	if (facts != NULL && facts->threads_known && facts->thread_count > 0)
		add_facts(t, facts);
	if (t->count > 1)
		qsort_r(t->items, t->count, sizeof *t->items, compare, t);
	t->list.count = t->count;
	for (size_t i = 0; t->cursor_pid != 0 && i < t->count; i++)
		if (t->items[i].pid == t->cursor_pid)
			t->list.cursor = i;
}

bool processes_several(const struct screen *s)
{
	uint32_t count = 0;
	const struct snapshot_thread *rows =
	        s->shown != NULL ? snapshot_threads(s->shown, &count) : NULL;
	for (uint32_t i = 1; i < count; i++)
		if (rows[i].pid != rows[0].pid)
			return true;
	return false;
}

/* --- drawing --------------------------------------------------------------------------- */

/* First cells of the columns; −1: left out. */
struct process_columns {
	int pid, name, threads, cpu, share, hottest;
};

static struct process_columns lay_out(int cols)
{
	struct process_columns c = {0, 9, 28, 37, 45, 55};
	if (cols < 60)
		c = (struct process_columns){0, 9, -1, 20, -1, 29};
	return c;
}

static void put_heading(struct screen *s, struct surface *out, int row, int col, int cells,
                        int column, const char *name)
{
	const struct processes_state *t = &s->processes;
	bool on = t->column == (unsigned)column, right = column != COLUMN_NAME;
	char text[32];
	if (col < 0)
		return;
	snprintf(text, sizeof text, "%s%s", name, !on ? "" : t->inverted ? "▲" : "▼");
	int style = on ? STYLE_HEADING_ON : STYLE_HEADING;
	if (right)
		surface_right(out, row, col, cells, style, text);
	else
		surface_text(out, row, col, cells, style, text);
	hits_add(&s->hits, row, col, cells, HIT_SORT, (uint32_t)column);
}

static void draw_heading(struct screen *s, struct surface *out, int row,
                         const struct process_columns *c)
{
	surface_fill(out, row, 0, out->cols, STYLE_HEADING, " ");
	put_heading(s, out, row, c->pid, 8, COLUMN_PID, "PID");
	put_heading(s, out, row, c->name, 10, COLUMN_NAME, "NAME");
	put_heading(s, out, row, c->threads, 8, COLUMN_THREADS, "THREADS");
	put_heading(s, out, row, c->cpu, 7, COLUMN_CPU, "CPU%");
	put_heading(s, out, row, c->share, 8, COLUMN_SHARE, "SHARE");
	surface_text(out, row, c->hottest, 40, STYLE_HEADING,
	             "HOTTEST FUNCTION of its busiest thread");
}

static void draw_row(struct screen *s, struct surface *out, int row,
                     const struct process_columns *c, const struct process_item *it)
{
	char text[FORMAT_NAME_MAX];
	bool on = s->query.by_process && s->query.process == it->pid;
	snprintf(text, sizeof text, "%8u", it->pid);
	search_draw_text(s, out, row, c->pid, 8, STYLE_NUMBER, text);
	int end = c->threads >= 0 ? c->threads : c->cpu;
	search_draw_text(s, out, row, c->name, end - c->name - 1,
	                 on ? STYLE_PROCESS | STYLE_BOLD : STYLE_PROCESS, it->name);
	snprintf(text, sizeof text, "%u", it->threads);
	if (c->threads >= 0)
		surface_right(out, row, c->threads, 8, STYLE_NUMBER,
		              it->threads > 0 ? text : "ended");
	snprintf(text, sizeof text, "%.1f%%", (double)it->cpu);
	surface_right(out, row, c->cpu, 7, it->cpu >= 50 ? STYLE_HOT : STYLE_NUMBER, text);
	format_percent(text, sizeof text, it->weight_ns, s->processes.weight_ns);
	if (c->share >= 0)
		surface_right(out, row, c->share, 8, STYLE_NUMBER, text);
	if (it->hottest == 0)
		return;
	const struct func *f = snapshot_func(s->shown, it->hottest);
	search_draw_text(s, out, row, c->hottest, out->cols - c->hottest, format_style(f->kind),
	                 format_name(f, text));
}

static void draw(struct screen *s, struct surface *out, struct area a)
{
	struct processes_state *t = &s->processes;
	struct process_columns c = lay_out(a.cols);
	list_fit(&t->list, t->count, a.rows - 1);
	draw_heading(s, out, a.row, &c);
	for (int i = 0; i < a.rows - 1 && t->list.top + (size_t)i < t->count; i++) {
		size_t at = t->list.top + (size_t)i;
		draw_row(s, out, a.row + 1 + i, &c, &t->items[at]);
		hits_add(&s->hits, a.row + 1 + i, 0, a.cols, HIT_ROW, (uint32_t)at);
		if (at == t->list.cursor)
			view_mark_cursor(out, a.row + 1 + i, a.cols);
	}
	if (t->count == 1 && a.rows > 4)
		surface_ellipsis(out, a.row + 3, 1, a.cols - 1, STYLE_DIM,
		                 "There is just this one; its children, more --pid, and -a would "
		                 "stand here too.");
}

/* --- keys --------------------------------------------------------------------------------- */

static struct process_item *current(struct screen *s)
{
	struct processes_state *t = &s->processes;
	return t->list.cursor < t->count ? &t->items[t->list.cursor] : NULL;
}

static void take_cursor(struct screen *s)
{
	const struct process_item *it = current(s);
	if (it != NULL)
		s->processes.cursor_pid = it->pid;
}

static struct action narrow_to_current(struct screen *s)
{
	const struct process_item *it = current(s);
	if (it == NULL)
		return view_ignored();
	if (it->weight_ns == 0) {
		view_say(s, "this process has no samples yet");
		return view_handled();
	}
	s->query.by_thread = false;
	s->query.by_process = true;
	s->query.process = it->pid;
	return (struct action){.kind = ACTION_QUERY, .query = s->query};
}

static void sort(struct screen *s, unsigned column)
{
	struct processes_state *t = &s->processes;
	t->inverted = t->column == column && !t->inverted;
	t->column = column;
	s->stale = true;
}

static struct action key(struct screen *s, enum act act)
{
	struct processes_state *t = &s->processes;
	if (list_move(&t->list, act)) {
		take_cursor(s);
		return view_handled();
	}
	if (act == ACT_ENTER)
		return narrow_to_current(s);
	if (!list_sort(act, &t->column, COLUMNS_SORTED, &t->inverted))
		return view_ignored();
	s->stale = true;
	return view_handled();
}

static struct list *list_of(struct screen *s)
{
	return &s->processes.list;
}

static void pick(struct screen *s, size_t row)
{
	s->processes.list.cursor = row;
	take_cursor(s);
}

static bool row_matches(struct screen *s, const void *ctx, size_t row)
{
	const struct process_item *it = &s->processes.items[row];
	char text[32];
	(void)ctx;
	snprintf(text, sizeof text, "%8u", it->pid);
	return search_text_matches(s, text) || search_text_matches(s, it->name) ||
	       (it->hottest != 0 && search_func_matches(s, it->hottest));
}

static enum search_result find(struct screen *s, enum search_way way)
{
	struct list *l = &s->processes.list;
	enum search_result r = search_rows(s, l, way, row_matches, NULL, &l->cursor);
	if (r != SEARCH_NONE)
		take_cursor(s);
	return r;
}

static void select_func(struct screen *s, uint32_t func)
{
	(void)func; /* processes are not functions */
	s->stale = true;
}

static uint32_t current_func(struct screen *s)
{
	const struct process_item *it = current(s);
	return it != NULL ? it->hottest : 0;
}

static void describe(struct screen *s, char *out, size_t cap)
{
	const struct process_item *it = current(s);
	char time[16];
	if (it == NULL)
		return;
	format_weight(time, sizeof time, view_unit(s), it->weight_ns);
	snprintf(out, cap, "process %u · %s · %s of CPU · Enter shows only this one", it->pid,
	         it->name, time);
}

const struct view view_processes = {
        .name = "Processes",
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
        .columns = (const char *const[]){"pid", "name", "threads", "cpu", "share", NULL},
};
