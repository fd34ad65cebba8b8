/* hash: hashing and the open-addressing map; see hash.h. */
#include "ctop/hash.h"

#include "ctop/mem.h"

#include <stdlib.h>
#include <string.h>

uint64_t hash_bytes(const void *data, size_t len)
{
	const unsigned char *p = data;
	uint64_t h = 0xcbf29ce484222325ULL;
	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3ULL;
	return hash_u64(h);
}

void hash_map_fini(struct hash_map *m)
{
	free(m->slots);
	*m = (struct hash_map){0};
}

void hash_map_clear(struct hash_map *m)
{
	if (m->slots != NULL)
		memset(m->slots, 0, (m->mask + 1) * sizeof m->slots[0]);
	m->count = 0;
}

static bool scan(const struct hash_map *m, uint64_t key, uint32_t *value, size_t *pos, size_t i)
{
	for (; m->slots[i].key != 0; i = (i + 1) & m->mask) {
		if (m->slots[i].key == key) {
			*value = m->slots[i].value;
			if (pos != NULL)
				*pos = i;
			return true;
		}
	}
	return false;
}

bool hash_map_get(const struct hash_map *m, uint64_t key, uint32_t *value, size_t *pos)
{
	if (m->slots == NULL)
		return false;
	return scan(m, key, value, pos, hash_u64(key) & m->mask);
}

bool hash_map_next(const struct hash_map *m, uint64_t key, uint32_t *value, size_t *pos)
{
	return scan(m, key, value, pos, (*pos + 1) & m->mask);
}

static void place(struct hash_map *m, uint64_t key, uint32_t value)
{
	size_t i = hash_u64(key) & m->mask;
	while (m->slots[i].key != 0)
		i = (i + 1) & m->mask;
	m->slots[i].key = key;
	m->slots[i].value = value;
	m->count++;
}

static void grow(struct hash_map *m)
{
	struct hash_map old = *m;
	size_t slots = old.slots != NULL ? (old.mask + 1) * 2 : 64;
	m->slots = mem_zalloc(slots, sizeof m->slots[0]);
	m->mask = slots - 1;
	m->count = 0;
	for (size_t i = 0; old.slots != NULL && i <= old.mask; i++)
		if (old.slots[i].key != 0)
			place(m, old.slots[i].key, old.slots[i].value);
	hash_map_fini(&old);
}

void hash_map_add(struct hash_map *m, uint64_t key, uint32_t value)
{
	if (m->slots == NULL || (m->count + 1) * 5 > (m->mask + 1) * 3)
		grow(m);
	place(m, key, value);
}

void hash_map_set(struct hash_map *m, uint64_t key, uint32_t value)
{
	uint32_t old;
	size_t pos;
	if (hash_map_get(m, key, &old, &pos))
		m->slots[pos].value = value;
	else
		hash_map_add(m, key, value);
}

bool hash_map_del(struct hash_map *m, uint64_t key)
{
	uint32_t value;
	size_t hole;
	if (!hash_map_get(m, key, &value, &hole))
		return false;
	/* Backward-shift deletion: keeps probe runs unbroken, no tombstones. */
	size_t i = hole;
	for (;;) {
		i = (i + 1) & m->mask;
		if (m->slots[i].key == 0)
			break;
		size_t home = hash_u64(m->slots[i].key) & m->mask;
		if (((i - home) & m->mask) >= ((i - hole) & m->mask)) {
			m->slots[hole] = m->slots[i];
			hole = i;
		}
	}
	m->slots[hole].key = 0;
	m->count--;
	return true;
}

size_t hash_map_bytes(const struct hash_map *m)
{
	return m->slots != NULL ? (m->mask + 1) * sizeof *m->slots : 0;
}
