/* bench_churn: a target whose every stack is a new one, for the model alone: does the memory stay
 * under its bound?
 *
 *   bench_churn [MINUTES]
 *
 * 1 000 000 stacks a minute, 30 frames deep, under the default --memory; work in the background
 * gets what the analyzer gives it, 2 ms at a time. The minutes are not lived through: it
 * runs as fast as it can, and tells what share of a CPU that was of them.
 */
#include "ctop/clock.h"
#include "ctop/funcs.h"
#include "ctop/hash.h"
#include "ctop/profile.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

enum { A_MINUTE = 1000000, DEPTH = 30, FUNCS = 5000, BATCH = 32, PUBLISH = A_MINUTE / 240 };
static const size_t MEMORY = (size_t)256 << 20;

static uint32_t ids[FUNCS];

static uint32_t func_of(void *ctx, const struct loc *loc)
{
	return loc->kind == LOC_PROCESS || loc->kind == LOC_MARK
	               ? funcs_add(ctx, loc->kind == LOC_MARK ? "[folded]" : "bench", "", FUNC_MARK)
	               : ids[loc->addr % FUNCS];
}

static size_t frames_of(void *ctx, const struct loc *loc, const struct profile_query *q,
                        uint32_t out[PROFILE_FRAMES])
{
	(void)q;
	out[0] = func_of(ctx, loc);
	return 1;
}

/* Stack i: the root half is one of a few; the rest is its own, but for a hot one now and then. */
static size_t make_stack(uint32_t i, struct loc *out)
{
	size_t n = 0;
	uint32_t which = i % 4 == 0 ? i % 64 : i;
	out[n++] = (struct loc){.kind = LOC_PROCESS};
	for (uint32_t d = 1; d < DEPTH; d++) {
		uint32_t branch = d < 15 ? which % 16 : which;
		out[n++] = (struct loc){hash_pair(branch, d) % FUNCS, 1, LOC_RETURN};
	}
	return n;
}

int main(int argc, char **argv)
{
	uint32_t minutes = argc > 1 ? (uint32_t)atoi(argv[1]) : 10;
	struct funcs *funcs = funcs_new();
	struct profile_config c = {
	        .memory = MEMORY, .frames_of = frames_of, .ctx = funcs, .funcs = funcs};
	struct loc locs[DEPTH];
	size_t most = 0;
	uint64_t longest = 0, start = clock_now_ns();
	for (uint32_t i = 0; i < FUNCS; i++) {
		char name[32];
		snprintf(name, sizeof name, "function_%u", i);
		ids[i] = funcs_add(funcs, name, "bench", FUNC_OWN);
	}
	struct profile *p = profile_new(&c);
	struct snapshot *held = NULL;
	profile_thread_add(p, 1, 1, "bench");
	for (uint64_t i = 0; i < (uint64_t)minutes * A_MINUTE; i++) {
		uint64_t now = i * (60 * CLOCK_NS_PER_SEC / A_MINUTE);
		uint32_t stack = profile_stack(p, locs, make_stack((uint32_t)i, locs));
		profile_add(p, now, 0, stack, 60000, true);
		if (i % BATCH == 0) {
			uint64_t from = clock_now_ns();
			profile_work(p, 2 * CLOCK_NS_PER_MS);
			uint64_t took = clock_now_ns() - from;
			longest = took > longest ? took : longest;
		}
		if (i % PUBLISH == 0) {
			snapshot_unref(held);
			held = profile_publish(p, now, NULL, 0);
			size_t bytes = profile_bytes(p),
			       heap = mallinfo2().uordblks + mallinfo2().hblkhd;
			bytes = heap > bytes ? heap : bytes;
			most = bytes > most ? bytes : most;
		}
	}
	double seconds = (double)(clock_now_ns() - start) / 1e9;
	printf("churn: %u minutes of 1 000 000 new stacks: at most %.0f MB (asked: %zu), %.0f %% "
	       "of "
	       "a CPU, longest pause %.0f ms, %llu samples folded\n",
	       minutes, (double)most / 1048576, MEMORY >> 20, 100 * seconds / (60.0 * minutes),
	       (double)longest / 1e6, (unsigned long long)snapshot_stats(held)->losses.folded);
	snapshot_unref(held);
	profile_free(p);
	funcs_free(funcs);
	return 0;
}
