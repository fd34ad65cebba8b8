/* capture_walk: every sample of a capture with the maps and images it needs, for
 * tests and benchmarks of the unwinder that want no threads and no profile.
 */
#ifndef CTOP_TESTS_CAPTURE_WALK_H
#define CTOP_TESTS_CAPTURE_WALK_H

#include "ctop/unwind.h"

#include <stdbool.h>
#include <stddef.h>

struct capture_walk;
struct images;
struct record_sample;

/* Opens a capture. `live`: read the files the capture names from this machine
 * instead (their code is needed, which a capture leaves out). NULL when it
 * cannot be opened. */
struct capture_walk *capture_walk_open(const char *path, bool live);
void capture_walk_close(struct capture_walk *w);

/* The next sample with user registers; fills *in. NULL at the end. Borrowed until
 * the next call. */
const struct record_sample *capture_walk_next(struct capture_walk *w, struct unwind_input *in);

/* From the first sample again; images stay loaded. */
void capture_walk_rewind(struct capture_walk *w);

const struct images *capture_walk_images(const struct capture_walk *w);

#endif
