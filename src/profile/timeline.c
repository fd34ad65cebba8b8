/* timeline: what happened by time; see timeline.h.
 *
 * Buckets of a quarter of a second; when there are too many, each two become one, so that a run of
 * any length fits and the whole of it can be shown.
 */
#include "timeline.h"

#include "ctop/clock.h"
#include "ctop/history.h"
#include "ctop/mem.h"
#include "ctop/vec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t WIDTH_NS = CLOCK_NS_PER_SEC / 4;
static const uint64_t NARROWEST_NS = CLOCK_NS_PER_MS;
enum { BUCKETS_MOST = 1 << 16, STRIP_MOST = 512 };

void timeline_init(struct timeline *t, uint64_t start_ns)
{
	*t = (struct timeline){.start_ns = start_ns, .width_ns = WIDTH_NS};
}

void timeline_fini(struct timeline *t)
{
	free(t->buckets);
}

void timeline_reset(struct timeline *t, uint64_t now_ns)
{
	t->start_ns = now_ns;
	t->width_ns = WIDTH_NS;
	t->count = 0;
	t->from_ns = t->to_ns = 0;
}

static uint32_t sum(uint32_t a, uint64_t b)
{
	return a + b > UINT32_MAX ? UINT32_MAX : (uint32_t)(a + b);
}

static void merge(struct time_bucket *into, const struct time_bucket *b)
{
	into->us = sum(into->us, b->us);
	into->lost = sum(into->lost, b->lost);
	into->threads = into->threads > b->threads ? into->threads : b->threads;
}

static void halve(struct timeline *t)
{
	for (size_t i = 0; i < t->count; i++) {
		struct time_bucket b = t->buckets[i];
		if (i % 2 == 0)
			t->buckets[i / 2] = b;
		else
			merge(&t->buckets[i / 2], &b);
	}
	t->count = (t->count + 1) / 2;
	t->width_ns *= 2;
}

/* The bucket of a time, added with those before it; NULL for times before the start. */
static struct time_bucket *bucket_at(struct timeline *t, uint64_t time_ns)
{
	if (time_ns < t->start_ns)
		return NULL;
	while ((time_ns - t->start_ns) / t->width_ns >= BUCKETS_MOST)
		halve(t);
	size_t i = (size_t)((time_ns - t->start_ns) / t->width_ns);
	if (i >= t->count) {
		t->buckets = vec_reserve(t->buckets, &t->cap, i + 1, sizeof *t->buckets);
		for (size_t k = t->count; k <= i; k++)
			t->buckets[k] = (struct time_bucket){.threads = t->threads};
		t->count = i + 1;
	}
	return &t->buckets[i];
}

void timeline_add(struct timeline *t, uint64_t time_ns, uint64_t weight_ns)
{
	struct time_bucket *b = bucket_at(t, time_ns);
	if (b != NULL)
		b->us = sum(b->us, weight_ns / 1000);
}

void timeline_lost(struct timeline *t, uint64_t time_ns, uint64_t samples)
{
	struct time_bucket *b = bucket_at(t, time_ns);
	if (b != NULL)
		b->lost = sum(b->lost, samples);
}

void timeline_threads(struct timeline *t, int by)
{
	t->threads += (uint32_t)by;
	if (t->count > 0)
		merge(&t->buckets[t->count - 1], &(struct time_bucket){.threads = t->threads});
}

void timeline_mark(struct timeline *t, uint64_t time_ns, const char *name)
{
	if (t->mark_count == SNAPSHOT_MARKS)
		memmove(t->marks, t->marks + 1, --t->mark_count * sizeof *t->marks);
	uint32_t i = t->mark_count++;
	for (; i > 0 && t->marks[i - 1].time_ns > time_ns; i--)
		t->marks[i] = t->marks[i - 1];
	t->marks[i].time_ns = time_ns;
	snprintf(t->marks[i].name, sizeof t->marks[i].name, "%s", name);
}

/* --- the strip ----------------------------------------------------------------------------------
 */

/* Strips whose buckets are whole ones of ours. */
static void fill_from_buckets(const struct timeline *t, struct snapshot_strip *out)
{
	for (size_t i = 0; i < t->count; i++) {
		uint64_t time_ns = t->start_ns + i * t->width_ns;
		if (time_ns < out->from_ns)
			continue;
		uint64_t k = (time_ns - out->from_ns) / out->bucket_ns;
		if (k >= out->count)
			return;
		const struct time_bucket *b = &t->buckets[i];
		out->us[k] = sum(out->us[k], b->us);
		out->lost[k] = sum(out->lost[k], b->lost);
		out->threads[k] = out->threads[k] > b->threads ? out->threads[k] : b->threads;
	}
}

