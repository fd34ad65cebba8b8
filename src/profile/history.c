/* history: a bounded ring of samples; see history.h. */
#include "ctop/history.h"

#include "ctop/mem.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST = 4096 };

void history_init(struct history *h, size_t bytes)
{
	*h = (struct history){.most = bytes / sizeof *h->ring};
	if (h->most < FIRST)
		h->most = FIRST;
}

void history_fini(struct history *h)
{
	free(h->ring);
	*h = (struct history){0};
}

/* Doubles the ring; only while it has never wrapped. */
static void grow(struct history *h)
{
	size_t cap = h->cap == 0 ? FIRST : h->cap * 2;
	if (cap > h->most)
		cap = h->most;
	h->ring = mem_realloc(h->ring, cap, sizeof *h->ring);
	h->cap = cap;
}

void history_push(struct history *h, const struct history_entry *e)
{
	h->pushed++;
	if (h->count == h->cap && h->cap < h->most)
		grow(h);
	if (h->count < h->cap) {
		h->ring[(h->first + h->count++) % h->cap] = *e;
		return;
	}
	h->ring[h->first] = *e;
	h->first = (h->first + 1) % h->cap;
}

struct history_entry *history_at(struct history *h, size_t i)
{
	return &h->ring[(h->first + i) % h->cap];
}

size_t history_find(struct history *h, uint64_t time_ns)
{
	size_t lo = 0, hi = h->count;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (history_at(h, mid)->time_ns < time_ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void history_clear(struct history *h)
{
	h->first = h->count = 0;
	h->pushed = 0;
}
