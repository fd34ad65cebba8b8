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

static void print_row(const char *name, const struct unwind_tally *t)
{
	static const char *const ends[UNWIND_ENDS] = {
	        [UNWIND_TRUNCATED] = "truncated",   [UNWIND_NO_INFO] = "no info",
	        [UNWIND_NO_STACK] = "no stack",     [UNWIND_BAD] = "contradictory",
	        [UNWIND_UNREADABLE] = "unreadable", [UNWIND_ELSEWHERE] = "on another stack",
	        [UNWIND_TOO_DEEP] = "too deep"};
	printf("%-18s %7" PRIu64 " %8.2f%% %8.2f%% %7.2f%% %8.3f%% %8.3f%% %8" PRIu64 " %6" PRIu64
	       " %6" PRIu64 " %6" PRIu64 "  ",
	       name, t->samples, percent(t->complete, t->samples), percent(t->equal, t->samples),
	       percent(t->oracle_short, t->samples), percent(t->calls, t->returns),
	       percent(t->agree, t->direct), t->steps[UNWIND_BY_ROW], t->steps[UNWIND_BY_LIBUNWIND],
	       t->steps[UNWIND_BY_SCAN], t->steps[UNWIND_BY_FP]);
	for (int k = 0; k < UNWIND_ENDS; k++)
		if (ends[k] != NULL && t->ends[k] > 0)
			printf("%" PRIu64 " %s ", t->ends[k], ends[k]);
	putchar('\n');
}

static void add(struct unwind_tally *sum, const struct unwind_tally *t)
{
	sum->samples += t->samples;
	sum->complete += t->complete;
	sum->equal += t->equal;
	sum->oracle_short += t->oracle_short;
	sum->returns += t->returns;
	sum->calls += t->calls;
	sum->direct += t->direct;
	sum->agree += t->agree;
	for (int i = 0; i < UNWIND_WAYS; i++)
		sum->steps[i] += t->steps[i];
	for (int i = 0; i < UNWIND_ENDS; i++)
		sum->ends[i] += t->ends[i];
}

int main(int argc, char **argv)
{
	bool code = false;
	unsigned print = 0;
	struct unwind_tally sum = {0};
	for (int c; (c = getopt(argc, argv, "cp:")) != -1;) {
		code = code || c == 'c';
		print = c == 'p' ? (unsigned)atoi(optarg) : print;
	}
	printf("%-18s %7s %9s %9s %8s %9s %9s %8s %6s %6s %6s\n", "capture", "samples", "complete",
	       "=libunw.", "longer", "calls", "direct", "by table", "libunw", "search", "fp");
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
		char name[64];
		snprintf(name, sizeof name, "%s", base != NULL ? base + 1 : argv[i]);
		name[strcspn(name, ".")] = '\0';
		print_row(name, &t);
		add(&sum, &t);
	}
	print_row("all", &sum);
	return 0;
}
