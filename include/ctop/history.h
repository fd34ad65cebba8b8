/* history: a bounded ring of the newest samples, 24 bytes each.
 *
 * From it any window of time can be recounted. Belongs to the analyzer.
 */
#ifndef CTOP_HISTORY_H
#define CTOP_HISTORY_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

struct history_entry {
	uint64_t time_ns;
	uint32_t thread, stack;
	uint32_t weight_ns; /* saturating: a sample stands for at most 4 s */
	uint32_t reserved;
};
static_assert(sizeof(struct history_entry) == 24, "a sample takes 24 bytes of history");

/* Zero-initialised, then history_init(). */
struct history {
	struct history_entry *ring; /* owned; grows up to `most` */
	size_t cap, most;
	size_t first, count; /* oldest entry, entries */
	uint64_t pushed;     /* entries ever, since the start or the last history_clear() */
};

/* A ring of at most `bytes`. */
void history_init(struct history *h, size_t bytes);
void history_fini(struct history *h);

/* Adds a sample; the oldest makes room. */
void history_push(struct history *h, const struct history_entry *e);

/* How many were pushed before the oldest one held: its place in the order of all. */
static inline uint64_t history_oldest(const struct history *h)
{
	return h->pushed - h->count;
}

/* Whether the next one pushes the oldest out. */
static inline int history_is_full(const struct history *h)
{
	return h->count > 0 && h->count == h->most;
}

/* The i-th oldest entry; borrowed until the next push. */
struct history_entry *history_at(struct history *h, size_t i);

/* Index of the first entry at or after `time_ns`; entries are nearly in order
 * of time, so the answer may be off by samples that were parked. */
size_t history_find(struct history *h, uint64_t time_ns);

void history_clear(struct history *h);

#endif
