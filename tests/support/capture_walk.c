/* capture_walk: samples of a capture; see capture_walk.h. */
#include "capture_walk.h"

#include "ctop/broker.h"
#include "ctop/capture.h"
#include "ctop/hash.h"
#include "ctop/image.h"
#include "ctop/maps.h"
#include "ctop/mem.h"
#include "ctop/record.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIDS = 1 << 16 };

struct capture_walk {
	struct capture_reader *reader;
	struct broker *broker;
	bool live;
	struct images *images;
	struct hash_map by_pid; /* pid → index */
	struct maps *maps[PIDS];
	uint32_t count;
};

struct capture_walk *capture_walk_open(const char *path, bool live)
{
	struct capture_walk *w = mem_zalloc(1, sizeof *w);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || capture_reader_open(&w->reader, fd, NULL) != CTOP_OK) {
		free(w);
		return NULL;
	}
	w->broker = broker_new_capture(w->reader);
	w->live = live;
	w->images = images_new();
	return w;
}

static void drop_maps(struct capture_walk *w)
{
	for (uint32_t i = 0; i < w->count; i++)
		maps_unref(w->maps[i]);
	w->count = 0;
	hash_map_clear(&w->by_pid);
}

void capture_walk_close(struct capture_walk *w)
{
	drop_maps(w);
	hash_map_fini(&w->by_pid);
	images_free(w->images);
	broker_free(w->broker);
	capture_reader_free(w->reader);
	free(w);
}

void capture_walk_rewind(struct capture_walk *w)
{
	drop_maps(w);
	capture_rewind(w->reader);
}

const struct images *capture_walk_images(const struct capture_walk *w)
{
	return w->images;
}

static struct maps **maps_of(struct capture_walk *w, uint32_t pid)
{
	uint32_t i;
	if (hash_map_get(&w->by_pid, (uint64_t)pid + 1, &i, NULL))
		return &w->maps[i];
	if (w->count == PIDS)
		return &w->maps[PIDS - 1];
	hash_map_add(&w->by_pid, (uint64_t)pid + 1, w->count);
	w->maps[w->count] = maps_new();
	return &w->maps[w->count++];
}

static int open_debug_id(void *ctx, const unsigned char *id, size_t len)
{
	struct capture_walk *w = ctx;
	struct broker_key key = {.build_id = {.bytes = id, .len = len}};
	int fd = -1;
	broker_open(w->broker, BROKER_DEBUG_ID, 0, 0, &key, &fd, NULL);
	return fd;
}

static int no_link(void *ctx, const char *name, uint32_t crc)
{
	(void)ctx;
	(void)name;
	(void)crc;
	return -1;
}

static void load(struct capture_walk *w, struct image *im, const struct record_mmap *m)
{
	struct image_opener opener = {open_debug_id, no_link, w, NULL};
	struct broker_key key = {
	        .image = {m->start, m->start + m->len, m->path, m->inode, m->dev_major,
	                  m->dev_minor},
	        .memory = {m->start, m->len},
	};
	int fd = -1;
	im->state = IMAGE_FAILED;
	if (im->kind == IMAGE_FILE && w->live)
		fd = open(m->path, O_RDONLY | O_CLOEXEC);
	else
		broker_open(w->broker, im->kind == IMAGE_VDSO ? BROKER_MEMORY : BROKER_IMAGE,
		            (pid_t)m->h.pid, 0, &key, &fd, NULL);
	if (fd >= 0 && image_load(&im->data, fd, &opener, NULL) == CTOP_OK)
		im->state = IMAGE_READY;
}

static void enter_mapping(struct capture_walk *w, const struct record_mmap *m)
{
	bool vdso = strcmp(m->path, "[vdso]") == 0, file = m->path[0] == '/' && m->path[1] != '/';
	struct image_key key = {.kind = vdso   ? IMAGE_VDSO
	                                : file ? IMAGE_FILE
	                                       : IMAGE_ANON,
	                        .path = vdso || file ? m->path : "[anon]",
	                        .inode = m->inode,
	                        .dev_major = m->dev_major,
	                        .dev_minor = m->dev_minor};
	bool is_new;
	struct image *im = images_intern(w->images, &key, &is_new);
	if (is_new && key.kind == IMAGE_ANON)
		im->state = IMAGE_READY;
	else if (is_new)
		load(w, im, m);
	struct maps **maps = maps_of(w, m->h.pid);
	struct map_entry e = {m->start, m->start + m->len, m->pgoff, im->id, 0};
	*maps = maps_insert(*maps, &e);
}

static void enter_other(struct capture_walk *w, const struct record *r)
{
	struct maps **maps = maps_of(w, r->pid);
	if ((r->kind == RECORD_COMM && (r->flags & RECORD_EXEC) != 0) || r->kind == RECORD_RESYNC) {
		maps_unref(*maps);
		*maps = maps_new();
	}
	if (r->kind == RECORD_FORK) {
		uint32_t ppid = ((const struct record_fork *)(const void *)r)->ppid;
		if (ppid == r->pid)
			return;
		struct maps *parent = maps_ref(*maps_of(w, ppid));
		maps_unref(*maps);
		*maps = parent;
	}
}

const struct record_sample *capture_walk_next(struct capture_walk *w, struct unwind_input *in)
{
	const struct record *r;
	while ((r = capture_next(w->reader)) != NULL) {
		if (r->kind == RECORD_MMAP)
			enter_mapping(w, (const struct record_mmap *)(const void *)r);
		else if (r->kind != RECORD_SAMPLE)
			enter_other(w, r);
		const struct record_sample *s = (const struct record_sample *)(const void *)r;
		if (r->kind != RECORD_SAMPLE || s->user != RECORD_USER_REGS)
			continue;
		*in = (struct unwind_input){
		        .maps = *maps_of(w, r->pid),
		        .images = w->images,
		        .regs = record_regs(s),
		        .nr_regs = s->nr_regs,
		        .stack = record_stack(s),
		        .stack_len = s->stack_len,
		        .full_dump = (r->flags & RECORD_FULL_DUMP) != 0,
		};
		return s;
	}
	return NULL;
}
