/* lines_builder: what the makers of a unit's index share. Private to the image layer: lines_unit.c
 * has the unit made by lines_ranges.c, lines_names.c, lines_table.c, lines_rows.c, lines_scopes.c.
 *
 * A builder lives while one unit is being indexed, on one thread. What it borrows (sections, DIEs)
 * is the unit_source's.
 */
#ifndef CTOP_IMAGE_LINES_BUILDER_H
#define CTOP_IMAGE_LINES_BUILDER_H

#include "ctop/hash.h"
#include "lines_unit.h"

/* What a unit's lists of ranges are read with. */
struct lines_ranges {
	struct bytes lists,
	        addresses; /* the sections that it refers to; the latter from its base on */
	uint64_t indexed;  /* where the table is that indexed lists are found by */
	uint64_t base;
	uint16_t version;
	uint8_t address_size, offset_size;
	uint64_t steps;
};

/* The attributes of a DIE that are read, found in one pass. */
struct lines_attributes {
	Dwarf_Attribute low, high, ranges, origin, call_file, call_line;
	bool has_low, has_high, has_ranges, has_origin, has_call_file, has_call_line;
};

/* A range with how deep its scope is. */
struct lines_nested {
	uint64_t lo, hi;
	uint32_t scope, depth;
};

/* Addresses of which a scope is the innermost; sorted, disjoint. */
struct lines_flat {
	uint64_t lo, hi;
	uint32_t scope;
};

/* Addresses from `addr` to the next row; see struct line_place. */
struct lines_row {
	uint64_t addr;
	uint32_t file, line;
};

/* One that the table of lines numbers. */
struct lines_file_name {
	const char *name;
	uint32_t dir;
	uint32_t text; /* its path, 0: not asked for yet */
};

/* The head of a table of lines. */
struct lines_table {
	struct bytes program;
	const char **dirs;
	struct lines_file_name *files;
	size_t dir_count, dir_cap, file_count, file_cap;
	uint16_t version;
	uint8_t offset_size, shortest, ops_most, line_range, opcode_base;
	int8_t line_base;
	uint8_t operands[256];
};

/* Rows of one run of addresses. */
struct lines_sequence {
	uint64_t addr;
	size_t first, count;
};

struct lines_builder {
	struct line_unit *u;
	const struct unit_source *source;
	struct lines_ranges lists;
	struct lines_table table, split_table;
	struct lines_table *of_calls; /* one of these */
	struct lines_nested *nested;
	struct lines_flat *flat;
	struct lines_row *rows;
	struct lines_sequence *sequences;
	size_t nested_count, nested_cap, flat_count, flat_cap, row_count, row_cap;
	size_t sequence_count, sequence_cap;
	const char *dir;    /* in which the compiler ran, or NULL */
	const char *walked; /* the last DIE: a tree that leads back is not followed */
	uint64_t start_ns, visited;
	struct hash_map functions; /* an abstract function's DIE → its name in the text */
	uint32_t scope, depth;     /* of the ranges that are being added */
};

/* --- ranges ------------------------------------------------------------------------------------
 */

struct lines_attributes lines_ranges_attributes(Dwarf_Die *die);
uint64_t lines_ranges_number(Dwarf_Attribute *a);

/* The bytes from an offset on; bad, and none, when it is not within. */
struct bytes lines_ranges_from(struct bytes b, uint64_t offset);

void lines_ranges_init(struct lines_ranges *l, const struct unit_source *s);
void lines_ranges_of(struct lines_ranges *l, struct lines_attributes *a, line_range_fn fn,
                     void *ctx);

/* --- names -------------------------------------------------------------------------------------
 * Offsets in the unit's text; 0, which is "", for what is not known.
 */

uint32_t lines_names_add(struct lines_builder *b, const char *s);

/* A string of a DIE, or of what it refers to; NULL when there is none. Borrowed. */
const char *lines_names_string(const struct unit_source *s, Dwarf_Die *die, unsigned name);

/* The name of a function, of which there may be many inlined copies. */
uint32_t lines_names_function(struct lines_builder *b, Dwarf_Die *die, struct lines_attributes *a);

/* The path of a file by its number in a table. */
uint32_t lines_names_file(struct lines_builder *b, struct lines_table *t, uint64_t index);

/* --- tables of lines ---------------------------------------------------------------------------
 */

/* Reads the head of the table at an offset of .debug_line; false: there is none. Closed in every
 * case. */
bool lines_table_open(struct lines_table *t, const struct bytes *sections, uint64_t offset);
void lines_table_close(struct lines_table *t);
void lines_table_add_file(struct lines_table *t, const char *name, uint64_t dir);

/* Runs the program of a table: adds its rows, sequence by sequence. */
void lines_rows_run(struct lines_builder *b, struct lines_table *t);

/* Puts the rows in order. */
void lines_rows_sort(struct lines_builder *b);

/* --- scopes ------------------------------------------------------------------------------------
 */

/* Adds the unit's scopes, and a nested range for each run of addresses of each. */
void lines_scopes_walk(struct lines_builder *b);

/* Makes disjoint, sorted ranges of the nested ones. */
void lines_scopes_flatten(struct lines_builder *b);

#endif
