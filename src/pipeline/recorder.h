/* recorder: writes a capture while the analyzer works.
 *
 * Records go through a byte ring to a writer thread, so that deflating and the
 * disk never hold up the analyzer; when the ring is full the analyzer waits for
 * it (its own ring then fills, and what is lost there is counted). Addresses
 * touched are gathered so that, at the end, only what the capture needs of
 * each image is kept.
 */
#ifndef CTOP_PIPELINE_RECORDER_H
#define CTOP_PIPELINE_RECORDER_H

#include "ctop/err.h"

#include <stddef.h>

struct capture_info;
struct images;
struct loaded_file;
struct loc;
struct record;
struct recorder;

/* Creates the capture (whole or not at all) and starts the writer. */
enum ctop_err recorder_start(struct recorder **out, const char *path,
                             const struct capture_info *info, struct err *e);

/* Analyzer: one record, copied. */
void recorder_add(struct recorder *r, const struct record *record);

/* Analyzer: an address some stack goes through; a stacker_touch_fn. */
void recorder_touch(void *recorder, const struct loc *loc);

/* After the analyzer has ended: writes the files, closes the capture, frees.
 * `files` and `images` are borrowed. The first error of any step is returned. */
enum ctop_err recorder_finish(struct recorder *r, const struct loaded_file *files,
                              size_t file_count, const struct images *images, struct err *e);

/* Instead of recorder_finish(): leaves no file. NULL is allowed. */
void recorder_abandon(struct recorder *r);

#endif
