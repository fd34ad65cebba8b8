/* commands: the table of what can be typed behind ":"; see commands.h. */
#include "commands.h"

#include "ctop/action.h"
#include "ctop/nearest.h"
#include "settings.h"
#include "view.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct action view_refuse(struct screen *s, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	screen_message(s, s->now_ns, true, text);
	return view_handled();
}

/* --- words ---------------------------------------------------------------------------------- */

int word_find(const char *word, word_fn *at, const void *ctx)
{
	int found = WORD_UNKNOWN;
	const char *name;
	for (size_t i = 0; (name = at(ctx, i)) != NULL; i++) {
		if (strcasecmp(name, word) == 0)
			return (int)i;
		if (strncasecmp(name, word, strlen(word)) == 0)
			found = found == WORD_UNKNOWN ? (int)i : WORD_AMBIGUOUS;
	}
	return found;
}

/* "bogus is no VIEW: did you mean X?", or those there are. */
struct action word_refuse(struct screen *s, const char *what, const char *word, word_fn *at,
                          const void *ctx)
{
	char all[300] = "";
	const char *name, *nearest = NULL;
	unsigned least = 3;
	size_t used = 0, len = strlen(word);
	for (size_t i = 0; (name = at(ctx, i)) != NULL; i++) {
		unsigned distance = nearest_distance(word, name);
		bool fits = len > 0 && strncasecmp(name, word, len) == 0;
		if (distance < least && distance < strlen(name)) {
			least = distance;
			nearest = name;
		}
		if ((fits || len == 0) && used < sizeof all)
			used += (size_t)snprintf(all + used, sizeof all - used, "%s%s",
			                         used > 0 ? ", " : "", name);
	}
	if (len == 0)
		return view_refuse(s, "which %s? %s", what, all);
	if (used > 0)
		return view_refuse(s, "'%.60s' may be %s", word, all);
	if (nearest != NULL)
		return view_refuse(s, "no %s '%.60s': did you mean '%s'?", what, word, nearest);
	return view_refuse(s, "no %s '%.60s'; Tab shows what there is", what, word);
}

const char *word_of_array(const void *ctx, size_t i)
{
	const char *const *words = ctx;
	return words[i];
}

/* --- keys by their names ---------------------------------------------------------------------- */

static struct action quit(struct screen *s, char *args)
{
	(void)args;
	return view_common_key(s, ACT_QUIT, 0);
}

static struct action help(struct screen *s, char *args)
{
	(void)args;
	struct action left = view_leave_page(s);
	view_common_key(s, ACT_HELP, 0);
	return left;
}

static struct action pause_display(struct screen *s, char *args)
{
	(void)args;
	return view_common_key(s, ACT_PAUSE, 0);
}

static struct action reset(struct screen *s, char *args)
{
	(void)args;
	return view_common_key(s, ACT_RESET, 0);
}

static struct action fetch(struct screen *s, char *args)
{
	(void)args;
	return view_common_key(s, ACT_FETCH, 0);
}

static struct action save(struct screen *s, char *args)
{
	struct action a = view_common_key(s, ACT_SAVE, 0);
	if (a.kind == ACTION_SAVE)
		snprintf(a.path, sizeof a.path, "%s", args);
	return a;
}

static struct action search(struct screen *s, char *args)
{
	if (args[0] == '\0')
		return view_common_key(s, ACT_SEARCH_NEXT, 0);
	return search_for(s, args);
}

/* --- views ---------------------------------------------------------------------------------- */

static const char *view_at(const void *ctx, size_t i)
{
	(void)ctx;
	return i < VIEWS ? view_table[i]->name : NULL;
}

static const char *view_word(struct screen *s, const char *before, size_t i)
{
	return before[0] == '\0' ? view_at(s, i) : NULL;
}

static struct action view(struct screen *s, char *args)
{
	int i = word_find(args, view_at, NULL);
	if (args[0] == '\0' || i < 0)
		return word_refuse(s, "view", args, view_at, NULL);
	struct action left = view_leave_page(s);
	view_common_key(s, ACT_VIEW, (key_code)('1' + i));
	return left;
}

