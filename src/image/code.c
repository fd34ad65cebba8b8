/* code: versioned pieces of code without a file; see code.h.
 *
 * Objects stand in the order of their ids; an index of ids is sorted by address, then age. New
 * ones are merged into it when something is looked for and they are more than a few, so that
 * neither a long list nor many single pieces cost a sort each. An object may begin far before an
 * address it holds: the index is searched back over as many entries as the longest object can span,
 * up to a bound.
 */
#include "ctop/code.h"

#include "ctop/intern.h"
#include "ctop/mem.h"
#include "ctop/utf8.h"
#include "ctop/vec.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

enum { OBJECTS_MAX = 4 << 20, NAME_MOST = 4096, BACK_MOST = 256 };
static_assert(3 * NAME_MOST + 1 <= CODE_NAME_MAX, "a cleaned name fits");
enum { TAIL = 32 }; /* objects that are not in the index yet, at most, when it is searched */

struct code {
	struct code_object *objects;
	size_t count, cap;
	uint32_t *index; /* ids by start, then id */
	size_t sorted, index_cap;
	uint64_t longest; /* of all objects */
	struct intern *names;
};

struct code *code_new(void)
{
	struct code *c = mem_zalloc(1, sizeof *c);
	c->names = intern_new();
	return c;
}

void code_free(struct code *c)
{
	if (c == NULL)
		return;
	intern_free(c->names);
	free(c->objects);
	free(c->index);
	free(c);
}

void code_clean_name(char out[CODE_NAME_MAX], const char *name, size_t len)
{
	utf8_clean(name, len < NAME_MOST ? len : NAME_MOST, out);
}

void code_add(struct code *c, uint64_t start, uint64_t size, uint64_t born, const char *name,
              size_t len)
{
	char clean[CODE_NAME_MAX];
	if (c->count >= OBJECTS_MAX || size == 0 || start + size < start)
		return;
	code_clean_name(clean, name, len);
	c->objects = vec_reserve(c->objects, &c->cap, c->count + 1, sizeof *c->objects);
	c->objects[c->count++] = (struct code_object){
	        .start = start,
	        .size = size,
	        .born = born,
	        .name = intern_str(c->names, intern_adds(c->names, clean)),
	};
	c->longest = size > c->longest ? size : c->longest;
}

static int by_start(const void *va, const void *vb, void *ctx)
{
	const struct code_object *objects = ctx;
	uint32_t a = *(const uint32_t *)va, b = *(const uint32_t *)vb;
	if (objects[a].start != objects[b].start)
		return (objects[a].start > objects[b].start) -
		       (objects[a].start < objects[b].start);
	return (a > b) - (a < b);
}

/* The new ids are sorted by themselves, then merged from behind into what is sorted. */
static void sort_index(struct code *c)
{
	size_t fresh = c->count - c->sorted;
	if (fresh <= TAIL)
		return;
	uint32_t *ids = mem_alloc(fresh * sizeof *ids);
	for (size_t i = 0; i < fresh; i++)
		ids[i] = (uint32_t)(c->sorted + i);
	qsort_r(ids, fresh, sizeof *ids, by_start, c->objects);
	c->index = vec_reserve(c->index, &c->index_cap, c->count, sizeof *c->index);
	size_t old = c->sorted;
	for (size_t to = c->count; to-- > 0;) {
		bool take_old =
		        fresh == 0 ||
		        (old > 0 && by_start(&c->index[old - 1], &ids[fresh - 1], c->objects) > 0);
		c->index[to] = take_old ? c->index[--old] : ids[--fresh];
	}
	c->sorted = c->count;
	free(ids);
}

/* Whether `id` is a better answer than `best` for what held an address at `time`. */
static bool is_better(const struct code *c, uint32_t id, uint32_t best, uint64_t time)
{
	if (best == CODE_NONE)
		return true;
	bool now = c->objects[id].born <= time, then = c->objects[best].born <= time;
	if (now != then)
		return now;
	return now ? id > best : id < best;
}

uint32_t code_find(struct code *c, uint64_t addr, uint64_t time)
{
	sort_index(c);
	size_t lo = 0, hi = c->sorted;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (c->objects[c->index[mid]].start <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	uint32_t best = CODE_NONE;
	for (size_t back = 0; lo-- > 0 && back < BACK_MOST; back++) {
		uint32_t id = c->index[lo];
		const struct code_object *o = &c->objects[id];
		if (addr - o->start >= c->longest)
			break;
		if (addr - o->start < o->size && is_better(c, id, best, time))
			best = id;
	}
	for (size_t id = c->sorted; id < c->count; id++)
		if (addr - c->objects[id].start < c->objects[id].size &&
		    is_better(c, (uint32_t)id, best, time))
			best = (uint32_t)id;
	return best;
}

const struct code_object *code_get(const struct code *c, uint32_t id)
{
	return &c->objects[id];
}

uint32_t code_count(const struct code *c)
{
	return (uint32_t)c->count;
}

size_t code_bytes(const struct code *c)
{
	return sizeof *c + c->cap * sizeof *c->objects + c->index_cap * sizeof *c->index +
	       intern_bytes(c->names);
}
