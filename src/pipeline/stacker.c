/* stacker: samples to interned stacks; see stacker.h. */
#include "stacker.h"

#include "ctop/arch.h"
#include "ctop/clock.h"
#include "ctop/code.h"
#include "ctop/funcs.h"
#include "ctop/image.h"
#include "ctop/maps.h"
#include "ctop/mem.h"
#include "ctop/profile.h"
#include "ctop/record.h"
#include "depth.h"
#include "modules.h"
#include "procs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More frames than the largest copy can hold, at 8 bytes each. */
enum { FRAMES_MAX = RECORD_STACK_MAX / 8 + 8 };
enum { LOCS_MAX = 1 + 1 + FRAMES_MAX + RECORD_KERNEL_MAX };
static_assert((int)LOCS_MAX <= (int)PROFILE_DEPTH, "the profile takes every chain");
static const uint64_t PARK_NS = CLOCK_NS_PER_SEC;
static const uint64_t PARK_BYTES = UINT64_C(64) << 20;

/* A sample waiting for an image. */
struct parked {
	struct parked *next;
	struct maps *maps; /* counted */
	uint32_t process, thread;
	uint32_t need;
	uint64_t deadline;
	struct record_sample *record; /* owned copy */
};

/* One sample being worked on. */
struct work {
	const struct record_sample *record;
	struct maps *maps;
	uint32_t process, thread;
	bool want_missing;
	uint32_t need; /* out: image waited for */
};

struct stacker {
	struct stacker_config c;
	struct unwinder *unwinder;
	uint32_t marks[UNWIND_ENDS];
	uint32_t cut_bytes; /* the dump size that the mark of cut stacks names */
	struct depth depth;
	struct parked *first, **last;
	uint32_t parked_count;
	uint64_t parked_bytes;
	struct frame_addr frames[FRAMES_MAX];
	struct loc locs[LOCS_MAX];
};

static uint32_t add_mark(struct stacker *s, const char *text)
{
	return funcs_add(s->c.funcs, text, "", FUNC_MARK);
}

/* The mark at the root of a stack that leads beyond a copy of `bytes`. */
static uint32_t cut_mark(struct stacker *s, uint32_t bytes)
{
	char text[64];
	if (bytes != s->cut_bytes) {
		snprintf(text, sizeof text, "[truncated at %u KB]", (bytes + 512) / 1024);
		s->marks[UNWIND_TRUNCATED] = add_mark(s, text);
		s->cut_bytes = bytes;
	}
	return s->marks[UNWIND_TRUNCATED];
}

static void add_marks(struct stacker *s)
{
	char text[64];
	s->marks[UNWIND_NO_INFO] = add_mark(s, "[no unwind info]");
	s->marks[UNWIND_NO_STACK] = add_mark(s, "[stack not captured]");
	s->marks[UNWIND_BAD] = add_mark(s, "[broken stack]");
	s->marks[UNWIND_REGISTER] = add_mark(s, "[registers not known without a stop]");
	s->marks[UNWIND_ELSEWHERE] = add_mark(s, "[interrupted on another stack]");
	s->marks[UNWIND_UNREADABLE] = add_mark(s, "[stack not in memory]");
	snprintf(text, sizeof text, "[deeper than %d frames]", FRAMES_MAX);
	s->marks[UNWIND_TOO_DEEP] = add_mark(s, text);
}

struct stacker *stacker_new(const struct stacker_config *c)
{
	struct stacker *s = mem_zalloc(1, sizeof *s);
	s->c = *c;
	s->unwinder = unwinder_new(c->unwind);
	s->last = &s->first;
	depth_init(&s->depth, c->stack_bytes, c->stack_wanted);
	add_marks(s);
	return s;
}

static void parked_free(struct parked *p)
{
	maps_unref(p->maps);
	free(p->record);
	free(p);
}

void stacker_free(struct stacker *s)
{
	if (s == NULL)
		return;
	while (s->first != NULL) {
		struct parked *p = s->first;
		s->first = p->next;
		parked_free(p);
	}
	unwinder_free(s->unwinder);
	free(s);
}

void stacker_forget_rows(struct stacker *s)
{
	unwinder_free(s->unwinder);
	s->unwinder = unwinder_new(s->c.unwind);
}

