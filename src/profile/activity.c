/* activity: CPU use over time; see activity.h.
 *
 * The spark lines are rings of seconds, cleared as time moves over them. Samples older than the
 * ring are only counted in sums.
 */
#include "activity.h"

#include "ctop/clock.h"
#include "ctop/mem.h"
#include "ctop/vec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAIRS_MAX = 1 << 20 };

void activity_init(struct activity *a, uint64_t start_ns)
{
	*a = (struct activity){.start_ns = start_ns};
}

void activity_fini(struct activity *a)
{
	free(a->threads);
	free(a->weights);
	hash_map_fini(&a->by_func);
}

void activity_rename(struct activity *a, uint32_t thread, const char *name)
{
	struct thread_row *t = &a->threads[thread];
	snprintf(t->name, sizeof t->name, "%s", name);
}

uint32_t activity_thread(struct activity *a, uint32_t pid, uint32_t tid, const char *name)
{
	uint32_t id = (uint32_t)a->thread_count;
	a->threads =
	        vec_reserve(a->threads, &a->thread_cap, a->thread_count + 1, sizeof *a->threads);
	a->threads[a->thread_count++] = (struct thread_row){.pid = pid, .tid = tid, .alive = true};
	activity_rename(a, id, name);
	return id;
}

/* Moves a ring of `n` buckets on to bucket `now`; false when `now` has left it. */
static bool advance(uint32_t *ring, uint64_t n, uint64_t *newest, uint64_t now)
{
	if (now + n <= *newest)
		return false;
	if (now >= *newest + n)
		memset(ring, 0, n * sizeof *ring);
	else
		for (uint64_t b = *newest + 1; b <= now; b++)
			ring[b % n] = 0;
	if (now > *newest)
		*newest = now;
	return true;
}

/* Adds to the (thread, function) pair; the sum becomes the thread's hottest. */
static void add_func(struct activity *a, uint32_t thread, uint32_t func, uint64_t weight_ns)
{
	uint64_t key = ((uint64_t)thread << 32 | func) + 1;
	uint32_t i;
	if (!hash_map_get(&a->by_func, key, &i, NULL)) {
		if (a->weight_count >= PAIRS_MAX)
			return;
		a->weights = vec_reserve(a->weights, &a->weight_cap, a->weight_count + 1,
		                         sizeof *a->weights);
		i = (uint32_t)a->weight_count++;
		a->weights[i] = 0;
		hash_map_add(&a->by_func, key, i);
	}
	a->weights[i] += weight_ns;
	struct thread_row *t = &a->threads[thread];
	if (a->weights[i] > t->hottest_ns) {
		t->hottest_ns = a->weights[i];
		t->hottest = func;
	}
}

void activity_add(struct activity *a, uint64_t time_ns, uint32_t thread, uint32_t func,
                  uint64_t weight_ns)
{
	struct thread_row *t = &a->threads[thread];
	uint64_t since = time_ns > a->start_ns ? time_ns - a->start_ns : 0;
	uint64_t second = since / CLOCK_NS_PER_SEC;
	uint32_t us = (uint32_t)(weight_ns / 1000);
	if (advance(t->us, SPARK_SECONDS, &t->second, second))
		t->us[second % SPARK_SECONDS] += us;
	activity_add_untimed(a, thread, func, weight_ns);
}

void activity_add_untimed(struct activity *a, uint32_t thread, uint32_t func, uint64_t weight_ns)
{
	a->threads[thread].weight_ns += weight_ns;
	add_func(a, thread, func, weight_ns);
}

void activity_forget_funcs(struct activity *a)
{
	hash_map_clear(&a->by_func);
	a->weight_count = 0;
	for (size_t i = 0; i < a->thread_count; i++) {
		a->threads[i].hottest = 0;
		a->threads[i].hottest_ns = 0;
	}
}

void activity_reset(struct activity *a, uint64_t now_ns)
{
	activity_forget_funcs(a);
	a->start_ns = now_ns;
	for (size_t i = 0; i < a->thread_count; i++) {
		a->threads[i].weight_ns = 0;
		a->threads[i].second = 0;
		memset(a->threads[i].us, 0, sizeof a->threads[i].us);
	}
}

static uint32_t us_of(const struct thread_row *t, uint64_t second)
{
	if (second > t->second || second + SPARK_SECONDS <= t->second)
		return 0;
	return t->us[second % SPARK_SECONDS];
}

static void fill_thread(const struct thread_row *t, uint64_t since_ns, struct snapshot_thread *out)
{
	uint64_t second = since_ns / CLOCK_NS_PER_SEC;
	for (unsigned i = 0; i < SPARK_SECONDS; i++) {
		uint64_t age = SPARK_SECONDS - 1 - i;
		uint32_t us = age <= second ? us_of(t, second - age) : 0;
		out->spark[i] = us >= 1000000 ? 255 : (uint8_t)(us * 255ull / 1000000);
	}
	/* The last whole second and what there is of this one. */
	uint64_t part = since_ns % CLOCK_NS_PER_SEC;
	uint64_t us = us_of(t, second) + (second > 0 ? us_of(t, second - 1) : 0);
	uint64_t span = part + (second > 0 ? CLOCK_NS_PER_SEC : 0);
	out->cpu_percent = span > 0 ? (float)(100e3 * (double)us / (double)span) : 0;
}

struct snapshot_thread *activity_threads(const struct activity *a, uint64_t now_ns, uint32_t *count)
{
	uint64_t since = now_ns > a->start_ns ? now_ns - a->start_ns : 0;
	struct snapshot_thread *rows = mem_zalloc(a->thread_count, sizeof *rows);
	uint32_t n = 0;
	for (size_t i = 0; i < a->thread_count; i++) {
		const struct thread_row *t = &a->threads[i];
		if (!t->alive && t->weight_ns == 0)
			continue;
		struct snapshot_thread *out = &rows[n++];
		out->id = (uint32_t)i;
		out->pid = t->pid;
		out->tid = t->tid;
		memcpy(out->name, t->name, sizeof out->name);
		out->alive = t->alive;
		out->hottest = t->hottest;
		out->weight_ns = t->weight_ns;
		fill_thread(t, since, out);
	}
	*count = n;
	return rows;
}

size_t activity_bytes(const struct activity *a)
{
	return a->thread_cap * sizeof *a->threads + a->weight_cap * sizeof *a->weights +
	       hash_map_bytes(&a->by_func);
}
