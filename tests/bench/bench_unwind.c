/* bench_unwind: the cost of a stack, warm and cold, by rows and by libunwind, over the
 * recorded samples of real programs (streaming: every dump is copied in first).
 */
#include "capture_walk.h"
#include "ctop/clock.h"
#include "ctop/mem.h"
#include "ctop/record.h"
#include "ctop/unwind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES = 1024, SAMPLES = 400, ROUNDS = 200 };

typedef void unwind_fn(struct unwinder *u, const struct unwind_input *in, struct frame_addr *f,
                       size_t cap, struct unwind_result *out);

struct sample {
	struct unwind_input in;
	uint64_t regs[32];
};

/* ns a stack over all samples. */
static double time_stacks(struct unwinder *u, unwind_fn *fn, const struct sample *s, size_t n,
                          int rounds, double *frames)
{
	static struct frame_addr f[FRAMES];
	struct unwind_result r;
	uint64_t from = clock_now_ns(), sum = 0;
	for (int round = 0; round < rounds; round++)
		for (size_t i = 0; i < n; i++) {
			fn(u, &s[i].in, f, FRAMES, &r);
			sum += r.count;
		}
	*frames = (double)sum / (double)n / rounds;
	return (double)(clock_now_ns() - from) / (double)n / rounds;
}

static void bench(const char *name)
{
	static struct sample samples[SAMPLES];
	char path[256];
	snprintf(path, sizeof path, "tests/corpus/%s.ctr", name);
	struct capture_walk *w = capture_walk_open(path, false);
	size_t n = 0;
	double frames, peer_frames;
	if (w == NULL)
		return;
	for (struct unwind_input in; n < SAMPLES && capture_walk_next(w, &in) != NULL; n++) {
		unsigned char *stack = mem_alloc(in.stack_len + 1);
		memcpy(stack, in.stack, in.stack_len);
		memcpy(samples[n].regs, in.regs, in.nr_regs * 8);
		samples[n].in = in;
		samples[n].in.stack = stack;
		samples[n].in.regs = samples[n].regs;
		/* The walk drops its maps; a capture of one process keeps the last version. */
	}
	struct unwinder *u = unwinder_new(UNWIND_AUTO);
	double cold = time_stacks(u, unwind_stack, samples, n, 1, &frames);
	double warm = time_stacks(u, unwind_stack, samples, n, ROUNDS, &frames);
	double allowed = 900 + 25 * frames;
	double peer_cold = time_stacks(u, unwind_stack_libunwind, samples, n, 1, &peer_frames);
	unwinder_keep_libunwind(u);
	time_stacks(u, unwind_stack_libunwind, samples, n, 1, &peer_frames);
	double peer = time_stacks(u, unwind_stack_libunwind, samples, n, 20, &peer_frames);
	printf("unwind: %-9s %4.1f frames, %4zu rows: %6.0f ns a stack warm (asked: %4.0f), %6.0f "
	       "cold; libunwind %6.0f with its cache warm, %6.0f without: ratio %.0f and %.0f\n",
	       name, frames, unwinder_rows(u), warm, allowed, cold, peer, peer_cold, peer / warm,
	       peer_cold / cold);
	unwinder_free(u);
	for (size_t i = 0; i < n; i++)
		free((void *)(uintptr_t)samples[i].in.stack);
	capture_walk_close(w);
}

int main(void)
{
	static const char *const names[] = {"python3", "openssl", "sqlite3", "redis", "nginx",
	                                    "perl",    "ruby",    "cc1plus", "lua"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		bench(names[i]);
	return 0;
}