static const char *column_at(const void *ctx, size_t i)
{
	const struct view *v = ctx;
	return v->columns != NULL ? v->columns[i] : NULL;
}

static const char *sort_word(struct screen *s, const char *before, size_t i)
{
	return before[0] == '\0' ? column_at(view_table[s->view], i) : NULL;
}

static struct action sort(struct screen *s, char *args)
{
	const struct view *v = view_table[s->view];
	int i = word_find(args, column_at, v);
	if (v->columns == NULL)
		return view_refuse(s, "this view has one order");
	if (args[0] == '\0' || i < 0)
		return word_refuse(s, "column", args, column_at, v);
	view_sort(s, (unsigned)i);
	return view_handled();
}

static struct action go(struct screen *s, char *args)
{
	char *end;
	unsigned long n = strtoul(args, &end, 10);
	if (!isdigit((unsigned char)args[0]) || *end != '\0' || n == 0)
		return view_refuse(s, "goto wants the number of a row, from 1");
	view_go_to_row(s, n - 1);
	return view_handled();
}

/* --- threads ---------------------------------------------------------------------------------- */

static const char *thread_word(struct screen *s, const char *before, size_t i)
{
	static char text[16]; /* of the display's thread */
	uint32_t count = 0;
	const struct snapshot_thread *t =
	        s->shown != NULL ? snapshot_threads(s->shown, &count) : NULL;
	if (before[0] != '\0' || i > count)
		return NULL;
	if (i == count)
		return "all";
	snprintf(text, sizeof text, "%u", t[i].tid);
	return text;
}

static struct action thread(struct screen *s, char *args)
{
	char *end;
	uint32_t count = 0;
	unsigned long tid = strtoul(args, &end, 10);
	const struct snapshot_thread *t =
	        s->shown != NULL ? snapshot_threads(s->shown, &count) : NULL;
	s->query.by_thread = false;
	if (args[0] == '\0' || strcasecmp(args, "all") == 0)
		return (struct action){.kind = ACTION_QUERY, .query = s->query};
	for (uint32_t i = 0; i < count && *end == '\0'; i++)
		if (t[i].tid == tid && (!s->query.by_thread || t[i].alive)) {
			s->query.by_thread = true;
			s->query.thread = t[i].id;
		}
	if (!s->query.by_thread)
		return view_refuse(s, "no thread '%.40s' has samples; 5 shows those there are",
		                   args);
	return (struct action){.kind = ACTION_QUERY, .query = s->query};
}

static const char *process_word(struct screen *s, const char *before, size_t i)
{
	static char text[16]; /* of the display's thread */
	uint32_t count = 0;
	const struct snapshot_thread *t =
	        s->shown != NULL ? snapshot_threads(s->shown, &count) : NULL;
	uint32_t k = 0;
	/* Each process once, by its first thread. */
	while (k < count && (t[k].tid != t[k].pid || i-- > 0))
		k++;
	if (before[0] != '\0' || (k == count && i > 0))
		return NULL;
	snprintf(text, sizeof text, "%u", k < count ? t[k].pid : 0);
	return k < count ? text : "all";
}

static struct action process(struct screen *s, char *args)
{
	char *end;
	uint32_t count = 0;
	unsigned long pid = strtoul(args, &end, 10);
	const struct snapshot_thread *t =
	        s->shown != NULL ? snapshot_threads(s->shown, &count) : NULL;
	bool all = args[0] == '\0' || strcasecmp(args, "all") == 0, known = all;
	for (uint32_t i = 0; i < count && !known && *end == '\0'; i++)
		known = t[i].pid == pid;
	if (!known)
		return view_refuse(s, "no process '%.40s' has samples; P shows those there are",
		                   args);
	s->query.by_thread = false;
	s->query.by_process = !all;
	s->query.process = (uint32_t)pid;
	return (struct action){.kind = ACTION_QUERY, .query = s->query};
}

/* --- the table ----------------------------------------------------------------------------------
 */

static struct action filter(struct screen *s, char *args)
{
	return scope_filter(s, args);
}

