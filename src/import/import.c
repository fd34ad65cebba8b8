/* import: folded files into profiles; see import.h.
 *
 * A location is a place: a frame and those inlined into it, which follow it in the file. A place
 * is its outer place with one frame more, so that equal ones are one. Names are made when the
 * profile asks, so that another grouping needs no second reading.
 */
#include "ctop/import.h"

#include "ctop/frametext.h"
#include "ctop/hash.h"
#include "ctop/intern.h"
#include "ctop/mem.h"
#include "ctop/unfold.h"
#include "ctop/utf8.h"
#include "ctop/vec.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORK_EVERY = 1024, NAMES_PART = 2, READ = 1 << 16 };
static const uint64_t WORK_NS = 100 * UINT64_C(1000000);
#define NO_PLACE UINT32_MAX

static_assert((int)UNFOLD_FRAMES_MAX < (int)PROFILE_DEPTH, "every stack of a file finds room");
static_assert(UNFOLD_ONE == SNAPSHOT_ONE, "values go into the profile as they are");

struct place {
	uint32_t outer; /* place, NO_PLACE for the first frame of a location */
	uint32_t text;
};

struct import {
	struct funcs *funcs;
	size_t names_most;
	struct intern *texts; /* frames, cleaned */
	struct place *places;
	size_t place_count, place_cap;
	struct hash_map index; /* (outer, text) → place */
	struct unfold unfold;
	bool reading;
	bool roots_are_functions;
	struct profile *profile; /* while reading */
	uint32_t thread;
	uint64_t stacks;
	struct strbuf clean;
	struct loc locs[PROFILE_DEPTH];
};

struct import *import_new(struct funcs *funcs, size_t memory)
{
	struct import *im = mem_zalloc(1, sizeof *im);
	im->funcs = funcs;
	im->names_most = memory / NAMES_PART;
	im->texts = intern_new();
	return im;
}

void import_free(struct import *im)
{
	if (im == NULL)
		return;
	if (im->reading)
		unfold_fini(&im->unfold);
	intern_free(im->texts);
	free(im->places);
	hash_map_fini(&im->index);
	strbuf_fini(&im->clean);
	free(im);
}

size_t import_bytes(const struct import *im)
{
	return intern_bytes(im->texts) + im->place_cap * sizeof *im->places +
	       hash_map_bytes(&im->index);
}

/* --- reading ----------------------------------------------------------------------------- */

static uint32_t place_of(struct import *im, uint32_t outer, uint32_t text)
{
	uint64_t key = ((uint64_t)outer << 32 | text) + 1;
	uint32_t id;
	if (hash_map_get(&im->index, key, &id, NULL))
		return id;
	im->places =
	        vec_reserve(im->places, &im->place_cap, im->place_count + 1, sizeof *im->places);
	id = (uint32_t)im->place_count++;
	im->places[id] = (struct place){outer, text};
	hash_map_add(&im->index, key, id);
	return id;
}

static uint32_t text_of(struct import *im, const struct unfold_frame *f)
{
	strbuf_clear(&im->clean);
	im->clean.data = vec_reserve(im->clean.data, &im->clean.cap, f->len * 3 + 1, 1);
	im->clean.len = utf8_clean(f->text, f->len, im->clean.data);
	return intern_add(im->texts, im->clean.data, im->clean.len);
}

/* The locations of a stack; an inlined frame belongs to the one before it. */
static size_t locate(struct import *im, const struct unfold_stack *s)
{
	size_t n = 0, inlined = 0;
	for (size_t i = 0; i < s->count; i++) {
		uint32_t text = text_of(im, &s->frames[i]);
		struct frametext f = frametext_of(im->clean.data, im->clean.len);
		uint32_t kind = f.kind == FUNC_KERNEL ? LOC_KERNEL : LOC_IP;
		if (kind == LOC_KERNEL)
			profile_stats(im->profile)->kernel_frames = true;
		if (f.kind == FUNC_INLINED && n > 0 && ++inlined < PROFILE_FRAMES) {
			im->locs[n - 1].addr = place_of(im, (uint32_t)im->locs[n - 1].addr, text);
			continue;
		}
		im->locs[n++] =
		        (struct loc){place_of(im, NO_PLACE, text), 0, i == 0 ? LOC_PROCESS : kind};
		inlined = 0;
	}
	return n;
}

/* Whether a stack reaches its root as far as the file tells: ctop puts a mark such as
 * "[truncated at 16 KB]" behind the process where it does not. */
static bool is_complete(const struct unfold_stack *s)
{
	static const char folded[] = "[folded]";
	if (s->count < 2 || s->frames[1].len == 0)
		return true;
	struct frametext f = frametext_of(s->frames[1].text, s->frames[1].len);
	bool is_folded = f.name.len == sizeof folded - 1 &&
	                 memcmp(f.name.at, folded, sizeof folded - 1) == 0;
	return f.kind != FUNC_MARK || is_folded;
}

