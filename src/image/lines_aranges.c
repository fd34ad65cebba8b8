/* lines_aranges: which addresses each unit says it has; see lines_aranges.h. */
#include "lines_aranges.h"

#include "ctop/vec.h"

#include <stdlib.h>

enum { SETS_MOST = 1 << 20 };

struct lines_aranges_set {
	uint64_t unit;
	struct bytes pairs;
	uint8_t address_size;
};

static int by_unit(const void *va, const void *vb)
{
	const struct lines_aranges_set *a = va, *b = vb;
	if (a->unit != b->unit)
		return (a->unit > b->unit) - (a->unit < b->unit);
	return (a->pairs.at > b->pairs.at) - (a->pairs.at < b->pairs.at);
}

/* The pairs are aligned to their size, counted from where the set begins. */
static bool read_set(struct lines_aranges_set *set, struct bytes *section)
{
	const unsigned char *start = section->at;
	uint64_t len = bytes_u32(section);
	bool wide = len == UINT32_MAX;
	struct bytes b = bytes_take(section, wide ? bytes_u64(section) : len);
	uint16_t version = bytes_u16(&b);
	set->unit = wide ? bytes_u64(&b) : bytes_u32(&b);
	set->address_size = bytes_u8(&b);
	uint8_t selector_size = bytes_u8(&b);
	if (b.bad || version != 2 || selector_size != 0 ||
	    (set->address_size != 8 && set->address_size != 4))
		return false;
	size_t pair = 2U * set->address_size, over = (size_t)(b.at - start) % pair;
	bytes_take(&b, over > 0 ? pair - over : 0);
	set->pairs = b;
	return !b.bad;
}

void lines_aranges_init(struct lines_aranges *a, struct bytes section)
{
	struct lines_aranges_set set;
	*a = (struct lines_aranges){0};
	while (section.at != section.end && !section.bad && a->count < SETS_MOST) {
		if (!read_set(&set, &section))
			continue;
		a->sets = vec_reserve(a->sets, &a->cap, a->count + 1, sizeof *a->sets);
		a->sets[a->count++] = set;
	}
	if (a->count > 0)
		qsort(a->sets, a->count, sizeof *a->sets, by_unit);
}

void lines_aranges_fini(struct lines_aranges *a)
{
	free(a->sets);
	*a = (struct lines_aranges){0};
}

static const struct lines_aranges_set *first_of(const struct lines_aranges *a, uint64_t unit)
{
	size_t lo = 0, hi = a->count;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (a->sets[mid].unit < unit)
			lo = mid + 1;
		else
			hi = mid;
	}
	return a->sets + lo;
}

/* What the linker has dropped stands at 0, in the middle of the others: a pair of zeros need not
 * be the last. */
bool lines_aranges_of(const struct lines_aranges *a, uint64_t unit, line_range_fn fn, void *ctx)
{
	bool any = false;
	if (a->count == 0)
		return false;
	const struct lines_aranges_set *s = first_of(a, unit), *end = a->sets + a->count;
	for (; s < end && s->unit == unit; s++) {
		struct bytes b = s->pairs;
		while (bytes_left(&b) >= 2U * s->address_size) {
			bool wide = s->address_size == 8;
			uint64_t lo = wide ? bytes_u64(&b) : bytes_u32(&b);
			uint64_t hi = lo + (wide ? bytes_u64(&b) : bytes_u32(&b));
			if (lo == 0 || lo >= hi)
				continue;
			fn(ctx, lo, hi);
			any = true;
		}
	}
	return any;
}
