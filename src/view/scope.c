/* scope: which part of the profile is looked at; see scope.h. */
#include "scope.h"

#include "ctop/clock.h"
#include "ctop/utf8.h"
#include "format.h"
#include "strip.h"
#include "view.h"

#include <stdio.h>
#include <string.h>

/* What w goes through. */
static const struct {
	struct profile_window window;
	const char *said;
} windows[] = {
        {{.kind = WINDOW_ALL}, "all that was sampled"},
        {{.kind = WINDOW_LAST, .span_ns = 10 * CLOCK_NS_PER_SEC}, "the last 10 seconds"},
        {{.kind = WINDOW_LAST, .span_ns = 60 * CLOCK_NS_PER_SEC}, "the last minute"},
        {{.kind = WINDOW_DECAY, .span_ns = 10 * CLOCK_NS_PER_SEC},
         "fading: what is 10 seconds old counts half"},
};
enum { WINDOWS = sizeof windows / sizeof windows[0] };

/* Thousandths of the whole. */
static const unsigned thresholds[] = {0, 1, 5, 10, 50};
enum { THRESHOLDS = sizeof thresholds / sizeof thresholds[0] };

void scope_fini(struct scope *c)
{
	prompt_history_fini(&c->filters);
}

static struct action count_anew(struct screen *s)
{
	s->stale = true;
	return (struct action){.kind = ACTION_QUERY, .query = s->query};
}

/* --- filters --------------------------------------------------------------------------------- */

static bool add_filter(struct screen *s, enum filter_kind kind, const char *text)
{
	struct profile_query *q = &s->query;
	if (q->filter_count == PROFILE_FILTERS) {
		view_say(s, "eight filters are the most; Esc drops the newest");
		return false;
	}
	struct profile_filter *f = &q->filters[q->filter_count++];
	*f = (struct profile_filter){.kind = kind};
	snprintf(f->text, sizeof f->text, "%.*s", FILTER_TEXT - 1, text);
	return true;
}

static void filter_edited(struct screen *s)
{
	(void)s;
}

struct action scope_filter(struct screen *s, const char *text)
{
	if (text[0] == '\0') {
		s->query.filter_count = 0;
		view_say(s, "no filters");
		return count_anew(s);
	}
	bool drop = text[0] == '!' && text[1] != '\0';
	if (!add_filter(s, drop ? FILTER_DROP : FILTER_KEEP, text + drop))
		return view_handled();
	view_say(s, drop ? "only stacks without a match; Esc drops the filter"
	                 : "only stacks with a match; Esc drops the filter");
	return count_anew(s);
}

static struct action filter_accepted(struct screen *s)
{
	return scope_filter(s, s->prompt.text);
}

static const struct prompt_use filter_use = {
        .label = "filter (!text excludes): ",
        .edited = filter_edited,
        .accepted = filter_accepted,
        .cancelled = filter_edited,
};

static const struct func *current(struct screen *s)
{
	uint32_t func = s->shown != NULL ? view_table[s->view]->current(s) : 0;
	if (func == 0)
		view_say(s, "select a function first");
	return func != 0 ? snapshot_func(s->shown, func) : NULL;
}

static struct action focus(struct screen *s, bool on_module)
{
	const struct func *f = current(s);
	char text[256];
	if (f == NULL)
		return view_handled();
	if (on_module && f->module[0] == '\0') {
		view_say(s, "it belongs to no module");
		return view_handled();
	}
	const char *name = on_module ? f->module : f->name;
	if (!add_filter(s, on_module ? FILTER_KEEP_MODULE : FILTER_KEEP_FUNCTION, name))
		return view_handled();
	snprintf(text, sizeof text, "only stacks through %.150s; Esc drops that", name);
	view_say(s, text);
	return count_anew(s);
}

