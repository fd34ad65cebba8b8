/* arch for x86-64; see arch.h. */
#include "ctop/arch.h"

#include "ctop/unwind.h"

#include <asm/perf_regs.h>
#include <elf.h>
#include <string.h>

/* DWARF: rax rdx rcx rbx rsi rdi rbp rsp r8…r15 pc. */
static const uint8_t perf_of[ARCH_REGS] = {
        PERF_REG_X86_AX,  PERF_REG_X86_DX,  PERF_REG_X86_CX,  PERF_REG_X86_BX,  PERF_REG_X86_SI,
        PERF_REG_X86_DI,  PERF_REG_X86_BP,  PERF_REG_X86_SP,  PERF_REG_X86_R8,  PERF_REG_X86_R9,
        PERF_REG_X86_R10, PERF_REG_X86_R11, PERF_REG_X86_R12, PERF_REG_X86_R13, PERF_REG_X86_R14,
        PERF_REG_X86_R15, PERF_REG_X86_IP,
};

const uint8_t arch_saved[ARCH_SAVED] = {3, 6, 12, 13, 14, 15}; /* rbx rbp r12…r15 */

/* struct ucontext lies at the stack pointer once the handler has returned; its
 * general registers begin at 40: r8…r15 rdi rsi rbp rbx rdx rax rcx rsp rip. */
static const uint8_t signal_slot[ARCH_REGS] = {
        144, 136, 152, 128, 112, 104, 120, 160, 40, 48, 56, 64, 72, 80, 88, 96, 168,
};

uint64_t arch_perf_mask(void)
{
	uint64_t mask = 0;
	for (unsigned i = 0; i < ARCH_REGS; i++)
		mask |= UINT64_C(1) << perf_of[i];
	return mask;
}

/* perf hands on the registers asked for in its own order; flags and segments, which are not
 * asked for, stand between rip and r8. */
static size_t place_of(unsigned perf_reg)
{
	enum { LEFT_OUT = PERF_REG_X86_R8 - PERF_REG_X86_FLAGS };
	return perf_reg <= PERF_REG_X86_IP ? perf_reg : perf_reg - LEFT_OUT;
}

uint32_t arch_perf_sp(void)
{
	return (uint32_t)place_of(PERF_REG_X86_SP);
}

uint32_t arch_elf_machine(void)
{
	return EM_X86_64;
}

uint32_t arch_mask_from_perf(uint32_t places)
{
	uint32_t mask = 0;
	for (unsigned i = 0; i < ARCH_REGS; i++)
		mask |= (places >> place_of(perf_of[i]) & 1) << i;
	return mask;
}

bool arch_from_perf(struct arch_regs *out, const uint64_t *regs, size_t count)
{
	if (count != ARCH_REGS)
		return false;
	for (unsigned i = 0; i < ARCH_REGS; i++)
		out->r[i] = regs[place_of(perf_of[i])];
	out->valid = (1u << ARCH_REGS) - 1;
	return true;
}

uint32_t arch_caller_mask(void)
{
	uint32_t mask = 1u << ARCH_SP | 1u << ARCH_PC;
	for (unsigned i = 0; i < ARCH_SAVED; i++)
		mask |= 1u << arch_saved[i];
	return mask;
}

unsigned arch_signal_slot(unsigned reg)
{
	return signal_slot[reg];
}

bool arch_is_signal_return(const unsigned char *code, size_t len)
{
	static const unsigned char wide[] = {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05};
	static const unsigned char narrow[] = {0xb8, 0x0f, 0, 0, 0, 0x0f, 0x05};
	return (len >= sizeof wide && memcmp(code, wide, sizeof wide) == 0) ||
	       (len >= sizeof narrow && memcmp(code, narrow, sizeof narrow) == 0);
}

/* push %rbp; mov %rsp,%rbp, in both encodings; a check or two may stand before it. */
bool arch_keeps_frame_pointer(const unsigned char *code, size_t len)
{
	static const unsigned char store[] = {0x55, 0x48, 0x89, 0xe5};
	static const unsigned char load[] = {0x55, 0x48, 0x8b, 0xec};
	for (size_t i = 0; i + 4 <= len; i++)
		if (memcmp(code + i, store, 4) == 0 || memcmp(code + i, load, 4) == 0)
			return true;
	return false;
}

/* call rel32 (e8), or call r/m64 (ff /2) in each of its lengths. */
bool arch_ends_in_call(const unsigned char *code, size_t len)
{
	if (len >= 5 && code[len - 5] == 0xe8)
		return true;
	for (size_t n = 2; n <= 7 && n <= len; n++)
		if (code[len - n] == 0xff && (code[len - n + 1] & 0x38) == 0x10)
			return true;
	return false;
}

bool arch_call_target(const unsigned char *code, size_t len, int32_t *distance)
{
	if (len < 5 || code[len - 5] != 0xe8)
		return false;
	memcpy(distance, code + len - 4, sizeof *distance);
	return true;
}
