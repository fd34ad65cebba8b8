/* images: the table of all images of a session; see image.h. */
#include "ctop/cfi.h"
#include "ctop/code.h"
#include "ctop/hash.h"
#include "ctop/image.h"
#include "ctop/mem.h"
#include "ctop/pclntab.h"
#include "ctop/symtab.h"
#include "ctop/utf8.h"
#include "ctop/vec.h"

#include <stdlib.h>
#include <string.h>

/* An image with what identifies it. */
struct slot {
	struct image image;
	uint64_t inode;
	uint32_t dev_major, dev_minor;
	char *path; /* as given */
};

struct images {
	struct slot **slots; /* by id */
	size_t count, cap;
	struct hash_map index;
};

static char *cleaned(const char *s)
{
	size_t len = strlen(s);
	char *out = mem_alloc(3 * len + 1);
	utf8_clean(s, len, out);
	return out;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

static struct image *add(struct images *t, const struct image_key *key, const char *name)
{
	struct slot *s = mem_zalloc(1, sizeof *s);
	s->inode = key->inode;
	s->dev_major = key->dev_major;
	s->dev_minor = key->dev_minor;
	s->path = mem_strdup(key->path);
	s->image.id = (uint32_t)t->count;
	s->image.kind = key->kind;
	s->image.path = cleaned(key->path);
	s->image.name = cleaned(name);
	t->slots = vec_reserve(t->slots, &t->cap, t->count + 1, sizeof(struct slot *));
	t->slots[t->count++] = s;
	return &s->image;
}

struct images *images_new(void)
{
	struct images *t = mem_zalloc(1, sizeof *t);
	struct image_key nothing = {.kind = IMAGE_ANON, .path = ""};
	add(t, &nothing, "[unmapped]")->state = IMAGE_READY;
	return t;
}

void images_free(struct images *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->count; i++) {
		struct slot *s = t->slots[i];
		image_data_fini(&s->image.data);
		free(s->image.path);
		free(s->image.name);
		free(s->image.why);
		free(s->path);
		free(s);
	}
	free(t->slots);
	hash_map_fini(&t->index);
	free(t);
}

static bool same(const struct slot *s, const struct image_key *key)
{
	return s->image.kind == key->kind && s->inode == key->inode &&
	       s->dev_major == key->dev_major && s->dev_minor == key->dev_minor &&
	       strcmp(s->path, key->path) == 0;
}

struct image *images_intern(struct images *t, const struct image_key *key, bool *is_new)
{
	uint64_t dev = (uint64_t)key->dev_major << 32 | key->dev_minor;
	uint64_t h = hash_pair(hash_bytes(key->path, strlen(key->path)) ^ (uint64_t)key->kind,
	                       hash_pair(key->inode, dev)) |
	             1;
	uint32_t id;
	size_t pos;
	*is_new = false;
	bool found = hash_map_get(&t->index, h, &id, &pos);
	for (; found; found = hash_map_next(&t->index, h, &id, &pos))
		if (same(t->slots[id], key))
			return &t->slots[id]->image;
	*is_new = true;
	struct image *im = add(t, key, base_name(key->path));
	hash_map_add(&t->index, h, im->id);
	return im;
}

struct image *images_get(const struct images *t, uint32_t id)
{
	return &t->slots[id < t->count ? id : IMAGE_NONE]->image;
}

size_t images_bytes(const struct images *t)
{
	size_t bytes = hash_map_bytes(&t->index);
	for (size_t i = 0; i < t->count; i++) {
		const struct image_data *d = &t->slots[i]->image.data;
		bytes += sizeof(struct slot) + (d->symbols != NULL ? symtab_bytes(d->symbols) : 0) +
		         (d->code != NULL ? code_bytes(d->code) : 0) +
		         (d->cfi != NULL ? cfi_bytes(d->cfi) : 0) +
		         (d->pclntab != NULL ? pclntab_bytes(d->pclntab) : 0);
	}
	return bytes;
}
