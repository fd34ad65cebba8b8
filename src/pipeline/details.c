/* details: one function as it is being looked at; see details.h. */
#include "details.h"

#include "ctop/broker.h"
#include "ctop/clock.h"
#include "ctop/code.h"
#include "ctop/demangle.h"
#include "ctop/detail.h"
#include "ctop/elf.h"
#include "ctop/funcs.h"
#include "ctop/image.h"
#include "ctop/mem.h"
#include "ctop/profile.h"
#include "ctop/remote.h"
#include "ctop/symtab.h"
#include "fetcher.h"
#include "inlines.h"
#include "jobs.h"
#include "naming.h"
#include "procs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_MOST = 4096, NAME_MOST = 4096 };

struct details {
	struct details_config c;
	struct broker *files; /* for source files and code that a capture does not hold */
	uint32_t func;
	uint64_t number;
	struct listing *listing;
	bool asked;
	unsigned asking; /* number of the listing asked for last: older ones are dropped */
	const char *why;
	const struct image *image; /* of the code listed */
	const struct code_object *object;
};

/* Where the function's code is. */
struct place {
	struct image *image;
	const struct code_object *object; /* JIT code, or NULL */
	uint64_t start, size;
	const char *name, *module;
	char source[PATH_MOST];
};

/* A listing to be made. What it borrows lives as long as the session. */
struct detail_job {
	struct job job;
	struct details *details;
	unsigned number;
	bool fetches; /* source files that are not here may come from a server */
	pid_t pid;
	struct place place;
	const struct symtab *symbols;
	const struct line_unit *unit; /* that has the code, or NULL */
	bool inlined;                 /* the function shown is one inlined into that code */
	const char *wanted;           /* its name as it is shown */
	unsigned char *code;
	size_t len;
	char why[512];
	struct listing *listing;
};

struct details *details_new(const struct details_config *c)
{
	struct details *d = mem_zalloc(1, sizeof *d);
	d->c = *c;
	d->files = broker_new_live();
	return d;
}

void details_free(struct details *d)
{
	if (d == NULL)
		return;
	listing_unref(d->listing);
	broker_free(d->files);
	free(d);
}

static void ask_again(struct details *d)
{
	listing_unref(d->listing);
	d->listing = NULL;
	d->asked = false;
	d->why = NULL;
	d->asking++;
}

void details_renew(struct details *d, const struct image *im)
{
	if (d->func != 0 && d->asked && (im == NULL || im == d->image))
		ask_again(d);
}

void details_show(struct details *d, uint32_t func, uint64_t number)
{
	d->number = number;
	if (func == d->func)
		return;
	ask_again(d);
	d->func = func;
}

bool details_open(const struct details *d)
{
	return d->func != 0;
}

bool details_waiting(const struct details *d)
{
	return d->func != 0 && d->listing == NULL && d->why == NULL;
}

/* --- on a worker ----------------------------------------------------------------------------- */

static size_t frames_at(void *ctx, uint64_t addr, struct line_frame out[LINES_INLINE_MAX],
                        size_t *own)
{
	struct detail_job *j = ctx;
	char name[NAME_MOST];
	size_t n = j->unit != NULL ? line_unit_find(j->unit, addr, out) : 0;
	*own = n > 0 ? n - 1 : 0;
	for (size_t i = 0; j->inlined && i < n; i++) {
		demangle(out[i].function, name, sizeof name);
		if (strcmp(name, j->wanted) == 0) {
			*own = i;
			return n;
		}
	}
	if (j->inlined)
		*own = n; /* it is not inlined here */
	return n;
}

static bool name_at(void *ctx, uint64_t addr, char *out, size_t cap)
{
	struct detail_job *j = ctx;
	struct symtab_hit hit;
	char mangled[NAME_MOST], name[NAME_MOST];
	if (j->symbols == NULL || !symtab_find(j->symbols, addr, &hit))
		return false;
	demangle(symtab_name(j->symbols, &hit, mangled, sizeof mangled), name, sizeof name);
	if (addr == hit.start)
		snprintf(out, cap, "%s", name);
	else
		snprintf(out, cap, "%.4000s+0x%" PRIx64, name, addr - hit.start);
	return true;
}

static int open_at(struct detail_job *j, const char *path, char *tried, size_t cap)
{
	struct broker_key key = {.source = {.path = path}};
	int fd = -1;
	if (path[0] == '/' &&
	    broker_open(j->details->files, BROKER_SOURCE, j->pid, 0, &key, &fd, NULL) == CTOP_OK)
		return fd;
	size_t used = strlen(tried);
	snprintf(tried + used, cap - used, "%s%s", used > 0 ? ", " : "not found: ", path);
	return -1;
}

static bool on_progress(void *ctx, uint64_t done, uint64_t total)
{
	const struct detail_job *j = ctx;
	(void)done;
	(void)total;
	return !fetcher_given_up(j->details->c.fetcher);
}

