/* typescript: what a program has written to its terminal, as lines of plain text.
 *
 * Carriage returns, backspaces, tabs, erasing to the end of the line and moving within it are
 * followed; colours and all other control sequences are left out, so that nothing of them ever
 * reaches the terminal ctop itself is on. Bounded: old lines are forgotten. One thread at a time.
 */
#ifndef CTOP_TYPESCRIPT_H
#define CTOP_TYPESCRIPT_H

#include <stddef.h>

struct typescript;

struct typescript *typescript_new(void);
void typescript_free(struct typescript *t); /* NULL is allowed */

/* Any bytes, cut anywhere. */
void typescript_feed(struct typescript *t, const char *bytes, size_t len);

/* Lines, the one being written included. */
size_t typescript_count(const struct typescript *t);

/* A line, clean UTF-8; borrowed until the next change. */
const char *typescript_line(struct typescript *t, size_t at);

#endif
