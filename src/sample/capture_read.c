/* capture_read: reading captures; see capture.h.
 *
 * Chunk headers are walked once at opening; payloads are read and inflated when
 * asked for. Every length is checked against the file before it is believed.
 */
#include "capture_format.h"
#include "ctop/capture.h"
#include "ctop/mem.h"
#include "ctop/record.h"
#include "ctop/strbuf.h"
#include "ctop/utf8.h"
#include "ctop/vec.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

struct chunk {
	uint64_t offset; /* of the payload */
	struct chunk_header h;
};

struct capture_reader {
	int fd;
	struct capture_info info;
	struct chunk *chunks;
	size_t count, cap;
	char damage[160];
	/* Reading records: */
	size_t next_chunk;
	unsigned char *raw; /* inflated chunk being read; owned */
	size_t raw_len, at;
	uint64_t records;
	struct record *aligned; /* copy of the current record */
	size_t aligned_cap;
};

/* Inflates a chunk into memory the caller frees; NULL when it is damaged. */
static unsigned char *inflate_chunk(const struct capture_reader *r, const struct chunk *c)
{
	unsigned char *packed = mem_alloc(c->h.length), *raw = NULL;
	uLongf len = c->h.raw_length;
	bool ok = pread(r->fd, packed, c->h.length, (off_t)c->offset) == (ssize_t)c->h.length &&
	          crc32(0, packed, c->h.length) == c->h.crc;
	if (ok) {
		raw = mem_alloc(len);
		if (uncompress(raw, &len, packed, c->h.length) != Z_OK || len != c->h.raw_length) {
			free(raw);
			raw = NULL;
		}
	}
	free(packed);
	return raw;
}

/* deflate cannot shrink more than 1032 to 1: a longer claim is a lie. */
static bool plausible(const struct chunk_header *h, uint64_t left)
{
	return h->length <= left && h->raw_length <= CHUNK_RAW_MOST &&
	       h->raw_length / 1040 <= (uint64_t)h->length + 64;
}

static void index_chunks(struct capture_reader *r, uint64_t size)
{
	bool ended = false;
	uint64_t at = CAPTURE_MAGIC_LEN;
	while (!ended && size - at >= sizeof(struct chunk_header)) {
		struct chunk c = {.offset = at + sizeof c.h};
		if (pread(r->fd, &c.h, sizeof c.h, (off_t)at) != sizeof c.h ||
		    !plausible(&c.h, size - c.offset))
			break;
		r->chunks = vec_reserve(r->chunks, &r->cap, r->count + 1, sizeof *r->chunks);
		r->chunks[r->count++] = c;
		ended = c.h.type == CHUNK_END;
		at = c.offset + c.h.length;
	}
	if (!ended)
		snprintf(r->damage, sizeof r->damage,
		         "the capture is cut or damaged after %llu bytes: what is before is shown, "
		         "names may be missing",
		         (unsigned long long)at);
}

static enum ctop_err read_info(struct capture_reader *r, struct err *e)
{
	struct capture_info_bytes b;
	const struct chunk *c = r->count > 0 ? &r->chunks[0] : NULL;
	unsigned char *raw = NULL;
	if (c != NULL && c->h.type == CHUNK_INFO && c->h.raw_length == sizeof b)
		raw = inflate_chunk(r, c);
	if (raw == NULL)
		return err_set(e, CTOP_EFORMAT,
		               "the capture is damaged at its beginning; record it again");
	memcpy(&b, raw, sizeof b);
	free(raw);
	r->info = (struct capture_info){
	        .source = {.way = b.way < WAYS ? (enum source_way)b.way : WAY_REPLAY,
	                   .kernel = b.kernel != 0,
	                   .rate_hz = b.rate_hz,
	                   .stack_bytes = b.stack_bytes,
	                   .drain_ms = b.drain_ms,
	                   .regs_mask = b.regs_mask},
	        .arch = b.arch,
	        .start_ns = b.start_ns,
	        .realtime_offset = b.realtime_offset,
	        .pid = b.pid,
	};
	char clean[3 * sizeof b.notes + 1];
	utf8_clean(b.name, strnlen(b.name, sizeof b.name - 1), clean);
	snprintf(r->info.name, sizeof r->info.name, "%.63s", clean);
	size_t len = strnlen(b.notes, sizeof b.notes - 1);
	memcpy(r->info.source.notes, b.notes, len);
	return CTOP_OK;
}

