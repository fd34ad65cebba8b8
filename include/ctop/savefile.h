/* savefile: files written whole or not at all.
 *
 * A temporary file in the same directory is written, synced and renamed, so a reader
 * never sees half of one and a full disk loses nothing that was there. Mode 0600
 * under root, else by umask; under sudo the file belongs to the invoking user.
 */
#ifndef CTOP_SAVEFILE_H
#define CTOP_SAVEFILE_H

#include "ctop/err.h"

#include <stddef.h>
#include <stdint.h>

struct snapshot;

/* Writes `len` bytes to `path`, replacing what is there; "-" is standard output. */
enum ctop_err savefile_write(const char *path, const void *data, size_t len, struct err *e);

/* Writes the snapshot as folded stacks to ./ctop-NAME-PID-YYYYmmdd-HHMMSS.folded, or
 * where the working directory cannot be written to $XDG_STATE_HOME/ctop/
 * (~/.local/state/ctop/). Never replaces a file: -2, -3 … is put behind the time.
 * `path` gets the path written (cap ≥ 512). */
enum ctop_err savefile_snapshot(const struct snapshot *s, const char *name, uint32_t pid,
                                char *path, size_t cap, struct err *e);

/* The same to a file of that name. Never replaces one. */
enum ctop_err savefile_snapshot_as(const struct snapshot *s, const char *path, struct err *e);

#endif
