/* inlines: line indexes, asked of workers; see inlines.h. */
#include "inlines.h"

#include "ctop/clock.h"
#include "ctop/image.h"
#include "ctop/log.h"
#include "ctop/mem.h"
#include "ctop/vec.h"
#include "jobs.h"

#include <stdlib.h>

static const uint64_t PAUSE_NS = CLOCK_NS_PER_SEC / 2; /* between recounts, while more comes */
enum { WANTED_MOST = 4096 };

enum slot_state { SLOT_UNKNOWN, SLOT_ASKED, SLOT_READY, SLOT_NONE };

struct slot {
	struct line_unit *unit;
	enum slot_state state;
};

/* One image's. */
struct entry {
	enum slot_state state; /* of `lines` */
	struct lines *lines;
	struct slot *slots;
	uint64_t *wanted; /* addresses asked for while it is being opened */
	size_t wanted_count, wanted_cap;
	const char *name;
};

struct inlines {
	struct workers *workers;
	struct inbox *inbox;
	size_t memory, bytes;
	struct entry **by_image; /* image id → its entry, or NULL */
	size_t count, cap;
	size_t waiting;
	bool learnt;
	uint64_t told_ns;
	uint32_t left_out;
};

/* Opens an image's lines, or indexes a unit of it. */
struct lines_job {
	struct job job;
	struct entry *entry;
	bool opens;
	int fd, alt_fd;
	uint64_t shift;
	struct lines *lines; /* made when it opens, borrowed when it indexes */
	uint32_t number;
	struct line_unit *unit;
	struct err err;
};

struct inlines *inlines_new(struct workers *workers, struct inbox *inbox, size_t memory)
{
	struct inlines *n = mem_zalloc(1, sizeof *n);
	n->workers = workers;
	n->inbox = inbox;
	n->memory = memory;
	return n;
}

static void entry_free(struct entry *e)
{
	uint32_t count = e->lines != NULL ? lines_unit_count(e->lines) : 0;
	for (uint32_t i = 0; i < count; i++)
		line_unit_free(e->slots[i].unit);
	lines_close(e->lines);
	free(e->slots);
	free(e->wanted);
	free(e);
}

void inlines_free(struct inlines *n)
{
	if (n == NULL)
		return;
	for (size_t i = 0; i < n->count; i++)
		if (n->by_image[i] != NULL)
			entry_free(n->by_image[i]);
	free(n->by_image);
	free(n);
}

/* --- on a worker ----------------------------------------------------------------------------- */

static void run(struct job *job)
{
	struct lines_job *j = (struct lines_job *)(void *)job;
	if (!j->opens) {
		lines_index(j->lines, j->number, &j->unit, &j->err);
		return;
	}
	lines_open(&j->lines, j->fd, j->alt_fd, j->shift, &j->err);
	j->fd = j->alt_fd = -1;
}

static void discard(struct job *job)
{
	struct lines_job *j = (struct lines_job *)(void *)job;
	if (j->opens)
		lines_close(j->lines);
	line_unit_free(j->unit);
	free(j);
}

/* --- asking ------------------------------------------------------------------------------------
 */

static struct lines_job *new_job(struct inlines *n, struct entry *e, bool opens)
{
	struct lines_job *j = mem_zalloc(1, sizeof *j);
	j->job = (struct job){.run = run, .discard = discard, .reply = n->inbox};
	j->entry = e;
	j->opens = opens;
	j->job.quick = !opens;
	j->fd = j->alt_fd = -1;
	return j;
}

static void post(struct inlines *n, struct lines_job *j)
{
	n->waiting++;
	workers_post(n->workers, &j->job);
}

static void ask_for_unit(struct inlines *n, struct entry *e, uint32_t unit)
{
	if (n->bytes > n->memory) {
		e->slots[unit].state = SLOT_NONE;
		n->left_out++;
		return;
	}
	struct lines_job *j = new_job(n, e, false);
	j->lines = e->lines;
	j->number = unit;
	e->slots[unit].state = SLOT_ASKED;
	post(n, j);
}

static struct entry *entry_of(struct inlines *n, struct image *im)
{
	if (im->id >= n->count) {
		n->by_image = vec_reserve(n->by_image, &n->cap, im->id + 1, sizeof(void *));
		while (n->count <= im->id)
			n->by_image[n->count++] = NULL;
	}
	if (n->by_image[im->id] != NULL)
		return n->by_image[im->id];
	struct entry *e = mem_zalloc(1, sizeof *e);
	n->by_image[im->id] = e;
	e->name = im->name;
	e->state = SLOT_NONE;
	if (im->data.dwarf_fd <= 0)
		return e;
	struct lines_job *j = new_job(n, e, true);
	j->fd = im->data.dwarf_fd;
	j->alt_fd = im->data.dwarf_alt_fd;
	j->shift = im->data.dwarf_shift;
	im->data.dwarf_fd = im->data.dwarf_alt_fd = -1;
	e->state = SLOT_ASKED;
	post(n, j);
	return e;
}

