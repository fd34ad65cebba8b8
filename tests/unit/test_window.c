/* window: filters and windows of time against a straightforward recount, while samples go on; the
 * time line, the heat and the marks.
 */
#include "check.h"

#include "ctop/profile.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FUNCS = 12, DEPTH = 6, THREADS = 3, SAMPLES = 60000, MODULES = 3 };
static const uint64_t MS = 1000000, SECOND = 1000000000;

struct sample {
	uint64_t time_ns, weight_ns;
	uint32_t thread, depth;
	uint8_t funcs[DEPTH]; /* root first */
};

struct world {
	struct funcs *funcs;
	struct profile *profile;
	struct sample *all;
	size_t count;
	unsigned seed;
};

/* Function 7 is "f7" of module "m1". */
static size_t frames_of(void *ctx, const struct loc *loc, const struct profile_query *q,
                        uint32_t out[PROFILE_FRAMES])
{
	struct world *w = ctx;
	char name[32], module[32];
	(void)q;
	snprintf(name, sizeof name, "f%" PRIu64, loc->addr);
	snprintf(module, sizeof module, "m%" PRIu64, loc->addr % MODULES);
	out[0] = loc->kind == LOC_MARK      ? (uint32_t)loc->addr
	         : loc->kind == LOC_PROCESS ? funcs_add(w->funcs, "proc", "", FUNC_PROCESS)
	                                    : funcs_add(w->funcs, name, module, FUNC_OWN);
	return 1;
}

static void world_init(struct world *w, size_t memory)
{
	*w = (struct world){.funcs = funcs_new(), .seed = 7};
	w->all = calloc(SAMPLES, sizeof *w->all);
	struct profile_config c = {
	        .memory = memory, .frames_of = frames_of, .ctx = w, .funcs = w->funcs};
	w->profile = profile_new(&c);
	for (uint32_t i = 0; i < THREADS; i++)
		profile_thread_add(w->profile, 10 + i / 2, 100 + i, "t");
}

static void world_fini(struct world *w)
{
	profile_free(w->profile);
	funcs_free(w->funcs);
	free(w->all);
}

/* One sample a millisecond. */
static void sample(struct world *w)
{
	struct loc locs[DEPTH + 1] = {{.kind = LOC_PROCESS}};
	struct sample *s = &w->all[w->count];
	s->time_ns = w->count * MS;
	s->weight_ns = 1000 + w->count % 7;
	s->thread = (uint32_t)rand_r(&w->seed) % THREADS;
	s->depth = 1 + (uint32_t)rand_r(&w->seed) % DEPTH;
	for (uint32_t i = 0; i < s->depth; i++) {
		s->funcs[i] = (uint8_t)(rand_r(&w->seed) % FUNCS);
		locs[i + 1] = (struct loc){s->funcs[i], 1, LOC_IP};
	}
	uint32_t stack = profile_stack(w->profile, locs, s->depth + 1);
	profile_add(w->profile, s->time_ns, s->thread, stack, s->weight_ns, true);
	w->count++;
}

static void settle(struct world *w)
{
	while (profile_work(w->profile, 1000000))
		continue;
}

static uint64_t now_of(const struct world *w)
{
	return w->count > 0 ? w->all[w->count - 1].time_ns : 0;
}

/* --- the straightforward way -------------------------------------------------------------------
 */

static bool has(const struct sample *s, const struct profile_filter *f)
{
	for (uint32_t i = 0; i < s->depth; i++) {
		char name[32], module[32];
		snprintf(name, sizeof name, "f%u", s->funcs[i]);
		snprintf(module, sizeof module, "m%u", s->funcs[i] % MODULES);
		if (f->kind == FILTER_KEEP_MODULE     ? strcmp(module, f->text) == 0
		    : f->kind == FILTER_KEEP_FUNCTION ? strcmp(name, f->text) == 0
		                                      : strstr(name, f->text) != NULL)
			return true;
	}
	return false;
}

