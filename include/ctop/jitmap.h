/* jitmap: the two files in which JIT compilers tell perf what they have made.
 *
 * perf maps (/tmp/perf-PID.map: one "start size name" a line, in hexadecimal; Linux,
 * tools/perf/Documentation/jit-interface.txt) and jitdump (tools/perf/Documentation/
 * jitdump-specification.txt). Both usually only grow, so both can be read from where the last
 * reading ended. Hostile input. Pure; any thread.
 */
#ifndef CTOP_JITMAP_H
#define CTOP_JITMAP_H

#include <stddef.h>
#include <stdint.h>

/* One piece of code. */
struct jitmap_entry {
	uint64_t start, size; /* addresses in the process */
	uint64_t time;        /* CLOCK_MONOTONIC, ns; 0 when the file does not tell */
	uint64_t moved_from;  /* it is what stood there, moved, and keeps its name; else 0 */
	const char *name;     /* borrowed; neither terminated nor cleaned */
	size_t name_len;
};
typedef void jitmap_fn(void *ctx, const struct jitmap_entry *e);

/* Reads whole lines; returns the bytes used. */
size_t jitmap_read_map(const char *text, size_t len, jitmap_fn *fn, void *ctx);

/* Reads whole records; at the beginning of a file (`first`) the header, which must not be cut.
 * *clocked is set from the header and belongs to the file: its times are CLOCK_MONOTONIC. */
size_t jitmap_read_dump(const void *bytes, size_t len, int first, int *clocked, jitmap_fn *fn,
                        void *ctx);

#endif
