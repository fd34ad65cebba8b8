/* lines_aranges: which addresses each unit says it has, without looking at the units. Private to
 * the image layer.
 *
 * The table is what it takes to find one unit among many at once; not every compiler writes it, so
 * units that it does not tell of must be asked. Format: DWARF 5, section 6.1.2.
 */
#ifndef CTOP_IMAGE_LINES_ARANGES_H
#define CTOP_IMAGE_LINES_ARANGES_H

#include "lines_unit.h"

struct lines_aranges_set;

struct lines_aranges {
	struct lines_aranges_set *sets; /* by unit */
	size_t count, cap;
};

/* Reads a .debug_aranges, which is borrowed. */
void lines_aranges_init(struct lines_aranges *a, struct bytes section);
void lines_aranges_fini(struct lines_aranges *a);

/* Calls back with the addresses of the unit at an offset of .debug_info, not shifted; false: it
 * has none here. */
bool lines_aranges_of(const struct lines_aranges *a, uint64_t unit, line_range_fn fn, void *ctx);

#endif
