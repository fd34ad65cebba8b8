/* unwind: stacks of recorded programs and known chains, against libunwind, against the
 * names that must be there, and (live) against the call instructions.
 */
#include "check.h"

#include "capture_walk.h"
#include "unwind_check.h"

#include "ctop/arch.h"
#include "ctop/image.h"
#include "ctop/record.h"
#include "ctop/symtab.h"
#include "ctop/unwind.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FRAMES = 1024 };

static struct capture_walk *open_fixture(const char *name)
{
	char path[256];
	bool chain = strncmp(name, "chain-", 6) == 0;
	snprintf(path, sizeof path, "tests/%s/%s.ctr", chain ? "fixtures" : "corpus", name);
	struct capture_walk *w = capture_walk_open(path, false);
	if (w == NULL)
		fail_msg("cannot open %s (run from the top of the tree)", path);
	return w;
}

/* What a capture of the corpus must reach, in tenths of a percent: complete stacks, and stacks that
 * are libunwind's frame by frame (or on which libunwind stopped and ctop went on). */
static const struct {
	const char *name;
	unsigned complete, equal;
	const char *why; /* less than 999 is asked */
} exceptions[] = {
        {"ffmpeg", 500, 0, "x264's assembly has no tables; large frames with untouched pages"},
        {"go", 990, 0, "libunwind does not know Go's tables"},
        {"go-symbols", 990, 0, "libunwind goes wrong where Go changes stacks"},
        {"musl", 990, 0, "libunwind stops in code without tables"},
        {"musl-static", 990, 0, "the same"},
        {"odd-altstack", 300, 990, "the stack that was interrupted is not the one copied"},
        {"throws", 980, 980, "in the last steps of an exception the frame is half gone"},
        {"frame-pointers", 950, 0, "libunwind needs tables"},
        {"static", 990, 0, "libunwind needs .eh_frame_hdr"},
        {"static-pie", 990, 0, "the same"},
        {"no-eh-frame-hdr", 990, 0, "the same"},
        {"debug-frame", 990, 0, "the same"},
        {"node", 990, 980, "V8's builtins have no tables"},
        {"git", 985, 985, "processes that end while they are sampled"},
        {"find", 985, 985, "the same"},
};

/* Checks one capture; adds its samples, complete and equal ones to `sum`. */
static void check_capture(const char *path, const char *name, struct unwind_tally *sum)
{
	struct unwind_tally t;
	unsigned complete = 999, equal = 999;
	struct capture_walk *w = capture_walk_open(path, false);
	assert_non_null(w);
	unwind_check(w, false, 2, &t);
	capture_walk_close(w);
	for (size_t i = 0; i < sizeof exceptions / sizeof exceptions[0]; i++)
		if (strcmp(exceptions[i].name, name) == 0) {
			complete = exceptions[i].complete;
			equal = exceptions[i].equal;
		}
	assert_true(t.samples > 0);
	if (t.complete * 1000 < t.samples * complete ||
	    (t.equal + t.oracle_short) * 1000 < t.samples * equal)
		fail_msg("%s: %llu samples, %llu complete, %llu as libunwind", name,
		         (unsigned long long)t.samples, (unsigned long long)t.complete,
		         (unsigned long long)(t.equal + t.oracle_short));
	/* Before every return address stands a call. */
	assert_true(t.calls * 1000 >= t.returns * 999);
	sum->samples += t.samples;
	sum->returns += t.returns;
	sum->calls += t.calls;
}

static void the_corpus_is_unwound(void **state)
{
	struct unwind_tally sum = {0};
	unsigned captures = 0;
	glob_t g;
	(void)state;
	assert_int_equal(glob("tests/corpus/*.ctr", 0, NULL, &g), 0);
	for (size_t i = 0; i < g.gl_pathc; i++, captures++) {
		char name[64];
		struct stat st;
		const char *base = strrchr(g.gl_pathv[i], '/') + 1;
		snprintf(name, sizeof name, "%.*s", (int)strcspn(base, "."), base);
		assert_int_equal(stat(g.gl_pathv[i], &st), 0);
		assert_true(st.st_size <= 300 * 1024);
		check_capture(g.gl_pathv[i], name, &sum);
	}
	globfree(&g);
	assert_true(captures >= 25 && sum.returns > 20000);
}

