/* rows: lazy CFI rows; see rows.h.
 *
 * The table is open-addressed on (image, address). What libdw says is trusted for
 * the asked address only: after DW_CFA_restore_state it reports the remembered
 * row's range. A full table is emptied; rows come back as they are asked for.
 */
#include "ctop/rows.h"

#include "ctop/elf.h"
#include "ctop/hash.h"
#include "ctop/image.h"
#include "ctop/mem.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 4096, ROWS_MAX = 2 << 20 };

struct slot {
	uint64_t key; /* 0: free */
	struct row row;
};

struct rows {
	struct slot *slots;
	size_t mask, count;
};

struct rows *rows_new(void)
{
	struct rows *t = mem_zalloc(1, sizeof *t);
	t->slots = mem_zalloc(FIRST_SLOTS, sizeof *t->slots);
	t->mask = FIRST_SLOTS - 1;
	return t;
}

void rows_free(struct rows *t)
{
	if (t == NULL)
		return;
	free(t->slots);
	free(t);
}

/* --- from libdw ----------------------------------------------------------------- */

/* How one register is found, as far as rows can say. */
enum rule { RULE_SAME, RULE_UNDEFINED, RULE_SLOT, RULE_OTHER };

static enum rule register_rule(Dwarf_Frame *frame, int reg, int64_t *offset)
{
	Dwarf_Op mem[3], *ops = NULL;
	size_t n = 0;
	if (dwarf_frame_register(frame, reg, mem, &ops, &n) != 0)
		return RULE_OTHER;
	if (n == 0)
		return ops == NULL ? RULE_SAME : RULE_UNDEFINED;
	if (ops[0].atom != DW_OP_call_frame_cfa)
		return RULE_OTHER;
	*offset = 0;
	if (n == 1)
		return RULE_SLOT;
	if (n == 2 && ops[1].atom == DW_OP_plus_uconst) {
		*offset = (int64_t)ops[1].number;
		return RULE_SLOT;
	}
	return RULE_OTHER;
}

static bool is_breg(const Dwarf_Op *op, unsigned *reg, int64_t *offset)
{
	if (op->atom >= DW_OP_breg0 && op->atom <= DW_OP_breg31) {
		*reg = op->atom - DW_OP_breg0;
		*offset = (int64_t)op->number;
		return true;
	}
	if (op->atom == DW_OP_bregx) {
		*reg = (unsigned)op->number;
		*offset = (int64_t)op->number2;
		return true;
	}
	return false;
}

static bool is_literal(const Dwarf_Op *op, unsigned *value)
{
	*value = op->atom - DW_OP_lit0;
	return op->atom >= DW_OP_lit0 && op->atom <= DW_OP_lit31;
}

/* The linker's rule for lazy PLT stubs:
 * breg7 8; breg16 0; lit15; and; litN; ge; lit3; shl; plus. */