bool capture_is(int fd)
{
	char magic[CAPTURE_MAGIC_LEN];
	return pread(fd, magic, sizeof magic, 0) == sizeof magic &&
	       memcmp(magic, CAPTURE_MAGIC, sizeof magic) == 0;
}

enum ctop_err capture_reader_open(struct capture_reader **out, int fd, struct err *e)
{
	struct capture_reader *r = mem_zalloc(1, sizeof *r);
	struct stat st;
	r->fd = fd;
	enum ctop_err rc = CTOP_OK;
	if (fstat(fd, &st) != 0 || !capture_is(fd))
		rc = err_set(e, CTOP_EFORMAT,
		             "this is not a ctop capture; make one with: ctop record --raw -o "
		             "FILE.ctr --pid PID");
	if (rc == CTOP_OK) {
		index_chunks(r, (uint64_t)st.st_size);
		rc = read_info(r, e);
	}
	if (rc == CTOP_OK)
		*out = r;
	else
		capture_reader_free(r);
	return rc;
}

void capture_reader_free(struct capture_reader *r)
{
	if (r == NULL)
		return;
	close(r->fd);
	free(r->chunks);
	free(r->raw);
	free(r->aligned);
	free(r);
}

const struct capture_info *capture_info(const struct capture_reader *r)
{
	return &r->info;
}

const char *capture_damage(const struct capture_reader *r)
{
	return r->damage;
}

/* --- records ----------------------------------------------------------------------- */

static bool next_chunk(struct capture_reader *r)
{
	free(r->raw);
	r->raw = NULL;
	while (r->next_chunk < r->count) {
		const struct chunk *c = &r->chunks[r->next_chunk++];
		if (c->h.type != CHUNK_RECORDS)
			continue;
		r->raw = inflate_chunk(r, c);
		r->raw_len = c->h.raw_length;
		r->at = 0;
		if (r->raw != NULL)
			return true;
		snprintf(r->damage, sizeof r->damage,
		         "a part of the capture is damaged after %llu records: it is left out",
		         (unsigned long long)r->records);
	}
	return false;
}

const struct record *capture_next(struct capture_reader *r)
{
	for (;;) {
		uint32_t size = 0;
		if (r->raw != NULL && r->raw_len - r->at >= sizeof(struct record))
			memcpy(&size, r->raw + r->at, sizeof size);
		if (size < sizeof(struct record) || size > r->raw_len - r->at) {
			if (!next_chunk(r))
				return NULL;
			continue;
		}
		if (size > r->aligned_cap) {
			free(r->aligned);
			r->aligned = mem_alloc(size);
			r->aligned_cap = size;
		}
		memcpy(r->aligned, r->raw + r->at, size);
		r->at += size;
		if (record_check(r->aligned, size)) {
			r->records++;
			return r->aligned;
		}
	}
}

void capture_rewind(struct capture_reader *r)
{
	free(r->raw);
	r->raw = NULL;
	r->next_chunk = 0;
	r->records = 0;
}

/* --- files -------------------------------------------------------------------------- */

/* Whether an inflated file chunk has this key; *from gets where its data begins. */
static bool has_key(const unsigned char *raw, size_t len, enum capture_file kind, const void *key,
                    size_t key_len, size_t *from)
{
	struct capture_file_bytes head;
	if (len < sizeof head)
		return false;
	memcpy(&head, raw, sizeof head);
	*from = sizeof head + record_pad(key_len);
	return head.kind == (uint32_t)kind && head.key_len == key_len && *from <= len &&
	       (key_len == 0 || memcmp(raw + sizeof head, key, key_len) == 0);
}

enum ctop_err capture_find(struct capture_reader *r, enum capture_file kind, const void *key,
                           size_t key_len, void **data, size_t *len, struct err *e)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct chunk *c = &r->chunks[i];
		size_t from;
		if (c->h.type != CHUNK_FILE)
			continue;
		unsigned char *raw = inflate_chunk(r, c);
		if (raw != NULL && has_key(raw, c->h.raw_length, kind, key, key_len, &from)) {
			*len = c->h.raw_length - from;
			memmove(raw, raw + from, *len);
			*data = raw;
			return CTOP_OK;
		}
		free(raw);
	}
	return err_set(e, CTOP_ENOENT, "the capture does not hold this file");
}