/* The name of a frame's function in a fixture. */
static const char *name_of(struct capture_walk *w, const struct frame_addr *f)
{
	const struct image *im = images_get(capture_walk_images(w), f->image);
	struct symtab_hit hit;
	if (im->data.symbols == NULL || !symtab_find(im->data.symbols, frame_lookup_vaddr(f), &hit))
		return "?";
	static char name[512]; /* until the next call */
	return symtab_name(im->data.symbols, &hit, name, sizeof name);
}

/* Whether the chain (leaf first, NULL-terminated) stands in the stack, in a row. */
static bool has_chain(struct capture_walk *w, const struct frame_addr *f, size_t count,
                      const char *const *chain)
{
	for (size_t at = 0; at < count; at++) {
		size_t n = 0;
		while (chain[n] != NULL && at + n < count &&
		       strcmp(name_of(w, &f[at + n]), chain[n]) == 0)
			n++;
		if (chain[n] == NULL)
			return true;
	}
	return false;
}

static void check_chain(const char *name, const char *const *chain, size_t repeats)
{
	static struct frame_addr frames[FRAMES];
	struct capture_walk *w = open_fixture(name);
	struct unwinder *u = unwinder_new(UNWIND_AUTO);
	struct unwind_input in;
	struct unwind_result r;
	size_t samples = 0, right = 0;
	while (capture_walk_next(w, &in) != NULL) {
		size_t seen = 0;
		unwind_stack(u, &in, frames, FRAMES, &r);
		assert_int_equal(r.end, UNWIND_ROOT);
		for (size_t i = 0; i < r.count; i++)
			seen += strcmp(name_of(w, &frames[i]), chain[1]) == 0;
		samples++;
		right += has_chain(w, frames, r.count, chain) && seen >= repeats;
	}
	unwinder_free(u);
	capture_walk_close(w);
	assert_true(samples > 50);
	/* A few samples are in main's own loop, or between two calls. */
	if (right * 100 < samples * 95)
		fail_msg("%s: %zu of %zu stacks hold the chain", name, right, samples);
}

static void known_chains_are_found(void **state)
{
	static const char *const recurse[] = {"spin", "recurse", "recurse", NULL};
	static const char *const qsort_chain[] = {"spin", "compare", NULL};
	static const char *const alloca_chain[] = {"spin", "grow_stack", NULL};
	static const char *const align[] = {"spin", "align_stack", NULL};
	static const char *const fp[] = {"spin", "with_frame_pointer", "main", NULL};
	(void)state;
	check_chain("chain-recurse", recurse, 61);
	check_chain("chain-qsort", qsort_chain, 1);
	check_chain("chain-alloca", alloca_chain, 1);
	check_chain("chain-align", align, 1);
	check_chain("chain-fp", fp, 1);
}

/* Stripped, without .eh_frame: Go's own table gives frames and names. */
static void go_programs_are_unwound_and_named(void **state)
{
	static struct frame_addr frames[FRAMES];
	struct capture_walk *w = open_fixture("go");
	struct unwinder *u = unwinder_new(UNWIND_DWARF);
	struct unwind_input in;
	struct unwind_result r;
	size_t samples = 0, complete = 0, goroutines = 0;
	(void)state;
	while (capture_walk_next(w, &in) != NULL) {
		unwind_stack(u, &in, frames, FRAMES, &r);
		samples++;
		complete += r.end == UNWIND_ROOT;
		assert_int_equal(r.steps[UNWIND_BY_FP], 0);
		for (size_t i = 0; i + 1 < r.count; i++)
			if (strcmp(name_of(w, &frames[i]), "main.work") == 0) {
				const char *above = name_of(w, &frames[i + 1]);
				assert_true(strcmp(above, "main.main") == 0 ||
				            strcmp(above, "runtime.goexit") == 0);
				goroutines++;
			}
	}
	unwinder_free(u);
	capture_walk_close(w);
	assert_true(samples > 100 && goroutines > 50);
	assert_true(complete * 1000 >= samples * 995);
}