static void fill_from_history(struct history *h, struct snapshot_strip *out)
{
	for (size_t i = history_find(h, out->from_ns); i < h->count; i++) {
		const struct history_entry *e = history_at(h, i);
		if (e->time_ns < out->from_ns)
			continue;
		uint64_t k = (e->time_ns - out->from_ns) / out->bucket_ns;
		if (k >= out->count)
			return;
		out->us[k] = sum(out->us[k], e->weight_ns / 1000);
	}
}

/* Whole buckets up to the one that `to_ns` lies in. */
static void lay_out(const struct timeline *t, uint64_t now_ns, struct snapshot_strip *out)
{
	uint64_t now = now_ns > t->start_ns ? now_ns : t->start_ns;
	bool newest = t->to_ns <= t->from_ns;
	uint64_t to = newest ? now : t->to_ns;
	uint64_t from = newest ? t->start_ns : t->from_ns;
	from = from > t->start_ns ? from : t->start_ns;
	to = to < now ? to : now;
	to = to > from ? to : from;
	uint64_t width = t->width_ns;
	if (!newest && (to - from) / STRIP_MOST < width) {
		width = (to - from) / STRIP_MOST + 1;
		width = width > NARROWEST_NS ? width : NARROWEST_NS;
	} else if (!newest) {
		width *= (to - from) / (width * STRIP_MOST) + 1;
	}
	if (width >= t->width_ns) /* where buckets of ours begin */
		from -= (from - t->start_ns) % t->width_ns;
	uint64_t count = (to - from) / width + 1;
	if (count > STRIP_MOST) {
		from += (count - STRIP_MOST) * width;
		count = STRIP_MOST;
	}
	out->bucket_ns = width;
	out->from_ns = from;
	out->count = (uint32_t)count;
	out->end_ns = from + count * width;
}

/* The last ten seconds. */
static void fill_recent(const struct timeline *t, uint64_t now_ns, struct snapshot_strip *out)
{
	uint64_t since = now_ns > t->start_ns ? now_ns - t->start_ns : 0;
	out->recent_ns = since < 10 * CLOCK_NS_PER_SEC ? since : 10 * CLOCK_NS_PER_SEC;
	size_t now = (size_t)(since / t->width_ns), n = (size_t)(out->recent_ns / t->width_ns);
	for (size_t i = 0; i < n && i <= now; i++)
		if (now - i < t->count)
			out->recent_us += t->buckets[now - i].us;
}

void timeline_strip(const struct timeline *t, struct history *h, uint64_t now_ns,
                    struct snapshot_strip *out)
{
	lay_out(t, now_ns, out);
	fill_recent(t, now_ns, out);
	out->start_ns = t->start_ns;
	out->history_ns = h->count > 0 ? history_at(h, 0)->time_ns : now_ns;
	out->us = mem_zalloc(3 * out->count + 1, sizeof *out->us);
	out->lost = out->us + out->count;
	out->threads = out->lost + out->count;
	if (out->bucket_ns >= t->width_ns)
		fill_from_buckets(t, out);
	else
		fill_from_history(h, out);
}

void timeline_heat(const struct timeline *t, struct history *h, uint64_t now_ns,
                   struct snapshot_heat *out)
{
	uint64_t second = CLOCK_NS_PER_SEC, span = t->heat_seconds * second;
	*out = (struct snapshot_heat){0};
	if (t->heat_seconds == 0 || t->heat_rows == 0)
		return;
	uint64_t from = t->heat_from_ns;
	if (from == 0) /* whole seconds of the run, the one that is under way the last */
		from = now_ns > t->start_ns + span
		               ? now_ns - span + (second - (now_ns - t->start_ns) % second)
		               : t->start_ns;
	out->from_ns = from;
	out->columns = t->heat_seconds;
	out->rows = t->heat_rows;
	out->us = mem_zalloc((size_t)out->columns * out->rows, sizeof *out->us);
	for (size_t i = history_find(h, from); i < h->count; i++) {
		const struct history_entry *e = history_at(h, i);
		if (e->time_ns < from || e->time_ns >= from + span)
			continue;
		uint64_t at = e->time_ns - from;
		uint32_t *us = &out->us[at / second * out->rows + at % second * out->rows / second];
		*us = sum(*us, e->weight_ns / 1000);
	}
}

struct snapshot_mark *timeline_marks(const struct timeline *t, uint32_t *count)
{
	*count = t->mark_count;
	struct snapshot_mark *copy = mem_alloc((t->mark_count + 1) * sizeof *copy);
	memcpy(copy, t->marks, t->mark_count * sizeof *copy);
	return copy;
}

size_t timeline_bytes(const struct timeline *t)
{
	return t->cap * sizeof *t->buckets;
}
