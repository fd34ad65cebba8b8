/* profile: counts against a brute-force model; recounts, folding, snapshots. */
#include "check.h"

#include "ctop/folded.h"
#include "ctop/hash.h"
#include "ctop/history.h"
#include "ctop/profile.h"
#include "ctop/query.h"
#include "ctop/strbuf.h"
#include "ctop/table.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { FUNCS = 12, DEPTH = 9, THREADS = 3, SAMPLES = 20000 };

/* Names locations by their address: f0 … , kernel ones k0 …; `renamed` adds a '. */
struct world {
	struct funcs *funcs;
	struct profile *profile;
	bool renamed;
	unsigned seed;
};

static uint32_t func_of(void *ctx, const struct loc *loc)
{
	struct world *w = ctx;
	char name[64];
	if (loc->kind == LOC_MARK)
		return (uint32_t)loc->addr;
	if (loc->kind == LOC_PROCESS)
		return funcs_add(w->funcs, "proc", "", FUNC_PROCESS);
	bool kernel = loc->kind == LOC_KERNEL;
	snprintf(name, sizeof name, "%c%" PRIu64 "%s", kernel ? 'k' : 'f', loc->addr,
	         w->renamed ? "'" : "");
	return funcs_add(w->funcs, name, "mod", kernel ? FUNC_KERNEL : FUNC_OWN);
}

static size_t frames_of(void *ctx, const struct loc *loc, const struct profile_query *q,
                        uint32_t out[PROFILE_FRAMES])
{
	(void)q;
	out[0] = func_of(ctx, loc);
	return 1;
}

static void world_init(struct world *w, size_t memory)
{
	*w = (struct world){.funcs = funcs_new(), .seed = 1};
	struct profile_config c = {
	        .memory = memory, .frames_of = frames_of, .ctx = w, .funcs = w->funcs};
	w->profile = profile_new(&c);
	for (uint32_t i = 0; i < THREADS; i++)
		assert_int_equal(profile_thread_add(w->profile, 1, 100 + i, "t"), i);
}

static void world_fini(struct world *w)
{
	profile_free(w->profile);
	funcs_free(w->funcs);
}

/* A random stack: user frames, sometimes kernel frames on top. Root first. */
static size_t random_stack(struct world *w, struct loc *out)
{
	size_t n = 1, user = 1 + (size_t)rand_r(&w->seed) % DEPTH;
	out[0] = (struct loc){.kind = LOC_PROCESS};
	for (size_t i = 0; i < user; i++)
		out[n++] = (struct loc){(uint64_t)rand_r(&w->seed) % FUNCS, 1, LOC_IP};
	if (rand_r(&w->seed) % 4 == 0)
		out[n++] = (struct loc){(uint64_t)rand_r(&w->seed) % 3, 0, LOC_KERNEL};
	return n;
}

struct model {
	uint64_t self[2][FUNCS], total[2][FUNCS]; /* [kernel] */
	uint64_t all, n;
};

static void model_add(struct model *m, const struct loc *locs, size_t count, uint64_t weight,
                      bool hide_kernel)
{
	bool seen[2][FUNCS] = {{false}};
	if (hide_kernel && locs[count - 1].kind == LOC_KERNEL)
		count--;
	for (size_t i = 1; i < count; i++) {
		int k = locs[i].kind == LOC_KERNEL;
		if (!seen[k][locs[i].addr])
			m->total[k][locs[i].addr] += weight;
		seen[k][locs[i].addr] = true;
	}
	m->self[locs[count - 1].kind == LOC_KERNEL][locs[count - 1].addr] += weight;
	m->all += weight;
	m->n++;
}