static bool keeps(const struct profile_query *q, const struct sample *s, uint64_t now_ns)
{
	const struct profile_window *w = &q->window;
	if ((q->by_thread && s->thread != q->thread) ||
	    (q->by_process && 10 + s->thread / 2 != q->process))
		return false;
	if (w->kind == WINDOW_LAST && s->time_ns + w->span_ns < now_ns)
		return false;
	if (w->kind == WINDOW_RANGE && (s->time_ns < w->from_ns || s->time_ns >= w->to_ns))
		return false;
	for (uint32_t i = 0; i < q->filter_count; i++) {
		const struct profile_filter *f = &q->filters[i];
		if (f->kind <= FILTER_KEEP_MODULE && has(s, f) != (f->kind != FILTER_DROP))
			return false;
	}
	return true;
}

struct model {
	double self[FUNCS], total[FUNCS], all;
	uint64_t n;
};

static void model_add(struct model *m, const struct profile_query *q, const struct sample *s,
                      uint64_t now_ns)
{
	double weight = (double)s->weight_ns;
	bool seen[FUNCS] = {false};
	int leaf = -1;
	if (q->window.kind == WINDOW_DECAY)
		weight *= exp2(-(double)(now_ns - s->time_ns) / (double)q->window.span_ns);
	for (uint32_t i = 0; i < s->depth; i++) {
		uint8_t f = s->funcs[i];
		char module[32];
		snprintf(module, sizeof module, "m%u", f % MODULES);
		bool hidden = false;
		for (uint32_t k = 0; k < q->filter_count; k++)
			hidden = hidden || (q->filters[k].kind == FILTER_HIDE_MODULE &&
			                    strcmp(q->filters[k].text, module) == 0);
		if (hidden)
			continue;
		m->total[f] += seen[f] ? 0 : weight;
		seen[f] = true;
		leaf = f;
	}
	if (leaf >= 0)
		m->self[leaf] += weight;
	m->all += weight;
	m->n++;
}

/* Exact, but for fading weights: those are whole nanoseconds, rounded down at each publishing. */
static void assert_near(double have, double want, const struct profile_query *q)
{
	double bound = q->window.kind == WINDOW_DECAY ? 0.01 * want + 2000 : 0;
	if (fabs(have - want) > bound)
		print_message("%.0f instead of %.0f\n", have, want);
	assert_true(fabs(have - want) <= bound);
}

static void assert_equals_recount(struct world *w, const struct profile_query *q)
{
	struct model m = {0};
	uint64_t now = now_of(w);
	for (size_t i = 0; i < w->count; i++)
		if (keeps(q, &w->all[i], now))
			model_add(&m, q, &w->all[i], now);
	struct snapshot *s = profile_publish(w->profile, now, NULL, 0);
	assert_int_equal(snapshot_stats(s)->samples, m.n);
	assert_near((double)snapshot_counts(s, NODE_ROOT).total_ns, m.all, q);
	for (uint32_t f = 1; f < snapshot_func_count(s); f++) {
		const struct func *fn = snapshot_func(s, f);
		if (fn->kind != FUNC_OWN || fn->name[0] != 'f')
			continue;
		struct counts c = snapshot_func_counts(s, f);
		assert_near((double)c.self_ns, m.self[atoi(fn->name + 1)], q);
		assert_near((double)c.total_ns, m.total[atoi(fn->name + 1)], q);
	}
	snapshot_unref(s);
}

/* The query is set in the middle of things; samples go on before, during and after the recount. */
static void check(const struct profile_query *q)
{
	struct world w;
	world_init(&w, 256 << 20);
	while (w.count < SAMPLES / 2)
		sample(&w);
	profile_set_query(w.profile, q, 1);
	for (int i = 0; i < 2000; i++) {
		sample(&w);
		if (i % 10 == 0)
			profile_work(w.profile, 1); /* a slice at a time */
	}
	settle(&w);
	assert_equals_recount(&w, q);
	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < 1000 && w.count < SAMPLES; i++)
			sample(&w);
		settle(&w);
		assert_equals_recount(&w, q);
	}
	world_fini(&w);
}

