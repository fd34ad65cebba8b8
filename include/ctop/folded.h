/* folded: stacks as text, one a line: "comm;root;…;leaf count".
 *
 * The format of flamegraph.pl's collapsed stacks, which speedscope and others read.
 * Counts are samples. ';' in names becomes ':', control characters '?'. Any thread.
 */
#ifndef CTOP_FOLDED_H
#define CTOP_FOLDED_H

struct snapshot;
struct strbuf;

/* Appends every stack of the snapshot that has samples of its own, in the order of the
 * tree with siblings by name, so that equal profiles give equal text. */
void folded_write(const struct snapshot *s, struct strbuf *out);

#endif