static uint64_t *loss_of(struct snapshot_losses *l, enum unwind_end end)
{
	switch (end) {
	case UNWIND_TRUNCATED:
		return &l->truncated;
	case UNWIND_NO_INFO:
		return &l->no_info;
	case UNWIND_NO_STACK:
		return &l->no_stack;
	case UNWIND_TOO_DEEP:
		return &l->too_deep;
	case UNWIND_ELSEWHERE:
		return &l->elsewhere;
	case UNWIND_UNREADABLE:
		return &l->unreadable;
	default:
		return &l->bad;
	}
}

/* An exec drops the old address space long before it has built the new one, and all that
 * time the registers still tell of the old: there is no user half to unwind. */
static bool is_in_exec(struct stacker *s, const struct work *w)
{
	const struct record_sample *r = w->record;
	struct proc *p = procs_at(s->c.procs, w->process);
	struct arch_regs regs;
	if (!p->in_exec)
		return false;
	p->in_exec = r->nr_kernel > 0 && arch_from_perf(&regs, record_regs(r), r->nr_regs) &&
	             (r->stack_len == 0 || maps_find(w->maps, regs.r[ARCH_PC]) == NULL);
	return p->in_exec;
}

/* The user half. A kernel thread has none and misses nothing. */
static enum unwind_end unwind_user(struct stacker *s, struct work *w, size_t *count)
{
	const struct record_sample *r = w->record;
	*count = 0;
	if (r->user == RECORD_USER_NONE)
		return procs_at(s->c.procs, w->process)->user ? UNWIND_NO_STACK : UNWIND_ROOT;
	if (is_in_exec(s, w))
		return UNWIND_ROOT;
	struct unwind_input in = {
	        .maps = w->maps,
	        .images = s->c.images,
	        .regs = record_regs(r),
	        .nr_regs = r->nr_regs,
	        .stack = record_stack(r),
	        .stack_len = r->stack_len,
	        .unknown = r->unknown,
	        .full_dump = (r->h.flags & RECORD_FULL_DUMP) != 0,
	        .want_missing = w->want_missing,
	};
	struct unwind_result out = {0};
	unwind_stack(s->unwinder, &in, s->frames, FRAMES_MAX, &out);
	*count = out.count;
	w->need = out.need;
	return out.end;
}

/* Whether a frame's names are still being read. */
static uint32_t waiting_image(const struct stacker *s, const struct work *w, size_t count)
{
	if (w->record->nr_kernel > 0 &&
	    images_get(s->c.images, s->c.kernel)->state == IMAGE_WAITING)
		return s->c.kernel;
	for (size_t i = 0; i < count; i++)
		if (images_get(s->c.images, s->frames[i].image)->state == IMAGE_WAITING)
			return s->frames[i].image;
	return IMAGE_NONE;
}

/* Where a frame is: in a file, or in a piece of code that was there when the sample was taken. */
static struct loc frame_loc(struct stacker *s, const struct work *w, const struct frame_addr *f)
{
	struct image *im = images_get(s->c.images, f->image);
	if (im->kind == IMAGE_ANON && im->id != IMAGE_NONE) {
		uint64_t addr = frame_lookup_vaddr(f);
		uint32_t id = im->data.code != NULL
		                      ? code_find(im->data.code, addr, w->record->h.time)
		                      : CODE_NONE;
		s->c.jit(s->c.jit_ctx, im->process, id != CODE_NONE);
		if (id != CODE_NONE) {
			uint64_t at = addr - code_get(im->data.code, id)->start;
			return (struct loc){(uint64_t)id << 32 | at, im->id, LOC_CODE};
		}
	}
	return (struct loc){f->vaddr, f->image, f->kind == FRAME_RETURN ? LOC_RETURN : LOC_IP};
}

/* Root first: the process, a mark if the root is missing, user frames, kernel
 * frames. Returns the number of locations. */
static size_t build_chain(struct stacker *s, const struct work *w, enum unwind_end end,
                          size_t user_count)
{
	size_t n = 0;
	s->locs[n++] =
	        (struct loc){.addr = procs_func(s->c.procs, w->process), .kind = LOC_PROCESS};
	if (end != UNWIND_ROOT) {
		uint32_t mark =
		        end == UNWIND_TRUNCATED ? cut_mark(s, w->record->stack_len) : s->marks[end];
		s->locs[n++] = (struct loc){.addr = mark, .kind = LOC_MARK};
	}
	for (size_t i = user_count; i-- > 0;)
		s->locs[n++] = frame_loc(s, w, &s->frames[i]);
	const uint64_t *kernel = record_kernel(w->record);
	for (size_t i = w->record->nr_kernel; i-- > 0;)
		s->locs[n++] = (struct loc){.addr = kernel[i],
		                            .kind = i == 0 ? LOC_KERNEL : LOC_KERNEL_RETURN};
	return n;
}

