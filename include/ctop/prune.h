/* prune: what a capture needs of an ELF file.
 *
 * Keeps headers, the build id, the symbols and the call frame information that the
 * captured addresses touch, each at its place in the file; code and data are left
 * out. A parser of the whole file reads the result unchanged.
 */
#ifndef CTOP_PRUNE_H
#define CTOP_PRUNE_H

#include "ctop/err.h"

#include <stddef.h>
#include <stdint.h>

struct sparse;

/* Addresses, each list sorted without doubles; borrowed. */
struct prune_wanted {
	const uint64_t *pcs; /* ELF addresses unwound at or named */
	size_t pc_count;
	const uint64_t *starts; /* ELF addresses at which wanted symbols start */
	size_t start_count;
};

/* Bytes of code kept from the beginning of a function that no table describes. */
enum { PRUNE_PROLOGUE = 192 };

/* Reads the file at `fd` (borrowed) and fills *out (initialised here; the caller
 * ends it in every case). Hostile input. */
enum ctop_err prune_elf(int fd, const struct prune_wanted *w, struct sparse *out, struct err *e);

#endif