/* A module is folded first, and hidden next. */
static struct action fold_or_hide(struct screen *s)
{
	const struct func *f = current(s);
	char text[256];
	if (f == NULL)
		return view_handled();
	if (f->module[0] == '\0') {
		view_say(s, "it belongs to no module");
		return view_handled();
	}
	for (uint32_t i = 0; i < s->query.filter_count; i++) {
		struct profile_filter *have = &s->query.filters[i];
		if (have->kind != FILTER_FOLD_MODULE || strcmp(have->text, f->module) != 0)
			continue;
		have->kind = FILTER_HIDE_MODULE;
		snprintf(text, sizeof text,
		         "%.100s is hidden: its time is the caller's; Esc brings it back",
		         f->module);
		view_say(s, text);
		return count_anew(s);
	}
	if (!add_filter(s, FILTER_FOLD_MODULE, f->module))
		return view_handled();
	snprintf(text, sizeof text, "%.100s is one row: x again hides it, Esc brings it back",
	         f->module);
	view_say(s, text);
	return count_anew(s);
}

/* --- windows -----------------------------------------------------------------------------------
 */

struct action scope_window(struct screen *s, const struct profile_window *w, const char *said)
{
	s->query.window = *w;
	view_say(s, said);
	return count_anew(s);
}

static struct action next_window(struct screen *s)
{
	bool ours = s->query.window.kind != WINDOW_RANGE;
	s->scope.window = ours ? (s->scope.window + 1) % WINDOWS : 0;
	return scope_window(s, &windows[s->scope.window].window, windows[s->scope.window].said);
}

struct action scope_range(struct screen *s, uint64_t from_ns, uint64_t to_ns)
{
	s->query.window = (struct profile_window){0};
	if (to_ns > from_ns)
		s->query.window = (struct profile_window){
		        .kind = WINDOW_RANGE, .from_ns = from_ns, .to_ns = to_ns};
	s->scope.window = 0;
	return count_anew(s);
}

/* --- the rest ------------------------------------------------------------------------------------
 */

static struct action next_threshold(struct screen *s)
{
	char text[96];
	s->scope.threshold = (s->scope.threshold + 1) % THRESHOLDS;
	unsigned share = thresholds[s->scope.threshold];
	snprintf(text, sizeof text, "rows under %.1f%% are hidden", share / 10.0);
	view_say(s, share > 0 ? text : "all rows are shown");
	s->stale = true;
	return view_handled();
}

bool scope_hides(const struct screen *s, uint64_t total_ns)
{
	unsigned share = thresholds[s->scope.threshold];
	return share > 0 && total_ns * 1000 < view_whole(s) * share;
}

struct action scope_key(struct screen *s, enum act act)
{
	switch (act) {
	case ACT_FILTER:
		view_prompt(s, &filter_use, &s->scope.filters);
		return view_handled();
	case ACT_FOCUS_FUNCTION:
	case ACT_FOCUS_MODULE:
		return focus(s, act == ACT_FOCUS_MODULE);
	case ACT_MODULE:
		return fold_or_hide(s);
	case ACT_WINDOW:
		return next_window(s);
	case ACT_THRESHOLD:
		return next_threshold(s);
	default:
		return view_ignored();
	}
}

bool scope_is_narrow(const struct screen *s)
{
	const struct profile_query *q = &s->query;
	return q->by_thread || q->by_process || q->filter_count > 0 || q->window.kind != WINDOW_ALL;
}

struct action scope_drop(struct screen *s)
{
	struct profile_query *q = &s->query;
	if (q->by_thread) {
		q->by_thread = false;
	} else if (q->by_process) {
		q->by_process = false;
	} else if (q->filter_count > 0) {
		q->filter_count--;
	} else if (q->window.kind != WINDOW_ALL) {
		s->scope.window = 0;
		q->window = windows[0].window;
	} else {
		return view_ignored();
	}
	return count_anew(s);
}

/* --- in words ------------------------------------------------------------------------------------
 */

