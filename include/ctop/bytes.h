/* bytes: reading little-endian fields out of a bounded run of bytes.
 *
 * For parsers of hostile input: a read beyond the end gives 0, moves to the end and sets
 * `bad`, so that a parser checks once, when it is done. Pure; any thread.
 */
#ifndef CTOP_BYTES_H
#define CTOP_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
	const unsigned char *at, *end; /* borrowed */
	bool bad;
};

static inline struct bytes bytes_of(const void *data, size_t len)
{
	const unsigned char *p = data;
	return (struct bytes){p, p + len, false};
}

static inline size_t bytes_left(const struct bytes *b)
{
	return (size_t)(b->end - b->at);
}

uint8_t bytes_u8(struct bytes *b);
uint16_t bytes_u16(struct bytes *b);
uint32_t bytes_u32(struct bytes *b);
uint64_t bytes_u64(struct bytes *b);

/* LEB128 numbers (DWARF 5, 7.6); bits beyond the 64th are dropped. */
uint64_t bytes_uleb(struct bytes *b);
int64_t bytes_sleb(struct bytes *b);

/* The next `len` bytes as a run of their own; an empty one when they are not there. */
struct bytes bytes_take(struct bytes *b, uint64_t len);

/* A NUL-terminated string, borrowed; "" when no NUL follows. */
const char *bytes_str(struct bytes *b);

#endif