/* Counts a sample whose chain of `n` locations was built. */
static void count_chain(struct stacker *s, const struct work *w, size_t n, size_t frames,
                        enum unwind_end end)
{
	modules_stack(s->c.modules, s->frames, frames, end);
	if (w->record->nr_kernel > 0)
		modules_kernel(s->c.modules, s->c.kernel);
	depth_sample(&s->depth, w->record->stack_len, end == UNWIND_TRUNCATED);
	if (end != UNWIND_ROOT)
		++*loss_of(&profile_stats(s->c.profile)->losses, end);
	uint32_t stack = profile_stack(s->c.profile, s->locs, n);
	profile_add(s->c.profile, w->record->h.time, w->thread, stack, w->record->weight,
	            end == UNWIND_ROOT);
}

/* Deals with a sample; false when it must wait for w->need. */
static bool count_sample(struct stacker *s, struct work *w)
{
	size_t frames;
	enum unwind_end end = unwind_user(s, w, &frames);
	if (end == UNWIND_NEED_IMAGE)
		return false;
	if (!w->want_missing && (w->need = waiting_image(s, w, frames)) != IMAGE_NONE)
		return false;
	size_t n = build_chain(s, w, end, frames);
	for (size_t i = 0; s->c.touch != NULL && i < n; i++)
		s->c.touch(s->c.touch_ctx, &s->locs[i]);
	if ((w->record->h.flags & RECORD_PEEK) != 0)
		s->c.peek(s->c.peek_ctx, w->record, s->locs, n, end);
	else
		count_chain(s, w, n, frames, end);
	return true;
}

static void park(struct stacker *s, const struct work *w, uint64_t now_ns)
{
	struct parked *p = mem_zalloc(1, sizeof *p);
	p->maps = maps_ref(w->maps);
	p->process = w->process;
	p->thread = w->thread;
	p->need = w->need;
	p->deadline = now_ns + PARK_NS;
	p->record = mem_alloc(w->record->h.size);
	memcpy(p->record, w->record, w->record->h.size);
	*s->last = p;
	s->last = &p->next;
	s->parked_count++;
	s->parked_bytes += w->record->h.size;
}

bool stacker_sample(struct stacker *s, const struct record_sample *r, uint64_t now_ns,
                    bool may_park)
{
	struct proc *p = procs_get(s->c.procs, r->h.pid);
	if (r->user != RECORD_USER_NONE)
		p->user = true;
	struct work w = {
	        .record = r,
	        .maps = p->maps,
	        .process = p->number,
	        .thread = procs_thread(s->c.procs, r->h.pid, r->h.tid),
	};
	if (count_sample(s, &w))
		return true;
	if (!may_park)
		return false;
	if (s->parked_bytes + r->h.size <= PARK_BYTES) {
		park(s, &w, now_ns);
		return true;
	}
	w.want_missing = true;
	profile_stats(s->c.profile)->losses.parked_too_long++;
	return count_sample(s, &w);
}

/* One parked sample: true when it was counted. */
static bool retry(struct stacker *s, struct parked *p, bool over)
{
	if (!over && images_get(s->c.images, p->need)->state == IMAGE_WAITING)
		return false;
	struct work w = {p->record, p->maps, p->process, p->thread, over, IMAGE_NONE};
	if (!count_sample(s, &w)) {
		p->need = w.need;
		return false;
	}
	if (over)
		profile_stats(s->c.profile)->losses.parked_too_long++;
	return true;
}

void stacker_retry(struct stacker *s, uint64_t now_ns, bool force)
{
	struct parked **at = &s->first;
	while (*at != NULL) {
		struct parked *p = *at;
		if (!retry(s, p, force || now_ns >= p->deadline)) {
			at = &p->next;
			continue;
		}
		*at = p->next;
		s->parked_count--;
		s->parked_bytes -= p->record->h.size;
		parked_free(p);
	}
	s->last = at;
}

uint32_t stacker_stack_bytes(const struct stacker *s)
{
	return s->depth.bytes;
}

uint32_t stacker_parked(const struct stacker *s)
{
	return s->parked_count;
}

size_t stacker_rows(const struct stacker *s)
{
	return unwinder_rows(s->unwinder);
}

size_t stacker_bytes(const struct stacker *s)
{
	return unwinder_bytes(s->unwinder) + s->parked_bytes;
}
