/* copy: registers and stack of a thread that stands still; see copy.h. */
#include "copy.h"

#include <asm/perf_regs.h>
#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

enum { PAGE = 4096, PAGES = RECORD_STACK_MAX / PAGE + 2 };
enum { KINDS = 64 };

/* Puts the registers of the mask, found by their perf numbers, into its order. */
static bool arrange(const uint64_t *const place[KINDS], uint64_t mask, struct copy_regs *out)
{
	out->count = out->unknown = 0;
	for (unsigned i = 0; i < KINDS; i++) {
		if ((mask >> i & 1) == 0)
			continue;
		if (out->count == RECORD_REGS_MAX)
			return false;
		out->unknown |= place[i] == NULL ? 1u << out->count : 0;
		out->regs[out->count++] = place[i] != NULL ? *place[i] : 0;
	}
	return true;
}

bool copy_regs_of_stop(pid_t tid, uint64_t mask, struct copy_regs *out)
{
	struct user_regs_struct u;
	struct iovec v = {&u, sizeof u};
	if (ptrace(PTRACE_GETREGSET, tid, (void *)(intptr_t)NT_PRSTATUS, &v) != 0 ||
	    v.iov_len != sizeof u)
		return false; /* a 32-bit process has another set */
	static_assert(sizeof u.rax == sizeof(uint64_t), "registers are 64 bits wide");
	const uint64_t *const place[KINDS] = {
	        [PERF_REG_X86_AX] = (void *)&u.rax,  [PERF_REG_X86_BX] = (void *)&u.rbx,
	        [PERF_REG_X86_CX] = (void *)&u.rcx,  [PERF_REG_X86_DX] = (void *)&u.rdx,
	        [PERF_REG_X86_SI] = (void *)&u.rsi,  [PERF_REG_X86_DI] = (void *)&u.rdi,
	        [PERF_REG_X86_BP] = (void *)&u.rbp,  [PERF_REG_X86_SP] = (void *)&u.rsp,
	        [PERF_REG_X86_IP] = (void *)&u.rip,  [PERF_REG_X86_R8] = (void *)&u.r8,
	        [PERF_REG_X86_R9] = (void *)&u.r9,   [PERF_REG_X86_R10] = (void *)&u.r10,
	        [PERF_REG_X86_R11] = (void *)&u.r11, [PERF_REG_X86_R12] = (void *)&u.r12,
	        [PERF_REG_X86_R13] = (void *)&u.r13, [PERF_REG_X86_R14] = (void *)&u.r14,
	        [PERF_REG_X86_R15] = (void *)&u.r15,
	};
	out->pc = u.rip;
	out->sp = u.rsp;
	return arrange(place, mask, out) && out->unknown == 0;
}

/* "NUMBER a1 … a6 SP PC", "-1 SP PC" outside of a system call, or "running". See proc(5). */
bool copy_regs_of_wait(const char *text, uint64_t mask, struct copy_regs *out, int32_t *number)
{
	enum { ARGS = 6 };
	uint64_t a[ARGS];
	bool in_call =
	        sscanf(text,
	               "%" SCNd32 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64
	               " %" SCNx64 " %" SCNx64 " %" SCNx64,
	               number, &a[0], &a[1], &a[2], &a[3], &a[4], &a[5], &out->sp, &out->pc) == 9;
	if (!in_call &&
	    sscanf(text, "%" SCNd32 " %" SCNx64 " %" SCNx64, number, &out->sp, &out->pc) != 3)
		return false;
	/* Arguments stand in these registers (System V ABI, AMD64 supplement, A.2.1). */
	const uint64_t *const place[KINDS] = {
	        [PERF_REG_X86_SP] = &out->sp,
	        [PERF_REG_X86_IP] = &out->pc,
	        [PERF_REG_X86_DI] = in_call ? &a[0] : NULL,
	        [PERF_REG_X86_SI] = in_call ? &a[1] : NULL,
	        [PERF_REG_X86_DX] = in_call ? &a[2] : NULL,
	        [PERF_REG_X86_R10] = in_call ? &a[3] : NULL,
	        [PERF_REG_X86_R8] = in_call ? &a[4] : NULL,
	        [PERF_REG_X86_R9] = in_call ? &a[5] : NULL,
	};
	return arrange(place, mask, out) && out->pc != 0;
}

uint32_t copy_stack(pid_t pid, uint64_t sp, uint64_t want, unsigned char *out)
{
	struct iovec remote[PAGES], local = {out, want};
	size_t n = 0;
	for (uint64_t at = sp; at < sp + want && n < PAGES; n++) {
		uint64_t end = (at | (PAGE - 1)) + 1;
		end = end < sp + want ? end : sp + want;
		remote[n] = (struct iovec){(void *)(uintptr_t)at, end - at};
		at = end;
	}
	ssize_t got = n > 0 ? process_vm_readv(pid, &local, 1, remote, n, 0) : 0;
	return got > 0 ? (uint32_t)got & ~7u : 0;
}

size_t copy_sample_size(const struct copy_regs *regs, uint32_t stack_len)
{
	return sizeof(struct record_sample) + 8 * (size_t)regs->count + stack_len;
}

void copy_fill_sample(struct record_sample *r, const struct copy_regs *regs,
                      const unsigned char *stack, uint32_t stack_len)
{
	*r = (struct record_sample){
	        .h = {.size = (uint32_t)copy_sample_size(regs, stack_len), .kind = RECORD_SAMPLE},
	        .user = RECORD_USER_REGS,
	        .nr_regs = (uint8_t)regs->count,
	        .stack_len = stack_len,
	        .unknown = regs->unknown,
	};
	unsigned char *at = (unsigned char *)(r + 1);
	memcpy(at, regs->regs, 8 * (size_t)regs->count);
	memcpy(at + 8 * (size_t)regs->count, stack, stack_len);
}