static enum ctop_err add(void *ctx, const struct unfold_stack *s, struct err *e)
{
	struct import *im = ctx;
	im->roots_are_functions = im->roots_are_functions ||
	                          frametext_is_thread_root(s->frames[0].text, s->frames[0].len);
	uint32_t stack = profile_stack(im->profile, im->locs, locate(im, s));
	profile_add_counted(im->profile, im->thread, stack, s->value, is_complete(s));
	if (++im->stacks % WORK_EVERY != 0)
		return CTOP_OK;
	while (profile_work(im->profile, WORK_NS))
		continue;
	if (import_bytes(im) > im->names_most)
		return err_set(e, CTOP_ELIMIT,
		               "%s, line %" PRIu64
		               ": it has more different frames than memory is granted for; raise "
		               "--memory",
		               im->unfold.name, im->unfold.line);
	return CTOP_OK;
}

static void begin(struct import *im, struct profile *p, const char *name)
{
	unfold_init(&im->unfold, name, add, im);
	im->reading = true;
	im->profile = p;
	im->thread = profile_thread_add(p, 0, 0, "[all]");
	profile_stats(p)->unit = SNAPSHOT_COUNT;
}

enum ctop_err import_feed(struct import *im, struct profile *p, const char *name, const void *bytes,
                          size_t len, struct err *e)
{
	if (!im->reading)
		begin(im, p, name);
	return unfold_feed(&im->unfold, bytes, len, e);
}

enum ctop_err import_end(struct import *im, struct profile *p, struct err *e)
{
	if (!im->reading)
		begin(im, p, "");
	enum ctop_err rc = unfold_end(&im->unfold, e);
	/* A fractional count is no number of samples, which a test of chance would stand on. */
	profile_stats(p)->fractions = im->unfold.decimal;
	unfold_fini(&im->unfold);
	im->reading = false;
	if (im->roots_are_functions)
		profile_regroup(p); /* what came before this was known has other names */
	while (profile_work(p, WORK_NS))
		continue;
	return rc;
}

enum ctop_err import_fd(struct import *im, struct profile *p, int fd, const char *name,
                        struct err *e)
{
	char *bytes = mem_alloc(READ);
	enum ctop_err rc = CTOP_OK;
	for (;;) {
		ssize_t n = read(fd, bytes, READ);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			rc = err_errno(e, err_from_errno(errno), errno, "cannot read %s", name);
		if (n <= 0)
			break;
		rc = import_feed(im, p, name, bytes, (size_t)n, e);
		if (rc != CTOP_OK)
			break;
	}
	free(bytes);
	return rc == CTOP_OK ? import_end(im, p, e) : rc;
}

/* --- naming ------------------------------------------------------------------------------ */

static uint32_t add_part(struct import *im, struct frametext_part name,
                         struct frametext_part module, unsigned kind)
{
	char *both = mem_alloc(name.len + module.len + 2), *second = both + name.len + 1;
	memcpy(both, name.at, name.len);
	both[name.len] = '\0';
	if (module.len > 0)
		memcpy(second, module.at, module.len);
	second[module.len] = '\0';
	uint32_t id = funcs_add(im->funcs, both, second, kind);
	free(both);
	return id;
}

static uint32_t func_of(struct import *im, uint32_t text, bool root, enum profile_group group)
{
	static const struct frametext_part none = {"", 0}, no_file = {"[files not known]", 17},
	                                   no_module = {"[modules not known]", 19};
	const char *s = intern_str(im->texts, text);
	struct frametext f = frametext_of(s, strlen(s));
	if (root && !im->roots_are_functions)
		return add_part(im, f.line, none, FUNC_PROCESS);
	unsigned kind = f.kind | (f.nameless ? FUNC_NAMELESS : 0u);
	if (f.kind == FUNC_MARK || group == GROUP_FUNCTION)
		return add_part(im, f.name, f.module, kind);
	if (group == GROUP_LINE)
		return add_part(im, f.line, f.module, kind);
	if (group == GROUP_FILE)
		return add_part(im, f.file.len > 0 ? f.file : no_file, f.module, f.kind);
	return add_part(im, f.module.len > 0 ? f.module : no_module, f.module, f.kind);
}

size_t import_frames(void *ctx, const struct loc *loc, const struct profile_query *q,
                     uint32_t out[PROFILE_FRAMES])
{
	struct import *im = ctx;
	uint32_t texts[PROFILE_FRAMES];
	size_t n = 0, made = 0;
	if (loc->kind == LOC_MARK) { /* the profile's own */
		out[0] = (uint32_t)loc->addr;
		return 1;
	}
	for (uint32_t at = (uint32_t)loc->addr; at != NO_PLACE; at = im->places[at].outer)
		texts[n++] = im->places[at].text;
	for (size_t i = n; i-- > 0;) {
		bool root = loc->kind == LOC_PROCESS && i == n - 1;
		out[made++] = func_of(im, texts[i], root, q->group);
		if (q->hide_inlined)
			break;
	}
	return made;
}
