/* bench_window: windows over a long history: 4 000 000 samples over 200 000 stacks of 20 frames;
 * how long until another window is counted and published, and what sliding on costs.
 */
#include "ctop/clock.h"
#include "ctop/funcs.h"
#include "ctop/profile.h"

#include <stdio.h>
#include <stdlib.h>

enum { SAMPLES = 4000000, STACKS = 200000, DEPTH = 20, FUNCS = 3000, ROUNDS = 9 };
static const uint64_t GAP_NS = 250000; /* between samples: a thousand seconds in all */

static uint32_t ids[FUNCS];

static size_t frames_of(void *ctx, const struct loc *loc, const struct profile_query *q,
                        uint32_t out[PROFILE_FRAMES])
{
	(void)q;
	out[0] = loc->kind == LOC_PROCESS ? funcs_add(ctx, "bench", "", FUNC_PROCESS)
	                                  : ids[loc->addr % FUNCS];
	return 1;
}

/* The root half is shared with a hundred others. */
static size_t make_stack(uint32_t i, struct loc *out)
{
	size_t n = 0;
	out[n++] = (struct loc){.kind = LOC_PROCESS};
	for (uint32_t d = 1; d < DEPTH; d++) {
		uint32_t branch = d < 6 ? 0 : d < 14 ? i / 100 : i;
		out[n++] = (struct loc){(branch * 2654435761u + d * 40503u) % FUNCS, 1, LOC_RETURN};
	}
	return n;
}

static int by_value(const void *va, const void *vb)
{
	double a = *(const double *)va, b = *(const double *)vb;
	return (a > b) - (a < b);
}

/* Milliseconds until a query is counted and a snapshot of it made. */
static double count(struct profile *p, const struct profile_query *q, uint64_t now_ns)
{
	uint64_t from = clock_now_ns();
	profile_set_query(p, q, 1);
	while (profile_work(p, CLOCK_NS_PER_SEC))
		continue;
	snapshot_unref(profile_publish(p, now_ns, NULL, 0));
	return (double)(clock_now_ns() - from) / 1e6;
}

static void tell(struct profile *p, const char *what, const struct profile_query *q,
                 uint64_t now_ns, const char *asked)
{
	double ms[ROUNDS];
	for (int i = 0; i < ROUNDS; i++) {
		count(p, &(struct profile_query){0}, now_ns);
		ms[i] = count(p, q, now_ns);
	}
	qsort(ms, ROUNDS, sizeof *ms, by_value);
	printf("window: %s: median %.1f ms, largest %.1f ms%s\n", what, ms[ROUNDS / 2],
	       ms[ROUNDS - 1], asked);
}

int main(void)
{
	struct funcs *funcs = funcs_new();
	struct profile_config c = {
	        .memory = (size_t)2 << 30, .frames_of = frames_of, .ctx = funcs, .funcs = funcs};
	struct loc locs[DEPTH];
	uint32_t *stacks = malloc(STACKS * sizeof *stacks);
	unsigned seed = 1;
	for (uint32_t i = 0; i < FUNCS; i++) {
		char name[32];
		snprintf(name, sizeof name, "function_%u", i);
		ids[i] = funcs_add(funcs, name, "bench", FUNC_OWN);
	}
	struct profile *p = profile_new(&c);
	profile_thread_add(p, 1, 1, "bench");
	for (uint32_t i = 0; i < STACKS; i++)
		stacks[i] = profile_stack(p, locs, make_stack(i, locs));
	uint64_t now = 0;
	for (uint32_t i = 0; i < SAMPLES; i++, now += GAP_NS)
		profile_add(p, now, 0, stacks[(uint32_t)rand_r(&seed) % STACKS], GAP_NS, true);
	printf("window: %d samples of %d stacks, 24 bytes of history each, %.0f MB in all\n",
	       SAMPLES, STACKS, (double)profile_bytes(p) / 1048576);
	tell(p, "all of it as a range",
	     &(struct profile_query){.window = {.kind = WINDOW_RANGE, .to_ns = now}}, now,
	     " (asked: 50 ms)");
	tell(p, "the last 10 s",
	     &(struct profile_query){
	             .window = {.kind = WINDOW_LAST, .span_ns = 10 * CLOCK_NS_PER_SEC}},
	     now, "");
	tell(p, "all of it against its first half",
	     &(struct profile_query){
	             .compare = true,
	             .base_to_ns = now / 2,
	             .window = {.kind = WINDOW_RANGE, .from_ns = now / 2, .to_ns = UINT64_MAX}},
	     now, "");
	struct profile_query last = {
	        .window = {.kind = WINDOW_LAST, .span_ns = 500 * CLOCK_NS_PER_SEC}};
	count(p, &last, now);
	uint64_t from = clock_now_ns();
	for (uint32_t i = 0; i < 100000; i++, now += GAP_NS)
		profile_add(p, now, 0, stacks[(uint32_t)rand_r(&seed) % STACKS], GAP_NS, true);
	snapshot_unref(profile_publish(p, now, NULL, 0));
	printf("window: sliding over 500 s: %.2f µs a sample that entered and one that left\n",
	       (double)(clock_now_ns() - from) / 1e3 / 100000);
	profile_free(p);
	funcs_free(funcs);
	free(stacks);
	return 0;
}