static void window_text(const struct screen *s, char *out, size_t cap)
{
	const struct profile_window *w = &s->query.window;
	char clock[16], range[64];
	unsigned seconds = (unsigned)(w->span_ns / CLOCK_NS_PER_SEC);
	format_clock(clock, sizeof clock, snapshot_stats(s->shown)->elapsed_ns);
	switch (w->kind) {
	case WINDOW_LAST:
		snprintf(out, cap, "last %u s", seconds);
		break;
	case WINDOW_DECAY:
		snprintf(out, cap, "fading %u s", seconds);
		break;
	case WINDOW_RANGE:
		if (w->to_ns == UINT64_MAX) {
			strip_moment(s, w->from_ns, clock, sizeof clock);
			snprintf(out, cap, "since %s", clock);
			break;
		}
		strip_range(s, w->from_ns, w->to_ns, range, sizeof range);
		snprintf(out, cap, "%s", range);
		break;
	case WINDOW_ALL:
		snprintf(out, cap, "all %s", clock);
		break;
	}
}

static void filters_text(const struct screen *s, char *out, size_t cap)
{
	static const char *const before[FILTER_KINDS] = {
	        [FILTER_KEEP] = "with ",        [FILTER_DROP] = "without ",
	        [FILTER_KEEP_FUNCTION] = "in ", [FILTER_KEEP_MODULE] = "in ",
	        [FILTER_HIDE_MODULE] = "no ",   [FILTER_FOLD_MODULE] = "folded ",
	};
	size_t used = 0;
	out[0] = '\0';
	for (uint32_t i = 0; i < s->query.filter_count && used < cap; i++)
		used += (size_t)snprintf(out + used, cap - used, " · %s%.24s",
		                         before[s->query.filters[i].kind],
		                         s->query.filters[i].text);
}

static void who_text(const struct screen *s, char *out, size_t cap)
{
	uint32_t count;
	const struct snapshot_thread *t = snapshot_threads(s->shown, &count);
	out[0] = '\0';
	if (s->query.by_process)
		snprintf(out, cap, " · only process %u", s->query.process);
	for (uint32_t i = 0; i < count; i++) {
		bool main_thread = s->query.by_process && t[i].tid == s->query.process;
		if (s->query.by_thread ? t[i].id == s->query.thread : main_thread)
			snprintf(out, cap, " · only %s %u", t[i].name, t[i].tid);
	}
}

void scope_text(const struct screen *s, char *out, size_t cap, int room)
{
	static const char *const groups[GROUPS] = {"", " · by line", " · by file", " · by module"};
	char window[96], filters[256], who[96], shown[192], base[112], least[16] = "";
	if (snapshot_stats(s->shown)->unit == SNAPSHOT_COUNT)
		snprintf(window, sizeof window, "samples of a file");
	else
		window_text(s, window, sizeof window);
	filters_text(s, filters, sizeof filters);
	delta_scope(s, base, sizeof base);
	who_text(s, who, sizeof who);
	if (thresholds[s->scope.threshold] > 0)
		snprintf(least, sizeof least, " · ≥%.1f%%", thresholds[s->scope.threshold] / 10.0);
	snprintf(shown, sizeof shown, "%s%s%s%s%s", base, groups[s->query.group], least,
	         s->query.hide_kernel ? " · kernel hidden" : "",
	         s->query.hide_inlined ? " · inlined hidden" : "");
	bool timed = snapshot_stats(s->shown)->unit != SNAPSHOT_COUNT;
	snprintf(out, cap, "%s%s%s%s%s", timed ? "on-CPU · " : "", window,
	         who[0] != '\0' ? who
	         : timed        ? " · all threads"
	                        : "",
	         filters, shown);
	if ((int)utf8_str_width(out) > room)
		snprintf(out, cap, "%s%s%s%s", window, who, filters, shown);
	if ((int)utf8_str_width(out) > room)
		snprintf(out, cap, "%s%s%s", window, who, filters);
	if ((int)utf8_str_width(out) > room)
		snprintf(out, cap, "%s%s", window, filters[0] != '\0' ? " · filtered" : who);
	if ((int)utf8_str_width(out) > room)
		snprintf(out, cap, "%s", filters[0] != '\0' ? "filtered" : window);
}
