/* rows: lazy CFI rows; see rows.h.
 *
 * The table is open-addressed on (image, address). A full table is emptied; rows come
 * back as they are asked for.
 */
#include "ctop/rows.h"

#include "ctop/bytes.h"
#include "ctop/cfi.h"
#include "ctop/elf.h"
#include "ctop/hash.h"
#include "ctop/image.h"
#include "ctop/mem.h"
#include "ctop/pclntab.h"

#include <dwarf.h>
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

/* --- from call frame information ---------------------------------------------------- */

/* What a rule says of a register, as far as rows can. */
enum slot_kind { SLOT_NONE, SLOT_CFA, SLOT_FP, SLOT_OTHER };

/* "register + offset", alone in an expression or followed by `then` (0: by nothing). */
static bool is_reg_offset(const struct cfi_rule *r, uint8_t then, unsigned *reg, int64_t *offset)
{
	struct bytes b = bytes_of(r->expr, r->expr_len);
	uint8_t op = bytes_u8(&b);
	if (op < DW_OP_breg0 || op > DW_OP_breg31)
		return false;
	*reg = op - DW_OP_breg0;
	*offset = bytes_sleb(&b);
	return !b.bad && bytes_left(&b) == (then != 0) && (then == 0 || bytes_u8(&b) == then);
}

/* The linker's rule for lazy PLT stubs:
 * breg7 8; breg16 0; lit15; and; litN; ge; lit3; shl; plus. */
static bool is_plt(const struct cfi_rule *r, unsigned *from)
{
	static const unsigned char want[] = {DW_OP_breg7, 8,         DW_OP_breg16, 0,
	                                     DW_OP_lit15, DW_OP_and, DW_OP_lit0,   DW_OP_ge,
	                                     DW_OP_lit3,  DW_OP_shl, DW_OP_plus};
	enum { LIT = 6 };
	if (r->expr_len != sizeof want || memcmp(r->expr, want, LIT) != 0 ||
	    memcmp(r->expr + LIT + 1, want + LIT + 1, sizeof want - LIT - 1) != 0)
		return false;
	*from = r->expr[LIT] - (unsigned)DW_OP_lit0;
	return *from < 16;
}

static enum row_kind cfa_rule(const struct cfi_rule *cfa, struct row *row)
{
	unsigned reg = cfa->reg, from;
	int64_t offset = cfa->offset;
	enum row_kind kind = ROW_OFFSET;
	if (cfa->how == CFI_EXPR) {
		if (is_plt(cfa, &from)) {
			row->cfa_offset = (int32_t)from;
			return ROW_PLT;
		}
		if (is_reg_offset(cfa, DW_OP_deref, &reg, &offset))
			kind = ROW_DEREF;
		else if (!is_reg_offset(cfa, 0, &reg, &offset))
			return ROW_FALLBACK;
	}
	if (reg >= ARCH_REGS || offset < INT32_MIN || offset > INT32_MAX)
		return ROW_FALLBACK;
	row->cfa_reg = (uint8_t)reg;
	row->cfa_offset = (int32_t)offset;
	return kind;
}

/* Where a register is saved: *slot in words from the CFA or the frame pointer. */
static enum slot_kind slot_of(const struct cfi_rule *r, int8_t *slot)
{
	int64_t offset = r->offset;
	unsigned reg;
	enum slot_kind kind = SLOT_CFA;
	if (r->how == CFI_UNSET || r->how == CFI_SAME)
		return SLOT_NONE;
	if (r->how == CFI_SAVED_EXPR && is_reg_offset(r, 0, &reg, &offset) && reg == ARCH_FP)
		kind = SLOT_FP;
	else if (r->how != CFI_SAVED)
		return SLOT_OTHER;
	/* Slot 0 stands for "not saved": only the frame pointer itself may be there. */
	if (offset % 8 != 0 || offset / 8 < INT8_MIN || offset / 8 > INT8_MAX || offset == 0)
		return SLOT_OTHER;
	*slot = (int8_t)(offset / 8);
	return kind;
}

static bool saved_rule(const struct cfi_rules *rules, unsigned i, struct row *row)
{
	const struct cfi_rule *r = &rules->reg[arch_saved[i]];
	/* "The frame pointer stands where it points": the rule after a realignment. */
	unsigned reg;
	int64_t offset;
	if (r->how == CFI_SAVED_EXPR && arch_saved[i] == ARCH_FP &&
	    is_reg_offset(r, 0, &reg, &offset) && reg == ARCH_FP && offset == 0) {
		row->fp_at_fp = true;
		return true;
	}
	enum slot_kind kind = slot_of(r, &row->saved[i]);
	if (kind == SLOT_FP)
		row->by_fp |= (uint8_t)(1u << i);
	return kind != SLOT_OTHER;
}

