/* recorder: a capture written beside the analysis; see recorder.h. */
#include "recorder.h"

#include "ctop/capture.h"
#include "ctop/image.h"
#include "ctop/mem.h"
#include "ctop/profile.h"
#include "ctop/prune.h"
#include "ctop/record.h"
#include "ctop/ring.h"
#include "ctop/sparse.h"
#include "ctop/strbuf.h"
#include "ctop/symtab.h"
#include "ctop/vec.h"
#include "loader.h"

#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const size_t QUEUE = (size_t)64 << 20;

/* An address some stack went through. */
struct touched {
	uint64_t vaddr;
	uint32_t image; /* KERNEL for the kernel's */
};
static const uint32_t KERNEL = UINT32_MAX;

struct recorder {
	struct capture_writer *writer;
	struct ring *queue;
	pthread_t thread;
	atomic_bool ending;
	struct err err; /* the writer's first error; read after the join */
	struct touched *touched;
	size_t count, cap, sorted; /* the first `sorted` are in order, without doubles */
};

/* --- while recording ---------------------------------------------------------------- */

static void *write_records(void *arg)
{
	struct recorder *r = arg;
	for (;;) {
		size_t len;
		bool ending = atomic_load(&r->ending);
		const struct record *rec = ring_peek(r->queue, &len);
		if (rec != NULL) {
			if (r->err.code == CTOP_OK)
				capture_write_record(r->writer, rec, &r->err);
			ring_pop(r->queue);
		} else if (ending) {
			return NULL;
		} else if (ring_sleep(r->queue)) {
			struct pollfd fd = {.fd = ring_fd(r->queue), .events = POLLIN};
			int n = poll(&fd, 1, 100);
			ring_awake(r->queue, n > 0);
		}
	}
}

enum ctop_err recorder_start(struct recorder **out, const char *path,
                             const struct capture_info *info, struct err *e)
{
	struct recorder *r = mem_zalloc(1, sizeof *r);
	enum ctop_err rc = capture_writer_open(&r->writer, path, info, e);
	if (rc == CTOP_OK) {
		r->queue = ring_new(QUEUE);
		if (r->queue == NULL || pthread_create(&r->thread, NULL, write_records, r) != 0)
			rc = err_set(e, CTOP_ELIMIT, "cannot start the capture's writer");
	}
	if (rc == CTOP_OK) {
		*out = r;
		return CTOP_OK;
	}
	if (r->writer != NULL)
		capture_writer_close(r->writer, false, NULL);
	ring_free(r->queue);
	free(r);
	return rc;
}

void recorder_add(struct recorder *r, const struct record *record)
{
	void *room;
	while ((room = ring_reserve(r->queue, record->size, true)) == NULL) {
		ring_signal(r->queue);
		poll(NULL, 0, 1);
	}
	memcpy(room, record, record->size);
	ring_commit(r->queue);
	ring_signal(r->queue);
}

static int by_place(const void *va, const void *vb)
{
	const struct touched *a = va, *b = vb;
	if (a->image != b->image)
		return (a->image > b->image) - (a->image < b->image);
	return (a->vaddr > b->vaddr) - (a->vaddr < b->vaddr);
}

static void sort_touched(struct recorder *r)
{
	size_t n = 0;
	if (r->count > 1)
		qsort(r->touched, r->count, sizeof *r->touched, by_place);
	for (size_t i = 0; i < r->count; i++)
		if (n == 0 || by_place(&r->touched[n - 1], &r->touched[i]) != 0)
			r->touched[n++] = r->touched[i];
	r->count = r->sorted = n;
}

static void touch(struct recorder *r, uint32_t image, uint64_t vaddr)
{
	if (r->count >= 2 * r->sorted + (1 << 16))
		sort_touched(r);
	r->touched = vec_reserve(r->touched, &r->cap, r->count + 1, sizeof *r->touched);
	r->touched[r->count++] = (struct touched){vaddr, image};
}

