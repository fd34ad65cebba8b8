/* unwind: walks one stack; see unwind.h.
 *
 * Each frame: find its image, get the row of its address, compute the caller's
 * registers from the copied stack. A slot below the stack pointer means that an
 * epilogue has already restored the register, although gcc's tables still say
 * it is saved. Every step must move up the stack.
 */
#include "ctop/unwind.h"

#include "ctop/image.h"
#include "ctop/maps.h"
#include "ctop/mem.h"
#include "ctop/rows.h"
#include "walk.h"

#include <stdlib.h>
#include <string.h>

struct unwinder {
	enum unwind_mode mode;
	struct rows *rows;
	struct fallback *fallback; /* NULL until needed */
};

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

static struct fallback *fallback_of(struct unwinder *u)
{
	if (u->fallback == NULL)
		u->fallback = fallback_new();
	return u->fallback;
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

enum unwind_end walk_read(const struct walk *w, uint64_t addr, uint64_t *out)
{
	if (addr < w->base)
		return UNWIND_BAD;
	uint64_t at = addr - w->base;
	if (at > w->in->stack_len || w->in->stack_len - at < sizeof *out)
		return UNWIND_TRUNCATED;
	memcpy(out, w->in->stack + at, sizeof *out);
	return UNWIND_ROOT;
}

/* --- one step by row -------------------------------------------------------------- */

static enum unwind_end find_cfa(const struct walk *w, const struct row *row, uint64_t *cfa)
{
	const struct arch_regs *regs = &w->regs;
	if (row->kind == ROW_PLT) {
		bool pushed = (regs->r[ARCH_PC] & 15) >= (uint64_t)row->cfa_offset;
		*cfa = regs->r[ARCH_SP] + 8 + (pushed ? 8 : 0);
		return UNWIND_ROOT;
	}
	if ((regs->valid & 1u << row->cfa_reg) == 0)
		return UNWIND_BAD;
	*cfa = regs->r[row->cfa_reg] + (uint64_t)(int64_t)row->cfa_offset;
	return row->kind == ROW_DEREF ? walk_read(w, *cfa, cfa) : UNWIND_ROOT;
}

static enum unwind_end row_step(struct walk *w, const struct row *row)
{
	struct arch_regs *regs = &w->regs;
	uint64_t sp = regs->r[ARCH_SP], cfa, pc;
	enum unwind_end end = find_cfa(w, row, &cfa);
	if (end != UNWIND_ROOT)
		return end;
	if (cfa <= sp)
		return UNWIND_BAD;
	end = walk_read(w, cfa + (uint64_t)((int64_t)row->ra * 8), &pc);
	if (end != UNWIND_ROOT)
		return end;
	uint32_t valid = regs->valid & arch_caller_mask();
	for (unsigned i = 0; i < ARCH_SAVED; i++) {
		uint64_t slot = cfa + (uint64_t)((int64_t)row->saved[i] * 8);
		if (row->saved[i] == 0 || slot < sp)
			continue; /* not saved, or restored by the epilogue already */
		end = walk_read(w, slot, &regs->r[arch_saved[i]]);
		if (end != UNWIND_ROOT)
			return end;
		valid |= 1u << arch_saved[i];
	}
	regs->r[ARCH_SP] = cfa;
	regs->r[ARCH_PC] = pc;
	regs->valid = valid;
	w->exact = false;
	return UNWIND_ROOT;
}

/* Behind a signal trampoline every register is known, and the pc is exact. */
static enum unwind_end signal_step(struct walk *w)
{
	struct arch_regs caller = {.valid = (1u << ARCH_REGS) - 1};
	for (unsigned i = 0; i < ARCH_REGS; i++) {
		uint64_t slot = w->regs.r[ARCH_SP] + arch_signal_slot(i);
		enum unwind_end end = walk_read(w, slot, &caller.r[i]);
		if (end != UNWIND_ROOT)
			return end;
	}
	w->regs = caller;
	w->exact = true;
	return UNWIND_ROOT;
}

/* The leaf is where no table reaches: a call through a bad pointer, or assembly around a
 * system call. If what lies on top of the stack is a return address into code that
 * the tables know, it is the caller's. */
static enum unwind_end top_step(struct unwinder *u, struct walk *w)
{
	uint64_t ret;
	struct place p;
	if (walk_read(w, w->regs.r[ARCH_SP], &ret) != UNWIND_ROOT || !walk_place(w, ret, &p) ||
	    p.image->state != IMAGE_READY || !p.image->data.has_cfi ||
	    rows_get(u->rows, p.image, p.vaddr - 1)->kind == ROW_NONE)
		return UNWIND_NO_INFO;
	w->regs.r[ARCH_SP] += 8;
	w->regs.r[ARCH_PC] = ret;
	w->exact = false;
	return UNWIND_ROOT;
}

/* --- the whole stack ---------------------------------------------------------------- */

static const struct row *row_of(struct unwinder *u, const struct walk *w, const struct place *p)
{
	static const struct row none = {.kind = ROW_NONE};
	if (u->mode == UNWIND_FP || p->image->state != IMAGE_READY || !p->image->data.has_cfi)
		return &none;
	if (!w->exact)
		return rows_get(u->rows, p->image, p->vaddr - 1);
	const struct row *row = rows_get(u->rows, p->image, p->vaddr);
	return row->kind == ROW_NONE && p->vaddr != 0 ? rows_get(u->rows, p->image, p->vaddr - 1)
	                                              : row;
}

/* Steps to the caller; *root is set instead when there is none. */
static enum unwind_end step(struct unwinder *u, struct walk *w, const struct place *p, bool first,
                            bool *root, enum unwind_way *way)
{
	const struct row *row = row_of(u, w, p);
	*root = false;
	*way = UNWIND_BY_ROW;
	switch (row->kind) {
	case ROW_ROOT:
		*root = true;
		return UNWIND_ROOT;
	case ROW_SIGNAL:
		return signal_step(w);
	case ROW_FALLBACK:
		*way = UNWIND_BY_LIBUNWIND;
		return fallback_step(fallback_of(u), w, root);
	case ROW_NONE:
		*way = UNWIND_BY_FP;
		if (first && u->mode != UNWIND_FP &&
		    (p->image->id == IMAGE_NONE || p->image->data.has_cfi) &&
		    top_step(u, w) == UNWIND_ROOT)
			return UNWIND_ROOT;
		return u->mode == UNWIND_DWARF ? UNWIND_NO_INFO : fp_step(w, root);
	default:
		return row_step(w, row);
	}
}

static bool start(struct walk *w, const struct unwind_input *in)
{
	*w = (struct walk){.in = in, .exact = true};
	if (in->regs == NULL || !arch_from_perf(&w->regs, in->regs, in->nr_regs))
		return false;
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
		frames[out->count++] = (struct frame_addr){w.regs.r[ARCH_PC], p.vaddr, p.image->id,
		                                           w.exact ? FRAME_IP : FRAME_RETURN};
		bool root;
		enum unwind_way way;
		out->end = step(u, &w, &p, out->count == 1, &root, &way);
		if (out->end != UNWIND_ROOT)
			out->need = p.image->id;
		if (root || out->end != UNWIND_ROOT || w.regs.r[ARCH_PC] == 0)
			return;
		out->steps[way]++;
	}
}

void unwind_stack_libunwind(struct unwinder *u, const struct unwind_input *in,
                            struct frame_addr *frames, size_t cap, struct unwind_result *out)
{
	struct walk w;
	*out = (struct unwind_result){.end = UNWIND_NO_STACK};
	if (start(&w, in))
		fallback_stack(fallback_of(u), &w, frames, cap, out);
}

size_t unwinder_rows(const struct unwinder *u)
{
	return rows_count(u->rows);
}

size_t unwinder_bytes(const struct unwinder *u)
{
	return rows_bytes(u->rows);
}
