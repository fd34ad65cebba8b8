/* sparse: a few pieces of a large file, at their places.
 *
 * How a capture keeps files: everything not kept reads as zero. Encoded as
 * {u64 size, u64 count, count × {u64 offset, u64 length, bytes padded to 8}},
 * little-endian. Belongs to one thread.
 */
#ifndef CTOP_SPARSE_H
#define CTOP_SPARSE_H

#include "ctop/err.h"
#include "ctop/strbuf.h"

#include <stddef.h>
#include <stdint.h>

struct sparse {
	uint64_t size;      /* of the whole file */
	uint64_t count;     /* pieces */
	struct strbuf data; /* the pieces, encoded; owned */
};

void sparse_init(struct sparse *s, uint64_t size);
void sparse_fini(struct sparse *s);

/* Keeps `len` bytes at `offset`; what lies beyond the size is dropped. Pieces may
 * overlap: the later one counts. */
void sparse_put(struct sparse *s, uint64_t offset, const void *bytes, size_t len);

/* Appends the encoding. */
void sparse_encode(const struct sparse *s, struct strbuf *out);

/* Called with each piece of an encoding. */
typedef enum ctop_err sparse_piece_fn(void *ctx, uint64_t offset, const void *bytes, size_t len);

/* Checks an encoding (hostile input) and hands out its pieces; *size gets the
 * file's size, at most 4 GB. CTOP_EFORMAT when anything lies outside. */
enum ctop_err sparse_decode(const void *bytes, size_t len, uint64_t *size, sparse_piece_fn *piece,
                            void *ctx);

#endif
