/* hash: integer and byte-string hashing, and one open-addressing map.
 *
 * hash_map maps non-zero uint64 keys to uint32 values; it is the index behind
 * interning tables, whose real keys live in arrays: where a 64-bit key is
 * itself a hash, the caller compares the entry found and asks for the next
 * (hash_map_next). Linear probing, grows at 60 % load. One thread at a time.
 */
#ifndef CTOP_HASH_H
#define CTOP_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A bijective mix of 64 bits (the finaliser of MurmurHash3, public domain). */
static inline uint64_t hash_u64(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdULL;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53ULL;
	x ^= x >> 33;
	return x;
}

/* Two words into one hash; not commutative. */
static inline uint64_t hash_pair(uint64_t a, uint64_t b)
{
	return hash_u64(a ^ (hash_u64(b) + 0x9e3779b97f4a7c15ULL));
}

/* FNV-1a over bytes, then mixed. */
uint64_t hash_bytes(const void *data, size_t len);

/* Key and value side by side: a look-up touches one cache line. */
struct hash_slot {
	uint64_t key; /* 0: free */
	uint32_t value;
	uint32_t reserved;
};

/* One map; the slots are owned. Zero-initialised is an empty, usable map. */
struct hash_map {
	struct hash_slot *slots;
	size_t mask; /* slots − 1, 0 before the first insertion */
	size_t count;
};

void hash_map_fini(struct hash_map *m);

/* Removes every entry, keeps the storage. */
void hash_map_clear(struct hash_map *m);

/* Finds the first entry with `key` (non-zero). Returns false if there is none,
 * else stores its value, and in *pos (when not NULL) where it stands, for
 * hash_map_next(). */
bool hash_map_get(const struct hash_map *m, uint64_t key, uint32_t *value, size_t *pos);

/* Has the memory fetched that a look-up of `key` will read. */
static inline void hash_map_prefetch(const struct hash_map *m, uint64_t key)
{
	if (m->slots != NULL)
		__builtin_prefetch(&m->slots[hash_u64(key) & m->mask]);
}

/* The next entry with the same key after *pos; for keys that are hashes. */
bool hash_map_next(const struct hash_map *m, uint64_t key, uint32_t *value, size_t *pos);

/* Adds an entry; does not look for an equal key (call hash_map_get first). */
void hash_map_add(struct hash_map *m, uint64_t key, uint32_t value);

/* Sets the value of `key`, adding it if absent. For keys that are exact. */
void hash_map_set(struct hash_map *m, uint64_t key, uint32_t value);

/* Removes the first entry with `key`; false if there was none. */
bool hash_map_del(struct hash_map *m, uint64_t key);

/* Bytes held. */
size_t hash_map_bytes(const struct hash_map *m);

#endif
