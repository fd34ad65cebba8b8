/* acts: what keys do that mean the same in every view, as a table. */
#include "view.h"

#include <string.h>

/* A key, and what it asks for. */
struct press {
	enum act act;
	key_code key;
};

static struct action go_to_view(struct screen *s, enum view_id view)
{
	if (view == s->view || view >= VIEWS)
		return view_handled();
	s->view = view;
	s->stale = true;
	if (s->shown != NULL)
		view_table[view]->select(s, s->selected);
	return view_handled();
}

static void open_page(struct screen *s, enum overlay overlay)
{
	s->overlay = overlay;
	s->overlay_list = (struct list){0};
	s->search.page_line = SIZE_MAX;
}

static struct action count_anew(struct screen *s)
{
	return (struct action){.kind = ACTION_QUERY, .query = s->query};
}

/* --- views and pages ----------------------------------------------------------------------------
 */

static struct action to_view(struct screen *s, struct press p)
{
	return go_to_view(s, (enum view_id)(p.key - '1'));
}

static struct action to_neighbour(struct screen *s, struct press p)
{
	unsigned step = p.act == ACT_NEXT_VIEW ? 1 : VIEWS - 1;
	return go_to_view(s, (enum view_id)((s->view + step) % VIEWS));
}

static struct action to_tree(struct screen *s, struct press p)
{
	(void)p;
	return go_to_view(s, s->view == VIEW_TREE ? VIEW_BOTTOMUP : VIEW_TREE);
}

static struct action to_processes(struct screen *s, struct press p)
{
	(void)p;
	return go_to_view(s, VIEW_PROCESSES);
}

/* f flips the flamegraph when it is already there. */
static struct action to_flame(struct screen *s, struct press p)
{
	(void)p;
	return s->view != VIEW_FLAME ? go_to_view(s, VIEW_FLAME) : view_ignored();
}

static struct action to_help(struct screen *s, struct press p)
{
	(void)p;
	open_page(s, OVERLAY_HELP);
	return view_handled();
}

/* Pages that want something to be found out first. */
static struct action to_page(struct screen *s, struct press p)
{
	if (s->shown == NULL)
		return view_handled();
	open_page(s, p.act == ACT_QUALITY  ? OVERLAY_QUALITY
	             : p.act == ACT_PLACES ? OVERLAY_PLACES
	                                   : OVERLAY_HEAT);
	if (p.act == ACT_HEAT)
		return heat_open(s);
	return (struct action){.kind = p.act == ACT_QUALITY ? ACTION_PACKAGES : ACTION_LOOK};
}

struct action view_detail(struct screen *s, uint32_t func)
{
	s->selected = func;
	open_page(s, OVERLAY_DETAIL);
	return annotated_open(s);
}

static struct action to_function(struct screen *s, struct press p)
{
	view_refresh(s);
	uint32_t func = s->shown != NULL ? view_table[s->view]->current(s) : 0;
	if (func == 0) {
		view_say(s, "select a function first");
		return view_handled();
	}
	if (p.act == ACT_DETAIL)
		return view_detail(s, func);
	around_open(s, func);
	return view_handled();
}

static struct action to_output(struct screen *s, struct press p)
{
	(void)p;
	return output_open(s, s->facts);
}

/* --- what is counted and shown
 * -------------------------------------------------------------------- */

static struct action toggle_kernel(struct screen *s, struct press p)
{
	(void)p;
	if (s->shown != NULL && !snapshot_stats(s->shown)->kernel_frames) {
		view_say(s, "there are no kernel frames: they were not captured");
		return view_handled();
	}
	s->query.hide_kernel = !s->query.hide_kernel;
	view_say(s, s->query.hide_kernel ? "kernel frames hidden: their time is the caller's"
	                                 : "kernel frames shown");
	return count_anew(s);
}

static struct action toggle_inlined(struct screen *s, struct press p)
{
	(void)p;
	s->query.hide_inlined = !s->query.hide_inlined;
	view_say(s, s->query.hide_inlined
	                    ? "inlined functions hidden: their time is the caller's"
	                    : "inlined functions shown, where there is debug information");
	return count_anew(s);
}

static struct action next_group(struct screen *s, struct press p)
{
	static const char *const said[GROUPS] = {
	        [GROUP_FUNCTION] = "grouped by function",
	        [GROUP_LINE] = "grouped by line, where there is debug information",
	        [GROUP_FILE] = "grouped by source file, where there is debug information",
	        [GROUP_MODULE] = "grouped by program and library",
	};
	(void)p;
	s->query.group = (enum profile_group)((s->query.group + 1) % GROUPS);
	view_say(s, said[s->query.group]);
	return count_anew(s);
}

