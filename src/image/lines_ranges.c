/* lines_ranges: the addresses that a DIE of DWARF says it has; see lines_builder.h.
 *
 * Lists of ranges are read here: libdw 0.188 follows one out of its section. Format: DWARF 5,
 * section 2.17; what else is in versions 2 to 4: 2.17.3 of DWARF 4.
 */
#include "lines_builder.h"

#include <dwarf.h>

/* Entries of range lists that are read for one unit; lists may be shared by any number of DIEs. */
enum { STEPS_MOST = 1 << 24 };

static int keep_attribute(Dwarf_Attribute *a, void *ctx)
{
	struct lines_attributes *to = ctx;
	switch (dwarf_whatattr(a)) {
	case DW_AT_low_pc:
		to->low = *a;
		to->has_low = true;
		break;
	case DW_AT_high_pc:
		to->high = *a;
		to->has_high = true;
		break;
	case DW_AT_ranges:
		to->ranges = *a;
		to->has_ranges = true;
		break;
	case DW_AT_abstract_origin:
		to->origin = *a;
		to->has_origin = true;
		break;
	case DW_AT_call_file:
		to->call_file = *a;
		to->has_call_file = true;
		break;
	case DW_AT_call_line:
		to->call_line = *a;
		to->has_call_line = true;
		break;
	default:
		break;
	}
	return DWARF_CB_OK;
}

struct lines_attributes lines_ranges_attributes(Dwarf_Die *die)
{
	struct lines_attributes a;
	a.has_low = a.has_high = a.has_ranges = false;
	a.has_origin = a.has_call_file = a.has_call_line = false;
	dwarf_getattrs(die, keep_attribute, &a, 0);
	return a;
}

uint64_t lines_ranges_number(Dwarf_Attribute *a)
{
	Dwarf_Word n = 0;
	return dwarf_formudata(a, &n) == 0 ? n : 0;
}

static uint64_t find_number(Dwarf_Die *die, unsigned name, uint64_t otherwise)
{
	Dwarf_Attribute a;
	Dwarf_Word n;
	return dwarf_attr(die, name, &a) != NULL && dwarf_formudata(&a, &n) == 0 ? n : otherwise;
}

struct bytes lines_ranges_from(struct bytes b, uint64_t offset)
{
	if (b.at == NULL)
		b = bytes_of("", 0);
	b.bad = b.bad || offset > bytes_left(&b);
	bytes_take(&b, offset);
	return b;
}

void lines_ranges_init(struct lines_ranges *l, const struct unit_source *s)
{
	Dwarf_Die die = s->die, split = s->split;
	Dwarf_Attribute a;
	Dwarf_Half version = 0;
	*l = (struct lines_ranges){.steps = STEPS_MOST};
	dwarf_cu_info(split.cu, &version, NULL, NULL, NULL, NULL, &l->address_size,
	              &l->offset_size);
	l->version = version;
	/* Before DWARF 5, a .dwo file's ranges stand in the file itself. */
	l->lists = version < 5   ? s->sections[DWARF_RANGES]
	           : s->is_split ? s->split_sections[DWARF_RNGLISTS]
	                         : s->sections[DWARF_RNGLISTS];
	/* A header of lists ends with the table that DW_FORM_rnglistx indexes. */
	l->indexed = find_number(&split, DW_AT_rnglists_base, l->offset_size == 8 ? 20 : 12);
	uint64_t first =
	        find_number(&die, DW_AT_addr_base, find_number(&die, DW_AT_GNU_addr_base, 0));
	l->addresses = lines_ranges_from(s->sections[DWARF_ADDR], first);
	if ((dwarf_attr(&die, DW_AT_low_pc, &a) == NULL &&
	     dwarf_attr(&die, DW_AT_entry_pc, &a) == NULL) ||
	    dwarf_formaddr(&a, &l->base) != 0)
		l->base = 0;
}

static uint64_t read_address(const struct lines_ranges *l, struct bytes *b)
{
	return l->address_size == 8 ? bytes_u64(b) : bytes_u32(b);
}

static uint64_t read_indexed(const struct lines_ranges *l, struct bytes *b)
{
	uint64_t n = bytes_uleb(b);
	if (n > bytes_left(&l->addresses)) {
		b->bad = true;
		return 0;
	}
	struct bytes at = lines_ranges_from(l->addresses, n * l->address_size);
	uint64_t addr = read_address(l, &at);
	b->bad = b->bad || at.bad;
	return addr;
}

