/* modules: frames counted by image; see modules.h. */
#include "modules.h"

#include "ctop/image.h"
#include "ctop/mem.h"
#include "ctop/vec.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static_assert((int)SNAPSHOT_BY_TABLE == (int)UNWIND_BY_ROW &&
                      (int)SNAPSHOT_BY_LIBUNWIND == (int)UNWIND_BY_LIBUNWIND &&
                      (int)SNAPSHOT_BY_SCAN == (int)UNWIND_BY_SCAN &&
                      (int)SNAPSHOT_BY_FP == (int)UNWIND_BY_FP &&
                      (int)SNAPSHOT_WAYS == (int)UNWIND_WAYS,
              "the ways of unwinding have the same numbers");

struct seen {
	uint64_t frames[UNWIND_WAYS + 1]; /* the last: no caller was found */
	uint64_t dead_ends;
	char package[64];
	enum snapshot_fetch fetch;
	uint64_t fetch_done, fetch_total;
	char fetch_why[128];
};

struct modules {
	const struct images *images;
	struct seen *seen; /* by image id */
	size_t count, cap;
};

struct modules *modules_new(const struct images *images)
{
	struct modules *m = mem_zalloc(1, sizeof *m);
	m->images = images;
	return m;
}

void modules_free(struct modules *m)
{
	if (m == NULL)
		return;
	free(m->seen);
	free(m);
}

static struct seen *seen_of(struct modules *m, uint32_t image)
{
	if (image >= m->count) {
		m->seen = vec_reserve(m->seen, &m->cap, image + 1, sizeof *m->seen);
		memset(m->seen + m->count, 0, (image + 1 - m->count) * sizeof *m->seen);
		m->count = image + 1;
	}
	return &m->seen[image];
}

void modules_stack(struct modules *m, const struct frame_addr *frames, size_t count,
                   enum unwind_end end)
{
	for (size_t i = 0; i < count; i++)
		seen_of(m, frames[i].image)->frames[frames[i].way]++;
	if (end == UNWIND_NO_INFO && count > 0)
		seen_of(m, frames[count - 1].image)->dead_ends++;
}

void modules_kernel(struct modules *m, uint32_t image)
{
	seen_of(m, image)->frames[UNWIND_WAYS]++;
}

void modules_package(struct modules *m, uint32_t image, const char *package)
{
	struct seen *s = seen_of(m, image);
	snprintf(s->package, sizeof s->package, "%s", package);
}

void modules_fetch(struct modules *m, uint32_t image, enum snapshot_fetch state, uint64_t done,
                   uint64_t total, const char *why)
{
	struct seen *s = seen_of(m, image);
	s->fetch = state;
	s->fetch_done = done;
	s->fetch_total = total;
	snprintf(s->fetch_why, sizeof s->fetch_why, "%s", why);
}

void modules_fetch_again(struct modules *m)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->seen[i].fetch == SNAPSHOT_FETCH_FAILED)
			m->seen[i].fetch = SNAPSHOT_NOT_FETCHED;
}

void modules_reset(struct modules *m)
{
	for (size_t i = 0; i < m->count; i++) {
		memset(m->seen[i].frames, 0, sizeof m->seen[i].frames);
		m->seen[i].dead_ends = 0;
	}
}

static uint64_t frames_of(const struct seen *s)
{
	uint64_t n = 0;
	for (size_t i = 0; i <= UNWIND_WAYS; i++)
		n += s->frames[i];
	return n;
}

static bool was_seen(const struct seen *s)
{
	return frames_of(s) > 0;
}

bool modules_wanting(const struct modules *m, uint32_t *image)
{
	uint64_t most = 0, all = 0;
	for (size_t i = 0; i < m->count; i++) {
		const struct image *im = images_get(m->images, (uint32_t)i);
		const struct seen *s = &m->seen[i];
		uint64_t frames = frames_of(s);
		bool lacks = im->kind == IMAGE_FILE && im->state == IMAGE_READY &&
		             im->data.build_id_len > 1 &&
		             (!im->data.has_symtab || !im->data.has_dwarf);
		all += frames;
		if (!lacks || s->fetch != SNAPSHOT_NOT_FETCHED || frames <= most)
			continue;
		most = frames;
		*image = (uint32_t)i;
	}
	return most * 200 > all;
}

static enum snapshot_module_kind kind_of(const struct image *im)
{
	return im->kind == IMAGE_KERNEL ? SNAPSHOT_KERNEL
	       : im->kind == IMAGE_ANON ? SNAPSHOT_JIT
	                                : SNAPSHOT_FILE;
}

struct snapshot_module *modules_table(const struct modules *m, uint32_t *count)
{
	struct snapshot_module *table = mem_zalloc(m->count + 1, sizeof *table);
	*count = 0;
	for (size_t i = 0; i < m->count; i++) {
		const struct seen *s = &m->seen[i];
		const struct image *im = images_get(m->images, (uint32_t)i);
		if (!was_seen(s))
			continue;
		struct snapshot_module *row = &table[(*count)++];
		*row = (struct snapshot_module){
		        .name = im->name,
		        .path = im->path,
		        .kind = kind_of(im),
		        .loaded = im->state == IMAGE_READY,
		        .tables = image_is_described(im),
		        .symbols = im->data.has_symtab,
		        .lines = im->data.has_dwarf,
		        .go = im->data.pclntab != NULL,
		        .dead_ends = s->dead_ends,
		};
		memcpy(row->frames, s->frames, sizeof row->frames);
		memcpy(row->package, s->package, sizeof row->package);
		row->fetch = s->fetch;
		row->fetch_done = s->fetch_done;
		row->fetch_total = s->fetch_total;
		memcpy(row->fetch_why, s->fetch_why, sizeof row->fetch_why);
	}
	return table;
}

void modules_lacking(const struct modules *m, modules_fn *fn, void *ctx)
{
	for (size_t i = 0; i < m->count; i++) {
		const struct image *im = images_get(m->images, (uint32_t)i);
		if (was_seen(&m->seen[i]) && im->kind == IMAGE_FILE && im->state == IMAGE_READY &&
		    !im->data.has_symtab && m->seen[i].package[0] == '\0')
			fn(ctx, im->id, im->path);
	}
}
