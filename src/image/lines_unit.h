/* lines_unit: the index of one compilation unit. Private to the image layer: lines_index.c makes
 * it, lines.c looks up.
 */
#ifndef CTOP_IMAGE_LINES_UNIT_H
#define CTOP_IMAGE_LINES_UNIT_H

#include "ctop/lines.h"
#include "ctop/strbuf.h"

#include <elfutils/libdw.h>

/* A scope: a function, or an inlined call of one. */
struct line_scope {
	uint32_t parent;    /* LINES_NONE: it is not inlined */
	uint32_t function;  /* offset in the text */
	uint32_t call_file; /* the same; where it was inlined */
	uint32_t call_line;
};

/* Addresses of which a scope is the innermost; sorted, disjoint. */
struct line_range {
	uint64_t lo, hi;
	uint32_t scope;
	uint32_t reserved;
};

/* Addresses from `addr` to the next row; file 0 where nothing is known, line 0 for code that the
 * compiler assigns to none. */
struct line_row {
	uint64_t addr;
	uint32_t file; /* offset in the text */
	uint32_t line;
};

struct line_unit {
	struct line_scope *scopes;
	struct line_range *ranges;
	struct line_row *rows;
	size_t scope_count, scope_cap, range_count, range_cap, row_count, row_cap;
	struct strbuf text; /* strings, each ended by a NUL; offset 0 is "" */
};

/* Fills a unit from its DIE; `split`: the DIE in its .dwo file, else the same. */
enum ctop_err line_unit_fill(struct line_unit *u, Dwarf_Die *die, Dwarf_Die *split, uint64_t shift,
                             struct err *e);

#endif
