/* bench_paint: what a person waits for, measured from outside in a pseudo-terminal:
 * the first painted profile of a target, and a key's answer while sampling at 4999 Hz.
 * usage: bench_paint CTOP PID WHAT ASKED_MS
 */
#include "ptyterm.h"

#include "ctop/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STARTS = 5, KEYS = 200 };

static int by_value(const void *va, const void *vb)
{
	double a = *(const double *)va, b = *(const double *)vb;
	return (a > b) - (a < b);
}

int main(int argc, char **argv)
{
	double start[STARTS], key[KEYS];
	if (argc != 5)
		return 2;
	for (int i = 0; i < STARTS; i++) {
		uint64_t from = clock_now_ns();
		struct pty *p = pty_start((char *[]){argv[1], "--pid", argv[2], NULL}, 24, 80,
		                          "xterm-256color", NULL);
		if (!pty_wait_text(p, "%  ", 20))
			return 1;
		start[i] = (double)(clock_now_ns() - from) / 1e6;
		int status;
		pty_type(p, "q");
		pty_wait_exit(p, 10, &status);
		pty_free(p);
	}
	qsort(start, STARTS, sizeof *start, by_value);
	printf("paint: %s: first profile after start: median %.0f ms, largest %.0f ms (asked: %s "
	       "ms)\n",
	       argv[3], start[STARTS / 2], start[STARTS - 1], argv[4]);
	struct pty *p = pty_start((char *[]){argv[1], "--pid", argv[2], "--rate", "4999", NULL}, 24,
	                          80, "xterm-256color", NULL);
	if (!pty_wait_text(p, "%  ", 20))
		return 1;
	for (int i = 0; i < KEYS; i++) {
		uint64_t from = clock_now_ns();
		pty_type(p, i % 2 == 0 ? "2" : "1");
		if (!pty_wait_text(p, i % 2 == 0 ? "CALL TREE" : "FUNCTION ", 10))
			return 1;
		key[i] = (double)(clock_now_ns() - from) / 1e6;
	}
	qsort(key, KEYS, sizeof *key, by_value);
	printf("paint: %s: key to screen at 4999 Hz: median %.1f ms, 99th percentile %.1f ms "
	       "(asked: "
	       "50 ms)\n",
	       argv[3], key[KEYS / 2], key[KEYS * 99 / 100]);
	pty_free(p);
	return 0;
}
