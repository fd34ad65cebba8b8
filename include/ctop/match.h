/* match: a search pattern, compiled once, looked for in many strings.
 *
 * What was typed is found as it stands and, where it holds one of their special characters, as a
 * POSIX extended regular expression, too: `f(int)` finds that very text, `f.*t` what it
 * describes. A pattern without a capital letter ignores case. One thread at a time.
 */
#ifndef CTOP_MATCH_H
#define CTOP_MATCH_H

#include <stdbool.h>
#include <stddef.h>

struct match;

/* Bytes of a string, [from, to), at whole characters. */
struct match_range {
	size_t from, to;
};

/* Never NULL: what is no regular expression is searched as plain text. */
struct match *match_new(const char *pattern);
void match_free(struct match *m); /* NULL is allowed */

/* As it was given. Borrowed. */
const char *match_pattern(const struct match *m);

/* Why it is no regular expression, though it looks like one; "" otherwise. Borrowed. */
const char *match_complaint(const struct match *m);

/* The first match in a NUL-terminated text that begins at `at` or later and is not empty; of
 * several that begin together the longest. */
bool match_next(const struct match *m, const char *text, size_t at, struct match_range *out);

/* Whether there is one at all. */
bool match_has(const struct match *m, const char *text);

#endif
