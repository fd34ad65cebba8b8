/* lines: ELF address → source line and the chain of inlined functions, from DWARF (2 to 5).
 *
 * An index is made a compilation unit at a time, on a worker, with libdw; from then on it is
 * immutable, and any thread may look up. What a unit's tree says of scopes, and its table of lines,
 * become one flat, sorted list of places, so that a look-up is two binary searches: for the unit,
 * for the place. Hostile input: sizes are bounded, trees are walked to a bounded depth and for a
 * bounded time, what contradicts itself is cut to fit.
 */
#ifndef CTOP_LINES_H
#define CTOP_LINES_H

#include "ctop/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lines;
struct line_unit;

#define LINES_NONE UINT32_MAX

/* Inlined calls at one address, at most; deeper ones are left out. */
enum { LINES_INLINE_MAX = 64 };

/* One function of a chain. The strings are borrowed for the life of the unit. */
struct line_frame {
	const char *function; /* as the linker knows it, or its plain name; "" unknown */
	const char *file;     /* as the compiler was given it, its directory added; "" unknown */
	uint32_t line;        /* where in `file` it is or calls the next one; 0 unknown */
};

/* Opens the DWARF of an ELF file and finds where its units lie. Takes over the descriptors in
 * every case; alt_fd: its supplementary file (elf_altlink()), or −1. `shift` is added to addresses
 * (a debug file may be linked elsewhere). CTOP_ENOENT: there is none. A worker's job. */
enum ctop_err lines_open(struct lines **out, int fd, int alt_fd, uint64_t shift, struct err *e);

/* When no unit is being indexed any more. Units live on. NULL is allowed. */
void lines_close(struct lines *l);

/* The unit that holds an address, LINES_NONE when none does. Any thread. */
uint32_t lines_unit_of(const struct lines *l, uint64_t vaddr);
uint32_t lines_unit_count(const struct lines *l);
size_t lines_bytes(const struct lines *l);

/* Indexes a unit: one call at a time is served, others wait. A worker's job. */
enum ctop_err lines_index(struct lines *l, uint32_t unit, struct line_unit **out, struct err *e);
void line_unit_free(struct line_unit *u);
size_t line_unit_bytes(const struct line_unit *u);

/* The functions at an address, innermost first, the last one being that which is not inlined;
 * returns how many, 0 when the unit knows nothing of it. */
size_t line_unit_find(const struct line_unit *u, uint64_t vaddr,
                      struct line_frame out[LINES_INLINE_MAX]);

#endif
