/* cfi_program: call frame instructions (DWARF 5, 6.4.2); see cfi_entry.h.
 *
 * A small machine: the rules of the row being built, where it begins, and the rows
 * remembered. It stops at the first row that begins behind the address asked for.
 */
#include "cfi_entry.h"

#include <dwarf.h>
#include <string.h>

enum { REMEMBERED = 16 };

struct machine {
	const struct cfi_bytes *section;
	const struct cfi_cie *cie;
	struct cfi_rules *rules;
	const struct cfi_rules *initial; /* after the CIE's program; NULL during it */
	uint64_t loc, want;
	struct cfi_rules stack[REMEMBERED];
	unsigned depth;
	bool done, bad;
};

static struct cfi_rule *rule_of(struct machine *m, uint64_t reg)
{
	static _Thread_local struct cfi_rule dropped;
	return reg < CFI_REGS ? &m->rules->reg[reg] : &dropped;
}

static void advance(struct machine *m, uint64_t loc)
{
	m->done = loc > m->want || loc < m->loc;
	m->loc = loc;
}

static void save(struct machine *m, uint64_t reg, enum cfi_how how, int64_t factored)
{
	int64_t offset = (int64_t)((uint64_t)factored * (uint64_t)m->cie->data_align);
	*rule_of(m, reg) = (struct cfi_rule){.how = how, .offset = offset};
}

static void set_how(struct machine *m, uint64_t reg, enum cfi_how how)
{
	*rule_of(m, reg) = (struct cfi_rule){.how = how};
}

static void restore(struct machine *m, uint64_t reg)
{
	if (m->initial == NULL)
		m->bad = true;
	else if (reg < CFI_REGS)
		*rule_of(m, reg) = m->initial->reg[reg];
}

static void set_expr(struct machine *m, struct cfi_rule *rule, enum cfi_how how, struct bytes *b)
{
	uint64_t len = bytes_uleb(b);
	struct bytes expr = bytes_take(b, len);
	m->bad = m->bad || len > UINT16_MAX;
	*rule = (struct cfi_rule){.how = how, .expr_len = (uint16_t)len, .expr = expr.at};
}

static void set_cfa(struct machine *m, uint64_t reg, int64_t offset)
{
	m->bad = m->bad || reg >= CFI_REGS;
	m->rules->cfa = (struct cfi_rule){.how = CFI_OFFSET, .reg = (uint8_t)reg, .offset = offset};
}

/* --- instructions with an opcode of their own --------------------------------------- */

typedef void op_fn(struct machine *m, struct bytes *b);

static void op_nop(struct machine *m, struct bytes *b)
{
	(void)m;
	(void)b;
}

static void op_set_loc(struct machine *m, struct bytes *b)
{
	uint64_t loc;
	if (cfi_entry_address(m->section, b, m->cie->encoding, &loc))
		advance(m, loc);
	else
		m->bad = true;
}

static void op_advance_loc1(struct machine *m, struct bytes *b)
{
	advance(m, m->loc + bytes_u8(b) * m->cie->code_align);
}

static void op_advance_loc2(struct machine *m, struct bytes *b)
{
	advance(m, m->loc + bytes_u16(b) * m->cie->code_align);
}

static void op_advance_loc4(struct machine *m, struct bytes *b)
{
	advance(m, m->loc + bytes_u32(b) * m->cie->code_align);
}

static void op_offset_extended(struct machine *m, struct bytes *b)
{
	uint64_t reg = bytes_uleb(b);
	save(m, reg, CFI_SAVED, (int64_t)bytes_uleb(b));
}

static void op_offset_extended_sf(struct machine *m, struct bytes *b)
{
	uint64_t reg = bytes_uleb(b);
	save(m, reg, CFI_SAVED, bytes_sleb(b));
}

static void op_negative_offset_extended(struct machine *m, struct bytes *b)
{
	uint64_t reg = bytes_uleb(b);
	save(m, reg, CFI_SAVED, (int64_t)(0 - bytes_uleb(b)));
}

static void op_val_offset(struct machine *m, struct bytes *b)
{
	uint64_t reg = bytes_uleb(b);
	save(m, reg, CFI_OFFSET, (int64_t)bytes_uleb(b));
}

static void op_val_offset_sf(struct machine *m, struct bytes *b)
{
	uint64_t reg = bytes_uleb(b);
	save(m, reg, CFI_OFFSET, bytes_sleb(b));
}

static void op_restore_extended(struct machine *m, struct bytes *b)
{
	restore(m, bytes_uleb(b));
}

static void op_undefined(struct machine *m, struct bytes *b)
{
	set_how(m, bytes_uleb(b), CFI_UNDEFINED);
}

static void op_same_value(struct machine *m, struct bytes *b)
{
	set_how(m, bytes_uleb(b), CFI_SAME);
}

static void op_register(struct machine *m, struct bytes *b)
{
	uint64_t reg = bytes_uleb(b), in = bytes_uleb(b);
	*rule_of(m, reg) = (struct cfi_rule){.how = CFI_REGISTER, .reg = (uint8_t)in};
}

static void op_remember_state(struct machine *m, struct bytes *b)
{
	(void)b;
	m->bad = m->bad || m->depth == REMEMBERED;
	if (!m->bad)
		m->stack[m->depth++] = *m->rules;
}

static void op_restore_state(struct machine *m, struct bytes *b)
{
	(void)b;
	m->bad = m->bad || m->depth == 0;
	if (!m->bad)
		*m->rules = m->stack[--m->depth];
}