static int fetch_source(struct detail_job *j, const char *path, char *tried, size_t cap)
{
	const struct image_data *d = &j->place.image->data;
	struct remote_request r = {.build_id = d->build_id,
	                           .build_id_len = d->build_id_len,
	                           .source = path,
	                           .progress = on_progress,
	                           .ctx = j};
	struct err e = {0};
	int fd = -1;
	if (path[0] != '/' || d->build_id_len < 2 || remote_fetch(&r, &fd, &e) == CTOP_OK)
		return fd;
	size_t used = strlen(tried);
	snprintf(tried + used, cap - used, "; %s", e.text);
	return -1;
}

/* By the map the user gave, then as the compiler was told, then from a server. */
static int open_source(void *ctx, const char *path, char *tried, size_t cap)
{
	struct detail_job *j = ctx;
	const char *map = j->details->c.source_map, *to = map != NULL ? strchr(map, '=') : NULL;
	char mapped[PATH_MOST];
	size_t from = to != NULL ? (size_t)(to - map) : 0;
	int fd = -1;
	if (from > 0 && strncmp(path, map, from) == 0) {
		snprintf(mapped, sizeof mapped, "%s%s", to + 1, path + from);
		fd = open_at(j, mapped, tried, cap);
	}
	if (fd < 0)
		fd = open_at(j, path, tried, cap);
	return fd < 0 && j->fetches ? fetch_source(j, path, tried, cap) : fd;
}

/* A capture holds no code: the file it came from may still be there. */
static void read_code_elsewhere(struct detail_job *j)
{
	const struct image_data *d = &j->place.image->data;
	struct broker_key key = {.source = {.path = j->place.image->path}};
	struct elf *f = NULL;
	int fd = -1;
	size_t id_len = 0;
	if (broker_open(j->details->files, BROKER_SOURCE, 0, 0, &key, &fd, NULL) != CTOP_OK ||
	    elf_open(&f, fd, NULL) != CTOP_OK) {
		snprintf(j->why, sizeof j->why,
		         "the code is not in the capture, and %s is not here",
		         j->place.image->path);
		return;
	}
	const unsigned char *id = elf_build_id(f, &id_len);
	if (id_len == d->build_id_len && id_len > 0 && memcmp(id, d->build_id, id_len) == 0)
		j->len = elf_read_vaddr(f, j->place.start, j->code, j->len);
	else
		snprintf(j->why, sizeof j->why,
		         "the code is not in the capture, and %s is another build now",
		         j->place.image->path);
	elf_close(f);
}

/* Code without a file is in the target's memory only. */
static void read_code_of_process(struct detail_job *j)
{
	struct broker_key key = {.memory = {j->place.start, j->place.size}};
	struct err e = {0};
	int fd = -1;
	enum ctop_err rc =
	        broker_open(j->details->c.broker, BROKER_MEMORY, j->pid, 0, &key, &fd, &e);
	ssize_t n = rc == CTOP_OK ? pread(fd, j->code, j->place.size, 0) : -1;
	if (fd >= 0)
		close(fd);
	j->len = n > 0 ? (size_t)n : 0;
	if (n <= 0)
		snprintf(j->why, sizeof j->why, "%.500s", e.text);
}

