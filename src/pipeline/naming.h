/* naming: raw locations → the functions the profile groups by.
 *
 * The one place where images, symbols and the profile's function table meet.
 * Belongs to the analyzer.
 */
#ifndef CTOP_PIPELINE_NAMING_H
#define CTOP_PIPELINE_NAMING_H

#include <stddef.h>
#include <stdint.h>

struct funcs;
struct images;
struct loc;
struct naming;

/* Everything is borrowed. `kernel` is the id of the kernel's image. */
struct naming *naming_new(struct images *images, struct funcs *funcs, uint32_t kernel);
void naming_free(struct naming *n);

/* A profile_func_fn. */
uint32_t naming_func(void *naming, const struct loc *loc);

size_t naming_bytes(const struct naming *n);

#endif
