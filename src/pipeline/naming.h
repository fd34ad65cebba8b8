/* naming: raw locations → the functions the profile groups by.
 *
 * The one place where images, symbols and the profile's function table meet.
 * Belongs to the analyzer.
 */
#ifndef CTOP_PIPELINE_NAMING_H
#define CTOP_PIPELINE_NAMING_H

#include "ctop/profile.h"

#include <stddef.h>
#include <stdint.h>

struct funcs;
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

size_t naming_bytes(const struct naming *n);

#endif
