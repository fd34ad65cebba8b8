/* paths: a set of path hashes: which rows are open. Private to view. */
#ifndef CTOP_VIEW_PATHS_H
#define CTOP_VIEW_PATHS_H

#include "ctop/hash.h"

#include <stdbool.h>
#include <stdint.h>

static inline bool paths_has(const struct hash_map *set, uint64_t path)
{
	uint32_t value;
	return hash_map_get(set, path, &value, NULL);
}

static inline void paths_set(struct hash_map *set, uint64_t path, bool on)
{
	if (on)
		hash_map_set(set, path, 1);
	else
		hash_map_del(set, path);
}

#endif
