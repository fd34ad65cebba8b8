/* copy: registers and stack of a thread that stands still, as a sample has them. Private to the
 * sample layer, whose only place for the names of the machine's registers this is. Any thread.
 */
#ifndef CTOP_SAMPLE_COPY_H
#define CTOP_SAMPLE_COPY_H

#include "ctop/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Registers in the order of the bits of perf's mask. */
struct copy_regs {
	uint64_t regs[RECORD_REGS_MAX];
	uint32_t count;
	uint32_t unknown; /* a bit a register: its value is not known */
	uint64_t pc, sp;
};

/* Those of a thread that is ptrace-stopped for the caller; false for a 32-bit one. */
bool copy_regs_of_stop(pid_t tid, uint64_t mask, struct copy_regs *out);

/* Those that the text of /proc/PID/task/TID/syscall tells of a thread that waits. *number is that
 * of the system call, −1 for none. False when the thread runs. */
bool copy_regs_of_wait(const char *text, uint64_t mask, struct copy_regs *out, int32_t *number);

/* Copies at most `want` bytes (≤ RECORD_STACK_MAX) from `sp` up, page by page: what cannot be
 * read ends the copy, and what lies before is there. Returns the bytes, a multiple of 8. */
uint32_t copy_stack(pid_t pid, uint64_t sp, uint64_t want, unsigned char *out);

/* A sample record of these, and its size: all but flags, time, ids and weight is filled in. */
size_t copy_sample_size(const struct copy_regs *regs, uint32_t stack_len);
void copy_fill_sample(struct record_sample *r, const struct copy_regs *regs,
                      const unsigned char *stack, uint32_t stack_len);

#endif
