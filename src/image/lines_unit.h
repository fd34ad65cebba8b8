/* lines_unit: the index of one compilation unit. Private to the image layer: lines_unit.c makes
 * it, lines.c looks up.
 */
#ifndef CTOP_IMAGE_LINES_UNIT_H
#define CTOP_IMAGE_LINES_UNIT_H

#include "ctop/bytes.h"
#include "ctop/clock.h"
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

/* What is known of the addresses from one key to the next. */
struct line_place {
	uint32_t scope; /* the innermost, or LINES_NONE */
	uint32_t file;  /* offset in the text; 0 where nothing is known */
	uint32_t line;  /* 0 for code that the compiler assigns to none */
};

/* Keys stand apart from what they lead to: a search then reads few cache lines. */
struct line_unit {
	uint64_t *keys; /* rising addresses, one for each place */
	struct line_place *places;
	struct line_scope *scopes;
	size_t count, scope_count, scope_cap;
	struct strbuf text; /* strings, each ended by a NUL; offset 0 is "" */
};

/* The sections of a file that are read, in one way or another. */
enum dwarf_section {
	DWARF_INFO,
	DWARF_TYPES,
	DWARF_ABBREV,
	DWARF_ARANGES,
	DWARF_ADDR,
	DWARF_LINE,
	DWARF_LINE_STR,
	DWARF_STR,
	DWARF_STR_OFFSETS,
	DWARF_RANGES,
	DWARF_RNGLISTS,
	DWARF_SECTIONS
};

/* What a unit is made from. `split` is its DIE in its .dwo file, else the same as `die`; so are
 * the sections. A .dwo file's may end amid a string, the file's own end with zeros behind. */
struct unit_source {
	Dwarf_Die die, split;
	bool is_split;
	struct bytes sections[DWARF_SECTIONS], split_sections[DWARF_SECTIONS];
	uint64_t shift;
};

enum ctop_err line_unit_fill(struct line_unit *u, const struct unit_source *s, struct err *e);

/* Whether what began then takes longer than any file deserves: a DIE of one byte may be defined to
 * have any number of attributes, and libdw visits them all. */
static inline bool lines_is_late(uint64_t start_ns)
{
	return clock_now_ns() - start_ns > UINT64_C(5000000000);
}

/* Calls back with the addresses of the unit as a whole, not shifted. */
typedef void (*line_range_fn)(void *ctx, uint64_t lo, uint64_t hi);
void line_unit_ranges(const struct unit_source *s, line_range_fn fn, void *ctx);

#endif
