/* ranges: what is mapped, by address; see ranges.h. */
#include "ranges.h"

#include "ctop/vec.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void ranges_read(struct ranges *r, const char *maps, bool code)
{
	r->count = 0;
	for (const char *at = maps; at != NULL && *at != '\0';) {
		struct range one;
		char perms[5];
		if (sscanf(at, "%" SCNx64 "-%" SCNx64 " %4s", &one.start, &one.end, perms) == 3 &&
		    (!code || perms[2] == 'x')) {
			r->all = vec_reserve(r->all, &r->cap, r->count + 1, sizeof one);
			r->all[r->count++] = one;
		}
		at = strchr(at, '\n');
		at = at != NULL ? at + 1 : NULL;
	}
}

const struct range *ranges_find(const struct ranges *r, uint64_t addr)
{
	size_t lo = 0, hi = r->count;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (r->all[mid].end <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < r->count && r->all[lo].start <= addr ? &r->all[lo] : NULL;
}

void ranges_fini(struct ranges *r)
{
	free(r->all);
	*r = (struct ranges){0};
}
