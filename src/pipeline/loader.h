/* loader: mappings → images, opened and indexed by workers.
 *
 * The first mapping of a file gives it an id and posts a job; the analyzer
 * learns of the answer through its inbox, and reads no more of a file than a name.
 * Belongs to the analyzer, but for the jobs' run functions.
 */
#ifndef CTOP_PIPELINE_LOADER_H
#define CTOP_PIPELINE_LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct broker;
struct image;
struct image_data;
struct images;
struct inbox;
struct job;
struct loader;
struct proc;
struct record_mmap;
struct workers;

/* A file that was read and whose descriptor was kept for a capture. */
struct loaded_file {
	uint32_t image;
	int fd;
	int debug_fd; /* −1 without a separate debug file */
	/* How the debug file was found: by link when `link` is not empty. */
	char link[256];
	uint32_t link_crc;
	/* The mapping it was opened by. */
	uint32_t pid;
	uint64_t start, len;
	uint64_t inode;
	uint32_t dev_major, dev_minor;
	char *path; /* as in the record; owned */
};

/* All borrowed. `keep`: keep descriptors, for a capture. */
struct loader *loader_new(struct images *images, struct broker *broker, struct workers *workers,
                          struct inbox *inbox, bool keep);
void loader_free(struct loader *l);

/* The image of a mapping; starts loading it when it is new, or when it could not be
 * loaded before: the process that had mapped it may have ended too soon. */
uint32_t loader_map(struct loader *l, const struct proc *p, const struct record_mmap *m);

/* The image that stands for a process's executable memory without a file. */
struct image *loader_anon(struct loader *l, const struct proc *p);

/* The id of the kernel's image; its symbols are not read before they are needed. */
uint32_t loader_kernel(struct loader *l);

/* Starts reading them, once. */
void loader_load_kernel(struct loader *l);

/* A finished job of this loader: enters the result. True when this mends an earlier
 * failure: what was counted in between has no names. */
bool loader_finish(struct loader *l, struct job *job);

/* Puts other data into the place of what an image was loaded with; both are handed over. The old
 * stays until the loader's end, for others may be reading it. `debug_fd` is that of the debug file
 * in them, for a capture. */
void loader_replace(struct loader *l, uint32_t image, const struct image_data *data, int debug_fd);

/* Images asked for and not answered yet. */
size_t loader_waiting(const struct loader *l);

/* With `keep`: what was loaded so far; borrowed. */
const struct loaded_file *loader_files(const struct loader *l, size_t *count);

#endif