static void assert_equals_model(struct world *w, const struct model *m)
{
	struct snapshot *s = profile_publish(w->profile, 1, NULL, 0);
	assert_int_equal(snapshot_stats(s)->samples, m->n);
	assert_int_equal(snapshot_counts(s, NODE_ROOT).total_ns, m->all);
	for (uint32_t f = 1; f < snapshot_func_count(s); f++) {
		const struct func *fn = snapshot_func(s, f);
		struct counts c = snapshot_func_counts(s, f);
		if (fn->kind != FUNC_OWN && fn->kind != FUNC_KERNEL)
			continue;
		if (w->renamed != (strchr(fn->name, '\'') != NULL)) {
			assert_int_equal(c.total_n, 0); /* a name of an earlier grouping */
			continue;
		}
		int k = fn->kind == FUNC_KERNEL, i = atoi(fn->name + 1);
		assert_int_equal(c.self_ns, m->self[k][i]);
		assert_int_equal(c.total_ns, m->total[k][i]);
	}
	/* Every node's total is its self and its children's totals. */
	for (uint32_t n = 0; n < snapshot_node_count(s); n++) {
		uint64_t sum = snapshot_counts(s, n).self_ns;
		for (uint32_t c = snapshot_children(s, n); c != NODE_NONE;
		     c = snapshot_node(s, c).prev_sibling)
			sum += snapshot_counts(s, c).total_ns;
		assert_int_equal(sum, snapshot_counts(s, n).total_ns);
	}
	snapshot_unref(s);
}

static void settle(struct world *w)
{
	while (profile_work(w->profile, 1000000))
		continue;
}

/* Everything at once: samples go on while kernel frames are hidden, a thread is
 * chosen, names change; after each the counts equal the model's. */
static void counts_equal_brute_force_through_all_recounts(void **state)
{
	static struct loc locs[SAMPLES][DEPTH + 2];
	static size_t counts[SAMPLES];
	static uint32_t threads[SAMPLES];
	struct world w;
	size_t have = 0;
	(void)state;
	world_init(&w, 64 << 20);
	for (int phase = 0; phase < 5; phase++) {
		struct profile_query q = {.hide_kernel = phase == 1 || phase == 3,
		                          .by_thread = phase >= 2 && phase < 4,
		                          .thread = 1};
		w.renamed = phase == 4;
		profile_set_query(w.profile, &q, (uint64_t)phase + 1);
		if (phase == 4)
			profile_regroup(w.profile);
		for (int i = 0; i < SAMPLES / 5; i++, have++) {
			counts[have] = random_stack(&w, locs[have]);
			threads[have] = (uint32_t)rand_r(&w.seed) % THREADS;
			uint32_t stack = profile_stack(w.profile, locs[have], counts[have]);
			profile_add(w.profile, have, threads[have], stack, have % 7 + 1, true);
			if (i % 50 == 0)
				profile_work(w.profile, 1); /* a slice at a time */
		}
		settle(&w);
		struct model m = {0};
		for (size_t i = 0; i < have; i++)
			if (!q.by_thread || threads[i] == q.thread)
				model_add(&m, locs[i], counts[i], i % 7 + 1, q.hide_kernel);
		assert_equals_model(&w, &m);
		struct snapshot *s = profile_publish(w.profile, 1, NULL, 0);
		assert_int_equal(snapshot_command(s), phase + 1);
		assert_int_equal(snapshot_stats(s)->all_samples, have);
		snapshot_unref(s);
	}
	world_fini(&w);
}

static void a_reset_forgets_counts_and_nothing_else(void **state)
{
	struct world w;
	struct loc locs[] = {{.kind = LOC_PROCESS}, {3, 1, LOC_IP}};
	(void)state;
	world_init(&w, 64 << 20);
	uint32_t stack = profile_stack(w.profile, locs, 2);
	profile_add(w.profile, 1, 0, stack, 5, false);
	profile_reset(w.profile, 2, 9);
	settle(&w);
	profile_add(w.profile, 3, 0, stack, 7, true);
	struct snapshot *s = profile_publish(w.profile, 3, NULL, 0);
	assert_int_equal(snapshot_stats(s)->all_samples, 1);
	assert_int_equal(snapshot_stats(s)->complete, 1);
	assert_int_equal(snapshot_counts(s, NODE_ROOT).total_ns, 7);
	assert_int_equal(snapshot_command(s), 9);
	snapshot_unref(s);
	world_fini(&w);
}

