/* picker_draw: how the picker looks; see picker.h. */
#include "ctop/surface.h"
#include "ctop/utf8.h"
#include "picker_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { LOW = 14, NARROW = 60, GUIDE = 2 };

/* --- columns ----------------------------------------------------------------------------- */

static const struct {
	const char *heading;
	int cells; /* 0: the rest */
	bool right, wide_only;
} columns[PROCESS_COLUMNS] = {
        [PROCESS_PID] = {"PID", 7, true, false},          [PROCESS_USER] = {"USER", 9, false, true},
        [PROCESS_CPU] = {"CPU%", 6, true, false},         [PROCESS_MEMORY] = {"MEM", 6, true, true},
        [PROCESS_THREADS] = {"THR", 5, true, true},       [PROCESS_STATE] = {"S", 2, false, false},
        [PROCESS_COMMAND] = {"COMMAND", 0, false, false},
};

/* First cell of a column; −1: there is no room for it. *cells gets its width. */
static int place_of(int column, int cols, int *cells)
{
	int at = 0;
	*cells = 0;
	for (int i = 0; i < column; i++)
		if (!columns[i].wide_only || cols >= NARROW)
			at += columns[i].cells + 1;
	if (columns[column].wide_only && cols < NARROW)
		return -1;
	*cells = columns[column].cells > 0 ? columns[column].cells : cols - at;
	return at;
}

static void put(struct surface *out, int row, int column, int style, const char *text)
{
	int cells, at = place_of(column, out->cols, &cells);
	if (at >= 0 && columns[column].right)
		surface_right(out, row, at, cells, style, text);
	else if (at >= 0)
		surface_ellipsis(out, row, at, cells, style, text);
}

static void draw_heading(const struct picker *p, struct surface *out, int row)
{
	surface_fill(out, row, 0, out->cols, STYLE_HEADING, " ");
	for (int i = 0; i < PROCESS_COLUMNS; i++) {
		bool on = (int)p->how.column == i;
		char text[32];
		snprintf(text, sizeof text, "%s%s", columns[i].heading,
		         !on               ? ""
		         : p->how.inverted ? "▲"
		                           : "▼");
		put(out, row, i, on ? STYLE_HEADING_ON : STYLE_HEADING, text);
	}
}

/* --- rows -------------------------------------------------------------------------------- */

static void format_bytes(char *out, size_t cap, uint64_t bytes)
{
	static const char units[] = "KMGT";
	double n = (double)bytes / 1024;
	int i = 0;
	for (; n >= 1000 && units[i + 1] != '\0'; i++)
		n /= 1024;
	snprintf(out, cap, n < 10 && i > 0 ? "%.1f%c" : "%.0f%c", n, units[i]);
}

/* Cells of a row that what is searched stands in. */
static void mark_matches(const struct picker *p, struct surface *out, int row, int col,
                         const char *text)
{
	struct match_range r;
	char before[320];
	for (size_t at = 0; match_next(p->match, text, at, &r) && r.to > at; at = r.to) {
		snprintf(before, sizeof before, "%.*s", (int)r.from, text);
		int from = col + (int)utf8_str_width(before);
		snprintf(before, sizeof before, "%.*s", (int)r.to, text);
		int to = col + (int)utf8_str_width(before);
		for (int i = from; i < to && i < out->cols; i++)
			out->cells[(size_t)row * (size_t)out->cols + (size_t)i].style = STYLE_MATCH;
	}
}

static void draw_command(const struct picker *p, struct surface *out, int row, size_t at, int style)
{
	const struct process *q = picker_at(p, at);
	char buf[64];
	const char *text = picker_command(q, buf, sizeof buf);
	int cells, col = place_of(PROCESS_COMMAND, out->cols, &cells);
	int indent = p->how.tree ? p->order[at].depth * GUIDE : 0;
	/* At least half of the column is for the name. */
	indent = indent > cells / 2 ? cells / 2 / GUIDE * GUIDE : indent;
	if (indent > 0)
		surface_text(out, row, col + indent - GUIDE, GUIDE, STYLE_DIM,
		             p->ascii ? "`-" : "└╴");
	surface_ellipsis(out, row, col + indent, cells - indent, style, text);
	if (p->match != NULL)
		mark_matches(p, out, row, col + indent, text);
}

