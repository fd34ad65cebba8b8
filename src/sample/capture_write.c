/* capture_write: writing captures; see capture.h. */
#include "capture_format.h"
#include "ctop/capture.h"
#include "ctop/mem.h"
#include "ctop/owner.h"
#include "ctop/record.h"
#include "ctop/strbuf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

struct capture_writer {
	int fd;
	bool standard; /* standard output: no name, no rename */
	char *path, *temporary;
	struct strbuf records; /* raw, not written yet */
	unsigned char *packed;
	size_t packed_cap;
};

static enum ctop_err write_all(struct capture_writer *w, const void *data, size_t len,
                               struct err *e)
{
	const char *p = data;
	while (len > 0) {
		ssize_t n = write(w->fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(e, err_from_errno(errno), errno, "cannot write %s",
			                 w->path);
		p += n;
		len -= (size_t)n;
	}
	return CTOP_OK;
}

static enum ctop_err write_chunk(struct capture_writer *w, uint32_t type, const void *data,
                                 size_t len, struct err *e)
{
	if (len > CHUNK_RAW_MOST)
		return err_set(e, CTOP_ELIMIT, "a file of %zu bytes is too large for a capture",
		               len);
	uLongf packed = compressBound(len);
	if (packed > w->packed_cap) {
		free(w->packed);
		w->packed = mem_alloc(packed);
		w->packed_cap = packed;
	}
	if (compress2(w->packed, &packed, data, len, 6) != Z_OK)
		return err_set(e, CTOP_ELIMIT, "cannot deflate");
	struct chunk_header h = {type, (uint32_t)packed, (uint32_t)len,
	                         (uint32_t)crc32(0, w->packed, (uInt)packed)};
	enum ctop_err rc = write_all(w, &h, sizeof h, e);
	return rc == CTOP_OK ? write_all(w, w->packed, packed, e) : rc;
}

static enum ctop_err write_info(struct capture_writer *w, const struct capture_info *info,
                                struct err *e)
{
	struct capture_info_bytes b = {
	        .arch = info->arch,
	        .way = info->source.way,
	        .rate_hz = info->source.rate_hz,
	        .stack_bytes = info->source.stack_bytes,
	        .kernel = info->source.kernel,
	        .drain_ms = info->source.drain_ms,
	        .regs_mask = info->source.regs_mask,
	        .start_ns = info->start_ns,
	        .realtime_offset = info->realtime_offset,
	        .pid = info->pid,
	};
	memcpy(b.name, info->name, sizeof b.name);
	memcpy(b.notes, info->source.notes, sizeof b.notes);
	enum ctop_err rc = write_all(w, CAPTURE_MAGIC, CAPTURE_MAGIC_LEN, e);
	return rc == CTOP_OK ? write_chunk(w, CHUNK_INFO, &b, sizeof b, e) : rc;
}

static enum ctop_err open_output(struct capture_writer *w, struct err *e)
{
	if (w->standard) {
		w->fd = STDOUT_FILENO;
		return CTOP_OK;
	}
	struct strbuf name = {0};
	strbuf_addf(&name, "%s.XXXXXX", w->path);
	w->temporary = name.data;
	w->fd = mkostemp(w->temporary, O_CLOEXEC); /* mode 0600 */
	if (w->fd >= 0) {
		owner_give_to_invoker(w->fd);
		return CTOP_OK;
	}
	int why = errno;
	free(w->temporary);
	w->temporary = NULL;
	return err_errno(e, err_from_errno(why), why, "cannot write %s", w->path);
}

enum ctop_err capture_writer_open(struct capture_writer **out, const char *path,
                                  const struct capture_info *info, struct err *e)
{
	struct capture_writer *w = mem_zalloc(1, sizeof *w);
	w->path = mem_strdup(path);
	w->standard = strcmp(path, "-") == 0;
	w->fd = -1;
	enum ctop_err rc = open_output(w, e);
	if (rc == CTOP_OK)
		rc = write_info(w, info, e);
	if (rc == CTOP_OK)
		*out = w;
	else
		capture_writer_close(w, false, NULL);
	return rc;
}

static enum ctop_err flush(struct capture_writer *w, struct err *e)
{
	if (w->records.len == 0)
		return CTOP_OK;
	enum ctop_err rc = write_chunk(w, CHUNK_RECORDS, w->records.data, w->records.len, e);
	strbuf_clear(&w->records);
	return rc;
}

enum ctop_err capture_write_record(struct capture_writer *w, const struct record *r, struct err *e)
{
	strbuf_add(&w->records, r, r->size);
	return w->records.len >= CHUNK_RECORDS_TARGET ? flush(w, e) : CTOP_OK;
}

enum ctop_err capture_write_file(struct capture_writer *w, enum capture_file kind, const void *key,
                                 size_t key_len, const void *data, size_t len, struct err *e)
{
	struct capture_file_bytes head = {kind, (uint32_t)key_len};
	struct strbuf b = {0};
	enum ctop_err rc = flush(w, e);
	strbuf_add(&b, &head, sizeof head);
	strbuf_add(&b, key, key_len);
	strbuf_add(&b, "\0\0\0\0\0\0\0", -key_len & 7);
	strbuf_add(&b, data, len);
	if (rc == CTOP_OK)
		rc = write_chunk(w, CHUNK_FILE, b.data, b.len, e);
	strbuf_fini(&b);
	return rc;
}

static enum ctop_err complete(struct capture_writer *w, struct err *e)
{
	enum ctop_err rc = flush(w, e);
	if (rc == CTOP_OK)
		rc = write_chunk(w, CHUNK_END, "", 0, e);
	if (rc != CTOP_OK || w->standard)
		return rc;
	if (fsync(w->fd) != 0 || rename(w->temporary, w->path) != 0)
		return err_errno(e, err_from_errno(errno), errno, "cannot write %s", w->path);
	free(w->temporary);
	w->temporary = NULL;
	return CTOP_OK;
}

enum ctop_err capture_writer_close(struct capture_writer *w, bool keep, struct err *e)
{
	enum ctop_err rc = keep ? complete(w, e) : CTOP_OK;
	if (w->temporary != NULL) {
		unlink(w->temporary);
		free(w->temporary);
	}
	if (w->fd >= 0 && !w->standard)
		close(w->fd);
	strbuf_fini(&w->records);
	free(w->packed);
	free(w->path);
	free(w);
	return rc;
}