static void a_snapshot_never_changes(void **state)
{
	struct world w;
	(void)state;
	world_init(&w, 64 << 20);
	struct loc locs[DEPTH + 2];
	for (int i = 0; i < 1000; i++) {
		uint32_t stack = profile_stack(w.profile, locs, random_stack(&w, locs));
		profile_add(w.profile, 1, 0, stack, 1, true);
	}
	struct snapshot *s = profile_publish(w.profile, 1, NULL, 0);
	struct strbuf before = {0}, after = {0};
	folded_write(s, &before);
	for (int i = 0; i < 5000; i++) {
		uint32_t stack = profile_stack(w.profile, locs, random_stack(&w, locs));
		profile_add(w.profile, 1, 0, stack, 1, true);
	}
	profile_free(w.profile); /* a snapshot outlives the profile */
	folded_write(s, &after);
	assert_string_equal(before.data, after.data);
	strbuf_fini(&before);
	strbuf_fini(&after);
	snapshot_unref(s);
	funcs_free(w.funcs);
}

/* Two million different stacks in 64 MB. */
static void memory_stays_under_its_cap_and_loses_no_sample(void **state)
{
	struct world w;
	struct loc locs[DEPTH];
	uint64_t added = 0;
	(void)state;
	world_init(&w, 64 << 20);
	for (uint32_t i = 0; i < 2000000; i++) {
		locs[0] = (struct loc){.kind = LOC_PROCESS};
		uint32_t digits = i; /* five levels of 20 functions: 3.2 M stacks */
		for (uint32_t k = 1; k < 6; k++, digits /= 20)
			locs[k] = (struct loc){digits % 20, k, LOC_IP};
		profile_add(w.profile, i, 0, profile_stack(w.profile, locs, 6), 3, true);
		added += 3;
		if (i % 1000 == 0) {
			settle(&w);
			assert_true(profile_bytes(w.profile) <= 64 << 20);
		}
	}
	settle(&w);
	struct snapshot *s = profile_publish(w.profile, 1, NULL, 0);
	assert_int_equal(snapshot_counts(s, NODE_ROOT).total_ns, added);
	assert_int_equal(snapshot_stats(s)->all_samples, 2000000);
	assert_true(snapshot_stats(s)->losses.folded > 0);
	struct strbuf b = {0};
	folded_write(s, &b);
	assert_non_null(strstr(b.data, "[folded]"));
	strbuf_fini(&b);
	snapshot_unref(s);
	world_fini(&w);
}

/* --- a reader beside the writer ---------------------------------------------------- */

struct reading {
	pthread_mutex_t lock;
	struct snapshot *slot;
	atomic_bool done;
	uint64_t walks;
};

static uint64_t walk(const struct snapshot *s, uint32_t node)
{
	uint64_t sum = snapshot_counts(s, node).self_ns;
	for (uint32_t c = snapshot_children(s, node); c != NODE_NONE;
	     c = snapshot_node(s, c).prev_sibling)
		sum += walk(s, c);
	return sum;
}

static void *read_snapshots(void *arg)
{
	struct reading *r = arg;
	while (!atomic_load(&r->done)) {
		pthread_mutex_lock(&r->lock);
		struct snapshot *s = r->slot != NULL ? snapshot_ref(r->slot) : NULL;
		pthread_mutex_unlock(&r->lock);
		if (s == NULL)
			continue;
		if (walk(s, NODE_ROOT) != snapshot_counts(s, NODE_ROOT).total_ns)
			abort();
		r->walks++;
		snapshot_unref(s);
	}
	return NULL;
}

static void a_reader_sees_whole_snapshots_while_samples_arrive(void **state)
{
	struct world w;
	struct reading r = {.lock = PTHREAD_MUTEX_INITIALIZER};
	struct loc locs[DEPTH + 2];
	pthread_t t;
	(void)state;
	world_init(&w, 64 << 20);
	pthread_create(&t, NULL, read_snapshots, &r);
	for (int i = 0; i < 30000; i++) {
		uint32_t stack = profile_stack(w.profile, locs, random_stack(&w, locs));
		profile_add(w.profile, 1, 0, stack, 1, true);
		if (i % 100 != 0)
			continue;
		struct snapshot *s = profile_publish(w.profile, 1, NULL, 0);
		pthread_mutex_lock(&r.lock);
		struct snapshot *old = r.slot;
		r.slot = s;
		pthread_mutex_unlock(&r.lock);
		snapshot_unref(old);
	}
	atomic_store(&r.done, true);
	pthread_join(t, NULL);
	assert_true(r.walks > 0);
	snapshot_unref(r.slot);
	world_fini(&w);
}

