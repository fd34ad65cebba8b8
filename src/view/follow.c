/* follow: from a call on the detail page to the function that is called, and back.
 *
 * What is called is known by its name: it is looked up among the functions of the profile. Where
 * the code does not tell, the samples may. A function that was left keeps its listing, so that the
 * way back needs no worker.
 */
#include "annotated.h"

#include "ctop/action.h"
#include "view.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MOST = 4096 };

static struct action say(struct screen *s, const char *fmt, ...)
        __attribute__((format(printf, 2, 3)));

static struct action say(struct screen *s, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	view_say(s, text);
	return view_handled();
}

/* --- there and back ----------------------------------------------------------------------- */

void follow_forget(struct annotated_state *t)
{
	while (t->visit_count > 0)
		detail_unref(t->visits[--t->visit_count].detail);
}

static struct action visit(struct screen *s, uint32_t func)
{
	struct annotated_state *t = &s->annotated;
	if (t->visit_count == VISITS_MOST) {
		detail_unref(t->visits[0].detail);
		memmove(t->visits, t->visits + 1, (VISITS_MOST - 1) * sizeof *t->visits);
		t->visit_count--;
	}
	t->visits[t->visit_count++] = (struct annotated_visit){
	        .detail = t->detail, .func = t->func, .list = s->overlay_list, .code = t->code};
	t->detail = NULL;
	t->func = func;
	t->started = false;
	s->overlay_list = (struct list){0};
	return (struct action){.kind = ACTION_DETAIL, .func = func};
}

bool follow_back(struct screen *s, struct action *out)
{
	struct annotated_state *t = &s->annotated;
	if (t->visit_count == 0)
		return false;
	const struct annotated_visit *v = &t->visits[--t->visit_count];
	detail_unref(t->detail);
	t->detail = v->detail;
	t->func = v->func;
	t->code = v->code;
	t->started = true;
	s->overlay_list = v->list;
	*out = (struct action){.kind = ACTION_DETAIL, .func = t->func};
	return true;
}

/* --- who is called ------------------------------------------------------------------------- */

bool follow_name(const struct listing_insn *in, const char *module, char *name, size_t cap)
{
	if (in->target_name[0] == '\0') {
		snprintf(name, cap, "%.2000s+0x%" PRIx64, module, in->target);
		return false;
	}
	snprintf(name, cap, "%s", in->target_name);
	char *offset = strstr(name, "+0x");
	if (offset != NULL)
		*offset = '\0';
	char *plt = strstr(name, "@plt");
	if (plt != NULL)
		*plt = '\0';
	return plt != NULL;
}

/* The function of that name with most samples, 0: none. `module` NULL: of any. */
static uint32_t find_func(const struct screen *s, const char *name, const char *module)
{
	uint32_t best = 0, most = 0;
	for (uint32_t i = 1; i < snapshot_func_count(s->shown); i++) {
		const struct func *f = snapshot_func(s->shown, i);
		bool code = f->kind == FUNC_OWN || f->kind == FUNC_LIBRARY ||
		            f->kind == FUNC_KERNEL || f->kind == FUNC_JIT;
		if (!code || strcmp(f->name, name) != 0 ||
		    (module != NULL && strcmp(f->module, module) != 0))
			continue;
		uint32_t n = snapshot_func_counts(s->shown, i).total_n;
		if (n > most) {
			most = n;
			best = i;
		}
	}
	return best;
}

/* By what was seen to be called, where the code does not tell: an indirect call, or a name that
 * is an alias of another one's. With one function that can be meant it is known. */
static struct action go_by_samples(struct screen *s, const char *what)
{
	enum { SHOWN = 3 };
	uint32_t seen[SHOWN];
	char list[300] = "";
	size_t n = callees_unnamed(s, seen, SHOWN), used = 0;
	if (n == 1) {
		say(s, "%.150s: by the samples it is %.200s", what,
		    snapshot_func(s->shown, seen[0])->name);
		return visit(s, seen[0]);
	}
	for (size_t i = 0; i < n && used < sizeof list; i++)
		used += (size_t)snprintf(list + used, sizeof list - used, "%s%.80s",
		                         i == 0 ? ": it may be " : ", ",
		                         snapshot_func(s->shown, seen[i])->name);
	return say(s, "%.150s%s", what, n > 0 ? list : ": it is on none of the stacks");
}

