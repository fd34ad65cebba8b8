/* bench_detail: from the key a to the painted source of the hottest function, and from a again to
 * its instructions, measured from outside in a pseudo-terminal.
 * usage: bench_detail CTOP PID FUNCTION SOURCE INSTRUCTION ASKED_MS
 * where SOURCE and INSTRUCTION are texts that only the two pages hold.
 */
#include "ptyterm.h"

#include "ctop/clock.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 9, SECONDS = 20 };

static int by_value(const void *va, const void *vb)
{
	double a = *(const double *)va, b = *(const double *)vb;
	return (a > b) - (a < b);
}

/* Milliseconds from a key to a text on the screen; exits when it does not come. */
static double answer(struct pty *p, const char *key, const char *text)
{
	uint64_t from = clock_now_ns();
	pty_type(p, key);
	if (!pty_wait_text(p, text, SECONDS)) {
		fprintf(stderr, "key %s\n", key);
		exit(1);
	}
	return (double)(clock_now_ns() - from) / 1e6;
}

static void tell(const char *what, double ms[ROUNDS], const char *asked)
{
	qsort(ms, ROUNDS, sizeof *ms, by_value);
	printf("detail: %s: median %.1f ms, largest %.1f ms (asked: %s ms)\n", what, ms[ROUNDS / 2],
	       ms[ROUNDS - 1], asked);
}

int main(int argc, char **argv)
{
	double source[ROUNDS], code[ROUNDS], again[ROUNDS];
	if (argc != 7)
		return 2;
	for (int i = 0; i < ROUNDS; i++) {
		struct pty *p = pty_start((char *[]){argv[1], "--pid", argv[2], NULL}, 40, 100,
		                          "xterm-256color", NULL);
		int status;
		if (!pty_wait_row(p, 4, argv[3], SECONDS))
			return 1;
		source[i] = answer(p, "a", argv[4]);
		code[i] = answer(p, "a", argv[5]);
		pty_type(p, "\x1b");
		if (!pty_wait_text(p, "FUNCTION ", SECONDS))
			return 1;
		again[i] = answer(p, "a", argv[4]);
		pty_type(p, "qq");
		pty_wait_exit(p, SECONDS, &status);
		pty_free(p);
	}
	tell("source, as soon as there is a profile", source, argv[6]);
	tell("its instructions", code, argv[6]);
	tell("source, once more", again, argv[6]);
	return 0;
}