/* "all", "30", "30 fading". */
static struct action window(struct screen *s, char *args)
{
	char *end, said[64];
	double seconds = strtod(args, &end);
	bool number = end > args && seconds >= 0.1 && seconds <= 1e6;
	end += strspn(end, " ");
	bool fading = strcasecmp(end, "fading") == 0;
	if (strcasecmp(args, "all") == 0 || args[0] == '\0')
		return scope_window(s, &(struct profile_window){.kind = WINDOW_ALL},
		                    "all that was sampled");
	if (!number || (*end != '\0' && !fading))
		return view_refuse(
		        s, "window wants all, or seconds such as 30, or 30 fading; not '%.40s'",
		        args);
	snprintf(said, sizeof said, fading ? "fading: %.1f s back counts half" : "the last %.1f s",
	         seconds);
	return scope_window(s,
	                    &(struct profile_window){.kind = fading ? WINDOW_DECAY : WINDOW_LAST,
	                                             .span_ns = (uint64_t)(seconds * 1e9)},
	                    said);
}

static struct action mark(struct screen *s, char *args)
{
	return strip_set_mark(s, args);
}

static struct action compare(struct screen *s, char *args)
{
	return strcasecmp(args, "off") == 0 ? delta_drop(s) : delta_set(s);
}

static const struct command_row rows[] = {
        {"quit", NULL, "end ctop", quit, NULL},
        {"help", NULL, "keys and commands", help, NULL},
        {"view", "NAME", "go to a view", view, view_word},
        {"goto", "N", "go to row N, of a source to line N; :N does the same", go, NULL},
        {"search", "PATTERN", "search, as / does; without one again", search, NULL},
        {"sort", "COLUMN", "sort by a column; again: invert that", sort, sort_word},
        {"set", "OPTION VALUE", "mouse, kernel, inlined: on or off; group", settings_set,
         settings_word},
        {"thread", "[TID]", "count one thread only; without one all", thread, thread_word},
        {"process", "[PID]", "count one process only; without one all", process, process_word},
        {"filter", "[!]TEXT", "keep stacks with a match, with ! those without; empty: all", filter,
         NULL},
        {"window", "all | SECONDS [fading]", "count all, the last seconds, or let old ones fade",
         window, NULL},
        {"mark", "[NAME]", "set a mark on the time line", mark, NULL},
        {"compare", "[off]", "what is counted becomes the base line; end that", compare, NULL},
        {"save", "[FILE]", "save a snapshot as folded stacks; never over a file", save, NULL},
        {"pause", NULL, "pause or resume the display", pause_display, NULL},
        {"reset", NULL, "forget all counts", reset, NULL},
        {"fetch", NULL, "fetch debug files, or stop that", fetch, NULL},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

const struct command_row *commands_rows(size_t *count)
{
	*count = ROWS;
	return rows;
}

static const char *name_at(const void *ctx, size_t i)
{
	(void)ctx;
	return i < ROWS ? rows[i].name : NULL;
}

const struct command_row *commands_find(const char *word)
{
	int i = word_find(word, name_at, NULL);
	return i >= 0 ? &rows[i] : NULL;
}

static char *trim(char *text)
{
	text += strspn(text, " ");
	for (size_t len = strlen(text); len > 0 && text[len - 1] == ' ';)
		text[--len] = '\0';
	return text;
}

struct action commands_run(struct screen *s, const char *line)
{
	char text[PROMPT_MOST], none[] = "";
	snprintf(text, sizeof text, "%s", line);
	char *word = trim(text);
	if (word[0] == '\0')
		return view_handled();
	if (isdigit((unsigned char)word[0]))
		return go(s, word);
	char *args = strchr(word, ' ');
	if (args != NULL)
		*args++ = '\0';
	const struct command_row *row = commands_find(word);
	if (row == NULL)
		return word_refuse(s, "command", word, name_at, NULL);
	if (row->args == NULL && args != NULL && trim(args)[0] != '\0')
		return view_refuse(s, "%s takes no argument", row->name);
	return row->run(s, args != NULL ? trim(args) : none);
}

const char *screen_command_help(unsigned index, char *usage, size_t cap)
{
	if (index >= ROWS)
		return NULL;
	const struct command_row *r = &rows[index];
	snprintf(usage, cap, ":%s%s%s", r->name, r->args != NULL ? " " : "",
	         r->args != NULL ? r->args : "");
	return r->what;
}
