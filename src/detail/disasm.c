/* disasm: machine code to text, by capstone; see listing_make.h. */
#include "listing_make.h"

#include "ctop/intern.h"
#include "ctop/mem.h"
#include "ctop/vec.h"

#include <capstone/capstone.h>
#include <stdio.h>
#include <string.h>

/* Where a jump or call leads to, when it says so itself. */
static uint64_t target_of(const cs_insn *in)
{
	const cs_x86 *x = &in->detail->x86;
	return x->op_count == 1 && x->operands[0].type == X86_OP_IMM ? (uint64_t)x->operands[0].imm
	                                                             : 0;
}

static bool is_in(csh handle, const cs_insn *in, unsigned group)
{
	return cs_insn_group(handle, in, group);
}

static struct listing_insn decode(csh handle, const cs_insn *in, struct intern *strings)
{
	char text[256];
	struct listing_insn out = {.addr = in->address, .len = (uint8_t)in->size};
	out.is_call = is_in(handle, in, CS_GRP_CALL);
	out.is_jump = is_in(handle, in, CS_GRP_JUMP);
	if (out.is_call || out.is_jump)
		out.target = target_of(in);
	snprintf(text, sizeof text, in->op_str[0] != '\0' ? "%-7s %s" : "%s", in->mnemonic,
	         in->op_str);
	out.text = intern_str(strings, intern_adds(strings, text));
	return out;
}

struct listing_insn *disasm(const unsigned char *code, size_t len, uint64_t start,
                            struct intern *strings, size_t *count)
{
	struct listing_insn *all = NULL;
	size_t cap = 0;
	csh handle;
	*count = 0;
	if (cs_open(CS_ARCH_X86, CS_MODE_64, &handle) != CS_ERR_OK)
		return NULL;
	cs_option(handle, CS_OPT_DETAIL, CS_OPT_ON);
	cs_option(handle, CS_OPT_SYNTAX, CS_OPT_SYNTAX_ATT);
	cs_insn *in = cs_malloc(handle);
	uint64_t addr = start;
	while (len > 0) {
		all = vec_reserve(all, &cap, *count + 1, sizeof *all);
		if (cs_disasm_iter(handle, &code, &len, &addr, in)) {
			all[(*count)++] = decode(handle, in, strings);
			continue;
		}
		all[(*count)++] = (struct listing_insn){.addr = addr, .len = 1, .text = "(bad)"};
		code++;
		len--;
		addr++;
	}
	cs_free(in, 1);
	cs_close(&handle);
	return all;
}
