/* edges: callers and callees against a count over every sample, with recursion of all kinds. */
#include "check.h"

#include "ctop/edges.h"
#include "ctop/profile.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { FUNCS = 6, DEPTH = 9, SAMPLES = 4000 };

struct sample {
	uint64_t weight_ns;
	size_t depth;
	uint32_t funcs[DEPTH + 1]; /* function ids, root first */
};

struct world {
	struct funcs *funcs;
	struct profile *profile;
	struct sample all[SAMPLES];
	size_t count;
};

static size_t frames_of(void *ctx, const struct loc *loc, const struct profile_query *q,
                        uint32_t out[PROFILE_FRAMES])
{
	(void)ctx;
	(void)q;
	out[0] = (uint32_t)loc->addr;
	return 1;
}

static uint32_t func_of(struct world *w, size_t i)
{
	char name[16];
	snprintf(name, sizeof name, "f%zu", i);
	return funcs_add(w->funcs, name, "m", FUNC_OWN);
}

static void sample(struct world *w, const uint8_t *path, size_t depth)
{
	struct loc locs[DEPTH + 1];
	struct sample *s = &w->all[w->count];
	*s = (struct sample){.weight_ns = 1000 + w->count % 13, .depth = depth + 1};
	s->funcs[0] = funcs_add(w->funcs, "proc", "", FUNC_PROCESS);
	locs[0] = (struct loc){.addr = s->funcs[0], .kind = LOC_PROCESS};
	for (size_t i = 0; i < depth; i++) {
		s->funcs[i + 1] = func_of(w, path[i]);
		locs[i + 1] = (struct loc){s->funcs[i + 1], 1, LOC_IP};
	}
	profile_add(w->profile, w->count++, 0, profile_stack(w->profile, locs, depth + 1),
	            s->weight_ns, true);
}

/* Whether caller and callee follow one another on a stack. */
static bool has_pair(const struct sample *s, uint32_t caller, uint32_t callee)
{
	for (size_t i = 0; i + 1 < s->depth; i++)
		if (s->funcs[i] == caller && s->funcs[i + 1] == callee)
			return true;
	return false;
}

static const struct edge *find(const struct edges *e, uint32_t func)
{
	for (size_t i = 0; i < e->count; i++)
		if (e->rows[i].func == func)
			return &e->rows[i];
	return NULL;
}

static void assert_edge(const struct world *w, const struct edges *e, uint32_t other,
                        uint32_t caller, uint32_t callee)
{
	uint64_t ns = 0;
	uint32_t n = 0;
	for (size_t i = 0; i < w->count; i++)
		if (has_pair(&w->all[i], caller, callee)) {
			ns += w->all[i].weight_ns;
			n++;
		}
	const struct edge *row = find(e, other);
	if (row == NULL)
		assert_int_equal(n, 0);
	else if (row->ns != ns || row->n != n)
		fail_msg("%u to %u: %" PRIu64 " ns, %u samples; counted %" PRIu64 ", %u", caller,
		         callee, row->ns, row->n, ns, n);
}

static void compare(struct world *w)
{
	struct edges up = {0}, down = {0};
	while (profile_work(w->profile, UINT64_C(1000000000)))
		continue;
	struct snapshot *s = profile_publish(w->profile, w->count, NULL, 0);
	for (uint32_t f = 1; f < snapshot_func_count(s); f++) {
		edges_callers(s, f, &up);
		edges_callees(s, f, &down);
		for (uint32_t other = 1; other < snapshot_func_count(s); other++) {
			assert_edge(w, &up, other, other, f);
			assert_edge(w, &down, other, f, other);
		}
		for (size_t i = 1; i < up.count; i++)
			assert_true(up.rows[i - 1].ns >= up.rows[i].ns);
		for (size_t i = 1; i < down.count; i++)
			assert_true(down.rows[i - 1].ns >= down.rows[i].ns);
	}
	edges_fini(&up);
	edges_fini(&down);
	snapshot_unref(s);
}

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	w->funcs = funcs_new();
	struct profile_config c = {
	        .memory = 64 << 20, .frames_of = frames_of, .ctx = w, .funcs = w->funcs};
	w->profile = profile_new(&c);
	profile_thread_add(w->profile, 1, 1, "t");
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	profile_free(w->profile);
	funcs_free(w->funcs);
	free(w);
	return 0;
}

static void random_stacks_are_counted_as_by_hand(void **state)
{
	struct world *w = *state;
	unsigned seed = 5;
	for (int i = 0; i < SAMPLES; i++) {
		uint8_t path[DEPTH];
		size_t depth = (size_t)rand_r(&seed) % (DEPTH + 1);
		for (size_t k = 0; k < depth; k++)
			path[k] = (uint8_t)(rand_r(&seed) % FUNCS);
		sample(w, path, depth);
	}
	compare(w);
}

static void recursion_is_counted_once(void **state)
{
	static const uint8_t paths[][6] = {
	        {0, 1, 1, 1, 1, 2}, {0, 1, 2, 1, 2, 1}, {0, 1, 3, 1, 4, 1}, {1, 1, 1, 1, 1, 1}};
	struct world *w = *state;
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
		for (size_t depth = 0; depth <= 6; depth++)
			sample(w, paths[i], depth);
	compare(w);
}

static void a_function_without_samples_has_none(void **state)
{
	struct world *w = *state;
	struct edges e = {0};
	uint32_t lonely = func_of(w, 5);
	sample(w, (const uint8_t[]){0, 1}, 2);
	struct snapshot *s = profile_publish(w->profile, 1, NULL, 0);
	edges_callers(s, lonely, &e);
	assert_int_equal(e.count, 0);
	edges_callees(s, lonely, &e);
	assert_int_equal(e.count, 0);
	edges_fini(&e);
	snapshot_unref(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(random_stacks_are_counted_as_by_hand, set_up,
	                                        tear_down),
	        cmocka_unit_test_setup_teardown(recursion_is_counted_once, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(a_function_without_samples_has_none, set_up,
	                                        tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
