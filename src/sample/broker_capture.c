/* broker_capture: answers from a capture; see broker.h.
 *
 * Opens nothing outside the capture: files come as sealed memfds.
 */
#include "broker_ops.h"
#include "ctop/capture.h"
#include "ctop/mem.h"
#include "ctop/sparse.h"
#include "ctop/strbuf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void image_key(struct strbuf *k, const struct broker_key *key)
{
	struct capture_image_key id = {key->image.inode, key->image.dev_major,
	                               key->image.dev_minor};
	strbuf_add(k, &id, sizeof id);
	strbuf_adds(k, key->image.path);
}

/* The key under which a request is kept; returns the kind of file. */
static enum capture_file make_key(struct strbuf *k, enum broker_kind kind, pid_t pid,
                                  const struct broker_key *key)
{
	uint64_t memory[2];
	switch (kind) {
	case BROKER_IMAGE:
		image_key(k, key);
		return CAPTURE_IMAGE;
	case BROKER_MEMORY:
		memory[0] = (uint64_t)pid;
		memory[1] = key->memory.start;
		strbuf_add(k, memory, sizeof memory);
		return CAPTURE_MEMORY;
	case BROKER_DEBUG_ID:
		strbuf_add(k, key->build_id.bytes, key->build_id.len);
		return CAPTURE_DEBUG;
	case BROKER_DEBUG_LINK:
		strbuf_add(k, &key->link.crc, sizeof key->link.crc);
		strbuf_adds(k, key->link.name);
		return CAPTURE_DEBUG_LINK;
	default:
		return CAPTURE_KALLSYMS;
	}
}

static enum ctop_err put_piece(void *ctx, uint64_t offset, const void *bytes, size_t len)
{
	return pwrite(*(int *)ctx, bytes, len, (off_t)offset) == (ssize_t)len ? CTOP_OK : CTOP_EIO;
}

/* A memfd as large as the file was, with the pieces that were kept. */
static int expand(const void *data, size_t len)
{
	uint64_t size;
	int fd = memfd_create("ctop", MFD_CLOEXEC);
	if (fd < 0)
		return -1;
	enum ctop_err rc = sparse_decode(data, len, &size, put_piece, &fd);
	if (rc == CTOP_OK && ftruncate(fd, (off_t)size) == 0)
		return fd;
	close(fd);
	return -1;
}

static enum ctop_err capture_open(void *self, enum broker_kind kind, pid_t pid,
                                  uint64_t start_ticks, const struct broker_key *key, int *fd,
                                  struct err *e)
{
	struct strbuf k = {0};
	void *data;
	size_t len;
	(void)start_ticks;
	if (kind == BROKER_PERF_MAP) /* what it said stands among the records */
		return err_set(e, CTOP_ENOENT, "a capture has no perf map");
	if (kind == BROKER_PROGRAM || kind == BROKER_SOURCE || kind == BROKER_DEBUG_ALT)
		return err_set(e, CTOP_ENOENT, "a capture has no such file");
	enum capture_file file = make_key(&k, kind, pid, key);
	enum ctop_err rc = capture_find(self, file, strbuf_str(&k), k.len, &data, &len, e);
	strbuf_fini(&k);
	if (rc != CTOP_OK)
		return rc;
	bool plain = kind == BROKER_MEMORY || kind == BROKER_KALLSYMS;
	*fd = plain ? broker_memfd(data, len) : expand(data, len);
	free(data);
	return *fd >= 0 ? CTOP_OK : err_set(e, CTOP_EFORMAT, "a file in the capture is damaged");
}

struct broker *broker_new_capture(struct capture_reader *reader)
{
	static const struct broker_ops ops = {.open = capture_open};
	struct broker *b = mem_zalloc(1, sizeof *b);
	b->ops = &ops;
	b->self = reader;
	return b;
}
