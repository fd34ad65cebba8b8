/* cfistep: one step by call frame information.
 *
 * A slot below the stack pointer means that an epilogue has already restored the
 * register, although gcc's tables still say it is saved. Every step must move up the
 * stack.
 */
#include "ctop/image.h"
#include "ctop/rows.h"
#include "walk.h"

/* No stack is larger: what lies farther from a copy that goes on is not on its stack. */
static const uint64_t NEAR = UINT64_C(64) << 20;

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

/* Where a register of the caller is saved; 0 when it is not. */
static uint64_t slot_address(const struct row *row, unsigned i, uint64_t cfa, uint64_t fp)
{
	if (row->saved[i] == 0)
		return row->fp_at_fp && arch_saved[i] == ARCH_FP ? fp : 0;
	return ((row->by_fp & 1u << i) != 0 ? fp : cfa) + (uint64_t)((int64_t)row->saved[i] * 8);
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
	uint64_t fp = regs->r[ARCH_FP];
	for (unsigned i = 0; i < ARCH_SAVED; i++) {
		uint64_t slot = slot_address(row, i, cfa, fp);
		if (slot < sp)
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
	/* A handler may run on a stack of its own (sigaltstack(2)). */
	uint64_t sp = caller.r[ARCH_SP], most = w->in->full_dump ? NEAR : w->in->stack_len;
	if (sp >= w->base && sp <= w->regs.r[ARCH_SP])
		return UNWIND_BAD; /* every step moves up */
	w->elsewhere = sp < w->base || sp - w->base > most;
	w->regs = caller;
	w->exact = true;
	return UNWIND_ROOT;
}

struct fallback *cfistep_fallback(struct unwinder *u)
{
	if (u->fallback == NULL)
		u->fallback = fallback_new();
	return u->fallback;
}

const struct row *cfistep_row(struct unwinder *u, const struct walk *w, const struct place *p)
{
	static const struct row none = {.kind = ROW_NONE};
	if (u->mode == UNWIND_FP || p->image->state != IMAGE_READY || !image_is_described(p->image))
		return &none;
	if (!w->exact)
		return rows_get(u->rows, p->image, p->vaddr - 1, true);
	const struct row *row = rows_get(u->rows, p->image, p->vaddr, false);
	if (row->kind != ROW_NONE || p->vaddr == 0)
		return row;
	/* A signal trampoline may be described only up to the byte before it. */
	row = rows_get(u->rows, p->image, p->vaddr - 1, true);
	return row->kind == ROW_SIGNAL ? row : &none;
}

enum unwind_end cfistep(struct unwinder *u, struct walk *w, const struct row *row, bool *root,
                        enum unwind_way *way)
{
	*root = row->kind == ROW_ROOT;
	*way = row->kind == ROW_FALLBACK ? UNWIND_BY_LIBUNWIND : UNWIND_BY_ROW;
	switch (row->kind) {
	case ROW_NONE:
		return UNWIND_NO_INFO;
	case ROW_ROOT:
		return UNWIND_ROOT;
	case ROW_SIGNAL:
		return signal_step(w);
	case ROW_FALLBACK:
		return fallback_step(cfistep_fallback(u), w, root);
	default:
		return row_step(w, row);
	}
}
