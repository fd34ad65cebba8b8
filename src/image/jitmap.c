/* jitmap: perf maps and jitdump files; see jitmap.h. */
#include "ctop/jitmap.h"

#include "ctop/bytes.h"

#include <stdbool.h>
#include <string.h>

enum { MAGIC = 0x4A695444, HEAD = 40, FLAG_ARCH_TIMESTAMP = 1 };
enum { CODE_LOAD = 0, CODE_MOVE = 1 };
static const uint64_t CODE_MOST = UINT64_C(1) << 30; /* no function is larger */

/* --- perf maps ------------------------------------------------------------------------ */

static bool hex(const char **at, const char *end, uint64_t *out)
{
	const char *p = *at;
	unsigned digits = 0;
	*out = 0;
	if (end - p > 2 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
		p += 2;
	for (; p < end; p++, digits++) {
		unsigned d = *p >= '0' && *p <= '9'   ? (unsigned)(*p - '0')
		             : *p >= 'a' && *p <= 'f' ? (unsigned)(*p - 'a' + 10)
		             : *p >= 'A' && *p <= 'F' ? (unsigned)(*p - 'A' + 10)
		                                      : 16;
		if (d > 15 || digits == 16)
			break;
		*out = *out << 4 | d;
	}
	if (digits == 0 || p == end || *p != ' ')
		return false;
	*at = p + 1;
	return true;
}

size_t jitmap_read_map(const char *text, size_t len, jitmap_fn *fn, void *ctx)
{
	const char *at = text, *end = text + len;
	for (const char *line_end; (line_end = memchr(at, '\n', (size_t)(end - at))) != NULL;) {
		uint64_t start, size;
		const char *p = at;
		if (hex(&p, line_end, &start) && hex(&p, line_end, &size) && size <= CODE_MOST &&
		    p < line_end)
			fn(ctx, &(struct jitmap_entry){.start = start,
			                               .size = size,
			                               .name = p,
			                               .name_len = (size_t)(line_end - p)});
		at = line_end + 1;
		if (at == end)
			break;
	}
	return (size_t)(at - text);
}

/* --- jitdump ------------------------------------------------------------------------------ */

static void read_load(struct bytes b, uint64_t time, jitmap_fn *fn, void *ctx)
{
	bytes_take(&b, 4 + 4 + 8); /* pid, tid, vma */
	uint64_t start = bytes_u64(&b), size = bytes_u64(&b);
	bytes_u64(&b); /* index */
	const char *name = bytes_str(&b);
	if (!b.bad && size <= CODE_MOST)
		fn(ctx, &(struct jitmap_entry){start, size, time, 0, name, strlen(name)});
}

static void read_move(struct bytes b, uint64_t time, jitmap_fn *fn, void *ctx)
{
	bytes_take(&b, 4 + 4 + 8); /* pid, tid, vma */
	uint64_t from = bytes_u64(&b), start = bytes_u64(&b), size = bytes_u64(&b);
	if (!b.bad && size <= CODE_MOST)
		fn(ctx, &(struct jitmap_entry){start, size, time, from, "", 0});
}

/* {magic, version, size of the header, machine, pad, pid, time, flags}. */
static bool read_header(struct bytes *b, int *clocked)
{
	struct bytes whole = *b;
	uint32_t magic = bytes_u32(&whole), version = bytes_u32(&whole), size = bytes_u32(&whole);
	bytes_take(&whole, 4 + 4 + 4 + 8);
	uint64_t flags = bytes_u64(&whole);
	if (whole.bad || magic != MAGIC || version == 0 || size < HEAD)
		return false;
	*clocked = (flags & FLAG_ARCH_TIMESTAMP) == 0;
	struct bytes header = bytes_take(b, size);
	return bytes_left(&header) == size;
}

size_t jitmap_read_dump(const void *bytes, size_t len, int first, int *clocked, jitmap_fn *fn,
                        void *ctx)
{
	struct bytes b = bytes_of(bytes, len);
	enum { PREFIX = 16 };
	if (first && !read_header(&b, clocked))
		return 0;
	for (;;) {
		struct bytes record = b;
		uint32_t id = bytes_u32(&record), size = bytes_u32(&record);
		uint64_t time = bytes_u64(&record);
		if (record.bad || size < PREFIX || size > bytes_left(&b))
			break;
		struct bytes body = bytes_take(&record, size - PREFIX);
		if (id == CODE_LOAD)
			read_load(body, *clocked ? time : 0, fn, ctx);
		else if (id == CODE_MOVE)
			read_move(body, *clocked ? time : 0, fn, ctx);
		bytes_take(&b, size);
	}
	return len - bytes_left(&b);
}
