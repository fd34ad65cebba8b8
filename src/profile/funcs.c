/* funcs: the function table; see funcs.h.
 *
 * Entries stand in chunks of 4096 behind a fixed directory; the count is
 * published last, so a reader never sees a half-written entry.
 */
#include "ctop/funcs.h"

#include "ctop/hash.h"
#include "ctop/intern.h"
#include "ctop/mem.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { CHUNK_BITS = 12, CHUNK = 1 << CHUNK_BITS, CHUNKS = 1 << 12 };

struct funcs {
	struct func *chunks[CHUNKS];
	_Atomic uint32_t count;
	struct intern *strings;
	struct hash_map index; /* hash of (name, module, kind) → id */
};

struct funcs *funcs_new(void)
{
	struct funcs *t = mem_zalloc(1, sizeof *t);
	t->strings = intern_new();
	funcs_add(t, "all", "", FUNC_ROOT);
	return t;
}

void funcs_free(struct funcs *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < CHUNKS && t->chunks[i] != NULL; i++)
		free(t->chunks[i]);
	intern_free(t->strings);
	hash_map_fini(&t->index);
	free(t);
}

const struct func *funcs_get(const struct funcs *t, uint32_t id)
{
	if (id >= atomic_load_explicit(&t->count, memory_order_acquire))
		id = 0;
	return &t->chunks[id >> CHUNK_BITS][id & (CHUNK - 1)];
}

uint32_t funcs_add(struct funcs *t, const char *name, const char *module, unsigned flags)
{
	enum func_kind kind = (enum func_kind)(flags & ~(unsigned)FUNC_NAMELESS);
	bool nameless = (flags & FUNC_NAMELESS) != 0;
	/* Interned strings are equal when their addresses are. */
	const char *n = intern_str(t->strings, intern_adds(t->strings, name));
	const char *m = intern_str(t->strings, intern_adds(t->strings, module));
	uint64_t key = hash_pair((uintptr_t)n, (uintptr_t)m ^ (uint64_t)flags << 48) | 1;
	uint32_t id;
	size_t pos;
	bool found = hash_map_get(&t->index, key, &id, &pos);
	for (; found; found = hash_map_next(&t->index, key, &id, &pos)) {
		const struct func *f = funcs_get(t, id);
		if (f->name == n && f->module == m && f->kind == kind && f->nameless == nameless)
			return id;
	}
	id = t->count;
	if (id >> CHUNK_BITS >= CHUNKS)
		return 0;
	struct func **chunk = &t->chunks[id >> CHUNK_BITS];
	if (*chunk == NULL)
		*chunk = mem_alloc(CHUNK * sizeof **chunk);
	(*chunk)[id & (CHUNK - 1)] = (struct func){n, m, kind, nameless};
	hash_map_add(&t->index, key, id);
	atomic_store_explicit(&t->count, id + 1, memory_order_release);
	return id;
}

uint32_t funcs_count(const struct funcs *t)
{
	return atomic_load_explicit(&t->count, memory_order_acquire);
}

size_t funcs_bytes(const struct funcs *t)
{
	size_t chunks = (t->count + CHUNK - 1) >> CHUNK_BITS;
	return intern_bytes(t->strings) + hash_map_bytes(&t->index) +
	       chunks * CHUNK * sizeof(struct func);
}
