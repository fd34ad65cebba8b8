/* hits: what lies where on the screen; see hits.h. */
#include "hits.h"

#include "ctop/vec.h"

#include <stdlib.h>

void hits_clear(struct hits *h)
{
	h->count = 0;
}

void hits_fini(struct hits *h)
{
	free(h->all);
	*h = (struct hits){0};
}

void hits_add(struct hits *h, int row, int col, int cols, enum hit_kind kind, uint32_t value)
{
	if (cols <= 0)
		return;
	h->all = vec_reserve(h->all, &h->cap, h->count + 1, sizeof *h->all);
	h->all[h->count++] = (struct hit){row, col, cols, kind, value};
}

struct hit hits_at(const struct hits *h, int row, int col)
{
	for (size_t i = h->count; i-- > 0;) {
		const struct hit *it = &h->all[i];
		if (it->row == row && col >= it->col && col < it->col + it->cols)
			return *it;
	}
	return (struct hit){.kind = HIT_NONE};
}
