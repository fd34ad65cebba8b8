/* naming: raw locations → the functions the profile groups by.
 *
 * The one place where images, symbols and the profile's function table meet.
 * Belongs to the analyzer.
 */
#ifndef CTOP_PIPELINE_NAMING_H
#define CTOP_PIPELINE_NAMING_H

#include "ctop/lines.h"
#include "ctop/profile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct code_object;
struct func;
struct funcs;
struct image;
struct images;
struct inlines;
struct naming;

/* Everything is borrowed. `kernel` is the id of the kernel's image. */
struct naming *naming_new(struct images *images, struct funcs *funcs, uint32_t kernel,
                          struct inlines *inlines);
void naming_free(struct naming *n);

/* A profile_frames_fn. Lines and inlined functions are left out until they are known. */
size_t naming_frames(void *naming, const struct loc *loc, const struct profile_query *q,
                     uint32_t out[PROFILE_FRAMES]);

/* The function of a symbol at a location, without what is inlined there. */
uint32_t naming_func(struct naming *n, const struct loc *loc);

/* Where a location of a function is. */
struct naming_place {
	struct image *image;
	const struct code_object *object; /* JIT code, or NULL */
	uint64_t vaddr;        /* of the instruction: for a return address within the call */
	uint64_t start, size;  /* of the symbol there */
	const char *symbol;    /* its name; "" never */
	bool inlined;          /* the function is one inlined there */
	struct line_frame own; /* of the function itself */
};

/* Finds function `func`, as naming_frames() gave it under `q`, at a location. False when it is not
 * there, or not a function. */
bool naming_find(struct naming *n, const struct loc *loc, const struct profile_query *q,
                 uint32_t func, struct naming_place *out);

/* The entry of a function. */
const struct func *naming_get(const struct naming *n, uint32_t func);

size_t naming_bytes(const struct naming *n);

#endif
