/* modules: what stacks went through, counted by image, for the view of the data's quality.
 * Belongs to the analyzer.
 */
#ifndef CTOP_PIPELINE_MODULES_H
#define CTOP_PIPELINE_MODULES_H

#include "ctop/snapshot.h"
#include "ctop/unwind.h"

struct images;
struct modules;

struct modules *modules_new(const struct images *images);
void modules_free(struct modules *m);

/* The frames of one stack, and how it ended. */
void modules_stack(struct modules *m, const struct frame_addr *frames, size_t count,
                   enum unwind_end end);

/* A sample had kernel frames. */
void modules_kernel(struct modules *m, uint32_t image);

/* The Debian package of an image's file, once it is known. */
void modules_package(struct modules *m, uint32_t image, const char *package);

/* How it stands with fetching an image's debug file; `why` is copied. */
void modules_fetch(struct modules *m, uint32_t image, enum snapshot_fetch state, uint64_t done,
                   uint64_t total, const char *why);

/* Forgets which debug files could not be fetched. */
void modules_fetch_again(struct modules *m);

/* The image with the most frames of those whose file lacks symbols or lines and has not been asked
 * for; false when none of them has more than 0.5 % of all frames. */
bool modules_wanting(const struct modules *m, uint32_t *image);

/* Forgets the counts. */
void modules_reset(struct modules *m);

/* The table for a snapshot: one row a module seen, in an array that is handed over. */
struct snapshot_module *modules_table(const struct modules *m, uint32_t *count);

/* Calls `fn` with every image whose file lacks symbols and whose package is not known. */
typedef void modules_fn(void *ctx, uint32_t image, const char *path);
void modules_lacking(const struct modules *m, modules_fn *fn, void *ctx);

#endif