static bool is_plt(const Dwarf_Op *ops, size_t n, unsigned *from)
{
	static const uint8_t want[] = {DW_OP_breg7, DW_OP_breg16, DW_OP_lit15, DW_OP_and, 0,
	                               DW_OP_ge,    DW_OP_lit3,   DW_OP_shl,   DW_OP_plus};
	if (n != sizeof want || ops[0].number != 8 || ops[1].number != 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (i != 4 && ops[i].atom != want[i])
			return false;
	return is_literal(&ops[4], from);
}

static enum row_kind cfa_rule(Dwarf_Frame *frame, struct row *row)
{
	Dwarf_Op *ops = NULL;
	size_t n = 0;
	unsigned reg, from;
	int64_t offset;
	if (dwarf_frame_cfa(frame, &ops, &n) != 0 || n == 0)
		return ROW_FALLBACK;
	if (is_plt(ops, n, &from)) {
		row->cfa_offset = (int32_t)from;
		return ROW_PLT;
	}
	if (!is_breg(&ops[0], &reg, &offset) || reg >= ARCH_REGS || offset < INT32_MIN ||
	    offset > INT32_MAX)
		return ROW_FALLBACK;
	row->cfa_reg = (uint8_t)reg;
	row->cfa_offset = (int32_t)offset;
	if (n == 1)
		return ROW_OFFSET;
	if (n == 2 && ops[1].atom == DW_OP_deref)
		return ROW_DEREF;
	return ROW_FALLBACK;
}

static bool fit_slot(int64_t offset, int8_t *slot)
{
	*slot = (int8_t)(offset / 8);
	return offset % 8 == 0 && offset / 8 >= INT8_MIN && offset / 8 <= INT8_MAX && offset != 0;
}

static void fill_row(Dwarf_Frame *frame, struct row *row)
{
	bool signal = false;
	int64_t offset;
	int ra = dwarf_frame_info(frame, NULL, NULL, &signal);
	enum rule rule = ra == ARCH_PC ? register_rule(frame, ra, &offset) : RULE_OTHER;
	if (rule == RULE_UNDEFINED) {
		row->kind = ROW_ROOT;
		return;
	}
	enum row_kind kind = cfa_rule(frame, row);
	row->kind = ROW_FALLBACK;
	if (signal && kind == ROW_DEREF && row->cfa_reg == ARCH_SP &&
	    row->cfa_offset == (int32_t)arch_signal_slot(ARCH_SP)) {
		row->kind = ROW_SIGNAL;
		return;
	}
	if (rule != RULE_SLOT || !fit_slot(offset, &row->ra))
		return;
	for (unsigned i = 0; i < ARCH_SAVED; i++) {
		rule = register_rule(frame, arch_saved[i], &offset);
		if (rule == RULE_OTHER || (rule == RULE_SLOT && !fit_slot(offset, &row->saved[i])))
			return;
	}
	row->kind = (uint8_t)kind;
}

static Dwarf_Frame *find_frame(const struct image *im, uint64_t vaddr)
{
	Dwarf_Frame *frame = NULL;
	if (im->data.elf == NULL)
		return NULL;
	Dwarf_CFI *cfi = elf_eh_cfi(im->data.elf);
	if (cfi != NULL && dwarf_cfi_addrframe(cfi, vaddr, &frame) == 0)
		return frame;
	cfi = elf_debug_cfi(im->data.elf);
	if (cfi == NULL && im->data.debug != NULL)
		cfi = elf_debug_cfi(im->data.debug);
	return cfi != NULL && dwarf_cfi_addrframe(cfi, vaddr, &frame) == 0 ? frame : NULL;
}

static void make_row(const struct image *im, uint64_t vaddr, struct row *row)
{
	*row = (struct row){.kind = ROW_NONE};
	Dwarf_Frame *frame = find_frame(im, vaddr);
	if (frame == NULL)
		return;
	fill_row(frame, row);
	free(frame);
}

/* --- the table ------------------------------------------------------------------- */

static struct slot *slot_for(const struct rows *t, uint64_t key)
{
	size_t i = hash_u64(key) & t->mask;
	while (t->slots[i].key != 0 && t->slots[i].key != key)
		i = (i + 1) & t->mask;
	return &t->slots[i];
}

static void grow(struct rows *t)
{
	struct rows old = *t;
	t->mask = old.mask * 2 + 1;
	t->slots = mem_zalloc(t->mask + 1, sizeof *t->slots);
	for (size_t i = 0; i <= old.mask; i++)
		if (old.slots[i].key != 0)
			*slot_for(t, old.slots[i].key) = old.slots[i];
	free(old.slots);
}

const struct row *rows_get(struct rows *t, const struct image *im, uint64_t vaddr)
{
	static const struct row none = {.kind = ROW_NONE};
	if (vaddr >> 47 != 0 || im->id >> 16 != 0)
		return &none;
	uint64_t key = ((uint64_t)im->id << 47 | vaddr) + 1;
	struct slot *s = slot_for(t, key);
	if (s->key == key)
		return &s->row;
	if (t->count >= ROWS_MAX) {
		memset(t->slots, 0, (t->mask + 1) * sizeof *t->slots);
		t->count = 0;
	} else if (t->count * 2 > t->mask) {
		grow(t);
	}
	s = slot_for(t, key);
	s->key = key;
	make_row(im, vaddr, &s->row);
	t->count++;
	return &s->row;
}

size_t rows_count(const struct rows *t)
{
	return t->count;
}

size_t rows_bytes(const struct rows *t)
{
	return (t->mask + 1) * sizeof *t->slots;
}
