/* walk: the state all ways of unwinding share. Private to the unwind layer. */
#ifndef CTOP_UNWIND_WALK_H
#define CTOP_UNWIND_WALK_H

#include "ctop/arch.h"
#include "ctop/unwind.h"

struct fallback;
struct image;
struct row;
struct rows;

struct unwinder {
	enum unwind_mode mode;
	struct rows *rows;
	struct fallback *fallback; /* NULL until needed */
};

/* Where an address lies. */
struct place {
	struct image *image;
	uint64_t vaddr;
};

/* One stack being unwound: the current frame's registers over the copied stack. */
struct walk {
	const struct unwind_input *in;
	uint64_t base; /* address of stack[0] */
	struct arch_regs regs;
	bool exact;     /* the pc is where the CPU was, not a return address */
	bool elsewhere; /* the stack pointer has left for a stack that is not the copied one */
	/* The mapping hit last, so that frames of one image cost one search. */
	uint64_t map_start, map_end, map_bias;
	struct image *map_image;
};

/* Finds the place of a code address; false (image 0) when no mapping has it. */
bool walk_place(struct walk *w, uint64_t addr, struct place *out);

/* Whether the frame at `p` is in the first instructions of a program: it has no caller. */
bool walk_is_entry(const struct walk *w, const struct place *p);

/* Reads a word of the copied stack. UNWIND_ROOT stands for success. */
enum unwind_end walk_read(const struct walk *w, uint64_t addr, uint64_t *out);

/* The row of the current frame, which lies at `p`; ROW_NONE without one. Borrowed until
 * the next call. */
const struct row *cfistep_row(struct unwinder *u, const struct walk *w, const struct place *p);

/* One step by a row. UNWIND_ROOT stands for success; *root is set when this was the
 * outermost frame; *way says who did it. */
enum unwind_end cfistep(struct unwinder *u, struct walk *w, const struct row *row, bool *root,
                        enum unwind_way *way);

/* libunwind of this unwinder, made when first needed. */
struct fallback *cfistep_fallback(struct unwinder *u);

/* One step to the nearest word of the stack that is the return address of a credible
 * stack. UNWIND_ROOT stands for success; the walk is unchanged otherwise. */
enum unwind_end scan_step(struct unwinder *u, struct walk *w, const struct place *p);

/* Whether a call stands before what may be a return address; code without a file is not looked
 * at. A capture holds these bytes of every address it went through. */
bool scan_is_return(const struct place *ret);

/* Whether the stack goes on credibly from here: by tables, and `by_fp` by frame pointers where
 * there are none. Spends the walk. */
bool scan_leads_home(struct unwinder *u, struct walk *w, bool by_fp);

/* Whether the code at `p`, which no table describes, keeps a frame pointer: its image has no
 * tables at all, or its function's first instructions set one up. */
bool fp_is_kept(const struct place *p);

/* One step by frame pointer. UNWIND_ROOT stands for success; *root is set when
 * this was the outermost frame. */
enum unwind_end fp_step(struct walk *w, bool *root);

/* libunwind over the same copy. */
struct fallback *fallback_new(void);
void fallback_free(struct fallback *f);

/* Keeps libunwind's cache between stacks. */
void fallback_keep(struct fallback *f);

/* One step by libunwind, with the same results as fp_step(). */
enum unwind_end fallback_step(struct fallback *f, struct walk *w, bool *root);

/* The whole stack by libunwind. */
void fallback_stack(struct fallback *f, struct walk *w, struct frame_addr *frames, size_t cap,
                    struct unwind_result *out);

#endif
