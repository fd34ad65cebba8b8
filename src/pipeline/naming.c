/* naming: raw locations to functions; see naming.h. */
#include "naming.h"

#include "ctop/code.h"
#include "ctop/funcs.h"
#include "ctop/hash.h"
#include "ctop/image.h"
#include "ctop/mem.h"
#include "ctop/profile.h"
#include "ctop/symbol.h"

#include <stdlib.h>
#include <string.h>

struct naming {
	struct images *images;
	struct funcs *funcs;
	struct symbols *symbols;
	uint32_t kernel;
	struct hash_map known; /* hash of (name, image) → function id */
};

struct naming *naming_new(struct images *images, struct funcs *funcs, uint32_t kernel)
{
	struct naming *n = mem_zalloc(1, sizeof *n);
	*n = (struct naming){.images = images, .funcs = funcs, .kernel = kernel};
	n->symbols = symbols_new();
	return n;
}

void naming_free(struct naming *n)
{
	if (n == NULL)
		return;
	symbols_free(n->symbols);
	hash_map_fini(&n->known);
	free(n);
}

/* A file is a library when it is named like one; all else that was mapped as
 * code belongs to the program itself. */
static enum func_kind kind_of(const struct image *im)
{
	switch (im->kind) {
	case IMAGE_KERNEL:
		return FUNC_KERNEL;
	case IMAGE_ANON:
		return FUNC_JIT;
	case IMAGE_VDSO:
		return FUNC_LIBRARY;
	case IMAGE_FILE:
		break;
	}
	const char *so = strstr(im->name, ".so");
	return so != NULL && (so[3] == '\0' || so[3] == '.') ? FUNC_LIBRARY : FUNC_OWN;
}

/* The image of a code location and the address to look up there: a return
 * address belongs to the call before it. */
static const struct image *place(const struct naming *n, const struct loc *loc, uint64_t *vaddr)
{
	bool kernel = loc->kind == LOC_KERNEL || loc->kind == LOC_KERNEL_RETURN;
	bool ret = loc->kind == LOC_RETURN || loc->kind == LOC_KERNEL_RETURN;
	*vaddr = loc->addr - (ret && loc->addr != 0);
	return images_get(n->images, kernel ? n->kernel : loc->owner);
}

/* The function id of a symbol. Its name stays where it is, so its place stands for it: no
 * string is looked at again. */
static uint32_t code_func(struct naming *n, const struct image *im, const struct symbol *sym)
{
	uint64_t key = hash_pair((uintptr_t)sym->name, im->id) | 1;
	uint32_t id;
	if (hash_map_get(&n->known, key, &id, NULL))
		return id;
	unsigned nameless = sym->resolved ? 0 : FUNC_NAMELESS;
	id = funcs_add(n->funcs, sym->name, sym->module, kind_of(im) | nameless);
	hash_map_add(&n->known, key, id);
	return id;
}

/* The piece of JIT code a location is in: told by the location itself, or known by now. */
static const struct code_object *jit_object(const struct image *im, const struct loc *loc,
                                            uint64_t vaddr)
{
	if (im->data.code == NULL)
		return NULL;
	uint32_t id = loc->kind == LOC_CODE ? (uint32_t)(loc->addr >> 32)
	                                    : code_find(im->data.code, vaddr, 0);
	return id != CODE_NONE ? code_get(im->data.code, id) : NULL;
}

uint32_t naming_func(void *naming, const struct loc *loc)
{
	struct naming *n = naming;
	if (loc->kind == LOC_MARK || loc->kind == LOC_PROCESS)
		return (uint32_t)loc->addr;
	uint64_t vaddr;
	struct symbol sym;
	const struct image *im = place(n, loc, &vaddr);
	const struct code_object *o = jit_object(im, loc, vaddr);
	if (o != NULL)
		sym = (struct symbol){.name = o->name, .module = "[jit]", .resolved = true};
	else
		symbol_find(n->symbols, im, vaddr, &sym);
	return code_func(n, im, &sym);
}

size_t naming_bytes(const struct naming *n)
{
	return symbols_bytes(n->symbols) + hash_map_bytes(&n->known);
}
