/* sparse: pieces of a file at their places; see sparse.h. */
#include "ctop/sparse.h"

#include <string.h>

static const uint64_t SIZE_MOST = UINT64_C(1) << 32;

void sparse_init(struct sparse *s, uint64_t size)
{
	*s = (struct sparse){.size = size < SIZE_MOST ? size : SIZE_MOST};
}

void sparse_fini(struct sparse *s)
{
	strbuf_fini(&s->data);
}

void sparse_put(struct sparse *s, uint64_t offset, const void *bytes, size_t len)
{
	if (offset >= s->size || len == 0)
		return;
	if (len > s->size - offset)
		len = (size_t)(s->size - offset);
	uint64_t head[2] = {offset, len};
	strbuf_add(&s->data, head, sizeof head);
	strbuf_add(&s->data, bytes, len);
	strbuf_add(&s->data, "\0\0\0\0\0\0\0", -len & 7);
	s->count++;
}

void sparse_encode(const struct sparse *s, struct strbuf *out)
{
	uint64_t head[2] = {s->size, s->count};
	strbuf_add(out, head, sizeof head);
	strbuf_add(out, strbuf_str(&s->data), s->data.len);
}

enum ctop_err sparse_decode(const void *bytes, size_t len, uint64_t *size, sparse_piece_fn *piece,
                            void *ctx)
{
	const unsigned char *at = bytes;
	uint64_t head[2];
	if (len < sizeof head)
		return CTOP_EFORMAT;
	memcpy(head, at, sizeof head);
	at += sizeof head;
	len -= sizeof head;
	*size = head[0];
	if (*size > SIZE_MOST)
		return CTOP_EFORMAT;
	for (uint64_t left = head[1]; left > 0; left--) {
		uint64_t part[2];
		if (len < sizeof part)
			return CTOP_EFORMAT;
		memcpy(part, at, sizeof part);
		at += sizeof part;
		len -= sizeof part;
		uint64_t padded = (part[1] + 7) & ~UINT64_C(7);
		if (part[1] > len || padded > len || part[0] > *size || part[1] > *size - part[0])
			return CTOP_EFORMAT;
		enum ctop_err rc = piece(ctx, part[0], at, (size_t)part[1]);
		if (rc != CTOP_OK)
			return rc;
		at += padded;
		len -= (size_t)padded;
	}
	return CTOP_OK;
}
