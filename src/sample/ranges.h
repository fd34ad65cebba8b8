/* ranges: what /proc/PID/maps says is mapped, by address. Private to the sample layer. */
#ifndef CTOP_SAMPLE_RANGES_H
#define CTOP_SAMPLE_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct range {
	uint64_t start, end;
};

/* Ascending, as the kernel lists them. Zero-initialised: none. */
struct ranges {
	struct range *all; /* owned */
	size_t count, cap;
};

/* Replaces them by those of the text; `code`: the executable ones only. */
void ranges_read(struct ranges *r, const char *maps, bool code);

/* The range of an address; NULL when it has none. Borrowed. */
const struct range *ranges_find(const struct ranges *r, uint64_t addr);

void ranges_fini(struct ranges *r);

#endif
