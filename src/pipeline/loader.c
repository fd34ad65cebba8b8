/* loader: mappings to images through workers; see loader.h. */
#include "loader.h"

#include "ctop/broker.h"
#include "ctop/image.h"
#include "ctop/log.h"
#include "ctop/mem.h"
#include "ctop/record.h"
#include "ctop/vec.h"
#include "jobs.h"
#include "procs.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TRIES = 8 }; /* for an image that cannot be loaded */

struct loader {
	struct images *images;
	struct broker *broker;
	struct workers *workers;
	struct inbox *inbox;
	bool keep, kernel_asked;
	size_t waiting;
	struct loaded_file *files;
	size_t file_count, file_cap;
	struct image_data *retired; /* see loader_replace() */
	size_t retired_count, retired_cap;
};

/* One request to a worker; the worker owns it while it runs. */
struct load_job {
	struct job job;
	struct broker *broker;
	enum image_kind kind;
	uint64_t start_ticks;
	bool keep;
	struct loaded_file file;
	struct image_data data;
	bool ok;
	struct err err;
};

struct loader *loader_new(struct images *images, struct broker *broker, struct workers *workers,
                          struct inbox *inbox, bool keep)
{
	struct loader *l = mem_zalloc(1, sizeof *l);
	*l = (struct loader){.images = images,
	                     .broker = broker,
	                     .workers = workers,
	                     .inbox = inbox,
	                     .keep = keep};
	return l;
}

static void file_fini(struct loaded_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	if (f->debug_fd >= 0)
		close(f->debug_fd);
	free(f->path);
}

void loader_free(struct loader *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; i < l->file_count; i++)
		file_fini(&l->files[i]);
	free(l->files);
	for (size_t i = 0; i < l->retired_count; i++)
		image_data_fini(&l->retired[i]);
	free(l->retired);
	free(l);
}

static void discard(struct job *job)
{
	struct load_job *j = (struct load_job *)(void *)job;
	if (j->ok)
		image_data_fini(&j->data);
	file_fini(&j->file);
	free(j);
}

/* A debug file has been opened for this image: remember how, if asked to. */
static int debug_opened(struct load_job *j, int fd, const char *link, uint32_t crc)
{
	if (fd < 0 || !j->keep)
		return fd;
	if (j->file.debug_fd >= 0)
		close(j->file.debug_fd);
	j->file.debug_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	snprintf(j->file.link, sizeof j->file.link, "%s", link);
	j->file.link_crc = crc;
	return fd;
}

static int open_by_build_id(void *ctx, const unsigned char *id, size_t len)
{
	struct load_job *j = ctx;
	struct broker_key key = {.build_id = {.bytes = id, .len = len}};
	int fd = -1;
	if (broker_open(j->broker, BROKER_DEBUG_ID, (pid_t)j->file.pid, j->start_ticks, &key, &fd,
	                NULL) != CTOP_OK)
		return -1;
	return debug_opened(j, fd, "", 0);
}

static int open_by_link(void *ctx, const char *name, uint32_t crc)
{
	struct load_job *j = ctx;
	struct broker_key key = {.link = {.name = name, .image = j->file.path, .crc = crc}};
	int fd = -1;
	if (broker_open(j->broker, BROKER_DEBUG_LINK, (pid_t)j->file.pid, j->start_ticks, &key, &fd,
	                NULL) != CTOP_OK)
		return -1;
	return debug_opened(j, fd, name, crc);
}

static int open_by_altlink(void *ctx, const char *name)
{
	struct load_job *j = ctx;
	struct broker_key key = {.link = {.name = name}};
	int fd = -1;
	broker_open(j->broker, BROKER_DEBUG_ALT, (pid_t)j->file.pid, j->start_ticks, &key, &fd,
	            NULL);
	return fd;
}

static enum ctop_err open_image(struct load_job *j, int *fd)
{
	struct loaded_file *f = &j->file;
	struct broker_key key = {0};
	enum broker_kind kind = BROKER_KALLSYMS;
	if (j->kind == IMAGE_VDSO) {
		kind = BROKER_MEMORY;
		key.memory.start = f->start;
		key.memory.len = f->len;
	} else if (j->kind == IMAGE_FILE) {
		kind = BROKER_IMAGE;
		key.image.start = f->start;
		key.image.end = f->start + f->len;
		key.image.path = f->path;
		key.image.inode = f->inode;
		key.image.dev_major = f->dev_major;
		key.image.dev_minor = f->dev_minor;
	}
	return broker_open(j->broker, kind, (pid_t)f->pid, j->start_ticks, &key, fd, &j->err);
}

/* On a worker. */
static void run(struct job *job)
{
	struct load_job *j = (struct load_job *)(void *)job;
	int fd = -1;
	if (open_image(j, &fd) != CTOP_OK)
		return;
	if (j->keep)
		j->file.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (j->kind == IMAGE_KERNEL) {
		j->ok = image_load_kernel(&j->data, fd, &j->err) == CTOP_OK;
		return;
	}
	struct image_opener opener = {open_by_build_id, open_by_link, j, open_by_altlink};
	j->ok = image_load(&j->data, fd, &opener, &j->err) == CTOP_OK;
}

