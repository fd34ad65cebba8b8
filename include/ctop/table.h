/* table: the function table of a snapshot, sorted. Belongs to its caller's thread. */
#ifndef CTOP_TABLE_H
#define CTOP_TABLE_H

#include "ctop/snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum table_column { TABLE_SELF, TABLE_TOTAL, TABLE_NAME, TABLE_MODULE, TABLE_COLUMNS };

struct table_row {
	uint32_t func;
	struct counts counts;
};

/* Zero-initialised is empty; the storage is kept between builds. */
struct table {
	struct table_row *rows; /* owned */
	size_t count, cap;
};

/* Fills the table with the functions that have samples (roots and processes are
 * left out), sorted by `column`: numbers largest first, names A to Z, the other way
 * round when `inverted`; ties by name. */
void table_build(struct table *t, const struct snapshot *s, enum table_column column,
                 bool inverted);
void table_fini(struct table *t);

#endif