static bool is_blank(const unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

static void run(struct job *job)
{
	struct detail_job *j = (struct detail_job *)(void *)job;
	if (j->place.object != NULL)
		read_code_of_process(j);
	else if (j->why[0] == '\0' && is_blank(j->code, j->len))
		read_code_elsewhere(j);
	struct listing_request r = {
	        .function = j->place.name,
	        .module = j->place.module,
	        .code = j->why[0] == '\0' && j->len > 0 ? j->code : NULL,
	        .len = j->len,
	        .why = j->why,
	        .start = j->place.start,
	        .source = j->place.source,
	        .frames = frames_at,
	        .name = name_at,
	        .open = open_source,
	        .ctx = j,
	};
	j->listing = listing_new(&r);
}

static void discard(struct job *job)
{
	struct detail_job *j = (struct detail_job *)(void *)job;
	listing_unref(j->listing);
	free(j->code);
	free(j);
}

/* --- finding the code --------------------------------------------------------------------------
 */

static const struct profile_location *hottest(const struct profile_location *all, size_t count)
{
	const struct profile_location *best = NULL;
	for (size_t i = 0; i < count; i++)
		if (best == NULL || all[i].leaf_ns > best->leaf_ns ||
		    (all[i].leaf_ns == best->leaf_ns && all[i].total_ns > best->total_ns))
			best = &all[i];
	return best;
}

/* Reads what stands in the file; false, and why, when it cannot be read. */
static bool read_file_code(struct detail_job *j)
{
	const struct image *im = j->place.image;
	if (im->kind == IMAGE_KERNEL)
		snprintf(j->why, sizeof j->why, "the kernel's code is not read");
	else if (im->state != IMAGE_READY || im->data.elf == NULL)
		snprintf(j->why, sizeof j->why, "%s could not be read%s%s", im->name,
		         im->why != NULL ? ": " : "", im->why != NULL ? im->why : "");
	else
		j->len = elf_read_vaddr(im->data.elf, j->place.start, j->code, j->len);
	return j->why[0] == '\0';
}

static void ask(struct details *d, const struct naming_place *p, const struct func *f)
{
	struct detail_job *j = mem_zalloc(1, sizeof *j);
	j->job = (struct job){.run = run, .discard = discard, .reply = d->c.inbox, .quick = true};
	j->details = d;
	j->number = d->asking;
	j->fetches = fetcher_workers(d->c.fetcher) != NULL;
	j->place = (struct place){.image = p->image,
	                          .object = p->object,
	                          .start = p->start,
	                          .size = p->size < LISTING_CODE_MAX ? p->size : LISTING_CODE_MAX,
	                          .name = p->symbol,
	                          .module = p->image->name};
	snprintf(j->place.source, sizeof j->place.source, "%s", p->own.file);
	j->symbols = p->image->data.symbols;
	j->unit = inlines_unit(d->c.inlines, p->image, p->vaddr);
	j->inlined = p->inlined;
	j->wanted = f->name;
	j->pid = p->object != NULL ? (pid_t)procs_at(d->c.procs, p->image->process)->pid : 0;
	j->len = j->place.size;
	j->code = mem_zalloc(j->len + 1, 1);
	if (p->object == NULL)
		read_file_code(j);
	d->image = p->image;
	d->object = p->object;
	d->asked = true;
	workers_post(j->fetches ? fetcher_workers(d->c.fetcher) : d->c.workers, &j->job);
}

bool details_owns(const struct job *job)
{
	return job->run == run;
}

void details_finish(struct details *d, struct job *job)
{
	struct detail_job *j = (struct detail_job *)(void *)job;
	if (j->number == d->asking && d->listing == NULL) {
		d->listing = j->listing;
		j->listing = NULL;
	}
	discard(job);
}

/* --- counting ------------------------------------------------------------------------------------
 */

static void count_insn(const struct details *d, struct detail *out, const struct naming_place *p,
                       const struct profile_location *l)
{
	const struct listing *list = out->listing;
	bool here = p->image == d->image && p->object == d->object;
	size_t at = here ? listing_at(list, p->vaddr) : SIZE_MAX;
	if (at == SIZE_MAX) {
		out->elsewhere_ns += l->leaf_ns;
		return;
	}
	out->insns[at].self_ns += l->leaf_ns;
	out->insns[at].total_ns += l->total_ns;
}

static void count_line(struct detail *out, const struct naming_place *p,
                       const struct profile_location *l)
{
	const struct listing *list = out->listing;
	if (list->main_file == LISTING_NO_FILE || p->own.line == 0 ||
	    p->own.line > out->line_count ||
	    strcmp(p->own.file, list->files[list->main_file].path) != 0)
		return;
	out->lines[p->own.line - 1].self_ns += l->innermost ? l->leaf_ns : 0;
	out->lines[p->own.line - 1].total_ns += l->total_ns;
}

struct detail *details_make(struct details *d)
{
	size_t count;
	struct naming_place p;
	struct profile_location *all = profile_locations(d->c.profile, d->func, &count);
	const struct profile_query *q = profile_query(d->c.profile);
	const struct profile_location *hot = hottest(all, count);
	if (d->c.refusal != NULL)
		d->why = d->c.refusal;
	else if (!d->asked && hot == NULL)
		d->why = "nothing of it has been sampled";
	if (d->c.refusal == NULL && !d->asked && hot != NULL) {
		d->why = NULL;
		bool found = naming_find(d->c.naming, &hot->loc, q, d->func, &p);
		/* Lines that are on their way are waited for. */
		if (found && !inlines_pending(d->c.inlines, p.image, p.vaddr))
			ask(d, &p, naming_get(d->c.naming, d->func));
		else if (!found)
			d->why = "it is not a function: group by function or line (key y)";
	}
	struct detail *out = detail_new(d->listing);
	out->func = d->func;
	out->number = d->number;
	out->why = d->why;
	out->whole_ns = profile_weight(d->c.profile);
	for (size_t i = 0; i < count && d->listing != NULL; i++) {
		if (!naming_find(d->c.naming, &all[i].loc, q, d->func, &p))
			continue;
		count_insn(d, out, &p, &all[i]);
		count_line(out, &p, &all[i]);
	}
	for (size_t i = 0; i < count; i++)
		out->all.self_ns += all[i].innermost ? all[i].leaf_ns : 0;
	free(all);
	return out;
}