static struct load_job *new_job(struct loader *l, uint32_t image, enum image_kind kind)
{
	struct load_job *j = mem_zalloc(1, sizeof *j);
	j->job = (struct job){.run = run, .discard = discard, .reply = l->inbox};
	j->broker = l->broker;
	j->kind = kind;
	j->keep = l->keep;
	j->file.image = image;
	j->file.fd = -1;
	j->file.debug_fd = -1;
	return j;
}

static enum image_kind kind_of_path(const char *path)
{
	if (strcmp(path, "[vdso]") == 0)
		return IMAGE_VDSO;
	if (path[0] != '/' || strncmp(path, "//anon", 6) == 0 || strncmp(path, "/SYSV", 5) == 0 ||
	    strncmp(path, "/dev/zero", 9) == 0)
		return IMAGE_ANON;
	return IMAGE_FILE;
}

struct image *loader_anon(struct loader *l, const struct proc *p)
{
	struct image_key key = {
	        .kind = IMAGE_ANON, .path = "[anon]", .inode = (uint64_t)p->number + 1};
	bool is_new = false;
	struct image *im = images_intern(l->images, &key, &is_new);
	im->state = IMAGE_READY;
	im->process = p->number;
	return im;
}

uint32_t loader_map(struct loader *l, const struct proc *p, const struct record_mmap *m)
{
	struct image_key key = {.kind = kind_of_path(m->path), .path = m->path};
	if (key.kind == IMAGE_FILE) {
		key.inode = m->inode;
		key.dev_major = m->dev_major;
		key.dev_minor = m->dev_minor;
	} else if (key.kind == IMAGE_ANON) {
		return loader_anon(l, p)->id;
	}
	bool is_new = false;
	struct image *im = images_intern(l->images, &key, &is_new);
	if (!is_new && (im->state != IMAGE_FAILED || im->failures >= TRIES))
		return im->id;
	struct load_job *j = new_job(l, im->id, key.kind);
	j->start_ticks = p->start_ticks;
	j->file.pid = m->h.pid;
	j->file.start = m->start;
	j->file.len = m->len;
	j->file.inode = m->inode;
	j->file.dev_major = m->dev_major;
	j->file.dev_minor = m->dev_minor;
	j->file.path = mem_strdup(m->path);
	im->state = IMAGE_WAITING;
	l->waiting++;
	workers_post(l->workers, &j->job);
	return im->id;
}

uint32_t loader_kernel(struct loader *l)
{
	struct image_key key = {.kind = IMAGE_KERNEL, .path = "[kernel]"};
	bool is_new = false;
	return images_intern(l->images, &key, &is_new)->id;
}

void loader_load_kernel(struct loader *l)
{
	if (l->kernel_asked)
		return;
	l->kernel_asked = true;
	l->waiting++;
	workers_post(l->workers, &new_job(l, loader_kernel(l), IMAGE_KERNEL)->job);
}

bool loader_finish(struct loader *l, struct job *job)
{
	struct load_job *j = (struct load_job *)(void *)job;
	struct image *im = images_get(l->images, j->file.image);
	bool mended = j->ok && im->failures > 0;
	if (j->ok) {
		im->data = j->data;
		im->state = IMAGE_READY;
		j->ok = false; /* moved */
	} else {
		free(im->why);
		im->why = mem_strdup(j->err.text);
		im->state = IMAGE_FAILED;
		im->failures++;
		log_info("%s: %s", im->name, im->why);
	}
	l->waiting--;
	if (l->keep && j->file.fd >= 0) {
		l->files = vec_reserve(l->files, &l->file_cap, l->file_count + 1, sizeof *l->files);
		l->files[l->file_count++] = j->file;
		j->file = (struct loaded_file){.fd = -1, .debug_fd = -1};
	}
	discard(job);
	return mended;
}

void loader_replace(struct loader *l, uint32_t image, const struct image_data *data, int debug_fd)
{
	struct image *im = images_get(l->images, image);
	l->retired =
	        vec_reserve(l->retired, &l->retired_cap, l->retired_count + 1, sizeof *l->retired);
	l->retired[l->retired_count++] = im->data;
	im->data = *data;
	for (size_t i = 0; i < l->file_count; i++) {
		struct loaded_file *f = &l->files[i];
		if (f->image != image || f->debug_fd >= 0)
			continue;
		f->debug_fd = debug_fd;
		debug_fd = -1;
	}
	if (debug_fd >= 0)
		close(debug_fd);
}

size_t loader_waiting(const struct loader *l)
{
	return l->waiting;
}

const struct loaded_file *loader_files(const struct loader *l, size_t *count)
{
	*count = l->file_count;
	return l->files;
}
