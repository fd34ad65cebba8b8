/* maps: the executable mappings of one address space at one moment.
 *
 * Address → (image, file offset), sorted, non-overlapping; a new mapping cuts
 * what it covers. Counted and immutable while shared: a changer gets a copy
 * when somebody else holds the same version (a fork's child, a parked sample).
 * One thread (the analyzer).
 */
#ifndef CTOP_MAPS_H
#define CTOP_MAPS_H

#include <stddef.h>
#include <stdint.h>

struct maps;

struct map_entry {
	uint64_t start, end; /* addresses, end exclusive */
	uint64_t pgoff;      /* file offset of `start` */
	uint32_t image;      /* id in struct images */
	uint32_t reserved;
};

struct maps *maps_new(void);
struct maps *maps_ref(struct maps *m);
void maps_unref(struct maps *m);

/* Enters a mapping, replacing what it covers; at most 65 536 entries, the
 * rest is ignored. Consumes the caller's reference and returns the version to use from now on. */
struct maps *maps_insert(struct maps *m, const struct map_entry *entry);

/* Removes whatever lies in [start, end). Consumes and returns as maps_insert. */
struct maps *maps_remove(struct maps *m, uint64_t start, uint64_t end);

/* The entry that holds `addr`, or NULL; borrowed until the version goes. */
const struct map_entry *maps_find(const struct maps *m, uint64_t addr);

#endif
