/* arch: registers of the machine ctop is built for, as unwinding needs them.
 *
 * The only place where register numbers stand: perf's order, DWARF's order, who
 * saves what, and the layout of a signal frame. Registers are named by their DWARF
 * numbers (System V ABI, AMD64 supplement, figure 3.36). Pure functions.
 */
#ifndef CTOP_ARCH_H
#define CTOP_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ARCH_REGS = 17, ARCH_SAVED = 6 };
enum { ARCH_FP = 6, ARCH_SP = 7, ARCH_PC = 16 };

/* A register file; a bit of `valid` a register whose value is known. */
struct arch_regs {
	uint64_t r[ARCH_REGS];
	uint32_t valid;
};

/* DWARF numbers of the callee-saved registers other than the stack pointer. */
extern const uint8_t arch_saved[ARCH_SAVED];

/* Fills *out from perf's registers, in the order of arch_perf_mask(). False when
 * their number is not the mask's. */
bool arch_from_perf(struct arch_regs *out, const uint64_t *regs, size_t count);

/* A mask like arch_regs.valid of registers given by their places in arch_perf_mask()'s order. */
uint32_t arch_mask_from_perf(uint32_t places);

/* Registers that stay known in a caller: callee-saved, stack pointer, pc. */
uint32_t arch_caller_mask(void);

/* Offset from the stack pointer of register `reg` in the frame the kernel
 * pushed, seen from the signal trampoline (Linux's struct rt_sigframe). */
unsigned arch_signal_slot(unsigned reg);

/* Whether the `len` bytes at `code` return from a signal handler (rt_sigreturn(2)): how a
 * trampoline is known that no table describes. */
bool arch_is_signal_return(const unsigned char *code, size_t len);

/* Whether the function whose first `len` bytes (at most ARCH_PROLOGUE are of use) stand at
 * `code` sets up a frame pointer. */
enum { ARCH_PROLOGUE = 192 };
bool arch_keeps_frame_pointer(const unsigned char *code, size_t len);

/* Whether `code`, the `len` bytes before a return address, end in a call. */
bool arch_ends_in_call(const unsigned char *code, size_t len);

/* The distance from a return address to the target of the direct call that ends `code`; false
 * when it is not a direct one. */
bool arch_call_target(const unsigned char *code, size_t len, int32_t *distance);

#endif
