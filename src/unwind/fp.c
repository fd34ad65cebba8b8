/* fp: frame pointers, where there is no unwind information.
 *
 * A frame pointer is believed when it points into the copied stack above the
 * stack pointer, is aligned, and what stands beside it is a code address.
 */
#include "walk.h"

enum { FAR = 8 << 20 }; /* no frame is larger than a default stack */

enum unwind_end fp_step(struct walk *w, bool *root)
{
	uint64_t fp = w->regs.r[ARCH_FP], sp = w->regs.r[ARCH_SP];
	uint64_t next_fp, ret;
	struct place place;
	*root = fp == 0 && (w->regs.valid & 1u << ARCH_FP) != 0;
	if (*root)
		return UNWIND_ROOT;
	if ((w->regs.valid & 1u << ARCH_FP) == 0 || fp < sp || fp % 8 != 0 || fp - sp > FAR)
		return UNWIND_NO_INFO;
	enum unwind_end end = walk_read(w, fp, &next_fp);
	if (end == UNWIND_ROOT)
		end = walk_read(w, fp + 8, &ret);
	if (end != UNWIND_ROOT)
		return end == UNWIND_TRUNCATED ? end : UNWIND_NO_INFO;
	*root = ret == 0;
	if (*root)
		return UNWIND_ROOT;
	if (!walk_place(w, ret, &place))
		return UNWIND_NO_INFO;
	w->regs.r[ARCH_FP] = next_fp;
	w->regs.r[ARCH_SP] = fp + 16;
	w->regs.r[ARCH_PC] = ret;
	w->regs.valid = 1u << ARCH_FP | 1u << ARCH_SP | 1u << ARCH_PC;
	w->exact = false;
	return UNWIND_ROOT;
}
