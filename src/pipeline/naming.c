/* naming: raw locations to functions; see naming.h. */
#include "naming.h"

#include "ctop/funcs.h"
#include "ctop/hash.h"
#include "ctop/image.h"
#include "ctop/mem.h"
#include "ctop/profile.h"
#include "ctop/symbol.h"
#include "procs.h"

#include <stdlib.h>
#include <string.h>

enum { RECENT = 1024 };

struct naming {
	struct images *images;
	struct funcs *funcs;
	struct symbols *symbols;
	struct procs *procs;
	uint32_t kernel;
	struct {
		struct loc loc;
		bool known, resolved;
	} recent[RECENT];
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
	free(n);
}

void naming_set_procs(struct naming *n, struct procs *procs)
{
	n->procs = procs;
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

uint32_t naming_func(void *naming, const struct loc *loc)
{
	struct naming *n = naming;
	if (loc->kind == LOC_MARK)
		return (uint32_t)loc->addr;
	if (loc->kind == LOC_PROCESS) {
		const struct proc *p = procs_at(n->procs, (uint32_t)loc->addr);
		return funcs_add(n->funcs, p->name, "", FUNC_PROCESS);
	}
	uint64_t vaddr;
	struct symbol sym;
	const struct image *im = place(n, loc, &vaddr);
	symbol_find(n->symbols, im, vaddr, &sym);
	return funcs_add(n->funcs, sym.name, sym.module, kind_of(im));
}

bool naming_resolves(struct naming *n, const struct loc *loc)
{
	if (loc->kind == LOC_MARK || loc->kind == LOC_PROCESS)
		return true;
	size_t i = hash_pair(loc->addr, loc->owner) % RECENT;
	const struct loc *have = &n->recent[i].loc;
	if (n->recent[i].known && have->addr == loc->addr && have->owner == loc->owner &&
	    have->kind == loc->kind)
		return n->recent[i].resolved;
	uint64_t vaddr;
	struct symbol sym;
	const struct image *im = place(n, loc, &vaddr);
	symbol_find(n->symbols, im, vaddr, &sym);
	n->recent[i].loc = *loc;
	n->recent[i].known = true;
	n->recent[i].resolved = sym.resolved;
	return sym.resolved;
}

void naming_forget(struct naming *n)
{
	memset(n->recent, 0, sizeof n->recent);
}

size_t naming_bytes(const struct naming *n)
{
	return symbols_bytes(n->symbols);
}
