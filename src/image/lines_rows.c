/* lines_rows: what the program of a table of lines says, row by row; see lines_builder.h.
 *
 * Rows stand in the order of addresses in the end: a program is a number of sequences, each of
 * rising addresses, in any order. Format: DWARF 5, sections 6.2.2 and 6.2.5.
 */
#include "lines_builder.h"

#include "ctop/mem.h"
#include "ctop/vec.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_MOST = 1 << 26 };

/* The registers of the line number program, as far as they matter. */
struct machine {
	uint64_t addr, file, op;
	int64_t line;
	size_t first; /* row of this sequence */
};

static const struct machine START = {.file = 1, .line = 1};

static void push_row(struct lines_builder *b, struct machine *m, struct lines_row r)
{
	struct lines_row *last = b->row_count > m->first ? &b->rows[b->row_count - 1] : NULL;
	if (last != NULL && last->addr == r.addr) {
		*last = r; /* the one before it covers nothing */
		return;
	}
	if ((last != NULL && last->file == r.file && last->line == r.line) ||
	    b->row_count >= ROWS_MOST)
		return;
	b->rows = vec_reserve(b->rows, &b->row_cap, b->row_count + 1, sizeof *b->rows);
	b->rows[b->row_count++] = r;
}

static void emit_row(struct lines_builder *b, struct lines_table *t, struct machine *m)
{
	bool known = m->line >= 0 && m->line <= INT32_MAX;
	struct lines_row r = {m->addr + b->source->shift, 0, 0};
	if (known) {
		r.file = lines_names_file(b, t, m->file);
		r.line = (uint32_t)m->line;
	}
	push_row(b, m, r);
}

/* A sequence at address 0 is what the linker has dropped. */
static void end_sequence(struct lines_builder *b, struct machine *m)
{
	push_row(b, m, (struct lines_row){m->addr + b->source->shift, 0, 0});
	uint64_t addr = b->row_count > m->first ? b->rows[m->first].addr : 0;
	if (b->row_count - m->first < 2 || addr == b->source->shift) {
		b->row_count = m->first;
	} else {
		b->sequences = vec_reserve(b->sequences, &b->sequence_cap, b->sequence_count + 1,
		                           sizeof *b->sequences);
		b->sequences[b->sequence_count++] =
		        (struct lines_sequence){addr, m->first, b->row_count - m->first};
	}
	*m = START;
	m->first = b->row_count;
}

static void advance(const struct lines_table *t, struct machine *m, uint64_t operations)
{
	if (t->ops_most == 1) {
		m->addr += t->shortest * operations;
		return;
	}
	m->addr += t->shortest * ((m->op + operations) / t->ops_most);
	m->op = (m->op + operations) % t->ops_most;
}

static void run_extended(struct lines_builder *b, struct lines_table *t, struct machine *m,
                         struct bytes *p)
{
	struct bytes body = bytes_take(p, bytes_uleb(p));
	const char *name;
	switch (bytes_u8(&body)) {
	case DW_LNE_end_sequence:
		end_sequence(b, m);
		break;
	case DW_LNE_set_address:
		m->op = 0;
		m->addr = bytes_left(&body) >= 8 ? bytes_u64(&body) : bytes_u32(&body);
		break;
	case DW_LNE_define_file:
		name = bytes_str(&body);
		lines_table_add_file(t, name, bytes_uleb(&body));
		break;
	default:
		break;
	}
}

static void run_standard(struct lines_builder *b, struct lines_table *t, struct machine *m,
                         struct bytes *p, uint8_t opcode)
{
	switch (opcode) {
	case DW_LNS_copy:
		emit_row(b, t, m);
		break;
	case DW_LNS_advance_pc:
		advance(t, m, bytes_uleb(p));
		break;
	case DW_LNS_advance_line:
		m->line = (int64_t)((uint64_t)m->line + (uint64_t)bytes_sleb(p));
		break;
	case DW_LNS_set_file:
		m->file = bytes_uleb(p);
		break;
	case DW_LNS_const_add_pc:
		advance(t, m, (255U - t->opcode_base) / t->line_range);
		break;
	case DW_LNS_fixed_advance_pc:
		m->addr += bytes_u16(p);
		m->op = 0;
		break;
	default:
		for (unsigned i = 0; i < t->operands[opcode]; i++)
			bytes_uleb(p);
	}
}

void lines_rows_run(struct lines_builder *b, struct lines_table *t)
{
	enum { FIRST_MOST = 1 << 16 };
	struct bytes p = t->program;
	struct machine m = START;
	/* Most rows take two bytes or three. */
	size_t likely = bytes_left(&p) / 2;
	b->rows = vec_reserve(b->rows, &b->row_cap, likely < FIRST_MOST ? likely : FIRST_MOST,
	                      sizeof *b->rows);
	while (p.at < p.end && !p.bad) {
		uint8_t opcode = *p.at++;
		if (opcode >= t->opcode_base) {
			unsigned special = opcode - t->opcode_base;
			advance(t, &m, special / t->line_range);
			m.line = (int64_t)((uint64_t)m.line +
			                   (uint64_t)(int64_t)(t->line_base +
			                                       (int)(special % t->line_range)));
			emit_row(b, t, &m);
		} else if (opcode == 0) {
			run_extended(b, t, &m, &p);
		} else {
			run_standard(b, t, &m, &p, opcode);
		}
	}
	/* What is cut off ends with its last row. */
	if (b->row_count > m.first)
		end_sequence(b, &m);
}

static int by_start(const void *va, const void *vb)
{
	const struct lines_sequence *a = va, *b = vb;
	if (a->addr != b->addr)
		return (a->addr > b->addr) - (a->addr < b->addr);
	return (a->first > b->first) - (a->first < b->first);
}

/* The end of a sequence comes first where another begins. */
static int by_address(const void *va, const void *vb)
{
	const struct lines_row *a = va, *b = vb;
	if (a->addr != b->addr)
		return (a->addr > b->addr) - (a->addr < b->addr);
	if (a->file != b->file)
		return (a->file > b->file) - (a->file < b->file);
	return (a->line > b->line) - (a->line < b->line);
}

static bool are_rising(const struct lines_row *rows, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (rows[i].addr < rows[i - 1].addr)
			return false;
	return true;
}

/* Sequence by sequence; row by row only where sequences overlap. */
void lines_rows_sort(struct lines_builder *b)
{
	if (are_rising(b->rows, b->row_count))
		return;
	struct lines_row *sorted = mem_alloc(b->row_count * sizeof *sorted);
	size_t n = 0;
	qsort(b->sequences, b->sequence_count, sizeof *b->sequences, by_start);
	for (size_t i = 0; i < b->sequence_count; i++) {
		const struct lines_sequence *s = &b->sequences[i];
		memcpy(sorted + n, b->rows + s->first, s->count * sizeof *sorted);
		n += s->count;
	}
	free(b->rows);
	b->rows = sorted;
	if (!are_rising(sorted, n))
		qsort(sorted, n, sizeof *sorted, by_address);
}