enum entry { ENTRY_END, ENTRY_BASE, ENTRY_RANGE };

/* .debug_ranges, up to version 4. */
static enum entry read_pair(const struct lines_ranges *l, struct bytes *b, uint64_t *base,
                            uint64_t *lo, uint64_t *hi)
{
	uint64_t escape = l->address_size == 8 ? UINT64_MAX : UINT32_MAX;
	*lo = read_address(l, b);
	*hi = read_address(l, b);
	if (b->bad || (*lo == 0 && *hi == 0))
		return ENTRY_END;
	if (*lo == escape) {
		*base = *hi;
		return ENTRY_BASE;
	}
	*lo += *base;
	*hi += *base;
	return ENTRY_RANGE;
}

/* .debug_rnglists, from version 5 on. */
static enum entry read_entry(const struct lines_ranges *l, struct bytes *b, uint64_t *base,
                             uint64_t *lo, uint64_t *hi)
{
	uint8_t kind = bytes_u8(b);
	switch (kind) {
	case DW_RLE_base_addressx:
		*base = read_indexed(l, b);
		return ENTRY_BASE;
	case DW_RLE_base_address:
		*base = read_address(l, b);
		return ENTRY_BASE;
	case DW_RLE_startx_endx:
		*lo = read_indexed(l, b);
		*hi = read_indexed(l, b);
		return ENTRY_RANGE;
	case DW_RLE_startx_length:
		*lo = read_indexed(l, b);
		*hi = *lo + bytes_uleb(b);
		return ENTRY_RANGE;
	case DW_RLE_offset_pair:
		*lo = *base + bytes_uleb(b);
		*hi = *base + bytes_uleb(b);
		return ENTRY_RANGE;
	case DW_RLE_start_end:
		*lo = read_address(l, b);
		*hi = read_address(l, b);
		return ENTRY_RANGE;
	case DW_RLE_start_length:
		*lo = read_address(l, b);
		*hi = *lo + bytes_uleb(b);
		return ENTRY_RANGE;
	default:
		return ENTRY_END;
	}
}

/* What the linker has dropped stands at 0. */
static void give_range(uint64_t lo, uint64_t hi, line_range_fn fn, void *ctx)
{
	if (lo != 0 && lo < hi)
		fn(ctx, lo, hi);
}

static void read_list(struct lines_ranges *l, struct bytes b, line_range_fn fn, void *ctx)
{
	uint64_t base = l->base, lo, hi;
	for (; l->steps > 0 && !b.bad; l->steps--) {
		enum entry kind = l->version < 5 ? read_pair(l, &b, &base, &lo, &hi)
		                                 : read_entry(l, &b, &base, &lo, &hi);
		if (kind == ENTRY_END || b.bad)
			return;
		if (kind == ENTRY_RANGE)
			give_range(lo, hi, fn, ctx);
	}
}

void lines_ranges_of(struct lines_ranges *l, struct lines_attributes *a, line_range_fn fn,
                     void *ctx)
{
	Dwarf_Addr lo, hi;
	if (a->has_low && a->has_high && dwarf_formaddr(&a->low, &lo) == 0) {
		/* Since version 4 it may be a length. */
		if (dwarf_formaddr(&a->high, &hi) != 0)
			hi = lo + lines_ranges_number(&a->high);
		give_range(lo, hi, fn, ctx);
		return;
	}
	Dwarf_Word offset;
	if (!a->has_ranges || dwarf_formudata(&a->ranges, &offset) != 0)
		return;
	if (dwarf_whatform(&a->ranges) == DW_FORM_rnglistx) {
		if (offset > bytes_left(&l->lists))
			return;
		struct bytes at = lines_ranges_from(l->lists, l->indexed + offset * l->offset_size);
		offset = l->indexed + (l->offset_size == 8 ? bytes_u64(&at) : bytes_u32(&at));
		if (at.bad)
			return;
	}
	read_list(l, lines_ranges_from(l->lists, offset), fn, ctx);
}

void line_unit_ranges(const struct unit_source *s, line_range_fn fn, void *ctx)
{
	struct lines_ranges l = {0};
	Dwarf_Die die = s->die;
	struct lines_attributes a = lines_ranges_attributes(&die);
	if (a.has_ranges)
		lines_ranges_init(&l, s);
	lines_ranges_of(&l, &a, fn, ctx);
}