/* --- queries --------------------------------------------------------------------------- */

static uint32_t find_func(const struct snapshot *s, const char *name)
{
	for (uint32_t f = 1; f < snapshot_func_count(s); f++)
		if (strcmp(snapshot_func(s, f)->name, name) == 0)
			return f;
	fail_msg("no function %s", name);
	return 0;
}

static void add_path(struct world *w, const char *path, uint64_t weight)
{
	struct loc locs[16];
	size_t n = 0;
	locs[n++] = (struct loc){.kind = LOC_PROCESS};
	for (; *path != '\0'; path++)
		locs[n++] = (struct loc){(uint64_t)(*path - '0'), 1, LOC_IP};
	profile_add(w->profile, 1, 0, profile_stack(w->profile, locs, n), weight, true);
}

static void callers_share_out_the_self_time(void **state)
{
	struct world w;
	(void)state;
	world_init(&w, 64 << 20);
	add_path(&w, "125", 10); /* f1 › f2 › f5 */
	add_path(&w, "135", 30);
	add_path(&w, "1355", 2); /* recursion: f5 below f5 */
	add_path(&w, "4", 8);
	struct snapshot *s = profile_publish(w.profile, 1, NULL, 0);
	struct query_callers callers = {0}, above = {0};
	uint32_t f5 = find_func(s, "f5");
	assert_int_equal(snapshot_func_counts(s, f5).self_ns, 42);
	assert_int_equal(snapshot_func_counts(s, f5).total_ns, 42); /* once, not 44 */
	query_callers_of(s, f5, &callers);
	assert_int_equal(callers.count, 3);
	assert_string_equal(snapshot_func(s, callers.rows[0].func)->name, "f3");
	assert_int_equal(callers.rows[0].self_ns, 30);
	assert_string_equal(snapshot_func(s, callers.rows[1].func)->name, "f2");
	assert_string_equal(snapshot_func(s, callers.rows[2].func)->name, "f5");
	query_callers_above(s, &callers, 2, &above);
	assert_int_equal(above.count, 1);
	assert_string_equal(snapshot_func(s, above.rows[0].func)->name, "f3");
	assert_int_equal(above.rows[0].self_ns, 2);
	query_callers_fini(&callers);
	query_callers_fini(&above);
	snapshot_unref(s);
	world_fini(&w);
}

static void paths_name_the_same_place_in_every_generation(void **state)
{
	struct world w;
	(void)state;
	world_init(&w, 64 << 20);
	add_path(&w, "9", 1);
	add_path(&w, "123", 5);
	struct snapshot *a = profile_publish(w.profile, 1, NULL, 0);
	uint32_t f3 = find_func(a, "f3");
	uint32_t node = snapshot_func_nodes(a, f3);
	uint64_t path = query_path(a, node);
	struct profile_query q = {.hide_kernel = true};
	add_path(&w, "1243", 1);
	profile_set_query(w.profile, &q, 1);
	settle(&w);
	struct snapshot *b = profile_publish(w.profile, 1, NULL, 0);
	assert_true(snapshot_generation(a) != snapshot_generation(b));
	uint32_t again = query_find_path(b, f3, path);
	assert_int_not_equal(again, NODE_NONE);
	assert_int_equal(snapshot_counts(b, again).total_ns, 5);
	assert_int_equal(query_find_path(b, f3, path + 2), NODE_NONE);
	snapshot_unref(a);
	snapshot_unref(b);
	world_fini(&w);
}

