/* bench_model: the model alone: 1 000 000 tree nodes, 10 000 samples a second, four
 * snapshots a second, one of which a reader holds; and recounts of the history.
 */
#include "ctop/clock.h"
#include "ctop/funcs.h"
#include "ctop/history.h"
#include "ctop/profile.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { NODES = 1000000, DEPTH = 30, RATE = 10000, SECONDS = 10, PUBLISHES = 4 };
enum { FUNCS = 5000, STACKS_MOST = 200000 };

static uint32_t ids[FUNCS];

static uint32_t func_of(void *ctx, const struct loc *loc)
{
	return loc->kind == LOC_PROCESS ? funcs_add(ctx, "bench", "", FUNC_PROCESS)
	                                : ids[loc->addr % FUNCS];
}

static size_t frames_of(void *ctx, const struct loc *loc, const struct profile_query *q,
                        uint32_t out[PROFILE_FRAMES])
{
	(void)q;
	out[0] = func_of(ctx, loc);
	return 1;
}

/* Stack i: shares its root half with 255 others, as real ones do. */
static size_t make_stack(uint32_t i, struct loc *out)
{
	size_t n = 0;
	out[n++] = (struct loc){.kind = LOC_PROCESS};
	for (uint32_t d = 1; d < DEPTH; d++) {
		uint32_t branch = d < 10 ? 0 : d < 20 ? i / 256 : i;
		out[n++] = (struct loc){(branch * 2654435761u + d * 40503u) % FUNCS, 1, LOC_RETURN};
	}
	return n;
}

static int by_value(const void *va, const void *vb)
{
	double a = *(const double *)va, b = *(const double *)vb;
	return (a > b) - (a < b);
}

int main(void)
{
	struct funcs *funcs = funcs_new();
	struct profile_config c = {
	        .memory = (size_t)4 << 30, .frames_of = frames_of, .ctx = funcs, .funcs = funcs};
	struct loc locs[DEPTH];
	static uint32_t stacks[STACKS_MOST];
	uint32_t count = 0;
	for (uint32_t i = 0; i < FUNCS; i++) {
		char name[32];
		snprintf(name, sizeof name, "function_%u", i);
		ids[i] = funcs_add(funcs, name, "bench", FUNC_OWN);
	}
	struct profile *p = profile_new(&c);
	profile_thread_add(p, 1, 1, "bench");
	uint64_t t0 = clock_now_ns();
	for (uint32_t nodes = 0; nodes < NODES && count < STACKS_MOST;) {
		stacks[count] = profile_stack(p, locs, make_stack(count, locs));
		profile_add(p, 0, 0, stacks[count++], 1000000, true);
		if (count % 1000 == 0) {
			struct snapshot *s = profile_publish(p, 1, NULL, 0);
			nodes = snapshot_node_count(s);
			snapshot_unref(s);
		}
	}
	printf("model: built %u stacks in %.0f ms, %.0f MB\n", count,
	       (double)(clock_now_ns() - t0) / 1e6, (double)profile_bytes(p) / 1048576);

	double publish[SECONDS * PUBLISHES];
	size_t n = 0;
	unsigned seed = 1;
	struct snapshot *held = NULL;
	uint64_t cpu = clock_thread_cpu_ns();
	for (int second = 0; second < SECONDS; second++)
		for (int k = 0; k < PUBLISHES; k++) {
			for (int i = 0; i < RATE / PUBLISHES; i++) {
				uint32_t at = (uint32_t)rand_r(&seed) % count;
				size_t len = make_stack(at, locs);
				uint32_t stack = profile_stack(p, locs, len);
				profile_add(p, (uint64_t)second * CLOCK_NS_PER_SEC, 0, stack,
				            100000, true);
			}
			uint64_t from = clock_now_ns();
			struct snapshot *s =
			        profile_publish(p, (uint64_t)second * CLOCK_NS_PER_SEC, NULL, 0);
			publish[n++] = (double)(clock_now_ns() - from) / 1e6;
			snapshot_unref(held);
			held = s;
		}
	cpu = clock_thread_cpu_ns() - cpu;
	qsort(publish, n, sizeof *publish, by_value);
	printf("model: %u nodes, %d samples/s: publish median %.2f ms, largest %.2f ms (asked: 5 "
	       "ms); "
	       "%.2f %% of a CPU (asked: 3 %%)\n",
	       snapshot_node_count(held), RATE, publish[n / 2], publish[n - 1],
	       100.0 * (double)cpu / (SECONDS * 1e9));
	t0 = clock_now_ns();
	profile_set_query(p, &(struct profile_query){.hide_kernel = true}, 1);
	while (profile_work(p, CLOCK_NS_PER_SEC))
		continue;
	printf("model: recount of %u stacks under another query: %.1f ms\n", count,
	       (double)(clock_now_ns() - t0) / 1e6);
	snapshot_unref(held);
	profile_free(p);
	funcs_free(funcs);
	return 0;
}