static void remember(struct entry *e, uint64_t vaddr)
{
	if (e->wanted_count >= WANTED_MOST)
		return;
	e->wanted = vec_reserve(e->wanted, &e->wanted_cap, e->wanted_count + 1, sizeof *e->wanted);
	e->wanted[e->wanted_count++] = vaddr;
}

const struct line_unit *inlines_unit(struct inlines *n, struct image *im, uint64_t vaddr)
{
	if (im->kind != IMAGE_FILE || im->state != IMAGE_READY)
		return NULL;
	struct entry *e = entry_of(n, im);
	if (e->state == SLOT_ASKED)
		remember(e, vaddr);
	if (e->state != SLOT_READY)
		return NULL;
	uint32_t unit = lines_unit_of(e->lines, vaddr);
	if (unit == LINES_NONE)
		return NULL;
	if (e->slots[unit].state == SLOT_UNKNOWN)
		ask_for_unit(n, e, unit);
	return e->slots[unit].unit;
}

bool inlines_pending(struct inlines *n, struct image *im, uint64_t vaddr)
{
	if (inlines_unit(n, im, vaddr) != NULL || im->id >= n->count || n->by_image[im->id] == NULL)
		return false;
	const struct entry *e = n->by_image[im->id];
	uint32_t unit = e->state == SLOT_READY ? lines_unit_of(e->lines, vaddr) : LINES_NONE;
	return e->state == SLOT_ASKED || (unit != LINES_NONE && e->slots[unit].state == SLOT_ASKED);
}

size_t inlines_find(struct inlines *n, struct image *im, uint64_t vaddr,
                    struct line_frame out[LINES_INLINE_MAX])
{
	const struct line_unit *u = inlines_unit(n, im, vaddr);
	return u != NULL ? line_unit_find(u, vaddr, out) : 0;
}

void inlines_renew(struct inlines *n, const struct image *im)
{
	struct entry *e = im->id < n->count ? n->by_image[im->id] : NULL;
	if (e == NULL || e->state != SLOT_NONE)
		return;
	entry_free(e);
	n->by_image[im->id] = NULL;
	n->learnt = true;
}

/* --- answers ------------------------------------------------------------------------------------
 */

bool inlines_owns(const struct job *job)
{
	return job->run == run;
}

static void opened(struct inlines *n, struct lines_job *j)
{
	struct entry *e = j->entry;
	e->state = j->lines != NULL ? SLOT_READY : SLOT_NONE;
	e->lines = j->lines;
	j->lines = NULL;
	if (e->lines == NULL)
		log_info("%s: %s", e->name, j->err.text);
	if (e->lines != NULL) {
		uint32_t count = lines_unit_count(e->lines);
		e->slots = mem_zalloc(count, sizeof *e->slots);
		n->bytes += lines_bytes(e->lines) + count * sizeof *e->slots;
	}
	for (size_t i = 0; i < e->wanted_count && e->lines != NULL; i++) {
		uint32_t unit = lines_unit_of(e->lines, e->wanted[i]);
		if (unit != LINES_NONE && e->slots[unit].state == SLOT_UNKNOWN)
			ask_for_unit(n, e, unit);
	}
	free(e->wanted);
	e->wanted = NULL;
	e->wanted_count = e->wanted_cap = 0;
}

static void indexed(struct inlines *n, struct lines_job *j)
{
	struct slot *s = &j->entry->slots[j->number];
	s->unit = j->unit;
	s->state = j->unit != NULL ? SLOT_READY : SLOT_NONE;
	j->unit = NULL;
	if (s->unit == NULL)
		return;
	n->bytes += line_unit_bytes(s->unit);
	n->learnt = true;
}

void inlines_finish(struct inlines *n, struct job *job)
{
	struct lines_job *j = (struct lines_job *)(void *)job;
	n->waiting--;
	if (j->opens)
		opened(n, j);
	else
		indexed(n, j);
	discard(job);
}

bool inlines_due(struct inlines *n, uint64_t now_ns)
{
	if (!n->learnt || (n->waiting > 0 && now_ns - n->told_ns < PAUSE_NS))
		return false;
	n->learnt = false;
	n->told_ns = now_ns;
	return true;
}

bool inlines_settled(const struct inlines *n)
{
	return n->waiting == 0 && !n->learnt;
}

size_t inlines_bytes(const struct inlines *n)
{
	return n->bytes;
}

uint32_t inlines_left_out(const struct inlines *n)
{
	return n->left_out;
}
