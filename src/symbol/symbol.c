/* symbol: locations to names; see symbol.h.
 *
 * The memo's key is (image, start of the function), so its size is bounded by the
 * functions seen; an address without a symbol is its own function.
 */
#include "ctop/symbol.h"

#include "ctop/cfi.h"
#include "ctop/demangle.h"
#include "ctop/hash.h"
#include "ctop/image.h"
#include "ctop/intern.h"
#include "ctop/mem.h"
#include "ctop/symtab.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_CAP = 4096, MANGLED_MOST = 1 << 16 };

struct symbols {
	struct intern *names;
	struct hash_map memo; /* hash of (image, address) → name id */
};

struct symbols *symbols_new(void)
{
	struct symbols *s = mem_zalloc(1, sizeof *s);
	s->names = intern_new();
	return s;
}

void symbols_free(struct symbols *s)
{
	if (s == NULL)
		return;
	intern_free(s->names);
	hash_map_fini(&s->memo);
	free(s);
}

static uint32_t name_found(struct symbols *s, const struct symtab *t, const struct symtab_hit *hit)
{
	char mangled[NAME_CAP], name[NAME_CAP];
	const char *found = symtab_name(t, hit, mangled, sizeof mangled);
	char *whole = NULL;
	if (strlen(found) == sizeof mangled - 1) { /* it was cut, and cannot be demangled so */
		whole = mem_alloc(MANGLED_MOST);
		found = symtab_name(t, hit, whole, MANGLED_MOST);
	}
	size_t len = demangle(found, name, sizeof name);
	free(whole);
	return intern_add(s->names, name, len);
}

static uint32_t name_missing(struct symbols *s, const struct image *im, uint64_t vaddr)
{
	char name[512];
	snprintf(name, sizeof name, "%.400s+0x%" PRIx64, im->name, vaddr);
	return intern_adds(s->names, name);
}

void symbol_find(struct symbols *s, const struct image *im, uint64_t vaddr, struct symbol *out)
{
	struct symtab_hit hit = {.start = vaddr};
	out->resolved = im->state == IMAGE_READY && im->data.symbols != NULL &&
	                symtab_find(im->data.symbols, vaddr, &hit);
	/* A stripped function is named by where it starts, if the tables tell. */
	if (!out->resolved && im->state == IMAGE_READY && im->data.cfi != NULL)
		cfi_function(im->data.cfi, vaddr, &hit.start, &hit.size);
	/* Of code without a file only the page says something: one name for all in it. */
	if (!out->resolved && im->kind == IMAGE_ANON && im->id != IMAGE_NONE)
		hit.start = vaddr & ~UINT64_C(0xfff);
	out->start = hit.start;
	out->module = im->name;
	/* Resolved and unresolved keys never meet: a name may still arrive. */
	uint64_t key = hash_pair(hit.start, (uint64_t)im->id << 1 | out->resolved) | 1;
	uint32_t id;
	if (!hash_map_get(&s->memo, key, &id, NULL)) {
		id = out->resolved ? name_found(s, im->data.symbols, &hit)
		                   : name_missing(s, im, hit.start);
		hash_map_add(&s->memo, key, id);
	}
	out->name = intern_str(s->names, id);
}

size_t symbols_bytes(const struct symbols *s)
{
	return intern_bytes(s->names) + hash_map_bytes(&s->memo);
}
