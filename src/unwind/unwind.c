/* unwind: walks one stack; see unwind.h.
 *
 * Each frame: find its image, then the caller's registers by call frame information
 * (cfistep.c), else by looking for a return address (scan.c), else by frame pointer (fp.c).
 */
#include "ctop/unwind.h"

#include "ctop/image.h"
#include "ctop/maps.h"
#include "ctop/mem.h"
#include "ctop/rows.h"
#include "walk.h"

#include <stdlib.h>
#include <string.h>

struct unwinder *unwinder_new(enum unwind_mode mode)
{
	struct unwinder *u = mem_zalloc(1, sizeof *u);
	u->mode = mode;
	u->rows = rows_new();
	return u;
}

void unwinder_free(struct unwinder *u)
{
	if (u == NULL)
		return;
	rows_free(u->rows);
	fallback_free(u->fallback);
	free(u);
}

/* --- reading ---------------------------------------------------------------------- */

bool walk_place(struct walk *w, uint64_t addr, struct place *out)
{
	if (w->map_image == NULL || addr < w->map_start || addr >= w->map_end) {
		const struct map_entry *m = maps_find(w->in->maps, addr);
		if (m == NULL) {
			*out = (struct place){images_get(w->in->images, IMAGE_NONE), addr};
			return false;
		}
		w->map_image = images_get(w->in->images, m->image);
		w->map_start = m->start;
		w->map_end = m->end;
		w->map_bias = image_vaddr(w->map_image, m->start, m->pgoff, addr) - addr;
	}
	*out = (struct place){w->map_image, addr + w->map_bias};
	return true;
}

bool walk_is_entry(const struct walk *w, const struct place *p)
{
	enum { ENTRY_MOST = 64 };
	uint64_t entry = p->image->data.entry;
	return entry != 0 && p->vaddr - !w->exact - entry < ENTRY_MOST;
}

enum unwind_end walk_read(const struct walk *w, uint64_t addr, uint64_t *out)
{
	if (w->elsewhere)
		return UNWIND_ELSEWHERE;
	if (addr < w->base)
		return UNWIND_BAD;
	uint64_t at = addr - w->base;
	if (at > w->in->stack_len || w->in->stack_len - at < sizeof *out)
		return w->in->full_dump ? UNWIND_TRUNCATED : UNWIND_UNREADABLE;
	memcpy(out, w->in->stack + at, sizeof *out);
	return UNWIND_ROOT;
}

/* --- the whole stack ---------------------------------------------------------------- */

/* By a frame pointer's register that may hold any number: what it gives must lead home. */
static enum unwind_end doubtful_fp_step(struct unwinder *u, struct walk *w)
{
	bool root;
	struct walk caller = *w;
	enum unwind_end end = fp_step(&caller, &root);
	struct walk trial = caller;
	struct place ret;
	walk_place(&trial, caller.regs.r[ARCH_PC], &ret);
	if (root || end != UNWIND_ROOT || !scan_is_return(&ret) ||
	    !scan_leads_home(u, &trial, true))
		/* What a register that may hold anything leads to says nothing of the stack. */
		return end == UNWIND_TRUNCATED || end == UNWIND_ELSEWHERE ? end : UNWIND_NO_INFO;
	*w = caller;
	return UNWIND_ROOT;
}

/* Code that no table describes. Where the whole image has none, or the function sets one up,
 * there is a frame pointer. Else it may be a caller's, in code that keeps to its frame; or
 * the return address is looked for. */
static enum unwind_end blind_step(struct unwinder *u, struct walk *w, const struct place *p,
                                  bool *root, enum unwind_way *way)
{
	*way = UNWIND_BY_FP;
	*root = walk_is_entry(w, p);
	if (*root)
		return UNWIND_ROOT;
	/* Better to ask for it than to guess. */
	if (w->in->unknown != 0 && (w->regs.valid & 1u << ARCH_FP) == 0)
		return UNWIND_REGISTER;
	if (u->mode == UNWIND_FP || (u->mode == UNWIND_AUTO && fp_is_kept(p)))
		return fp_step(w, root);
	enum unwind_end end = UNWIND_NO_INFO;
	if (u->mode == UNWIND_AUTO)
		end = doubtful_fp_step(u, w);
	if (end == UNWIND_ROOT)
		return end;
	*way = UNWIND_BY_SCAN;
	return scan_step(u, w, p) == UNWIND_ROOT ? UNWIND_ROOT : end;
}

/* Steps to the caller; *root is set instead when there is none. */
static enum unwind_end step(struct unwinder *u, struct walk *w, const struct place *p, bool *root,
                            enum unwind_way *way)
{
	const struct row *row = cfistep_row(u, w, p);
	return row->kind == ROW_NONE ? blind_step(u, w, p, root, way)
	                             : cfistep(u, w, row, root, way);
}

static bool start(struct walk *w, const struct unwind_input *in)
{
	*w = (struct walk){.in = in, .exact = true};
	if (in->regs == NULL || !arch_from_perf(&w->regs, in->regs, in->nr_regs))
		return false;
	w->regs.valid &= ~arch_mask_from_perf(in->unknown);
	w->base = w->regs.r[ARCH_SP];
	return true;
}

void unwind_stack(struct unwinder *u, const struct unwind_input *in, struct frame_addr *frames,
                  size_t cap, struct unwind_result *out)
{
	struct walk w;
	*out = (struct unwind_result){.end = UNWIND_NO_STACK};
	if (!start(&w, in))
		return;
	for (;;) {
		struct place p;
		walk_place(&w, w.regs.r[ARCH_PC], &p);
		if (p.image->state == IMAGE_WAITING && !in->want_missing) {
			out->end = UNWIND_NEED_IMAGE;
			out->need = p.image->id;
			return;
		}
		if (out->count == cap) {
			out->end = UNWIND_TOO_DEEP;
			return;
		}
		frames[out->count++] =
		        (struct frame_addr){w.regs.r[ARCH_PC], p.vaddr, p.image->id,
		                            w.exact ? FRAME_IP : FRAME_RETURN, UNWIND_WAYS};
		bool root;
		enum unwind_way way;
		out->end = step(u, &w, &p, &root, &way);
		/* Whatever went wrong, it may be for want of a register. */
		if (in->unknown != 0 && (out->end == UNWIND_BAD || out->end == UNWIND_NO_INFO))
			out->end = UNWIND_REGISTER;
		if (out->end != UNWIND_ROOT)
			out->need = p.image->id;
		if (root || out->end != UNWIND_ROOT || w.regs.r[ARCH_PC] == 0)
			return;
		out->steps[way]++;
		frames[out->count - 1].way = way;
	}
}

void unwind_stack_libunwind(struct unwinder *u, const struct unwind_input *in,
                            struct frame_addr *frames, size_t cap, struct unwind_result *out)
{
	struct walk w;
	*out = (struct unwind_result){.end = UNWIND_NO_STACK};
	if (start(&w, in))
		fallback_stack(cfistep_fallback(u), &w, frames, cap, out);
}

void unwinder_keep_libunwind(struct unwinder *u)
{
	fallback_keep(cfistep_fallback(u));
}

size_t unwinder_rows(const struct unwinder *u)
{
	return rows_count(u->rows);
}

size_t unwinder_bytes(const struct unwinder *u)
{
	return rows_bytes(u->rows);
}
