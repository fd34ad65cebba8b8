/* join: two snapshots side by side, row by row.
 *
 * A row is what has one name on both sides: (function, module), the module without directory and
 * version ("/usr/lib/libfoo.so.1.2" is "libfoo.so"), never an address. Where one side does not
 * tell a function's module (ctop's folded files do not), the function is joined by name alone.
 * Code without a name is one row a module: its addresses mean nothing in another build. Processes
 * are rows of their own. Weights of a row are counted over whole stacks, so that recursion counts
 * once however functions were joined.
 *
 * Pure; belongs to its owner's thread; borrows the snapshots' names for its life.
 */
#ifndef CTOP_JOIN_H
#define CTOP_JOIN_H

#include "ctop/snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum join_side { JOIN_BASE, JOIN_NOW, JOIN_SIDES };
#define JOIN_NONE UINT32_MAX

struct join_row {
	const char *name;
	const char *module; /* as it is joined; "" where it is not known */
	bool process;
	uint64_t self[JOIN_SIDES], total[JOIN_SIDES];
};

struct join;

struct join *join_new(const struct snapshot *base, const struct snapshot *now);
void join_free(struct join *j);

/* The rows, in no order; borrowed. */
const struct join_row *join_rows(const struct join *j, size_t *count);

/* All weight of a side. */
uint64_t join_whole(const struct join *j, enum join_side side);

/* The row a function of a side belongs to; JOIN_NONE for the root. */
uint32_t join_row_of(const struct join *j, enum join_side side, uint32_t func);

/* Calls fn for each row on the path from a node to the root, once; `self` for the node's own. */
typedef void join_fn(void *ctx, uint32_t row, bool self);
void join_path(struct join *j, enum join_side side, uint32_t node, join_fn *fn, void *ctx);

/* Change of a row's share, in points (hundredths of the side's whole). */
double join_points(const struct join *j, const uint64_t weight[JOIN_SIDES], enum join_side side);
double join_delta(const struct join *j, const uint64_t weight[JOIN_SIDES]);

/* The module of a path or name as it is joined; `out` has room for `cap` bytes. */
void join_module_name(const char *module, char *out, size_t cap);

#endif