static void op_def_cfa(struct machine *m, struct bytes *b)
{
	uint64_t reg = bytes_uleb(b);
	set_cfa(m, reg, (int64_t)bytes_uleb(b));
}

static void op_def_cfa_sf(struct machine *m, struct bytes *b)
{
	uint64_t reg = bytes_uleb(b);
	set_cfa(m, reg, (int64_t)((uint64_t)bytes_sleb(b) * (uint64_t)m->cie->data_align));
}

static void op_def_cfa_register(struct machine *m, struct bytes *b)
{
	m->bad = m->bad || m->rules->cfa.how != CFI_OFFSET;
	set_cfa(m, bytes_uleb(b), m->bad ? 0 : m->rules->cfa.offset);
}

static void op_def_cfa_offset(struct machine *m, struct bytes *b)
{
	m->bad = m->bad || m->rules->cfa.how != CFI_OFFSET;
	set_cfa(m, m->rules->cfa.reg, (int64_t)bytes_uleb(b));
}

static void op_def_cfa_offset_sf(struct machine *m, struct bytes *b)
{
	m->bad = m->bad || m->rules->cfa.how != CFI_OFFSET;
	set_cfa(m, m->rules->cfa.reg,
	        (int64_t)((uint64_t)bytes_sleb(b) * (uint64_t)m->cie->data_align));
}

static void op_def_cfa_expression(struct machine *m, struct bytes *b)
{
	set_expr(m, &m->rules->cfa, CFI_EXPR, b);
}

static void op_expression(struct machine *m, struct bytes *b)
{
	struct cfi_rule *rule = rule_of(m, bytes_uleb(b));
	set_expr(m, rule, CFI_SAVED_EXPR, b);
}

static void op_val_expression(struct machine *m, struct bytes *b)
{
	struct cfi_rule *rule = rule_of(m, bytes_uleb(b));
	set_expr(m, rule, CFI_EXPR, b);
}

static void op_args_size(struct machine *m, struct bytes *b)
{
	(void)m;
	bytes_uleb(b); /* of use to exception handlers only */
}

static op_fn *const ops[64] = {
        [DW_CFA_nop] = op_nop,
        [DW_CFA_set_loc] = op_set_loc,
        [DW_CFA_advance_loc1] = op_advance_loc1,
        [DW_CFA_advance_loc2] = op_advance_loc2,
        [DW_CFA_advance_loc4] = op_advance_loc4,
        [DW_CFA_offset_extended] = op_offset_extended,
        [DW_CFA_restore_extended] = op_restore_extended,
        [DW_CFA_undefined] = op_undefined,
        [DW_CFA_same_value] = op_same_value,
        [DW_CFA_register] = op_register,
        [DW_CFA_remember_state] = op_remember_state,
        [DW_CFA_restore_state] = op_restore_state,
        [DW_CFA_def_cfa] = op_def_cfa,
        [DW_CFA_def_cfa_register] = op_def_cfa_register,
        [DW_CFA_def_cfa_offset] = op_def_cfa_offset,
        [DW_CFA_def_cfa_expression] = op_def_cfa_expression,
        [DW_CFA_expression] = op_expression,
        [DW_CFA_offset_extended_sf] = op_offset_extended_sf,
        [DW_CFA_def_cfa_sf] = op_def_cfa_sf,
        [DW_CFA_def_cfa_offset_sf] = op_def_cfa_offset_sf,
        [DW_CFA_val_offset] = op_val_offset,
        [DW_CFA_val_offset_sf] = op_val_offset_sf,
        [DW_CFA_val_expression] = op_val_expression,
        [DW_CFA_GNU_args_size] = op_args_size,
        [DW_CFA_GNU_negative_offset_extended] = op_negative_offset_extended,
};

/* --- the machine ------------------------------------------------------------------------ */

static void step(struct machine *m, struct bytes *b)
{
	uint8_t op = bytes_u8(b), low = op & 0x3f;
	switch (op & 0xc0) {
	case DW_CFA_advance_loc:
		advance(m, m->loc + low * m->cie->code_align);
		break;
	case DW_CFA_offset:
		save(m, low, CFI_SAVED, (int64_t)bytes_uleb(b));
		break;
	case DW_CFA_restore:
		restore(m, low);
		break;
	default:
		if (ops[low] != NULL)
			ops[low](m, b);
		else
			m->bad = true;
		break;
	}
}

static bool run(struct machine *m, struct bytes program)
{
	while (program.at < program.end && !m->done && !m->bad)
		step(m, &program);
	return !m->bad && !program.bad;
}

bool cfi_program_run(const struct cfi_bytes *s, const struct cfi_fde *f, uint64_t vaddr,
                     struct cfi_rules *out)
{
	struct machine m;
	m.section = s;
	m.cie = &f->cie;
	m.rules = out;
	m.initial = NULL;
	m.loc = f->start;
	m.want = vaddr;
	m.depth = 0;
	m.done = m.bad = false;
	memset(out, 0, sizeof *out);
	if (!run(&m, f->cie.program) || m.done)
		return false;
	struct cfi_rules initial = *out;
	m.initial = &initial;
	out->ra = initial.ra = f->cie.ra;
	out->signal = initial.signal = f->cie.signal;
	return run(&m, f->program) && out->cfa.how != CFI_UNSET;
}