static struct action change_scope(struct screen *s, struct press p)
{
	view_refresh(s);
	return scope_key(s, p.act);
}

static struct action change_time(struct screen *s, struct press p)
{
	return p.act == ACT_TIMELINE ? strip_open(s)
	       : p.act == ACT_MARK   ? strip_mark(s)
	       : p.act == ACT_BASE   ? delta_set(s)
	                             : delta_drop(s);
}

static struct action toggle_pause(struct screen *s, struct press p)
{
	(void)p;
	s->paused = !s->paused;
	if (s->paused || s->newer == NULL)
		return view_handled();
	snapshot_unref(s->shown);
	s->shown = s->newer;
	s->newer = NULL;
	s->stale = true;
	return view_handled();
}

static struct action search_key(struct screen *s, struct press p)
{
	if (p.act == ACT_SEARCH) {
		search_ask(s);
		return view_handled();
	}
	if (s->overlay == OVERLAY_NONE)
		view_refresh(s);
	return search_again(s, p.act == ACT_SEARCH_NEXT ? SEARCH_NEXT : SEARCH_PREVIOUS);
}

/* --- the program
 * ------------------------------------------------------------------------------------ */

static struct action toggle_mouse(struct screen *s, struct press p)
{
	(void)p;
	return mouse_set(s, s->mouse_off);
}

static struct action ask_command(struct screen *s, struct press p)
{
	(void)p;
	commandline_ask(s);
	return view_handled();
}

static struct action fetch(struct screen *s, struct press p)
{
	(void)p;
	return fetching_key(s);
}

static struct action reset(struct screen *s, struct press p)
{
	(void)p;
	view_say(s, "counts reset");
	return (struct action){.kind = ACTION_RESET};
}

static struct action save(struct screen *s, struct press p)
{
	(void)p;
	if (s->shown != NULL)
		return (struct action){.kind = ACTION_SAVE};
	view_say(s, "nothing to save yet");
	return view_handled();
}

static struct action terminal_key(struct screen *s, struct press p)
{
	(void)s;
	return (struct action){.kind = p.act == ACT_REDRAW ? ACTION_REDRAW : ACTION_SUSPEND};
}

static struct action quit(struct screen *s, struct press p)
{
	(void)p;
	s->asking = s->facts->child_running;
	return s->asking ? view_handled() : (struct action){.kind = ACTION_QUIT};
}

static struct action (*const acts[])(struct screen *s, struct press p) = {
        [ACT_VIEW] = to_view,
        [ACT_NEXT_VIEW] = to_neighbour,
        [ACT_PREV_VIEW] = to_neighbour,
        [ACT_TOGGLE_TREE] = to_tree,
        [ACT_FLAME] = to_flame,
        [ACT_PROCESSES] = to_processes,
        [ACT_HELP] = to_help,
        [ACT_QUALITY] = to_page,
        [ACT_PLACES] = to_page,
        [ACT_HEAT] = to_page,
        [ACT_DETAIL] = to_function,
        [ACT_AROUND] = to_function,
        [ACT_OUTPUT] = to_output,
        [ACT_KERNEL] = toggle_kernel,
        [ACT_INLINED] = toggle_inlined,
        [ACT_GROUP] = next_group,
        [ACT_FILTER] = change_scope,
        [ACT_FOCUS_FUNCTION] = change_scope,
        [ACT_FOCUS_MODULE] = change_scope,
        [ACT_MODULE] = change_scope,
        [ACT_WINDOW] = change_scope,
        [ACT_THRESHOLD] = change_scope,
        [ACT_TIMELINE] = change_time,
        [ACT_MARK] = change_time,
        [ACT_BASE] = change_time,
        [ACT_NO_BASE] = change_time,
        [ACT_PAUSE] = toggle_pause,
        [ACT_SEARCH] = search_key,
        [ACT_SEARCH_NEXT] = search_key,
        [ACT_SEARCH_PREVIOUS] = search_key,
        [ACT_MOUSE] = toggle_mouse,
        [ACT_COMMAND] = ask_command,
        [ACT_FETCH] = fetch,
        [ACT_RESET] = reset,
        [ACT_SAVE] = save,
        [ACT_REDRAW] = terminal_key,
        [ACT_SUSPEND] = terminal_key,
        [ACT_QUIT] = quit,
};
enum { ACTS = sizeof acts / sizeof acts[0] };

struct action view_common_key(struct screen *s, enum act act, key_code key)
{
	bool known = (size_t)act < ACTS && acts[act] != NULL;
	return known ? acts[act](s, (struct press){act, key}) : view_ignored();
}
