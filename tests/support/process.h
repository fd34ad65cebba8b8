/* process: programs run to their end for what they print, and deadlines. */
#ifndef CTOP_TESTS_PROCESS_H
#define CTOP_TESTS_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

/* The path of a program of the build directory, in memory the caller frees. */
char *process_path(const char *name);

struct process_result {
	char *out, *err; /* what it printed; freed by process_result_fini() */
	int code; /* exit code; 128 + signal when one has ended it, −1 when the time was over */
};

/* Runs argv (NULL-terminated) to its end, at most `seconds`. `prepare`, if any, is called in the
 * child before the program starts. */
struct process_result process_run(char *const *argv, void (*prepare)(void), int seconds);
void process_result_fini(struct process_result *r);

/* A time by which something must have happened. */
struct deadline {
	uint64_t at_ns;
};
struct deadline deadline_in(int seconds);
bool deadline_over(const struct deadline *d);

#endif