static void draw_row(const struct picker *p, struct surface *out, int row, size_t at)
{
	const struct process *q = picker_at(p, at);
	bool foreign = q->kernel_thread || (p->how.own != 0 && q->uid != p->how.own);
	char text[32];
	snprintf(text, sizeof text, "%d", q->pid);
	put(out, row, PROCESS_PID, STYLE_NUMBER, text);
	put(out, row, PROCESS_USER, STYLE_DIM, q->user);
	snprintf(text, sizeof text, q->cpu < 0 ? "-" : "%.1f", (double)q->cpu);
	put(out, row, PROCESS_CPU, q->cpu >= 50 ? STYLE_HOT : STYLE_NUMBER, text);
	format_bytes(text, sizeof text, q->memory);
	put(out, row, PROCESS_MEMORY, STYLE_NUMBER, q->kernel_thread ? "" : text);
	snprintf(text, sizeof text, "%u", q->threads);
	put(out, row, PROCESS_THREADS, STYLE_NUMBER, text);
	snprintf(text, sizeof text, "%c", q->state);
	put(out, row, PROCESS_STATE, STYLE_DIM, text);
	draw_command(p, out, row, at, foreign ? STYLE_DIM : STYLE_PROCESS);
}

static void draw_rows(struct picker *p, struct surface *out, int top, int rows)
{
	list_fit(&p->list, p->count, rows);
	for (int i = 0; i < rows && p->list.top + (size_t)i < p->count; i++) {
		size_t at = p->list.top + (size_t)i;
		draw_row(p, out, top + i, at);
		for (int col = 0; at == p->list.cursor && col < out->cols; col++)
			out->cells[(size_t)(top + i) * (size_t)out->cols + (size_t)col].style |=
			        STYLE_REVERSE;
	}
}

/* --- lines around them ------------------------------------------------------------------- */

static void draw_title(const struct picker *p, struct surface *out)
{
	size_t running = 0;
	for (size_t i = 0; i < p->count; i++)
		running += p->rows[i].state == 'R';
	surface_fill(out, 0, 0, out->cols, STYLE_TITLE, " ");
	int col = surface_text(out, 0, 0, out->cols, STYLE_TITLE | STYLE_BOLD,
	                       out->cols < NARROW ? "ctop  " : "ctop  pick a process");
	surface_printf(out, 0, col, out->cols - col, STYLE_TITLE,
	               out->cols < NARROW ? "%zu processes · %zu running"
	                                  : " · %zu processes · %zu running",
	               p->count, running);
	if (p->held)
		surface_right(out, 0, out->cols - 5, 5, STYLE_WARN | STYLE_BOLD, "HELD");
}

static void draw_details(const struct picker *p, struct surface *out, int row)
{
	char text[1024] = "";
	if (prompt_is_open(&p->prompt)) {
		prompt_draw(&p->prompt, out, row);
		return;
	}
	int style = STYLE_DIM;
	bool known = p->why_pid != 0 && p->why_pid == picker_selected(p);
	if (p->message[0] != '\0') {
		style = STYLE_ERROR;
		snprintf(text, sizeof text, "%s", p->message);
	} else if (known && p->why[0] != '\0') {
		style = STYLE_WARN;
		snprintf(text, sizeof text, "%s", p->why);
	} else if (p->list.cursor < p->count) {
		const struct process *q = picker_at(p, p->list.cursor);
		snprintf(text, sizeof text, "%s attaches to %d · %s", "Enter", q->pid,
		         q->command[0] != '\0' ? q->command : q->comm);
	}
	surface_ellipsis(out, row, 1, out->cols - 1, style, text);
}

static void draw_foot(struct surface *out, int row)
{
	static const char *const keys[][2] = {
	        {"Enter", "attach"}, {"/", "search"},   {"t", "tree"}, {"< >", "sort by"},
	        {"I", "invert"},     {"Space", "hold"}, {"q", "quit"},
	};
	int col = 1;
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		if (col + (int)(strlen(keys[i][0]) + strlen(keys[i][1])) + 3 > out->cols)
			return;
		col += surface_text(out, row, col, out->cols - col, STYLE_KEY, keys[i][0]) + 1;
		col += surface_text(out, row, col, out->cols - col, STYLE_DIM, keys[i][1]) + 2;
	}
}

void picker_draw(struct picker *p, struct surface *out)
{
	int foot = out->rows < LOW ? 1 : 2;
	out->ascii = p->ascii;
	surface_clear(out);
	if (out->rows < 1 || out->cols < 1)
		return;
	draw_title(p, out);
	if (out->rows > 1)
		draw_heading(p, out, 1);
	if (out->rows > 2 + foot)
		draw_rows(p, out, 2, out->rows - 2 - foot);
	if (out->rows > 2)
		draw_details(p, out, out->rows - foot);
	if (foot > 1)
		draw_foot(out, out->rows - 1);
}
