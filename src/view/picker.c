/* picker: rows, order, cursor, search and keys; see picker.h. */
#include "ctop/picker.h"

#include "ctop/mem.h"
#include "ctop/vec.h"
#include "picker_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct picker *picker_new(bool ascii, uid_t uid)
{
	struct picker *p = mem_zalloc(1, sizeof *p);
	p->ascii = ascii;
	p->how = (struct procorder){.column = PROCESS_CPU, .own = uid};
	return p;
}

void picker_free(struct picker *p)
{
	if (p == NULL)
		return;
	free(p->rows);
	free(p->order);
	match_free(p->match);
	prompt_history_fini(&p->history);
	free(p);
}

pid_t picker_selected(const struct picker *p)
{
	return p->list.cursor < p->count ? picker_at(p, p->list.cursor)->pid : 0;
}

void picker_set_why(struct picker *p, pid_t pid, const char *why)
{
	p->why_pid = pid;
	snprintf(p->why, sizeof p->why, "%s", why);
}

void picker_message(struct picker *p, const char *text)
{
	snprintf(p->message, sizeof p->message, "%s", text);
}

const char *picker_command(const struct process *q, char *buf, size_t cap)
{
	if (q->command[0] != '\0')
		return q->command;
	snprintf(buf, cap, "[%s]", q->comm);
	return buf;
}

/* --- order ------------------------------------------------------------------------------- */

static void go_to(struct picker *p, pid_t pid)
{
	for (size_t i = 0; i < p->count; i++)
		if (picker_at(p, i)->pid == pid)
			p->list.cursor = i;
}

/* The cursor stays with its process; until it was moved it stays at the top. */
static void reorder(struct picker *p)
{
	p->order = vec_reserve(p->order, &p->order_cap, p->count + 1, sizeof *p->order);
	procorder_make(p->rows, p->count, &p->how, p->order);
	p->list.count = p->count;
	if (p->moved)
		go_to(p, p->cursor_pid);
	if (p->list.cursor >= p->count)
		p->list.cursor = p->count > 0 ? p->count - 1 : 0;
	p->cursor_pid = picker_selected(p);
}

/* --- search ------------------------------------------------------------------------------ */

static bool row_matches(const struct picker *p, size_t row)
{
	const struct process *q = picker_at(p, row);
	char text[64];
	if (match_has(p->match, picker_command(q, text, sizeof text)) ||
	    match_has(p->match, q->comm) || match_has(p->match, q->user))
		return true;
	snprintf(text, sizeof text, "%d", q->pid);
	return match_has(p->match, text);
}

/* The next match from the cursor, which may be at it for step 0; false: there is none. */
static bool find(struct picker *p, int step)
{
	size_t n = p->count;
	for (size_t i = step == 0 ? 0 : 1; i < n + (step != 0); i++) {
		size_t row = (p->list.cursor + (step < 0 ? n - i : i)) % n;
		if (!row_matches(p, row))
			continue;
		p->list.cursor = row;
		p->cursor_pid = picker_selected(p);
		p->moved = true;
		return true;
	}
	return false;
}

/* What is typed is looked for in newer rows, too. */
static void search_on(struct picker *p)
{
	if (!p->failed || !find(p, 0))
		return;
	p->failed = false;
	p->prompt.note[0] = p->message[0] = '\0';
}

static void search_again(struct picker *p, int step)
{
	if (p->match == NULL)
		picker_message(p, "nothing was searched yet: / searches");
	else if (!find(p, step))
		picker_message(p, "no process matches");
}

void picker_set_rows(struct picker *p, struct process *rows, size_t count)
{
	if (p->held) {
		free(rows);
		return;
	}
	free(p->rows);
	p->rows = rows;
	p->count = count;
	reorder(p);
	search_on(p);
}

static void set_pattern(struct picker *p, const char *text)
{
	match_free(p->match);
	p->match = text[0] != '\0' ? match_new(text) : NULL;
	go_to(p, p->spot);
	p->failed = p->match != NULL && !find(p, 0);
	snprintf(p->prompt.note, sizeof p->prompt.note, "%s", p->failed ? "no match" : "");
}

static void take_typed(struct picker *p, key_code key)
{
	switch (prompt_key(&p->prompt, key, p->pasting)) {
	case PROMPT_EDITED:
		set_pattern(p, p->prompt.text);
		break;
	case PROMPT_CANCELLED:
		match_free(p->match);
		p->match = NULL;
		go_to(p, p->spot);
		p->cursor_pid = picker_selected(p);
		break;
	case PROMPT_ACCEPTED:
		if (p->failed && !find(p, 0))
			picker_message(p, "no process matches");
		break;
	case PROMPT_MOVED:
	case PROMPT_IGNORED:
		break;
	}
}

