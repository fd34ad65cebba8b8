/* difference: two profiles compared, as text for people, as JSON, as differential folded stacks.
 * Any thread.
 */
#ifndef CTOP_DIFFERENCE_H
#define CTOP_DIFFERENCE_H

#include "ctop/err.h"
#include "ctop/join.h"
#include "ctop/judge.h"

struct strbuf;

/* All borrowed. */
struct difference {
	const struct join *join;
	const struct judgement *judgement;
	const struct snapshot *s[JOIN_SIDES];
	const char *name[JOIN_SIDES]; /* of the files */
};

/* The rows by the size of the change, largest first: of the total, then of self; in an array the
 * caller frees, how many in *count. */
uint32_t *difference_order(const struct difference *d, size_t *count);

/* A page: what was compared and how chance was judged, then a line a function. Rows that differ by
 * less than a twentieth of a point are counted only. */
void difference_text(const struct difference *d, struct strbuf *out);

/* The same and every row, as an object. */
enum ctop_err difference_json(const struct difference *d, struct strbuf *out, struct err *e);

/* "stack BEFORE AFTER" a line, as difffolded.pl writes and flamegraph.pl reads: samples, not
 * normalised. Code without a name stands without its address. */
void difference_folded(const struct difference *d, struct strbuf *out);

#endif