void recorder_touch(void *recorder, const struct loc *loc)
{
	struct recorder *r = recorder;
	switch ((enum loc_kind)loc->kind) {
	case LOC_KERNEL:
		touch(r, KERNEL, loc->addr);
		break;
	case LOC_KERNEL_RETURN:
		touch(r, KERNEL, loc->addr - 1);
		break;
	case LOC_IP:
		/* A leaf without a row is looked up one byte before, too. */
		touch(r, loc->owner, loc->addr);
		touch(r, loc->owner, loc->addr - 1);
		break;
	case LOC_RETURN:
		/* Nor is what a coroutine returns to at its end a call. */
		touch(r, loc->owner, loc->addr - 1);
		touch(r, loc->owner, loc->addr);
		break;
	case LOC_PROCESS:
	case LOC_CODE: /* its name stands among the records */
	case LOC_MARK:
		break;
	}
}

/* --- at the end ------------------------------------------------------------------------ */

/* The addresses touched in one image, and the starts of the functions there. */
struct wanted {
	struct prune_wanted w;
	uint64_t *pcs, *starts;
};

static int by_value(const void *va, const void *vb)
{
	uint64_t a = *(const uint64_t *)va, b = *(const uint64_t *)vb;
	return (a > b) - (a < b);
}

static void wanted_init(struct wanted *out, const struct recorder *r, uint32_t image,
                        const struct symtab *symbols)
{
	size_t n = 0, starts = 0;
	out->pcs = mem_alloc(r->count * sizeof *out->pcs);
	out->starts = mem_alloc(r->count * sizeof *out->starts);
	for (size_t i = 0; i < r->count; i++) {
		struct symtab_hit hit;
		if (r->touched[i].image != image)
			continue;
		out->pcs[n++] = r->touched[i].vaddr;
		if (symbols != NULL && symtab_find(symbols, r->touched[i].vaddr, &hit))
			out->starts[starts++] = hit.start;
	}
	qsort(out->starts, starts, sizeof *out->starts, by_value);
	size_t distinct = 0;
	for (size_t i = 0; i < starts; i++)
		if (distinct == 0 || out->starts[i] != out->starts[distinct - 1])
			out->starts[distinct++] = out->starts[i];
	starts = distinct;
	out->w = (struct prune_wanted){out->pcs, n, out->starts, starts};
}

static void wanted_fini(struct wanted *w)
{
	free(w->pcs);
	free(w->starts);
}

static enum ctop_err write_pruned(struct recorder *r, int fd, const struct wanted *w,
                                  enum capture_file kind, const struct strbuf *key, struct err *e)
{
	struct sparse s = {0};
	struct strbuf bytes = {0};
	enum ctop_err rc = prune_elf(fd, &w->w, &s, NULL);
	if (rc == CTOP_OK) {
		sparse_encode(&s, &bytes);
		rc = capture_write_file(r->writer, kind, strbuf_str(key), key->len, bytes.data,
		                        bytes.len, e);
	} else {
		rc = CTOP_OK; /* not an ELF file: nothing of it was used */
	}
	sparse_fini(&s);
	strbuf_fini(&bytes);
	return rc;
}

static enum ctop_err write_memory(struct recorder *r, const struct loaded_file *f, struct err *e)
{
	uint64_t key[2] = {f->pid, f->start};
	char *bytes = mem_alloc(f->len);
	ssize_t n = pread(f->fd, bytes, f->len, 0);
	enum ctop_err rc = CTOP_OK;
	if (n > 0)
		rc = capture_write_file(r->writer, CAPTURE_MEMORY, key, sizeof key, bytes,
		                        (size_t)n, e);
	free(bytes);
	return rc;
}

static enum ctop_err write_debug(struct recorder *r, const struct loaded_file *f,
                                 const struct image *im, const struct wanted *w, struct err *e)
{
	struct strbuf key = {0};
	enum capture_file kind = CAPTURE_DEBUG;
	if (f->link[0] != '\0') {
		kind = CAPTURE_DEBUG_LINK;
		strbuf_add(&key, &f->link_crc, sizeof f->link_crc);
		strbuf_adds(&key, f->link);
	} else {
		strbuf_add(&key, im->data.build_id, im->data.build_id_len);
	}
	enum ctop_err rc = write_pruned(r, f->debug_fd, w, kind, &key, e);
	strbuf_fini(&key);
	return rc;
}

