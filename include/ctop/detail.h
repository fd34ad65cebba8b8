/* detail: one function with what was counted in it, an instruction and a line at a time: an
 * immutable, counted picture beside a snapshot.
 *
 * Made by the analyzer again and again while somebody looks; the listing in it stays the same. Any
 * thread may read one it holds a reference to. Weights are ns.
 */
#ifndef CTOP_DETAIL_H
#define CTOP_DETAIL_H

#include "ctop/listing.h"

#include <stdint.h>

/* In itself, and with what is called from there. */
struct detail_counts {
	uint64_t self_ns, total_ns;
};

struct detail {
	uint32_t func;           /* the function asked for, an id of the session's funcs.h table */
	uint64_t number;         /* of the command that asked */
	struct listing *listing; /* one reference; NULL: it is still being made, or there is none */
	const char *why;         /* there is none: why, static; NULL */
	uint64_t whole_ns;       /* what 100 % is */
	struct detail_counts all;
	struct detail_counts *insns; /* as listing->insns; of an instruction whatever is inlined */
	struct detail_counts *lines; /* of the main file: line 1 is lines[0] */
	uint32_t line_count;
	uint64_t elsewhere_ns; /* self, in code or lines that the listing does not show */
};

/* Takes over nothing; zeroed counts as the listing wants them, one reference. */
struct detail *detail_new(struct listing *l);
struct detail *detail_ref(struct detail *d);
void detail_unref(struct detail *d); /* NULL is allowed; the last one frees */

/* The first and last line of the main file that belong to the function; false when none does. */
bool detail_line_range(const struct detail *d, uint32_t *first, uint32_t *last);

#endif
