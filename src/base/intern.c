/* intern: strings kept once; see intern.h.
 *
 * Strings stand in 64 KB blocks; pointers to them in chunks of 4096 whose
 * directory is fixed, so neither moves and a reader needs no lock.
 */
#include "ctop/intern.h"

#include "ctop/hash.h"
#include "ctop/mem.h"
#include "ctop/vec.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 64 * 1024, CHUNK_BITS = 12, CHUNK = 1 << CHUNK_BITS };
enum { CHUNKS = 1 << 14 }; /* 64 M strings */

struct intern {
	const char **chunks[CHUNKS];
	_Atomic uint32_t count;
	struct hash_map index;
	char **blocks;
	size_t block_count, block_cap;
	size_t used; /* bytes used in the last block */
	size_t room; /* bytes of the last block */
	size_t bytes;
};

static char *arena_copy(struct intern *t, const char *s, size_t len)
{
	if (t->block_count == 0 || t->used + len + 1 > t->room) {
		size_t room = len + 1 > BLOCK ? len + 1 : BLOCK;
		t->blocks = vec_reserve(t->blocks, &t->block_cap, t->block_count + 1,
		                        sizeof *t->blocks);
		t->blocks[t->block_count++] = mem_alloc(room);
		t->room = room;
		t->used = 0;
		t->bytes += room;
	}
	char *p = t->blocks[t->block_count - 1] + t->used;
	memcpy(p, s, len);
	p[len] = '\0';
	t->used += len + 1;
	return p;
}

struct intern *intern_new(void)
{
	struct intern *t = mem_zalloc(1, sizeof *t);
	intern_add(t, "", 0);
	return t;
}

void intern_free(struct intern *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->block_count; i++)
		free(t->blocks[i]);
	free(t->blocks);
	for (size_t i = 0; i < CHUNKS && t->chunks[i] != NULL; i++)
		free(t->chunks[i]);
	hash_map_fini(&t->index);
	free(t);
}

const char *intern_str(const struct intern *t, uint32_t id)
{
	if (id >= atomic_load_explicit(&t->count, memory_order_acquire))
		return "";
	return t->chunks[id >> CHUNK_BITS][id & (CHUNK - 1)];
}

uint32_t intern_add(struct intern *t, const char *s, size_t len)
{
	uint64_t key = hash_bytes(s, len) | 1;
	uint32_t id;
	size_t pos;
	bool found = hash_map_get(&t->index, key, &id, &pos);
	for (; found; found = hash_map_next(&t->index, key, &id, &pos)) {
		const char *have = intern_str(t, id);
		if (strncmp(have, s, len) == 0 && have[len] == '\0')
			return id;
	}
	id = t->count;
	if (id >> CHUNK_BITS >= CHUNKS)
		return 0;
	const char ***chunk = &t->chunks[id >> CHUNK_BITS];
	if (*chunk == NULL) {
		*chunk = mem_zalloc(CHUNK, sizeof **chunk);
		t->bytes += CHUNK * sizeof **chunk;
	}
	(*chunk)[id & (CHUNK - 1)] = arena_copy(t, s, len);
	hash_map_add(&t->index, key, id);
	atomic_store_explicit(&t->count, id + 1, memory_order_release);
	return id;
}

uint32_t intern_adds(struct intern *t, const char *s)
{
	return intern_add(t, s, strlen(s));
}

size_t intern_bytes(const struct intern *t)
{
	return t->bytes + hash_map_bytes(&t->index);
}