static void children_and_table_are_sorted(void **state)
{
	struct world w;
	struct query_nodes kids = {0};
	struct table t = {0};
	(void)state;
	world_init(&w, 64 << 20);
	add_path(&w, "12", 10);
	add_path(&w, "13", 30);
	add_path(&w, "14", 10);
	struct snapshot *s = profile_publish(w.profile, 1, NULL, 0);
	uint32_t f1 = snapshot_func_nodes(s, find_func(s, "f1"));
	query_children(s, f1, QUERY_BY_TOTAL, &kids);
	assert_int_equal(kids.count, 3);
	assert_int_equal(snapshot_counts(s, kids.ids[0]).total_ns, 30);
	assert_string_equal(snapshot_func(s, snapshot_node(s, kids.ids[1]).func)->name, "f2");
	assert_int_equal(query_hottest_child(s, f1), kids.ids[0]);
	table_build(&t, s, TABLE_SELF, false);
	assert_int_equal(t.count, 4);
	assert_string_equal(snapshot_func(s, t.rows[0].func)->name, "f3");
	table_build(&t, s, TABLE_TOTAL, false);
	assert_string_equal(snapshot_func(s, t.rows[0].func)->name, "f1");
	table_build(&t, s, TABLE_NAME, true);
	assert_string_equal(snapshot_func(s, t.rows[0].func)->name, "f4");
	table_fini(&t);
	query_nodes_fini(&kids);
	snapshot_unref(s);
	world_fini(&w);
}

static uint32_t odd_names(void *ctx, const struct loc *loc)
{
	struct world *w = ctx;
	if (loc->kind == LOC_PROCESS)
		return funcs_add(w->funcs, "a;b", "", FUNC_PROCESS);
	return funcs_add(w->funcs, "x\ny", "", FUNC_OWN);
}

static size_t odd_frames(void *ctx, const struct loc *loc, const struct profile_query *q,
                         uint32_t out[PROFILE_FRAMES])
{
	(void)q;
	out[0] = odd_names(ctx, loc);
	return 1;
}

static void folded_lines_hold_their_shape(void **state)
{
	struct world w = {.funcs = funcs_new()};
	struct profile_config c = {
	        .memory = 64 << 20, .frames_of = odd_frames, .ctx = &w, .funcs = w.funcs};
	struct loc locs[] = {{.kind = LOC_PROCESS}, {1, 1, LOC_IP}};
	struct strbuf b = {0};
	(void)state;
	w.profile = profile_new(&c);
	profile_thread_add(w.profile, 1, 1, "t");
	for (int i = 0; i < 3; i++)
		profile_add(w.profile, 1, 0, profile_stack(w.profile, locs, 2), 1000, true);
	struct snapshot *s = profile_publish(w.profile, 1, NULL, 0);
	folded_write(s, &b);
	assert_string_equal(b.data, "a:b;x?y 3\n");
	strbuf_fini(&b);
	snapshot_unref(s);
	world_fini(&w);
}

static void history_keeps_the_newest(void **state)
{
	struct history h;
	(void)state;
	history_init(&h, 10000 * sizeof(struct history_entry));
	for (uint64_t i = 0; i < 25000; i++)
		history_push(&h, &(struct history_entry){.time_ns = i * 10});
	assert_int_equal(h.count, 10000);
	assert_int_equal(history_at(&h, 0)->time_ns, 150000);
	assert_int_equal(history_at(&h, 9999)->time_ns, 249990);
	assert_int_equal(history_find(&h, 200001), 5001);
	history_fini(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(counts_equal_brute_force_through_all_recounts),
	        cmocka_unit_test(a_reset_forgets_counts_and_nothing_else),
	        cmocka_unit_test(a_snapshot_never_changes),
	        cmocka_unit_test(memory_stays_under_its_cap_and_loses_no_sample),
	        cmocka_unit_test(a_reader_sees_whole_snapshots_while_samples_arrive),
	        cmocka_unit_test(callers_share_out_the_self_time),
	        cmocka_unit_test(paths_name_the_same_place_in_every_generation),
	        cmocka_unit_test(children_and_table_are_sorted),
	        cmocka_unit_test(folded_lines_hold_their_shape),
	        cmocka_unit_test(history_keeps_the_newest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
