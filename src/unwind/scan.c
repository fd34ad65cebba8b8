/* scan: the caller of code that no unwind table describes.
 *
 * Hand-written assembly, _init and _fini, a call through a bad pointer: the return address
 * is on the stack, a few words up, behind what was pushed since. The nearest word that is a
 * return address into described code is believed when the stack, unwound from there
 * by tables alone, is a stack to its root. What an earlier call left behind fails that
 * test: the frames that stood above it are gone.
 */
#include "ctop/image.h"
#include "ctop/rows.h"
#include "walk.h"

enum { WORDS = 128, TRIAL_STEPS = 16, CREDIBLE_STEPS = 3 };

/* Whether the stack goes on credibly from here. */
static bool leads_home(struct unwinder *u, struct walk *w)
{
	for (unsigned n = 0; n < TRIAL_STEPS; n++) {
		struct place p;
		bool root;
		enum unwind_way way;
		if (!walk_place(w, w->regs.r[ARCH_PC], &p))
			return false;
		if (p.image->state == IMAGE_WAITING)
			return true; /* its tables will tell */
		enum unwind_end end = cfistep(u, w, cfistep_row(u, w, &p), &root, &way);
		if (end == UNWIND_NO_INFO && n > 0 && u->mode != UNWIND_DWARF)
			fp_step(w, &root); /* the start of the dynamic linker is not described */
		if (root)
			return true;
		if (end == UNWIND_TRUNCATED || end == UNWIND_UNREADABLE)
			return n >= CREDIBLE_STEPS;
		if (end != UNWIND_ROOT)
			return false;
	}
	return true;
}

enum unwind_end scan_step(struct unwinder *u, struct walk *w, const struct place *p)
{
	/* Without tables for any of its code an image is likely to keep frame pointers; and
	 * where nothing is mapped nothing has run: the call to it is the last thing done. */
	if (p->image->id != IMAGE_NONE && !image_is_described(p->image))
		return UNWIND_NO_INFO;
	unsigned words = p->image->id == IMAGE_NONE ? 1 : WORDS;
	for (unsigned i = 0; i < words; i++) {
		struct walk trial = *w;
		uint64_t at = w->regs.r[ARCH_SP] + 8 * (uint64_t)i, ret;
		struct place q;
		if (walk_read(w, at, &ret) != UNWIND_ROOT)
			break;
		if (!walk_place(&trial, ret, &q) || q.vaddr == 0)
			continue;
		trial.regs.r[ARCH_SP] = at + 8;
		trial.regs.r[ARCH_PC] = ret;
		trial.exact = false;
		struct walk caller = trial;
		if (!leads_home(u, &trial))
			continue;
		*w = caller;
		return UNWIND_ROOT;
	}
	return UNWIND_NO_INFO;
}
