/* unwind: registers + a copy of the stack → code addresses, leaf first.
 *
 * Works only on what the sample holds and on images already loaded; never
 * touches the target. Lazy CFI rows first (rows.h), libunwind over the same copy for
 * rules that rows cannot hold (fallback.h), frame pointers where there is no
 * unwind information (fp.h). An unwinder belongs to one thread.
 */
#ifndef CTOP_UNWIND_H
#define CTOP_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct images;
struct maps;
struct unwinder;

enum frame_kind {
	FRAME_IP,     /* where the CPU was (leaf, or interrupted by a signal) */
	FRAME_RETURN, /* where a call will return to: the call is before it */
};

/* Which way gave a step. */
enum unwind_way {
	UNWIND_BY_ROW,
	UNWIND_BY_LIBUNWIND,
	UNWIND_BY_SCAN, /* found on the stack, above code without unwind information */
	UNWIND_BY_FP,
	UNWIND_WAYS
};

/* One frame. The −1 of a return address is applied by frame_lookup_vaddr() only. */
struct frame_addr {
	uint64_t addr;  /* in the target */
	uint64_t vaddr; /* ELF address in `image`; == addr when image is IMAGE_NONE or anonymous */
	uint32_t image;
	enum frame_kind kind;
	enum unwind_way way; /* by which its caller was found; UNWIND_WAYS: it was not */
};

/* ELF address by which the frame's function is found. */
static inline uint64_t frame_lookup_vaddr(const struct frame_addr *f)
{
	return f->kind == FRAME_RETURN && f->vaddr != 0 ? f->vaddr - 1 : f->vaddr;
}

/* How a stack ended. */
enum unwind_end {
	UNWIND_ROOT,       /* the outermost frame, by its own unwind information */
	UNWIND_TRUNCATED,  /* the next frame lies beyond the dump */
	UNWIND_NO_INFO,    /* no unwind information, and no plausible frame pointer */
	UNWIND_NO_STACK,   /* the sample has no user registers */
	UNWIND_BAD,        /* the stack contradicts itself (cfa not above, loop, not code) */
	UNWIND_UNREADABLE, /* the copy ends early: a page of the stack was not in memory */
	UNWIND_REGISTER,   /* a register is needed whose value is not known: of a thread that was
	                      not stopped */
	UNWIND_ELSEWHERE,  /* a signal interrupted code on another stack, which was not copied */
	UNWIND_TOO_DEEP,   /* more than the caller's frames */
	UNWIND_NEED_IMAGE, /* an image is IMAGE_WAITING: `need`; try again when it is loaded */
	UNWIND_ENDS
};

struct unwind_input {
	const struct maps *maps;
	const struct images *images;
	const uint64_t *regs; /* in the order of arch_perf_mask(); NULL: none */
	size_t nr_regs;
	uint32_t unknown;           /* a bit of these each, whose value is not known */
	const unsigned char *stack; /* copy of memory from the stack pointer up */
	size_t stack_len;
	bool full_dump;    /* the stack goes on beyond the copy */
	bool want_missing; /* treat IMAGE_WAITING as without information instead of stopping */
};

struct unwind_result {
	size_t count; /* frames written */
	enum unwind_end end;
	uint32_t
	        need; /* image id, with UNWIND_NEED_IMAGE; with UNWIND_NO_INFO the image at fault */
	uint32_t steps[UNWIND_WAYS]; /* frames gained each way */
};

enum unwind_mode { UNWIND_AUTO, UNWIND_DWARF, UNWIND_FP };

struct unwinder *unwinder_new(enum unwind_mode mode);
void unwinder_free(struct unwinder *u);

/* Unwinds one sample into `frames` (room for `cap`). */
void unwind_stack(struct unwinder *u, const struct unwind_input *in, struct frame_addr *frames,
                  size_t cap, struct unwind_result *out);

/* Same job by libunwind alone (remote accessors over the same copy): the
 * oracle of tests and the peer in benchmarks. Same contract. */
void unwind_stack_libunwind(struct unwinder *u, const struct unwind_input *in,
                            struct frame_addr *frames, size_t cap, struct unwind_result *out);

/* Lets libunwind keep what it has learnt between stacks, from now on: only while the maps stay
 * as they are. For benchmarks. */
void unwinder_keep_libunwind(struct unwinder *u);

/* Rows held, and bytes of all tables. */
size_t unwinder_rows(const struct unwinder *u);
size_t unwinder_bytes(const struct unwinder *u);

/* perf's sample_regs_user mask for this machine. */
uint64_t arch_perf_mask(void);

/* Which of those registers, in perf's order, is the stack pointer. */
uint32_t arch_perf_sp(void);

/* ELF e_machine of this build. */
uint32_t arch_elf_machine(void);

#endif
