/* scan: the caller of code that no unwind table describes.
 *
 * Hand-written assembly, _init and _fini, a C library built without tables, a call through a
 * bad pointer: the return address is on the stack, a few words up, behind what was pushed
 * since. The nearest word is believed that is a return address into described code from
 * which tables alone lead to a root; or into code without tables, if the call before it is
 * one of this very code. What an earlier call left behind fails that test: the frames
 * that stood above it are gone.
 */
#include "ctop/elf.h"
#include "ctop/image.h"
#include "ctop/rows.h"
#include "ctop/symtab.h"
#include "walk.h"

/* Assembly leaves keep little on the stack; a caller may have a frame of some size. */
enum { LEAF_WORDS = 128, CALLER_WORDS = 256, CALL = 8, FUNCTION_MOST = 1 << 12 };
/* A stack is credible that goes on for so long, or has gone on before its copy ends, or before
 * it comes into another stretch without tables. */
enum { TRIAL_STEPS = 16, CREDIBLE_STEPS = 3, MATCHED_STEPS = 2 };

bool scan_leads_home(struct unwinder *u, struct walk *w, bool by_fp)
{
	for (unsigned n = 0; n < TRIAL_STEPS; n++) {
		struct place p;
		bool root;
		enum unwind_way way;
		if (!walk_place(w, w->regs.r[ARCH_PC], &p))
			return false;
		if (p.image->state == IMAGE_WAITING || walk_is_entry(w, &p))
			return true;
		enum unwind_end end = cfistep(u, w, cfistep_row(u, w, &p), &root, &way);
		if (end == UNWIND_NO_INFO && by_fp && fp_is_kept(&p))
			end = fp_step(w, &root);
		else if (end == UNWIND_NO_INFO && !by_fp && n >= MATCHED_STEPS)
			return p.image->kind == IMAGE_FILE;
		if (root)
			return true;
		if (end == UNWIND_TRUNCATED || end == UNWIND_UNREADABLE)
			return n >= CREDIBLE_STEPS;
		if (end != UNWIND_ROOT)
			return false;
	}
	return true;
}

/* Whether the function at `p` begins at `start`: by its symbol, or a little before the pc. */
static bool begins_at(const struct place *p, uint64_t start)
{
	const struct symtab *t = p->image->data.symbols;
	struct symtab_hit hit;
	if (t != NULL && symtab_find(t, p->vaddr, &hit))
		return hit.start == start;
	return p->vaddr - start < FUNCTION_MOST;
}

static bool read_call(const struct place *ret, unsigned char code[CALL])
{
	return ret->image->data.elf != NULL && ret->vaddr >= CALL &&
	       elf_read_vaddr(ret->image->data.elf, ret->vaddr - CALL, code, CALL) == CALL &&
	       arch_ends_in_call(code, CALL);
}

bool scan_is_return(const struct place *ret)
{
	unsigned char code[CALL];
	return ret->image->kind != IMAGE_FILE || read_call(ret, code);
}

/* Whether a direct call of the function at `callee` stands before a return address. */
static bool is_call_of(const struct place *ret, const struct place *callee)
{
	unsigned char code[CALL];
	int32_t rel;
	return ret->image == callee->image && read_call(ret, code) &&
	       arch_call_target(code, CALL, &rel) &&
	       begins_at(callee, ret->vaddr + (uint64_t)(int64_t)rel);
}

/* Whether the word `ret`, which lies in `q`, returns to a caller of the code at `p`. */
static bool is_caller(struct unwinder *u, const struct walk *caller, const struct place *q,
                      const struct place *p)
{
	struct walk trial = *caller;
	if (cfistep_row(u, &trial, q)->kind != ROW_NONE || walk_is_entry(&trial, q))
		return scan_is_return(q) && scan_leads_home(u, &trial, false);
	return is_call_of(q, p);
}

enum unwind_end scan_step(struct unwinder *u, struct walk *w, const struct place *p)
{
	/* Without tables for any of its code an image is likely to keep frame pointers; and
	 * where nothing is mapped nothing has run: the call to it is the last thing done. */
	if (p->image->id != IMAGE_NONE && !image_is_described(p->image))
		return UNWIND_NO_INFO;
	unsigned words = p->image->id == IMAGE_NONE ? 1 : w->exact ? LEAF_WORDS : CALLER_WORDS;
	for (unsigned i = 0; i < words; i++) {
		struct walk caller = *w;
		uint64_t at = w->regs.r[ARCH_SP] + 8 * (uint64_t)i, ret;
		struct place q;
		if (walk_read(w, at, &ret) != UNWIND_ROOT)
			break;
		if (!walk_place(&caller, ret, &q) || q.vaddr == 0)
			continue;
		caller.regs.r[ARCH_SP] = at + 8;
		caller.regs.r[ARCH_PC] = ret;
		caller.exact = false;
		if (!is_caller(u, &caller, &q, p))
			continue;
		*w = caller;
		return UNWIND_ROOT;
	}
	return UNWIND_NO_INFO;
}