static void windows_agree_with_a_recount(void **state)
{
	const struct profile_window windows[] = {
	        {.kind = WINDOW_LAST, .span_ns = 5 * SECOND},
	        {.kind = WINDOW_LAST, .span_ns = 500 * SECOND},
	        {.kind = WINDOW_RANGE, .from_ns = 3 * SECOND, .to_ns = 9 * SECOND + 1},
	        {.kind = WINDOW_RANGE, .from_ns = 31 * SECOND, .to_ns = 33 * SECOND},
	        {.kind = WINDOW_RANGE, .from_ns = 900 * SECOND, .to_ns = 901 * SECOND},
	        {.kind = WINDOW_DECAY, .span_ns = 10 * SECOND},
	};
	(void)state;
	for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++)
		check(&(struct profile_query){.window = windows[i]});
	/* Together with a thread and a filter. */
	check(&(struct profile_query){.window = windows[0],
	                              .by_thread = true,
	                              .thread = 1,
	                              .filter_count = 1,
	                              .filters = {{FILTER_DROP, "f3"}}});
}

/* Ten seconds fit: what the ring has lost leaves the window too. */
static void a_window_is_bounded_by_the_history(void **state)
{
	(void)state;
	size_t memory = 4 * 24 * 10000;
	struct profile_query q = {.window = {.kind = WINDOW_LAST, .span_ns = 500 * SECOND}};
	struct world w;
	world_init(&w, memory);
	profile_set_query(w.profile, &q, 1);
	settle(&w); /* from now on nothing is folded for want of memory, which is another matter */
	while (w.count < 25000)
		sample(&w);
	struct snapshot *s = profile_publish(w.profile, now_of(&w), NULL, 0);
	const struct snapshot_strip *strip = snapshot_strip(s);
	assert_int_equal(strip->history_ns, (25000 - 10000) * MS);
	assert_int_equal(snapshot_stats(s)->samples, 10000);
	snapshot_unref(s);
	world_fini(&w);
}

static void filters_agree_with_a_recount(void **state)
{
	static const struct profile_query queries[] = {
	        {.filter_count = 1, .filters = {{FILTER_KEEP, "f1"}}}, /* and f10, f11 */
	        {.filter_count = 1, .filters = {{FILTER_DROP, "f1"}}},
	        {.filter_count = 1, .filters = {{FILTER_KEEP_FUNCTION, "f1"}}},
	        {.filter_count = 1, .filters = {{FILTER_KEEP_MODULE, "m2"}}},
	        {.filter_count = 2, .filters = {{FILTER_KEEP, "f4"}, {FILTER_DROP, "f5"}}},
	        {.filter_count = 2, .filters = {{FILTER_KEEP, "f4"}, {FILTER_KEEP, "f5"}}},
	        {.filter_count = 1, .filters = {{FILTER_HIDE_MODULE, "m1"}}},
	        {.filter_count = 2, .filters = {{FILTER_HIDE_MODULE, "m1"}, {FILTER_KEEP, "f4"}}},
	        {.by_process = true, .process = 10},
	};
	(void)state;
	for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++)
		check(&queries[i]);
}

