/* log: what --verbose prints, and what must wait while the screen is ours.
 *
 * Lines go to standard error, or into a bounded buffer (the last 64 KB) while
 * the terminal is taken; log_release() prints what was held. Thread-safe.
 */
#ifndef CTOP_LOG_H
#define CTOP_LOG_H

#include <stdbool.h>

/* 0: warnings only; 1: what -v adds. */
void log_set_level(int level);

/* While held, lines are kept instead of printed. */
void log_hold(void);

/* Prints what was kept and prints directly from now on. */
void log_release(void);

/* Something the user should know ("ctop: " is put in front). */
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Printed with -v only. */
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
