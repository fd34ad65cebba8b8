/* edges: who calls a function and what it calls, each with the time of the stacks in which that
 * call is. Pure; any thread.
 *
 * A stack counts once for each pair of caller and callee that is on it, however often recursion
 * repeats the pair. A function that calls itself is its own caller and callee. So the callees'
 * time and the function's own add up to its total where nothing recurs, and to more where a
 * stack has several of the callees.
 */
#ifndef CTOP_EDGES_H
#define CTOP_EDGES_H

#include "ctop/snapshot.h"

#include <stddef.h>
#include <stdint.h>

struct edge {
	uint32_t func; /* the caller or callee */
	uint32_t n;    /* samples, saturating */
	uint64_t ns;
};

/* Largest first, ties by name. Zero-initialised is empty; the storage is kept between uses. */
struct edges {
	struct edge *rows; /* owned */
	size_t count, cap;
};
void edges_fini(struct edges *e);

void edges_callers(const struct snapshot *s, uint32_t func, struct edges *out);
void edges_callees(const struct snapshot *s, uint32_t func, struct edges *out);

#endif
