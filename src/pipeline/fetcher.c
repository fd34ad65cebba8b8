/* fetcher: debug files from debuginfod servers; see fetcher.h. */
#include "fetcher.h"

#include "ctop/broker.h"
#include "ctop/elf.h"
#include "ctop/log.h"
#include "ctop/mem.h"
#include "ctop/remote.h"
#include "jobs.h"
#include "modules.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fetcher {
	struct images *images;
	struct modules *modules;
	struct broker *broker;
	struct inbox *inbox;
	struct workers *files, *sources; /* one thread each, from the first use on */
	bool on, busy;
	uint32_t image;               /* being fetched */
	atomic_bool given_up;         /* what is under way shall end */
	_Atomic uint64_t done, total; /* bytes of the file under way */
};

struct fetch_job {
	struct job job;
	struct fetcher *fetcher;
	struct fetched got;
	int image_fd; /* of the image itself; −1 once it is handed on */
	unsigned char build_id[64];
	size_t build_id_len;
	enum ctop_err rc;
	struct err err;
};

struct fetcher *fetcher_new(struct images *images, struct modules *modules, struct broker *broker,
                            struct inbox *inbox)
{
	struct fetcher *f = mem_zalloc(1, sizeof *f);
	f->images = images;
	f->modules = modules;
	f->broker = broker;
	f->inbox = inbox;
	return f;
}

void fetcher_free(struct fetcher *f)
{
	if (f == NULL)
		return;
	atomic_store(&f->given_up, true);
	workers_free(f->files);
	workers_free(f->sources);
	free(f);
}

bool fetcher_given_up(const struct fetcher *f)
{
	return atomic_load(&f->given_up);
}

/* --- on the fetching thread --------------------------------------------------------------------
 */

static bool on_progress(void *ctx, uint64_t done, uint64_t total)
{
	struct fetch_job *j = ctx;
	atomic_store_explicit(&j->fetcher->done, done, memory_order_relaxed);
	atomic_store_explicit(&j->fetcher->total, total, memory_order_relaxed);
	return !fetcher_given_up(j->fetcher);
}

static enum ctop_err fetch(struct fetch_job *j, const unsigned char *id, size_t len, int *fd,
                           struct err *e)
{
	struct remote_request r = {
	        .build_id = id, .build_id_len = len, .progress = on_progress, .ctx = j};
	return remote_fetch(&r, fd, e);
}

/* The debug file that has come, or one that it refers to. */
static int open_by_build_id(void *ctx, const unsigned char *id, size_t len)
{
	struct fetch_job *j = ctx;
	struct broker_key key = {.build_id = {.bytes = id, .len = len}};
	int fd = -1;
	if (len == j->build_id_len && memcmp(id, j->build_id, len) == 0)
		return fcntl(j->got.debug_fd, F_DUPFD_CLOEXEC, 0);
	if (broker_open(j->fetcher->broker, BROKER_DEBUG_ID, 0, 0, &key, &fd, NULL) == CTOP_OK)
		return fd;
	return fetch(j, id, len, &fd, NULL) == CTOP_OK ? fd : -1;
}

static int open_by_link(void *ctx, const char *name, uint32_t crc)
{
	(void)ctx;
	(void)name;
	(void)crc;
	return -1; /* it has been looked for by its build id, which is better */
}

static void run(struct job *job)
{
	struct fetch_job *j = (struct fetch_job *)(void *)job;
	j->rc = fetch(j, j->build_id, j->build_id_len, &j->got.debug_fd, &j->err);
	if (j->rc != CTOP_OK)
		return;
	struct image_opener opener = {
	        .by_build_id = open_by_build_id, .by_link = open_by_link, .ctx = j};
	j->rc = image_load(&j->got.data, j->image_fd, &opener, &j->err);
	j->image_fd = -1;
	if (j->rc == CTOP_OK && !j->got.data.has_symtab && j->got.data.dwarf_fd < 0) {
		image_data_fini(&j->got.data);
		j->rc = err_set(&j->err, CTOP_ENOENT,
		                "the server's file has neither symbols nor lines");
	}
}

