/* places: where every thread is, as a page; threads at the same place together.
 *
 * Made of a dump, which a key asks for. Lines are laid out anew with each dump.
 */
#include "ctop/dump.h"
#include "ctop/funcs.h"
#include "ctop/mem.h"
#include "ctop/vec.h"
#include "format.h"
#include "page.h"
#include "view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NO_FRAME = UINT32_MAX };

static const struct dump_thread *thread_at(const struct places_state *t, size_t i)
{
	size_t count;
	return &dump_threads(t->dump, &count)[i];
}

static int compare_stacks(const struct places_state *t, const struct dump_thread *a,
                          const struct dump_thread *b)
{
	const struct dump_frame *fa = dump_frames(t->dump, a), *fb = dump_frames(t->dump, b);
	int c = strcmp(a->wait, b->wait);
	if (a->state != b->state || c != 0)
		return a->state != b->state ? (a->state > b->state) - (a->state < b->state) : c;
	for (uint32_t i = 0; i < a->count && i < b->count; i++)
		if (fa[i].func != fb[i].func)
			return (fa[i].func > fb[i].func) - (fa[i].func < fb[i].func);
	return (a->count > b->count) - (a->count < b->count);
}

static int by_stack(const void *va, const void *vb, void *ctx)
{
	const struct places_state *t = ctx;
	uint32_t ia = *(const uint32_t *)va, ib = *(const uint32_t *)vb;
	int c = compare_stacks(t, thread_at(t, ia), thread_at(t, ib));
	return c != 0 ? c : (ia > ib) - (ia < ib);
}

static int by_size(const void *va, const void *vb)
{
	const struct places_group *a = va, *b = vb;
	if (a->count != b->count)
		return (a->count < b->count) - (a->count > b->count);
	return (a->first > b->first) - (a->first < b->first);
}

static void add_line(struct places_state *t, uint32_t group, uint32_t frame)
{
	t->lines = vec_reserve(t->lines, &t->line_cap, t->line_count + 1, sizeof *t->lines);
	t->lines[t->line_count++] = (struct places_line){group, frame};
}

/* Groups of threads, the largest first, and the lines that show them. */
static void lay_out(struct places_state *t, bool hide_kernel)
{
	size_t count;
	dump_threads(t->dump, &count);
	t->order = vec_reserve(t->order, &t->order_cap, count, sizeof *t->order);
	t->groups = vec_reserve(t->groups, &t->group_cap, count, sizeof *t->groups);
	t->group_count = t->line_count = 0;
	for (size_t i = 0; i < count; i++)
		t->order[i] = (uint32_t)i;
	if (count > 1)
		qsort_r(t->order, count, sizeof *t->order, by_stack, t);
	for (size_t i = 0; i < count; i++) {
		bool same = i > 0 && compare_stacks(t, thread_at(t, t->order[i - 1]),
		                                    thread_at(t, t->order[i])) == 0;
		if (!same)
			t->groups[t->group_count++] = (struct places_group){(uint32_t)i, 0};
		t->groups[t->group_count - 1].count++;
	}
	if (t->group_count > 1)
		qsort(t->groups, t->group_count, sizeof *t->groups, by_size);
	for (uint32_t g = 0; g < t->group_count; g++) {
		const struct dump_thread *first = thread_at(t, t->order[t->groups[g].first]);
		const struct dump_frame *frames = dump_frames(t->dump, first);
		add_line(t, g, NO_FRAME);
		for (uint32_t i = 0; i < first->count; i++)
			if (!hide_kernel ||
			    funcs_get(t->funcs, frames[i].func)->kind != FUNC_KERNEL)
				add_line(t, g, i);
	}
}

void screen_set_dump(struct screen *s, struct dump *d, const struct funcs *funcs)
{
	struct places_state *t = &s->places;
	if (t->dump != NULL && dump_number(t->dump) == dump_number(d) &&
	    dump_time(t->dump) == dump_time(d))
		return;
	dump_unref(t->dump);
	t->dump = dump_ref(d);
	t->funcs = funcs;
	lay_out(t, s->query.hide_kernel);
	s->stale = true;
}