static bool is_signal(const struct cfi_rules *rules, enum row_kind kind, const struct row *row)
{
	return rules->signal && kind == ROW_DEREF && row->cfa_reg == ARCH_SP &&
	       row->cfa_offset == (int32_t)arch_signal_slot(ARCH_SP);
}

static void fill_row(const struct cfi_rules *rules, struct row *row)
{
	const struct cfi_rule *ra = &rules->reg[rules->ra];
	if (ra->how == CFI_UNDEFINED) {
		row->kind = ROW_ROOT;
		return;
	}
	enum row_kind kind = cfa_rule(&rules->cfa, row);
	row->kind = ROW_FALLBACK;
	if (is_signal(rules, kind, row)) {
		row->kind = ROW_SIGNAL;
		return;
	}
	if (rules->ra != ARCH_PC || slot_of(ra, &row->ra) != SLOT_CFA)
		return;
	for (unsigned i = 0; i < ARCH_SAVED; i++)
		if (!saved_rule(rules, i, row))
			return;
	row->kind = (uint8_t)kind;
}

/* Go keeps its own tables: the distance to the return address, below which the frame
 * pointer is saved wherever there is a frame. */
static bool go_row(const struct pclntab *t, uint64_t vaddr, bool before_return, struct row *row)
{
	struct pclntab_func f, next;
	uint32_t frame;
	if (!pclntab_find(t, vaddr, &f))
		return false;
	/* A signal handler returns to the first byte of the trampoline: it was never called, so
	 * one byte before it is another function. */
	if (before_return && vaddr + 1 == f.end && pclntab_find(t, f.end, &next) && next.signal)
		f = next;
	if (f.top || f.signal) {
		row->kind = f.top ? ROW_ROOT : ROW_SIGNAL;
		return true;
	}
	if (!pclntab_frame(t, vaddr, &frame))
		return false;
	*row = (struct row){
	        .kind = ROW_OFFSET, .cfa_reg = ARCH_SP, .cfa_offset = (int32_t)frame + 8, .ra = -1};
	for (unsigned i = 0; frame > 0 && i < ARCH_SAVED; i++)
		if (arch_saved[i] == ARCH_FP)
			row->saved[i] = -2;
	return true;
}

/* Not every C library describes its signal trampoline (musl does not): its code tells. A
 * handler returns to its first byte, and is looked up one byte before. */
static bool is_trampoline(const struct image *im, uint64_t vaddr, bool before_return)
{
	unsigned char code[17];
	if (im->data.elf == NULL)
		return false;
	size_t len = elf_read_vaddr(im->data.elf, vaddr, code, sizeof code);
	return arch_is_signal_return(code, len) ||
	       (before_return && len > 0 && arch_is_signal_return(code + 1, len - 1));
}

/* A coroutine's or a handler's last return is to the first byte of a function that was never
 * called (__start_context, a trampoline). It is looked up one byte before, in another
 * function: where no call ends there, this is the end of the stack, or a signal's frame. */
static void take_next(const struct image *im, uint64_t vaddr, struct row *row)
{
	enum { CALL = 8 };
	static const unsigned char nothing[CALL];
	struct cfi_rules rules;
	struct row next = {0};
	uint64_t start, size;
	unsigned char code[CALL];
	if (im->data.cfi == NULL || im->data.elf == NULL ||
	    !cfi_function(im->data.cfi, vaddr + 1, &start, &size) || start != vaddr + 1 ||
	    !cfi_rules_at(im->data.cfi, start, &rules) || start < CALL ||
	    elf_read_vaddr(im->data.elf, start - CALL, code, CALL) != CALL ||
	    memcmp(code, nothing, CALL) == 0 || arch_ends_in_call(code, CALL))
		return;
	fill_row(&rules, &next);
	*row = (struct row){.kind = next.kind == ROW_SIGNAL ? ROW_SIGNAL : ROW_ROOT};
}

static void make_row(const struct image *im, uint64_t vaddr, bool before_return, struct row *row)
{
	struct cfi_rules rules;
	*row = (struct row){.kind = ROW_NONE};
	if (im->data.pclntab != NULL && go_row(im->data.pclntab, vaddr, before_return, row))
		return;
	if (im->data.cfi != NULL && cfi_rules_at(im->data.cfi, vaddr, &rules))
		fill_row(&rules, row);
	else if (is_trampoline(im, vaddr, before_return))
		row->kind = ROW_SIGNAL;
	if (before_return)
		take_next(im, vaddr, row);
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

const struct row *rows_get(struct rows *t, const struct image *im, uint64_t vaddr,
                           bool before_return)
{
	static const struct row none = {.kind = ROW_NONE};
	if (vaddr >> 47 != 0 || im->id >> 16 != 0)
		return &none;
	uint64_t key = ((uint64_t)before_return << 63 | (uint64_t)im->id << 47 | vaddr) + 1;
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
	make_row(im, vaddr, before_return, &s->row);
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
