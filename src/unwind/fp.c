/* fp: frame pointers, where there is no unwind information.
 *
 * A frame pointer is believed when it points into the copied stack above the
 * stack pointer, is aligned, and what stands beside it is a code address.
 */
#include "ctop/elf.h"
#include "ctop/image.h"
#include "ctop/prune.h"
#include "ctop/symtab.h"
#include "walk.h"

#include <assert.h>

static_assert((int)PRUNE_PROLOGUE >= (int)ARCH_PROLOGUE, "a capture has the code looked at here");

enum { FAR = 8 << 20 }; /* no frame is larger than a default stack */

bool fp_is_kept(const struct place *p)
{
	unsigned char code[ARCH_PROLOGUE];
	struct symtab_hit hit;
	const struct image_data *d = &p->image->data;
	if (!image_is_described(p->image))
		return true;
	if (d->elf == NULL || d->symbols == NULL || !symtab_find(d->symbols, p->vaddr, &hit))
		return false;
	size_t len = hit.size < sizeof code ? hit.size : sizeof code;
	return arch_keeps_frame_pointer(code, elf_read_vaddr(d->elf, hit.start, code, len));
}

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
		return end;
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