static struct action go_to_function(struct screen *s, const struct listing_insn *in)
{
	char name[NAME_MOST], what[256];
	const struct func *from = snapshot_func(s->shown, s->annotated.func);
	bool elsewhere = follow_name(in, from->module, name, sizeof name);
	uint32_t func = find_func(s, name, elsewhere ? NULL : from->module);
	if (func != 0 && func != s->annotated.func)
		return visit(s, func);
	if (func != 0)
		return say(s, "it leads to %.200s itself", name);
	if (s->query.group != GROUP_FUNCTION)
		return say(s, "calls are followed where it is grouped by function: Esc, then y");
	snprintf(what, sizeof what, "%.100s has no samples by that name", name);
	if (elsewhere)
		return go_by_samples(s, what);
	return say(s, "%.200s has no samples: it is on none of the stacks", name);
}

/* The cursor goes to an instruction of this function. */
static struct action go_within(struct screen *s, size_t insn)
{
	struct annotated_rows r = annotated_rows(s);
	size_t i = 0;
	while (i < r.count && (r.all[i].kind != ROW_INSN || r.all[i].at != insn))
		i++;
	bool there = i < r.count;
	if (there)
		s->overlay_list.cursor = i;
	free(r.all);
	return there ? view_handled() : say(s, "it calls itself");
}

static struct action follow_insn(struct screen *s, const struct listing_insn *in)
{
	const struct listing *l = s->annotated.detail->listing;
	if (!in->is_call && !in->is_jump)
		return say(s, "it leads nowhere: Enter follows calls and jumps");
	if (in->target == 0)
		return go_by_samples(s, "the code does not tell where this leads");
	size_t at = listing_at(l, in->target);
	if (at != SIZE_MAX && l->insns[at].addr == in->target)
		return go_within(s, at);
	return go_to_function(s, in);
}

/* The call of a line in which most time was spent, NULL: none. *calls: how many there are. */
static const struct listing_insn *hottest_call(const struct detail *d, size_t line, size_t *calls)
{
	const struct listing *l = d->listing;
	const struct listing_insn *best = NULL;
	uint64_t most = 0;
	*calls = 0;
	for (size_t i = 0; i < l->insn_count; i++) {
		const struct listing_insn *in = &l->insns[i];
		if (!in->is_call || in->file != l->main_file || in->line != line)
			continue;
		++*calls;
		if (d->insns[i].total_ns > most) {
			most = d->insns[i].total_ns;
			best = in;
		}
	}
	return best;
}

static struct action follow_line(struct screen *s, size_t line)
{
	size_t calls;
	const struct listing_insn *in = hottest_call(s->annotated.detail, line, &calls);
	if (in != NULL)
		return follow_insn(s, in);
	if (calls == 0)
		return say(s,
		           "line %zu calls nothing (what is inlined there is in its instructions)",
		           line);
	return say(s, "none of the %zu call%s of line %zu has samples", calls,
	           calls == 1 ? "" : "s", line);
}

struct action follow_enter(struct screen *s)
{
	const struct annotated_state *t = &s->annotated;
	struct annotated_rows r = annotated_rows(s);
	struct annotated_row row = {.kind = ROW_PLACE};
	bool any = s->overlay_list.cursor < r.count;
	if (any)
		row = r.all[s->overlay_list.cursor];
	free(r.all);
	if (!any)
		return say(s, "there is nothing to follow");
	if (row.kind == ROW_LINE)
		return follow_line(s, row.at);
	if (row.kind == ROW_INSN)
		return follow_insn(s, &t->detail->listing->insns[row.at]);
	return say(s, "this row is where the next instructions come from: Enter follows calls");
}
