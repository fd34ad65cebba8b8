/* dumps: what a look at the threads has seen, gathered into a dump; see dumps.h. */
#include "dumps.h"

#include "ctop/dump.h"
#include "ctop/funcs.h"
#include "ctop/hash.h"
#include "ctop/mem.h"
#include "ctop/profile.h"
#include "ctop/utf8.h"
#include "ctop/vec.h"
#include "naming.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MOST = 63 };

/* A thread, and its frames while they are being gathered. */
struct seen {
	struct dump_thread t;
	uint64_t time_ns;          /* of the look */
	struct dump_frame *frames; /* leaf first */
	size_t count, cap;
};

struct dumps {
	struct naming *naming;
	struct funcs *funcs;
	struct seen *seen;
	size_t count, cap;
	struct hash_map by_tid; /* pid and tid → index in seen */
	uint64_t number, time_ns;
	bool ready;
};

static const enum dump_how how_of[HOWS] = {
        [HOW_STILL] = DUMP_STILL,     [HOW_STOPPED] = DUMP_STOPPED, [HOW_RUNNING] = DUMP_RUNNING,
        [HOW_REFUSED] = DUMP_REFUSED, [HOW_LATE] = DUMP_LATE,
};

struct dumps *dumps_new(struct naming *naming, struct funcs *funcs)
{
	struct dumps *d = mem_zalloc(1, sizeof *d);
	d->naming = naming;
	d->funcs = funcs;
	return d;
}

static void forget(struct dumps *d)
{
	for (size_t i = 0; i < d->count; i++)
		free(d->seen[i].frames);
	d->count = 0;
	hash_map_clear(&d->by_tid);
}

void dumps_free(struct dumps *d)
{
	if (d == NULL)
		return;
	forget(d);
	hash_map_fini(&d->by_tid);
	free(d->seen);
	free(d);
}

void dumps_look(struct dumps *d, const struct record_look *r)
{
	if (r->phase == LOOK_BEGIN)
		forget(d);
	d->ready = r->phase == LOOK_END;
	d->number = r->number;
	d->time_ns = r->h.time;
}

static uint64_t key_of(const struct record *r)
{
	return ((uint64_t)r->pid << 32 | r->tid) + 1;
}

static struct seen *find(struct dumps *d, const struct record *r)
{
	uint32_t i;
	return hash_map_get(&d->by_tid, key_of(r), &i, NULL) ? &d->seen[i] : NULL;
}

/* The place of a thread, emptied. */
static struct seen *place(struct dumps *d, const struct record *r)
{
	struct seen *s = find(d, r);
	if (s == NULL) {
		d->seen = vec_reserve(d->seen, &d->cap, d->count + 1, sizeof *d->seen);
		hash_map_set(&d->by_tid, key_of(r), (uint32_t)d->count);
		s = &d->seen[d->count++];
		*s = (struct seen){0};
	}
	s->count = 0;
	return s;
}

static void add_frame(struct seen *s, uint32_t func, uint64_t addr)
{
	s->frames = vec_reserve(s->frames, &s->cap, s->count + 1, sizeof *s->frames);
	s->frames[s->count++] = (struct dump_frame){func, addr};
}

/* Takes one line off; cleaned, cut to fit. */
static const char *take_line(const char *at, char *out, size_t cap)
{
	char clean[3 * NAME_MOST + 1];
	size_t len = strcspn(at, "\n");
	utf8_clean(at, len < NAME_MOST ? len : NAME_MOST, clean);
	snprintf(out, cap, "%.*s", (int)utf8_fit(clean, cap - 1, NULL), clean);
	return at[len] == '\n' ? at + len + 1 : at + len;
}

void dumps_thread(struct dumps *d, const struct record_thread *r, const char *process)
{
	struct seen *s = place(d, &r->h);
	s->time_ns = r->h.time;
	char name[64];
	s->t = (struct dump_thread){.pid = r->h.pid,
	                            .tid = r->h.tid,
	                            .state = r->state,
	                            .how = how_of[r->how],
	                            .syscall = r->syscall};
	snprintf(s->t.process, sizeof s->t.process, "%s", process);
	const char *at = take_line(r->text, s->t.name, sizeof s->t.name);
	at = take_line(at, s->t.wait, sizeof s->t.wait);
	while (*at != '\0') {
		at = take_line(at, name, sizeof name);
		add_frame(s, funcs_add(d->funcs, name, "[kernel]", FUNC_KERNEL), 0);
	}
}

void dumps_stack(void *dumps, const struct record_sample *r, const struct loc *locs, size_t count,
                 enum unwind_end end)
{
	struct dumps *d = dumps;
	struct seen *s = find(d, &r->h);
	if (s == NULL || s->time_ns != r->h.time)
		return; /* it waited for a file, and is of a look before */
	s->t.complete = end == UNWIND_ROOT;
	s->t.wants_stop = end == UNWIND_REGISTER;
	/* The process, which every chain begins with, is known. */
	for (size_t i = count; i-- > 1;) {
		bool in_file = locs[i].kind == LOC_IP || locs[i].kind == LOC_RETURN;
		add_frame(s, naming_func(d->naming, &locs[i]), in_file ? locs[i].addr : 0);
	}
}

bool dumps_ready(const struct dumps *d)
{
	return d->ready;
}

struct dump *dumps_take(struct dumps *d)
{
	size_t frame_count = 0, at = 0;
	for (size_t i = 0; i < d->count; i++)
		frame_count += d->seen[i].count;
	struct dump_thread *threads = mem_alloc((d->count + 1) * sizeof *threads);
	struct dump_frame *frames = mem_alloc((frame_count + 1) * sizeof *frames);
	for (size_t i = 0; i < d->count; i++) {
		struct seen *s = &d->seen[i];
		threads[i] = s->t;
		threads[i].first = (uint32_t)at;
		threads[i].count = (uint32_t)s->count;
		if (s->count > 0)
			memcpy(frames + at, s->frames, s->count * sizeof *frames);
		at += s->count;
	}
	d->ready = false;
	return dump_new(d->number, d->time_ns, threads, d->count, frames);
}