static void discard(struct job *job)
{
	struct fetch_job *j = (struct fetch_job *)(void *)job;
	if (j->rc == CTOP_OK)
		image_data_fini(&j->got.data);
	if (j->got.debug_fd >= 0)
		close(j->got.debug_fd);
	if (j->image_fd >= 0)
		close(j->image_fd);
	free(j);
}

/* --- the analyzer's side -----------------------------------------------------------------------
 */

void fetcher_turn(struct fetcher *f, bool on)
{
	if (on && !f->on)
		modules_fetch_again(f->modules);
	f->on = on;
	if (on && f->files == NULL) {
		f->files = workers_new(1);
		f->sources = workers_new(1);
	}
	atomic_store(&f->given_up, !on);
}

static bool ask(struct fetcher *f, uint32_t image)
{
	const struct image *im = images_get(f->images, image);
	int fd = fcntl(elf_fd(im->data.elf), F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return false;
	struct fetch_job *j = mem_zalloc(1, sizeof *j);
	j->job = (struct job){.run = run, .discard = discard, .reply = f->inbox};
	j->fetcher = f;
	j->rc = CTOP_EAGAIN;
	j->image_fd = fd;
	j->got = (struct fetched){.image = image, .debug_fd = -1};
	j->build_id_len = im->data.build_id_len;
	memcpy(j->build_id, im->data.build_id, j->build_id_len);
	f->busy = true;
	f->image = image;
	atomic_store(&f->done, 0);
	atomic_store(&f->total, 0);
	workers_post(f->files, &j->job);
	return true;
}

static bool is_wanting(const struct fetcher *f, uint32_t *image)
{
	return f->on && f->files != NULL && modules_wanting(f->modules, image);
}

void fetcher_work(struct fetcher *f)
{
	uint32_t image;
	if (f->busy) {
		modules_fetch(f->modules, f->image, SNAPSHOT_FETCHING,
		              atomic_load_explicit(&f->done, memory_order_relaxed),
		              atomic_load_explicit(&f->total, memory_order_relaxed), "");
		return;
	}
	while (!f->busy && is_wanting(f, &image)) {
		if (!ask(f, image))
			modules_fetch(f->modules, image, SNAPSHOT_FETCH_FAILED, 0, 0,
			              "its file cannot be read again");
	}
}

bool fetcher_owns(const struct job *job)
{
	return job->run == run;
}

static enum snapshot_fetch state_of(enum ctop_err rc)
{
	switch (rc) {
	case CTOP_OK:
		return SNAPSHOT_FETCHED;
	case CTOP_ENOENT:
		return SNAPSHOT_NOT_THERE;
	case CTOP_EAGAIN:
		return SNAPSHOT_NOT_FETCHED;
	default:
		return SNAPSHOT_FETCH_FAILED;
	}
}

bool fetcher_finish(struct fetcher *f, struct job *job, struct fetched *out)
{
	struct fetch_job *j = (struct fetch_job *)(void *)job;
	bool good = j->rc == CTOP_OK;
	f->busy = false;
	modules_fetch(f->modules, j->got.image, state_of(j->rc), 0, 0, j->err.text);
	log_info("debuginfod: %s: %s", images_get(f->images, j->got.image)->name,
	         good ? "fetched" : j->err.text);
	/* Of a server that does not answer nothing more is asked, until the user does. */
	if (j->rc != CTOP_OK && j->rc != CTOP_ENOENT && f->on)
		fetcher_turn(f, false);
	*out = j->got;
	if (good) {
		j->rc = CTOP_EAGAIN; /* moved */
		j->got.debug_fd = -1;
	}
	discard(job);
	return good;
}

bool fetcher_on(const struct fetcher *f)
{
	return f->on;
}

bool fetcher_busy(const struct fetcher *f)
{
	uint32_t image;
	return f->busy || is_wanting(f, &image);
}

struct workers *fetcher_workers(const struct fetcher *f)
{
	return f->on ? f->sources : NULL;
}