void places_fini(struct places_state *t)
{
	dump_unref(t->dump);
	free(t->order);
	free(t->groups);
	free(t->lines);
}

/* The frames outside of the kernel that tell most, innermost first: "poll ‹ wait ‹ serve". */
bool places_of(const struct screen *s, uint32_t pid, uint32_t tid, char *out, size_t cap)
{
	enum { SHOWN = 4 };
	const struct places_state *t = &s->places;
	static const uint64_t FRESH_NS = UINT64_C(10000000000);
	size_t count = 0, used = 0;
	if (t->dump == NULL || s->now_ns > dump_time(t->dump) + FRESH_NS)
		return false;
	const struct dump_thread *threads = dump_threads(t->dump, &count);
	size_t i = 0;
	while (i < count && (threads[i].pid != pid || threads[i].tid != tid))
		i++;
	if (i == count)
		return false;
	const struct dump_frame *frames = dump_frames(t->dump, &threads[i]);
	for (uint32_t f = 0, shown = 0; f < threads[i].count && shown < SHOWN; f++) {
		const struct func *fn = funcs_get(t->funcs, frames[f].func);
		if (fn->kind == FUNC_KERNEL || fn->kind == FUNC_MARK || used >= cap)
			continue;
		int n = snprintf(out + used, cap - used, "%s%s", shown++ > 0 ? " ‹ " : "",
		                 fn->name);
		used += n > 0 ? (size_t)n : 0;
	}
	return used > 0;
}

/* --- the page -------------------------------------------------------------------------- */

/* "3 threads asleep in futex_do_wait: worker 12, worker 13, …" */
static void put_group(const struct places_state *t, struct page *p, const struct places_group *g)
{
	char text[512];
	const struct dump_thread *first = thread_at(t, t->order[g->first]);
	int n = snprintf(text, sizeof text, "%u thread%s %s%s%s: ", g->count,
	                 g->count == 1 ? "" : "s", dump_state_name(first->state),
	                 first->wait[0] != '\0' ? " in " : "", first->wait);
	size_t used = n > 0 ? (size_t)n : 0;
	for (uint32_t i = 0; i < g->count && used + 1 < sizeof text; i++) {
		const struct dump_thread *th = thread_at(t, t->order[g->first + i]);
		n = snprintf(text + used, sizeof text - used, "%s%s %u", i > 0 ? ", " : "",
		             th->name, th->tid);
		used += n > 0 ? (size_t)n : 0;
	}
	page_put(p, 1, 0, STYLE_PROCESS | STYLE_BOLD, "%s", text);
}

static void put_frame(const struct places_state *t, struct page *p, const struct places_line *line)
{
	const struct dump_thread *first = thread_at(t, t->order[t->groups[line->group].first]);
	const struct func *f = funcs_get(t->funcs, dump_frames(t->dump, first)[line->frame].func);
	int module = p->cols >= 60 ? p->cols - 22 : p->cols;
	page_put(p, 5, module - 6, format_style(f->kind), "%s", f->name);
	if (module < p->cols)
		page_put(p, module, 0, STYLE_DIM, "%s", f->module);
}

static void put_heading(const struct places_state *t, const struct screen *s, struct page *p)
{
	size_t count;
	if (t->dump == NULL) {
		snprintf(p->heading, sizeof p->heading, " WHERE THREADS ARE · looking …");
		return;
	}
	dump_threads(t->dump, &count);
	uint64_t age = s->now_ns > dump_time(t->dump) ? s->now_ns - dump_time(t->dump) : 0;
	snprintf(p->heading, sizeof p->heading,
	         " WHERE %zu THREAD%s WERE %.0f s AGO · none was stopped · D looks again, "
	         "/ searches, others close",
	         count, count == 1 ? "" : "S", (double)age / 1e9);
}

void places_build(struct screen *s, struct page *p)
{
	const struct places_state *t = &s->places;
	put_heading(t, s, p);
	for (size_t i = 0; t->dump != NULL && i < t->line_count; i++) {
		page_line(p);
		if (t->lines[i].frame == NO_FRAME)
			put_group(t, p, &t->groups[t->lines[i].group]);
		else
			put_frame(t, p, &t->lines[i]);
	}
}
