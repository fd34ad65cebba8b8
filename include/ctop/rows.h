/* rows: call frame information as 16-byte rows, made when first asked for.
 *
 * A row says, for one code address, how to find the caller's frame. It is computed
 * once (cfi.h) and kept; from then on unwinding is look-ups only. Belongs
 * to one thread.
 */
#ifndef CTOP_ROWS_H
#define CTOP_ROWS_H

#include "ctop/arch.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct image;
struct rows;

enum row_kind {
	ROW_NONE,     /* no unwind information covers the address */
	ROW_OFFSET,   /* CFA = cfa_reg + cfa_offset */
	ROW_DEREF,    /* CFA = *(cfa_reg + cfa_offset) */
	ROW_PLT,      /* CFA = sp + 8, 8 more from byte `cfa_offset` of a 16-byte stub on */
	ROW_SIGNAL,   /* a signal trampoline: registers are in the kernel's frame */
	ROW_ROOT,     /* the return address is undefined: outermost frame */
	ROW_FALLBACK, /* rules a row cannot hold */
};

struct row {
	int32_t cfa_offset;
	uint8_t kind; /* enum row_kind */
	uint8_t cfa_reg;
	int8_t ra; /* slot of the return address: bytes from the CFA / 8 */
	/* Bit i: saved[i] counts from the frame pointer and not from the CFA, as in functions
	 * that realign the stack. */
	uint8_t by_fp;
	int8_t saved[ARCH_SAVED]; /* slots of arch_saved[], as `ra`; 0: not saved */
	bool fp_at_fp;            /* the caller's frame pointer stands where this one points */
	uint8_t spare;
};
static_assert(sizeof(struct row) == 16, "a row takes 16 bytes");

struct rows *rows_new(void);
void rows_free(struct rows *t);

/* The row of ELF address `vaddr` of a loaded image; borrowed until the next call. With
 * `before_return` it is one byte before a return address, which may be the first of another
 * function: the end of a coroutine, or a signal trampoline. */
const struct row *rows_get(struct rows *t, const struct image *im, uint64_t vaddr,
                           bool before_return);

size_t rows_count(const struct rows *t);
size_t rows_bytes(const struct rows *t);

#endif
