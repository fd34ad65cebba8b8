/* folded: stacks as text, one a line: "comm;root;…;leaf count".
 *
 * The format of flamegraph.pl's collapsed stacks, which speedscope and others read.
 * Counts are samples. ';' in names becomes ':', control characters '?'. Any thread.
 */
#ifndef CTOP_FOLDED_H
#define CTOP_FOLDED_H

#include <stdint.h>

struct snapshot;
struct strbuf;

/* Appends every stack of the snapshot that has samples of its own, in the order of the
 * tree with siblings by name, so that equal profiles give equal text. */
void folded_write(const struct snapshot *s, struct strbuf *out);

/* Appends a name as it stands in a folded file. */
void folded_add_name(struct strbuf *b, const char *name);

/* Appends a value given in millionths, as a whole number or with as many decimals as it has. */
void folded_add_value(struct strbuf *b, uint64_t millionths);

#endif