/* The base line is the range it says, whatever the window; what has vanished has nodes still. */
static void a_base_line_is_counted_beside(void **state)
{
	(void)state;
	struct profile_query q = {
	        .compare = true,
	        .base_from_ns = 2 * SECOND,
	        .base_to_ns = 12 * SECOND,
	        .window = {.kind = WINDOW_RANGE, .from_ns = 20 * SECOND, .to_ns = UINT64_MAX}};
	struct profile_query base = {
	        .window = {.kind = WINDOW_RANGE, .from_ns = 2 * SECOND, .to_ns = 12 * SECOND}};
	struct world w;
	world_init(&w, 256 << 20);
	while (w.count < SAMPLES / 2)
		sample(&w);
	profile_set_query(w.profile, &q, 1);
	for (int i = 0; i < 3000; i++) {
		sample(&w);
		if (i % 10 == 0)
			profile_work(w.profile, 1);
	}
	settle(&w);
	assert_equals_recount(&w, &q);
	struct model m = {0};
	for (size_t i = 0; i < w.count; i++)
		if (keeps(&base, &w.all[i], now_of(&w)))
			model_add(&m, &base, &w.all[i], 0);
	struct snapshot *s = profile_publish(w.profile, now_of(&w), NULL, 0);
	assert_true(snapshot_base(s)->on);
	assert_int_equal(snapshot_base(s)->samples, m.n);
	for (uint32_t f = 1; f < snapshot_func_count(s); f++) {
		const struct func *fn = snapshot_func(s, f);
		if (fn->kind == FUNC_OWN)
			assert_near((double)snapshot_base_func_counts(s, f).total_ns,
			            m.total[atoi(fn->name + 1)], &base);
	}
	/* Nothing has changed: all is noise. */
	for (uint32_t f = 1; f < snapshot_func_count(s); f++)
		assert_int_equal(snapshot_verdict_of(s, f, false), SNAPSHOT_NOISE);
	snapshot_unref(s);
	world_fini(&w);
}

/* f0 takes a fifth more than before, f2 is gone. */
static void a_change_is_told_from_noise(void **state)
{
	(void)state;
	struct loc locs[][2] = {{{.kind = LOC_PROCESS}, {0, 1, LOC_IP}},
	                        {{.kind = LOC_PROCESS}, {1, 1, LOC_IP}},
	                        {{.kind = LOC_PROCESS}, {2, 1, LOC_IP}}};
	struct world w;
	world_init(&w, 64 << 20);
	for (uint64_t i = 0; i < 40000; i++) {
		unsigned r = (unsigned)rand_r(&w.seed) % 100;
		bool later = i >= 20000;
		size_t which = r < (later ? 40u : 20u) ? 0 : r < (later ? 100u : 90u) ? 1 : 2;
		profile_add(w.profile, i * MS, 0, profile_stack(w.profile, locs[which], 2), MS,
		            true);
	}
	struct profile_query q = {
	        .compare = true,
	        .base_to_ns = 20 * SECOND,
	        .window = {.kind = WINDOW_RANGE, .from_ns = 20 * SECOND, .to_ns = 40 * SECOND}};
	profile_set_query(w.profile, &q, 1);
	settle(&w);
	struct snapshot *s = profile_publish(w.profile, 40 * SECOND, NULL, 0);
	int seen = 0;
	for (uint32_t f = 1; f < snapshot_func_count(s); f++) {
		const struct func *fn = snapshot_func(s, f);
		if (fn->kind != FUNC_OWN)
			continue;
		assert_int_equal(snapshot_verdict_of(s, f, true), SNAPSHOT_CHANGED);
		assert_true(snapshot_has_func(s, f));
		if (strcmp(fn->name, "f2") == 0)
			assert_int_equal(snapshot_func_counts(s, f).total_n, 0);
		seen++;
	}
	assert_int_equal(seen, 3);
	snapshot_unref(s);
	world_fini(&w);
}

static void a_folded_module_is_one_frame(void **state)
{
	(void)state;
	struct world w;
	struct loc locs[] = {{.kind = LOC_PROCESS}, {0, 1, LOC_IP}, {1, 1, LOC_IP},
	                     {4, 1, LOC_IP},        {7, 1, LOC_IP}, {2, 1, LOC_IP}};
	world_init(&w, 64 << 20);
	struct profile_query q = {.filter_count = 1, .filters = {{FILTER_FOLD_MODULE, "m1"}}};
	profile_set_query(w.profile, &q, 1);
	profile_add(w.profile, 1, 0, profile_stack(w.profile, locs, 6), 5, true);
	settle(&w);
	struct snapshot *s = profile_publish(w.profile, 2, NULL, 0);
	/* all, proc, f0, [m1], f2 */
	assert_int_equal(snapshot_node_count(s), 5);
	uint32_t folded = snapshot_node(s, 4).parent;
	assert_string_equal(snapshot_func(s, snapshot_node(s, folded).func)->name, "[m1]");
	assert_int_equal(snapshot_counts(s, folded).total_ns, 5);
	snapshot_unref(s);
	world_fini(&w);
}

