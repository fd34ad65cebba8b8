/* maps: executable mappings, counted and copied on change; see maps.h. */
#include "ctop/maps.h"

#include "ctop/mem.h"
#include "ctop/vec.h"

#include <stdlib.h>
#include <string.h>

enum { ENTRIES_MAX = 65536 };

struct maps {
	uint32_t refs;
	size_t count, cap;
	struct map_entry *entries;
};

struct maps *maps_new(void)
{
	struct maps *m = mem_zalloc(1, sizeof *m);
	m->refs = 1;
	return m;
}

struct maps *maps_ref(struct maps *m)
{
	m->refs++;
	return m;
}

void maps_unref(struct maps *m)
{
	if (m == NULL || --m->refs > 0)
		return;
	free(m->entries);
	free(m);
}

/* The version to change: the caller's own, or a copy when it is shared. */
static struct maps *own(struct maps *m)
{
	if (m->refs == 1)
		return m;
	struct maps *copy = maps_new();
	copy->entries = vec_reserve(NULL, &copy->cap, m->count + 1, sizeof *copy->entries);
	if (m->count > 0)
		memcpy(copy->entries, m->entries, m->count * sizeof *m->entries);
	copy->count = m->count;
	maps_unref(m);
	return copy;
}

/* Index of the first entry that ends after `addr`. */
static size_t first_after(const struct maps *m, uint64_t addr)
{
	size_t lo = 0, hi = m->count;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (m->entries[mid].end > addr)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

static void insert_at(struct maps *m, size_t i, const struct map_entry *e)
{
	m->entries = vec_reserve(m->entries, &m->cap, m->count + 1, sizeof *m->entries);
	memmove(&m->entries[i + 1], &m->entries[i], (m->count - i) * sizeof *m->entries);
	m->entries[i] = *e;
	m->count++;
}

/* Cuts [start, end) out; returns the index where something there belongs. */
static size_t cut(struct maps *m, uint64_t start, uint64_t end)
{
	size_t i = first_after(m, start);
	if (i < m->count && m->entries[i].start < start) {
		struct map_entry rest = m->entries[i];
		m->entries[i].end = start;
		i++;
		if (rest.end > end) { /* the hole is inside one mapping */
			rest.pgoff += end - rest.start;
			rest.start = end;
			insert_at(m, i, &rest);
			return i;
		}
	}
	size_t stop = i;
	while (stop < m->count && m->entries[stop].end <= end)
		stop++;
	memmove(&m->entries[i], &m->entries[stop], (m->count - stop) * sizeof *m->entries);
	m->count -= stop - i;
	if (i < m->count && m->entries[i].start < end) {
		m->entries[i].pgoff += end - m->entries[i].start;
		m->entries[i].start = end;
	}
	return i;
}

struct maps *maps_insert(struct maps *m, const struct map_entry *entry)
{
	if (entry->end <= entry->start || m->count >= ENTRIES_MAX)
		return m;
	m = own(m);
	if (m->entries == NULL)
		m->entries = vec_reserve(NULL, &m->cap, 1, sizeof *m->entries);
	insert_at(m, cut(m, entry->start, entry->end), entry);
	return m;
}

struct maps *maps_remove(struct maps *m, uint64_t start, uint64_t end)
{
	if (m->count == 0 || end <= start)
		return m;
	m = own(m);
	cut(m, start, end);
	return m;
}

const struct map_entry *maps_find(const struct maps *m, uint64_t addr)
{
	size_t i = first_after(m, addr);
	return i < m->count && m->entries[i].start <= addr ? &m->entries[i] : NULL;
}
