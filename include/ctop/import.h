/* import: a folded file → a profile.
 *
 * Every line becomes a stack of named frames with its value as weight: SNAPSHOT_ONE a count
 * (snapshot.h). There is no time: the profile's weights are counts, it has one thread, and its
 * history stays empty. What the first frame of a stack is, a process or the function a thread
 * began with, is one answer for the whole file: functions as soon as one first frame cannot be a
 * process. Frames are grouped by function, line, file or module as far as their text tells.
 *
 * Memory: stacks and counts are the profile's, folded at its cap; distinct frames are kept here,
 * up to a share of the same. Belongs to the thread that owns the profile.
 */
#ifndef CTOP_IMPORT_H
#define CTOP_IMPORT_H

#include "ctop/err.h"
#include "ctop/profile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct funcs;
struct import;

/* `funcs` is borrowed; `memory`: bytes the profile may take. */
struct import *import_new(struct funcs *funcs, size_t memory);
void import_free(struct import *im);

/* Names what was read: the profile's frames_of, its ctx being the import. */
profile_frames_fn import_frames;

/* Adds `len` bytes of the file `name` (for errors) to the profile; the pieces of a file follow one
 * another. An error names file, line and cause. */
enum ctop_err import_feed(struct import *im, struct profile *p, const char *name, const void *bytes,
                          size_t len, struct err *e);
enum ctop_err import_end(struct import *im, struct profile *p, struct err *e);

/* The same for all that can be read from a descriptor, which stays open. */
enum ctop_err import_fd(struct import *im, struct profile *p, int fd, const char *name,
                        struct err *e);

/* Bytes held beside the profile. */
size_t import_bytes(const struct import *im);

#endif