static uint64_t sum_of(const struct snapshot_strip *strip, uint64_t from, uint64_t to)
{
	uint64_t us = 0;
	for (uint32_t i = 0; i < strip->count; i++) {
		uint64_t at = strip->from_ns + i * strip->bucket_ns;
		us += at >= from && at < to ? strip->us[i] : 0;
	}
	return us;
}

static void the_strip_shows_what_is_asked_for(void **state)
{
	(void)state;
	struct world w;
	world_init(&w, 256 << 20);
	while (w.count < SAMPLES)
		sample(&w); /* of a µs and a bit: counted as one */
	profile_lost(w.profile, 7 * SECOND, 11);
	profile_mark(w.profile, 9 * SECOND, "late");
	profile_mark(w.profile, 5 * SECOND, "early");
	struct snapshot *s = profile_publish(w.profile, now_of(&w), NULL, 0);
	const struct snapshot_strip *strip = snapshot_strip(s);
	assert_int_equal(sum_of(strip, 0, UINT64_MAX), SAMPLES);
	assert_int_equal(strip->recent_us, 10000);
	assert_int_equal(strip->lost[28], 11);
	assert_int_equal(strip->threads[28], THREADS);
	uint32_t count;
	const struct snapshot_mark *marks = snapshot_marks(s, &count);
	assert_int_equal(count, 2);
	assert_string_equal(marks[0].name, "early");
	snapshot_unref(s);
	/* A second of it, in buckets of 2 ms. */
	profile_set_strip(w.profile, 20 * SECOND, 21 * SECOND);
	profile_set_heat(w.profile, 20 * SECOND, 5, 10);
	s = profile_publish(w.profile, now_of(&w), NULL, 0);
	strip = snapshot_strip(s);
	assert_true(strip->bucket_ns < 3 * MS);
	assert_in_range(sum_of(strip, 20 * SECOND, 21 * SECOND), 998, 1002);
	const struct snapshot_heat *heat = snapshot_heat(s);
	assert_int_equal(heat->columns, 5);
	for (uint32_t i = 0; i < 50; i++)
		assert_int_equal(heat->us[i], 100);
	snapshot_unref(s);
	world_fini(&w);
}

/* A day: buckets get wider, nothing is lost. */
static void the_strip_of_a_long_run_is_whole(void **state)
{
	(void)state;
	struct world w;
	struct loc locs[] = {{.kind = LOC_PROCESS}, {0, 1, LOC_IP}};
	world_init(&w, 16 << 20);
	uint32_t stack = profile_stack(w.profile, locs, 2);
	for (uint64_t i = 0; i < 86400; i++)
		profile_add(w.profile, i * SECOND, 0, stack, SECOND / 2, true);
	profile_set_strip(w.profile, 0, 86400 * SECOND);
	struct snapshot *s = profile_publish(w.profile, 86400 * SECOND, NULL, 0);
	const struct snapshot_strip *strip = snapshot_strip(s);
	assert_true(strip->count <= 512);
	assert_int_equal(sum_of(strip, 0, UINT64_MAX), UINT64_C(86400) * 500000);
	snapshot_unref(s);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(windows_agree_with_a_recount),
	        cmocka_unit_test(a_window_is_bounded_by_the_history),
	        cmocka_unit_test(filters_agree_with_a_recount),
	        cmocka_unit_test(a_base_line_is_counted_beside),
	        cmocka_unit_test(a_change_is_told_from_noise),
	        cmocka_unit_test(a_folded_module_is_one_frame),
	        cmocka_unit_test(the_strip_shows_what_is_asked_for),
	        cmocka_unit_test(the_strip_of_a_long_run_is_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