static void signal_frames_and_the_vdso_are_passed(void **state)
{
	static const char *const names[] = {"chain-signal", "chain-vdso"};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct unwind_tally t;
		struct capture_walk *w = open_fixture(names[i]);
		unwind_check(w, false, 3, &t);
		capture_walk_close(w);
		assert_true(t.samples > 50);
		assert_int_equal(t.complete, t.samples);
		assert_int_equal(t.equal + t.oracle_short, t.samples);
	}
}

/* A dump cut short gives the same frames up to the cut, and says so. */
static void a_cut_dump_is_truncated_and_never_wrong(void **state)
{
	static struct frame_addr whole[FRAMES], part[FRAMES];
	struct capture_walk *w = open_fixture("python3");
	struct unwinder *u = unwinder_new(UNWIND_AUTO);
	struct unwind_input in;
	struct unwind_result r, cut;
	(void)state;
	for (int n = 0; n < 20 && capture_walk_next(w, &in) != NULL; n++) {
		unwind_stack(u, &in, whole, FRAMES, &r);
		for (size_t len = 0; len < in.stack_len; len += in.stack_len / 16 + 8) {
			struct unwind_input shorter = in;
			shorter.stack_len = len;
			shorter.full_dump = true;
			unwind_stack(u, &shorter, part, FRAMES, &cut);
			assert_true(cut.count <= r.count);
			if (cut.end != UNWIND_ROOT)
				assert_int_equal(cut.end, UNWIND_TRUNCATED);
			for (size_t i = 0; i < cut.count; i++)
				assert_int_equal(part[i].addr, whole[i].addr);
		}
	}
	unwinder_free(u);
	capture_walk_close(w);
}

/* Random registers and stacks: nothing crashes, everything ends. */
static void garbage_is_survived(void **state)
{
	static struct frame_addr frames[FRAMES];
	struct capture_walk *w = open_fixture("openssl");
	struct unwinder *u = unwinder_new(UNWIND_AUTO);
	struct unwind_input in;
	unsigned seed = 3;
	(void)state;
	while (capture_walk_next(w, &in) != NULL) {
		uint64_t regs[ARCH_REGS];
		unsigned char *stack = malloc(in.stack_len + 1);
		struct unwind_input bad = in;
		struct unwind_result r;
		memcpy(regs, in.regs, sizeof regs);
		memcpy(stack, in.stack, in.stack_len);
		for (size_t k = 0; k < in.stack_len / 16; k++)
			stack[(size_t)rand_r(&seed) % in.stack_len] = (unsigned char)rand_r(&seed);
		regs[rand_r(&seed) % ARCH_REGS] ^= (uint64_t)rand_r(&seed);
		bad.regs = regs;
		bad.stack = stack;
		unwind_stack(u, &bad, frames, FRAMES, &r);
		assert_true(r.count <= FRAMES && r.end != UNWIND_NEED_IMAGE);
		bad.nr_regs = 3;
		unwind_stack(u, &bad, frames, FRAMES, &r);
		assert_int_equal(r.end, UNWIND_NO_STACK);
		free(stack);
	}
	unwinder_free(u);
	capture_walk_close(w);
}

static void calls_are_recognised(void **state)
{
	static const unsigned char direct[] = {0x90, 0xe8, 1, 2, 3, 4};
	static const unsigned char through_register[] = {0x90, 0x90, 0x41, 0xff, 0xd4};
	static const unsigned char through_memory[] = {0xff, 0x15, 1, 2, 3, 4};
	static const unsigned char none[] = {0x90, 0x90, 0x48, 0x89, 0xe5, 0xc3};
	(void)state;
	assert_true(arch_ends_in_call(direct, sizeof direct));
	assert_true(arch_ends_in_call(through_register, sizeof through_register));
	assert_true(arch_ends_in_call(through_memory, sizeof through_memory));
	assert_false(arch_ends_in_call(none, sizeof none));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(the_corpus_is_unwound),
	        cmocka_unit_test(known_chains_are_found),
	        cmocka_unit_test(go_programs_are_unwound_and_named),
	        cmocka_unit_test(signal_frames_and_the_vdso_are_passed),
	        cmocka_unit_test(a_cut_dump_is_truncated_and_never_wrong),
	        cmocka_unit_test(garbage_is_survived),
	        cmocka_unit_test(calls_are_recognised),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