/* Text for the prompt, or pasted where there is none: true. */
static bool is_typed(struct picker *p, key_code key)
{
	if (key == KEY_CODE_PASTE || key == KEY_CODE_PASTE_END) {
		p->pasting = key == KEY_CODE_PASTE;
		return true;
	}
	if (prompt_is_open(&p->prompt)) {
		take_typed(p, key);
		return true;
	}
	/* Terminals leave Esc and Ctrl-C out of what is pasted: the end was lost. */
	if (key == KEY_CODE_ESC || key == KEY_CODE_CTRL('C'))
		p->pasting = false;
	return p->pasting;
}

/* --- keys -------------------------------------------------------------------------------- */

static enum picker_event sort_by(struct picker *p, int step)
{
	p->how.column = (enum process_column)((p->how.column + PROCESS_COLUMNS + (unsigned)step) %
	                                      PROCESS_COLUMNS);
	reorder(p);
	return PICKER_HANDLED;
}

static enum picker_event on_sort_left(struct picker *p)
{
	return sort_by(p, -1);
}

static enum picker_event on_sort_right(struct picker *p)
{
	return sort_by(p, 1);
}

static enum picker_event on_invert(struct picker *p)
{
	p->how.inverted = !p->how.inverted;
	reorder(p);
	return PICKER_HANDLED;
}

static enum picker_event on_tree(struct picker *p)
{
	p->how.tree = !p->how.tree;
	reorder(p);
	return PICKER_HANDLED;
}

static enum picker_event on_hold(struct picker *p)
{
	p->held = !p->held;
	return PICKER_HANDLED;
}

static enum picker_event on_search(struct picker *p)
{
	p->spot = picker_selected(p);
	p->failed = false;
	prompt_open(&p->prompt, "/", &p->history);
	return PICKER_HANDLED;
}

static enum picker_event on_next(struct picker *p)
{
	search_again(p, 1);
	return PICKER_HANDLED;
}

static enum picker_event on_previous(struct picker *p)
{
	search_again(p, -1);
	return PICKER_HANDLED;
}

static enum picker_event on_help(struct picker *p)
{
	picker_message(p,
	               "Enter attaches  / n N search  t tree  < > I sort  Space holds  q leaves");
	return PICKER_HANDLED;
}

static enum picker_event on_enter(struct picker *p)
{
	return picker_selected(p) != 0 ? PICKER_ATTACH : PICKER_HANDLED;
}

static enum picker_event on_escape(struct picker *p)
{
	if (p->match == NULL)
		return PICKER_QUIT;
	match_free(p->match);
	p->match = NULL;
	return PICKER_HANDLED;
}

static enum picker_event on_quit(struct picker *p)
{
	(void)p;
	return PICKER_QUIT;
}

static enum picker_event on_suspend(struct picker *p)
{
	(void)p;
	return PICKER_SUSPEND;
}

static enum picker_event on_redraw(struct picker *p)
{
	(void)p;
	return PICKER_REDRAW;
}

typedef enum picker_event key_fn(struct picker *p);

static const struct {
	enum act act;
	key_fn *run;
} keys[] = {
        {ACT_ENTER, on_enter},
        {ACT_ESCAPE, on_escape},
        {ACT_QUIT, on_quit},
        {ACT_SEARCH, on_search},
        {ACT_SEARCH_NEXT, on_next},
        {ACT_SEARCH_PREVIOUS, on_previous},
        {ACT_TOGGLE_TREE, on_tree},
        {ACT_SORT_LEFT, on_sort_left},
        {ACT_SORT_RIGHT, on_sort_right},
        {ACT_INVERT, on_invert},
        {ACT_PAUSE, on_hold},
        {ACT_HELP, on_help},
        {ACT_SUSPEND, on_suspend},
        {ACT_REDRAW, on_redraw},
};

enum picker_event picker_key(struct picker *p, key_code key)
{
	enum act act = keymap_act(key);
	if (is_typed(p, key))
		return PICKER_HANDLED;
	p->message[0] = '\0';
	p->failed = false;
	p->list.count = p->count;
	if (list_move(&p->list, act)) {
		p->moved = true;
		p->cursor_pid = picker_selected(p);
		return PICKER_HANDLED;
	}
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (keys[i].act == act)
			return keys[i].run(p);
	picker_message(p, "this key does nothing here (? shows the keys)");
	return PICKER_HANDLED;
}
