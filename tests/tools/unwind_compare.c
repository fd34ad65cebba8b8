/* unwind_compare CAPTURE…: prints, for each, how complete the stacks are and how they
 * agree with libunwind and with the call instructions. With -c the files the
 * capture names are read from this machine, for their code; -p N prints differences.
 */
#include "../support/capture_walk.h"
#include "../support/unwind_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static double percent(uint64_t part, uint64_t whole)
{
	return whole > 0 ? 100.0 * (double)part / (double)whole : 100.0;
}

int main(int argc, char **argv)
{
	bool code = false;
	unsigned print = 0;
	for (int c; (c = getopt(argc, argv, "cp:")) != -1;) {
		code = code || c == 'c';
		print = c == 'p' ? (unsigned)atoi(optarg) : print;
	}
	printf("%-24s %8s %9s %9s %9s %9s %9s  %s\n", "capture", "samples", "complete",
	       "=libunwind", "oracle<", "call", "direct", "frames by row/libunwind/scan/fp");
	for (int i = optind; i < argc; i++) {
		struct unwind_tally t;
		struct capture_walk *w = capture_walk_open(argv[i], code);
		if (w == NULL) {
			fprintf(stderr, "cannot open %s\n", argv[i]);
			return 1;
		}
		unwind_check(w, code, print, &t);
		capture_walk_close(w);
		const char *base = strrchr(argv[i], '/');
		printf("%-24s %8" PRIu64 " %8.2f%% %8.2f%% %8.2f%% %8.3f%% %8.3f%%  %" PRIu64
		       "/%" PRIu64 "/%" PRIu64 "/%" PRIu64 "  ends",
		       base != NULL ? base + 1 : argv[i], t.samples, percent(t.complete, t.samples),
		       percent(t.equal, t.samples), percent(t.oracle_short, t.samples),
		       percent(t.calls, t.returns), percent(t.agree, t.direct), t.steps[0],
		       t.steps[1], t.steps[2], t.steps[3]);
		for (int k = 0; k < 8; k++)
			printf(" %" PRIu64, t.ends[k]);
		printf("\n");
	}
	return 0;
}