static enum ctop_err write_image(struct recorder *r, const struct loaded_file *f,
                                 const struct image *im, struct err *e)
{
	struct capture_image_key id = {f->inode, f->dev_major, f->dev_minor};
	struct strbuf key = {0};
	struct wanted w;
	wanted_init(&w, r, im->id, im->data.symbols);
	strbuf_add(&key, &id, sizeof id);
	strbuf_adds(&key, f->path);
	enum ctop_err rc = CTOP_OK;
	if (w.w.pc_count > 0) {
		rc = write_pruned(r, f->fd, &w, CAPTURE_IMAGE, &key, e);
		if (rc == CTOP_OK && f->debug_fd >= 0)
			rc = write_debug(r, f, im, &w, e);
	}
	strbuf_fini(&key);
	wanted_fini(&w);
	return rc;
}

/* The kernel's functions that were used, as lines of /proc/kallsyms. */
static enum ctop_err write_kernel(struct recorder *r, const struct image *im, struct err *e)
{
	struct strbuf text = {0};
	uint64_t last = 0;
	for (size_t i = 0; i < r->count && im->data.symbols != NULL; i++) {
		struct symtab_hit hit;
		if (r->touched[i].image != KERNEL ||
		    !symtab_find(im->data.symbols, r->touched[i].vaddr, &hit) || hit.start == last)
			continue;
		last = hit.start;
		char buf[512];
		const char *name = symtab_name(im->data.symbols, &hit, buf, sizeof buf);
		const char *module = strstr(name, " [");
		size_t len = module != NULL ? (size_t)(module - name) : strlen(name);
		strbuf_addf(&text, "%016" PRIx64 " t %.*s%s%s\n", hit.start, (int)len, name,
		            module != NULL ? "\t" : "", module != NULL ? module + 1 : "");
	}
	enum ctop_err rc = CTOP_OK;
	if (text.len > 0)
		rc = capture_write_file(r->writer, CAPTURE_KALLSYMS, NULL, 0, text.data, text.len,
		                        e);
	strbuf_fini(&text);
	return rc;
}

static enum ctop_err write_files(struct recorder *r, const struct loaded_file *files, size_t count,
                                 const struct images *images, struct err *e)
{
	enum ctop_err rc = CTOP_OK;
	sort_touched(r);
	for (size_t i = 0; i < count && rc == CTOP_OK; i++) {
		const struct image *im = images_get(images, files[i].image);
		if (im->state != IMAGE_READY || files[i].fd < 0)
			continue;
		if (im->kind == IMAGE_KERNEL)
			rc = write_kernel(r, im, e);
		else if (im->kind == IMAGE_VDSO)
			rc = write_memory(r, &files[i], e);
		else
			rc = write_image(r, &files[i], im, e);
	}
	return rc;
}

static void end_writer(struct recorder *r)
{
	atomic_store(&r->ending, true);
	ring_signal(r->queue);
	pthread_join(r->thread, NULL);
}

static void recorder_free(struct recorder *r)
{
	ring_free(r->queue);
	free(r->touched);
	free(r);
}

enum ctop_err recorder_finish(struct recorder *r, const struct loaded_file *files,
                              size_t file_count, const struct images *images, struct err *e)
{
	end_writer(r);
	enum ctop_err rc = r->err.code;
	if (rc != CTOP_OK && e != NULL)
		*e = r->err;
	if (rc == CTOP_OK)
		rc = write_files(r, files, file_count, images, e);
	enum ctop_err closed =
	        capture_writer_close(r->writer, rc == CTOP_OK, rc == CTOP_OK ? e : NULL);
	recorder_free(r);
	return rc != CTOP_OK ? rc : closed;
}

void recorder_abandon(struct recorder *r)
{
	if (r == NULL)
		return;
	end_writer(r);
	capture_writer_close(r->writer, false, NULL);
	recorder_free(r);
}
