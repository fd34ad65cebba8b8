/* naming: raw locations → the functions the profile groups by.
 *
 * The one place where images, symbols and the profile's function table meet.
 * Belongs to the analyzer.
 */
#ifndef CTOP_PIPELINE_NAMING_H
#define CTOP_PIPELINE_NAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct funcs;
struct images;
struct loc;
struct naming;
struct procs;

/* Everything is borrowed. `kernel` is the id of the kernel's image. */
struct naming *naming_new(struct images *images, struct funcs *funcs, uint32_t kernel);
void naming_free(struct naming *n);

/* The processes whose names LOC_PROCESS stands for; set once they exist. */
void naming_set_procs(struct naming *n, struct procs *procs);

/* A profile_func_fn. */
uint32_t naming_func(void *naming, const struct loc *loc);

/* Whether a code location has a symbol. Remembered for the locations asked last. */
bool naming_resolves(struct naming *n, const struct loc *loc);

/* Names have arrived: what was remembered may be wrong. */
void naming_forget(struct naming *n);

size_t naming_bytes(const struct naming *n);

#endif
