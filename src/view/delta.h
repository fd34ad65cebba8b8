/* delta: what is shown against a base line: the keys that set it, columns and colours of
 * differences. Private to view.
 */
#ifndef CTOP_VIEW_DELTA_H
#define CTOP_VIEW_DELTA_H

#include "ctop/snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct action;
struct columns;
struct screen;
struct surface;
struct table;

enum delta_order { DELTA_BY_SIZE, DELTA_BY_GROWTH, DELTA_BY_SHRINKAGE, DELTA_BY_NOW, DELTA_ORDERS };

/* Two weights of one thing, and how far their difference is to be believed. */
struct delta {
	uint64_t base_ns, now_ns;
	uint64_t base_self_ns, now_self_ns;
	enum snapshot_verdict verdict;
};
struct delta delta_of_func(const struct screen *s, uint32_t func);
struct delta delta_of_node(const struct screen *s, uint32_t node);

/* The same of self time alone. */
struct delta delta_of_self(const struct screen *s, uint32_t func);
bool delta_has_self(const struct screen *s, uint32_t func);

/* Whether what is shown has a base line. */
bool delta_on(const struct screen *s);

/* b: what is counted now becomes the base line; B drops it. */
struct action delta_set(struct screen *s);
struct action delta_drop(struct screen *s);

/* Points by which a share grew: hundredths of the whole of each side. */
double delta_points(const struct screen *s, uint64_t base_ns, uint64_t now_ns);

/* Red for what grew, blue for what shrank, grey where chance would do. */
int delta_style(double points, enum snapshot_verdict verdict);

/* The columns in place of those of one profile. */
void delta_heading(const struct screen *s, struct surface *out, int row, const struct columns *c,
                   const char *name);
void delta_numbers(const struct screen *s, struct surface *out, int row, const struct columns *c,
                   const struct delta *d);

/* The larger of both totals, in weight of now: what a threshold is held against. */
uint64_t delta_larger(const struct screen *s, uint32_t func);

/* Sorts a table of functions by how their totals, or their self times, changed. */
void delta_sort(const struct screen *s, struct table *t, bool self);

/* Width of a node in the flamegraph: its share of both sides together. */
uint64_t delta_width(const struct screen *s, uint32_t node);

/* "+3.1", or "" for no difference worth a cell. */
void delta_mark(const struct screen *s, uint32_t node, char *out, size_t cap);

/* One line about the function under the cursor; leaves `out` alone when there is none. */
void delta_tell(struct screen *s, char *out, size_t cap);

/* "base 00:01.0–00:11.0 (10.0 s)"; "" without a base line. */
void delta_scope(const struct screen *s, char *out, size_t cap);

#endif
