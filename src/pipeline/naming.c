/* naming: raw locations to functions; see naming.h. */
#include "naming.h"

#include "ctop/cfi.h"
#include "ctop/code.h"
#include "ctop/demangle.h"
#include "ctop/funcs.h"
#include "ctop/hash.h"
#include "ctop/image.h"
#include "ctop/mem.h"
#include "ctop/profile.h"
#include "ctop/symbol.h"
#include "ctop/symtab.h"
#include "ctop/utf8.h"
#include "inlines.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_CAP = 4096 };

struct naming {
	struct images *images;
	struct funcs *funcs;
	struct symbols *symbols;
	struct inlines *inlines;
	uint32_t kernel;
	struct hash_map known; /* hash of what a function is told by → its id */
};

struct naming *naming_new(struct images *images, struct funcs *funcs, uint32_t kernel,
                          struct inlines *inlines)
{
	struct naming *n = mem_zalloc(1, sizeof *n);
	*n = (struct naming){
	        .images = images, .funcs = funcs, .inlines = inlines, .kernel = kernel};
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
static struct image *place(const struct naming *n, const struct loc *loc, uint64_t *vaddr)
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

/* The symbol at a location, and where that is. */
static struct image *find_symbol(struct naming *n, const struct loc *loc, uint64_t *vaddr,
                                 struct symbol *sym)
{
	struct image *im = place(n, loc, vaddr);
	const struct code_object *o = jit_object(im, loc, *vaddr);
	if (o != NULL)
		*sym = (struct symbol){.name = o->name, .module = "[jit]", .resolved = true};
	else
		symbol_find(n->symbols, im, *vaddr, sym);
	return im;
}

uint32_t naming_func(struct naming *n, const struct loc *loc)
{
	uint64_t vaddr;
	struct symbol sym;
	if (loc->kind == LOC_MARK || loc->kind == LOC_PROCESS)
		return (uint32_t)loc->addr;
	const struct image *im = find_symbol(n, loc, &vaddr, &sym);
	return code_func(n, im, &sym);
}

/* --- grouping ------------------------------------------------------------------------------- */

/* One frame at a location: the symbol's function, or one inlined into it. */
struct frame {
	const struct image *image;
	const struct symbol *symbol;
	const char *inlined; /* its name as the linker would know it; NULL: it is the symbol's */
	const char *file;    /* "": not known */
	uint32_t line;
};

/* Writes what a frame is called under a grouping. */
static void write_name(const struct frame *f, enum profile_group group, char *out, size_t cap)
{
	char function[NAME_CAP];
	if (f->inlined != NULL)
		demangle(f->inlined, function, sizeof function);
	else
		snprintf(function, sizeof function, "%s", f->symbol->name);
	if (group == GROUP_FILE && f->file[0] != '\0')
		utf8_clean(f->file, strnlen(f->file, cap / 3 - 1), out);
	else if (group == GROUP_FILE)
		snprintf(out, cap, f->image->kind == IMAGE_KERNEL ? "%s" : "[%s: files not known]",
		         f->symbol->module);
	else if (group == GROUP_LINE && f->line != 0)
		snprintf(out, cap, "%s (%s:%u)", function, basename(f->file), f->line);
	else
		snprintf(out, cap, "%s", function);
}

static uint32_t add_frame(struct naming *n, const struct frame *f, enum profile_group group)
{
	char name[2 * NAME_CAP], clean[3 * 2 * NAME_CAP + 1];
	bool by_file = group == GROUP_FILE;
	/* All of these stay where they are. */
	const char *function = f->inlined != NULL ? f->inlined : f->symbol->name;
	uint64_t key = hash_pair(by_file ? 0 : (uintptr_t)function, (uintptr_t)f->file);
	key = hash_pair(key, (uint64_t)f->line << 32 | f->image->id);
	key = hash_pair(key, (uint64_t)group << 1 | (f->inlined != NULL)) | 1;
	uint32_t id;
	if (hash_map_get(&n->known, key, &id, NULL))
		return id;
	write_name(f, group, name, sizeof name);
	utf8_clean(name, strlen(name), clean);
	bool inlined = f->inlined != NULL && !by_file;
	unsigned nameless = f->symbol->resolved ? 0 : FUNC_NAMELESS;
	id = funcs_add(n->funcs, clean, f->symbol->module,
	               inlined ? FUNC_INLINED : kind_of(f->image) | nameless);
	hash_map_add(&n->known, key, id);
	return id;
}

static uint32_t module_func(struct naming *n, const struct image *im, const struct symbol *sym)
{
	return funcs_add(n->funcs, sym->module, sym->module, kind_of(im));
}

size_t naming_frames(void *naming, const struct loc *loc, const struct profile_query *q,
                     uint32_t out[PROFILE_FRAMES])
{
	struct naming *n = naming;
	struct line_frame f[LINES_INLINE_MAX];
	uint64_t vaddr;
	struct symbol sym;
	static_assert((int)PROFILE_FRAMES > (int)LINES_INLINE_MAX,
	              "every function at an address finds room");
	if (loc->kind == LOC_MARK || loc->kind == LOC_PROCESS) {
		out[0] = (uint32_t)loc->addr;
		return 1;
	}
	struct image *im = find_symbol(n, loc, &vaddr, &sym);
	if (q->group == GROUP_MODULE) {
		out[0] = module_func(n, im, &sym);
		return 1;
	}
	size_t count = inlines_find(n->inlines, im, vaddr, f);
	if (q->group == GROUP_FUNCTION)
		out[0] = code_func(n, im, &sym);
	else
		out[0] = add_frame(n,
		                   &(struct frame){im, &sym, NULL,
		                                   count > 0 ? f[count - 1].file : "",
		                                   count > 0 ? f[count - 1].line : 0},
		                   q->group);
	size_t made = 1;
	for (size_t i = count; i-- > 1 && !q->hide_inlined;) {
		bool plain = q->group == GROUP_FUNCTION;
		const struct line_frame *in = &f[i - 1];
		out[made++] =
		        add_frame(n,
		                  &(struct frame){im, &sym, in->function, plain ? "" : in->file,
		                                  plain ? 0 : in->line},
		                  q->group);
	}
	return made;
}

/* --- one function ------------------------------------------------------------------------------
 */

static void find_extent(const struct loc *loc, const struct symbol *sym, struct naming_place *out)
{
	const struct image *im = out->image;
	struct symtab_hit hit = {.start = out->vaddr, .size = 1};
	out->symbol = sym->name;
	if (out->object != NULL) {
		out->start = out->object->start;
		out->size = out->object->size;
		if (loc->kind == LOC_CODE)
			out->vaddr = out->start + (loc->addr & UINT32_MAX);
		return;
	}
	if ((im->data.symbols == NULL || !symtab_find(im->data.symbols, out->vaddr, &hit)) &&
	    im->data.cfi != NULL)
		cfi_function(im->data.cfi, out->vaddr, &hit.start, &hit.size);
	out->start = hit.start;
	out->size = hit.size;
}

bool naming_find(struct naming *n, const struct loc *loc, const struct profile_query *q,
                 uint32_t func, struct naming_place *out)
{
	uint32_t ids[PROFILE_FRAMES];
	struct line_frame f[LINES_INLINE_MAX];
	struct symbol sym;
	if (loc->kind == LOC_MARK || loc->kind == LOC_PROCESS || q->group == GROUP_FILE ||
	    q->group == GROUP_MODULE)
		return false;
	size_t made = naming_frames(n, loc, q, ids);
	*out = (struct naming_place){.own = {"", "", 0}};
	out->image = find_symbol(n, loc, &out->vaddr, &sym);
	out->object = jit_object(out->image, loc, out->vaddr);
	find_extent(loc, &sym, out);
	size_t count = inlines_find(n->inlines, out->image, out->vaddr, f);
	for (size_t i = 0; i < made; i++) {
		if (ids[i] != func)
			continue;
		out->inlined = i > 0;
		if (i < count)
			out->own = f[count - 1 - i];
		return true;
	}
	return false;
}

const struct func *naming_get(const struct naming *n, uint32_t func)
{
	return funcs_get(n->funcs, func);
}

size_t naming_bytes(const struct naming *n)
{
	return symbols_bytes(n->symbols) + hash_map_bytes(&n->known);
}
