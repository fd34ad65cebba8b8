/* live: what tests of ctop in a pseudo-terminal have in common. */
#ifndef CTOP_TESTS_LIVE_H
#define CTOP_TESTS_LIVE_H

#include "ptyterm.h"

/* Starts the ctop of the build directory with these words (NULL-terminated). */
struct pty *live_start(char *const *words, int rows, int cols, char *const *env);

/* Types, and waits until `text` is on the screen; the test fails, and shows the screen, when it
 * does not come. */
void live_type(struct pty *p, const char *keys, const char *text);
void live_see(struct pty *p, const char *text);

/* Leaves by q; the terminal must be as it was. */
void live_quit(struct pty *p);

/* A workload, or any program, with its output thrown away. */
pid_t live_workload(const char *name, const char *arg);
pid_t live_program(char *const *argv);
void live_end(pid_t pid);

#endif
