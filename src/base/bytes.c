/* bytes: bounded little-endian reading; see bytes.h. */
#include "ctop/bytes.h"

#include <string.h>

/* Copies `len` bytes, or zeros when they are not all there. */
static void get(struct bytes *b, void *out, size_t len)
{
	if (bytes_left(b) < len) {
		memset(out, 0, len);
		b->at = b->end;
		b->bad = true;
		return;
	}
	memcpy(out, b->at, len);
	b->at += len;
}

uint8_t bytes_u8(struct bytes *b)
{
	uint8_t v;
	get(b, &v, sizeof v);
	return v;
}

uint16_t bytes_u16(struct bytes *b)
{
	uint16_t v;
	get(b, &v, sizeof v);
	return v;
}

uint32_t bytes_u32(struct bytes *b)
{
	uint32_t v;
	get(b, &v, sizeof v);
	return v;
}

uint64_t bytes_u64(struct bytes *b)
{
	uint64_t v;
	get(b, &v, sizeof v);
	return v;
}

/* The number's bits so far; *shift gets their count, *last the last byte. */
static uint64_t leb(struct bytes *b, unsigned *shift, uint8_t *last)
{
	uint64_t v = 0;
	*shift = 0;
	do {
		*last = bytes_u8(b);
		if (*shift < 64)
			v |= (uint64_t)(*last & 0x7f) << *shift;
		*shift += 7;
	} while ((*last & 0x80) != 0);
	return v;
}

uint64_t bytes_uleb(struct bytes *b)
{
	unsigned shift;
	uint8_t last;
	return leb(b, &shift, &last);
}

int64_t bytes_sleb(struct bytes *b)
{
	unsigned shift;
	uint8_t last;
	uint64_t v = leb(b, &shift, &last);
	if (shift < 64 && (last & 0x40) != 0)
		v |= ~UINT64_C(0) << shift;
	return (int64_t)v;
}

struct bytes bytes_take(struct bytes *b, uint64_t len)
{
	if (len > bytes_left(b)) {
		b->at = b->end;
		b->bad = true;
		return (struct bytes){b->end, b->end, false};
	}
	struct bytes part = {b->at, b->at + len, false};
	b->at += len;
	return part;
}

const char *bytes_str(struct bytes *b)
{
	const unsigned char *nul = memchr(b->at, '\0', bytes_left(b));
	if (nul == NULL) {
		b->at = b->end;
		b->bad = true;
		return "";
	}
	const char *s = (const char *)b->at;
	b->at = nul + 1;
	return s;
}
