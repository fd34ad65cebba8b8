/* lines_index: one compilation unit of DWARF made flat; see lines_unit.h.
 *
 * The tree of scopes is walked once with libdw (functions, blocks, inlined calls; types only where
 * functions may be within); each scope leaves its ranges with its depth, and a sweep over them,
 * sorted, keeps the innermost for every address. Lists of ranges and the table of lines are read
 * here: libdw 0.188 follows a list out of its section, and copies paths without bound. Ranges and
 * rows become one list of places. Format: DWARF 5, sections 3.3 (subroutines), 2.17 (ranges) and
 * 6.2 (lines); what else is in versions 2 to 4: 2.17.3 and 6.2.4 of DWARF 4.
 */
#include "ctop/clock.h"
#include "ctop/hash.h"
#include "ctop/mem.h"
#include "ctop/vec.h"
#include "lines_unit.h"

#include <dwarf.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MOST = 256, SCOPES_MOST = 1 << 24, ROWS_MOST = 1 << 26, TEXT_MOST = 1 << 28 };
enum { NAME_MOST = 1 << 16 };

/* Entries of range lists that are read for one unit; lists may be shared by any number of DIEs. */
enum { STEPS_MOST = 1 << 24 };

/* --- ranges -------------------------------------------------------------------------------------
 */

/* What a unit's lists of ranges are read with. */
struct lists {
	struct bytes lists,
	        addresses; /* the sections that it refers to; addresses from its base on */
	uint64_t indexed;  /* where the table is that indexed lists are found by */
	uint64_t base;
	uint16_t version;
	uint8_t address_size, offset_size;
	uint64_t steps;
};

/* The attributes of a DIE that are read, found in one pass. */
struct attributes {
	Dwarf_Attribute low, high, ranges, origin, call_file, call_line;
	bool has_low, has_high, has_ranges, has_origin, has_call_file, has_call_line;
};

static int keep_attribute(Dwarf_Attribute *a, void *ctx)
{
	struct attributes *to = ctx;
	switch (dwarf_whatattr(a)) {
	case DW_AT_low_pc:
		to->low = *a;
		to->has_low = true;
		break;
	case DW_AT_high_pc:
		to->high = *a;
		to->has_high = true;
		break;
	case DW_AT_ranges:
		to->ranges = *a;
		to->has_ranges = true;
		break;
	case DW_AT_abstract_origin:
		to->origin = *a;
		to->has_origin = true;
		break;
	case DW_AT_call_file:
		to->call_file = *a;
		to->has_call_file = true;
		break;
	case DW_AT_call_line:
		to->call_line = *a;
		to->has_call_line = true;
		break;
	default:
		break;
	}
	return DWARF_CB_OK;
}

static struct attributes attributes_of(Dwarf_Die *die)
{
	struct attributes a;
	a.has_low = a.has_high = a.has_ranges = false;
	a.has_origin = a.has_call_file = a.has_call_line = false;
	dwarf_getattrs(die, keep_attribute, &a, 0);
	return a;
}

static uint64_t number_of(Dwarf_Attribute *a)
{
	Dwarf_Word n = 0;
	return dwarf_formudata(a, &n) == 0 ? n : 0;
}

static uint64_t find_number(Dwarf_Die *die, unsigned name, uint64_t otherwise)
{
	Dwarf_Attribute a;
	Dwarf_Word n;
	return dwarf_attr(die, name, &a) != NULL && dwarf_formudata(&a, &n) == 0 ? n : otherwise;
}

/* The bytes from an offset on; bad, and none, when it is not within. */
static struct bytes from(struct bytes b, uint64_t offset)
{
	if (b.at == NULL)
		b = bytes_of("", 0);
	b.bad = b.bad || offset > bytes_left(&b);
	bytes_take(&b, offset);
	return b;
}

static void lists_init(struct lists *l, const struct unit_source *s)
{
	Dwarf_Die die = s->die, split = s->split;
	Dwarf_Attribute a;
	Dwarf_Half version = 0;
	*l = (struct lists){.steps = STEPS_MOST};
	dwarf_cu_info(split.cu, &version, NULL, NULL, NULL, NULL, &l->address_size,
	              &l->offset_size);
	l->version = version;
	/* Before DWARF 5, a .dwo file's ranges stand in the file itself. */
	l->lists = version < 5   ? s->sections[DWARF_RANGES]
	           : s->is_split ? s->split_sections[DWARF_RNGLISTS]
	                         : s->sections[DWARF_RNGLISTS];
	/* A header of lists ends with the table that DW_FORM_rnglistx indexes. */
	l->indexed = find_number(&split, DW_AT_rnglists_base, l->offset_size == 8 ? 20 : 12);
	uint64_t first =
	        find_number(&die, DW_AT_addr_base, find_number(&die, DW_AT_GNU_addr_base, 0));
	l->addresses = from(s->sections[DWARF_ADDR], first);
	if ((dwarf_attr(&die, DW_AT_low_pc, &a) == NULL &&
	     dwarf_attr(&die, DW_AT_entry_pc, &a) == NULL) ||
	    dwarf_formaddr(&a, &l->base) != 0)
		l->base = 0;
}

static uint64_t read_address(const struct lists *l, struct bytes *b)
{
	return l->address_size == 8 ? bytes_u64(b) : bytes_u32(b);
}

static uint64_t read_indexed(const struct lists *l, struct bytes *b)
{
	uint64_t n = bytes_uleb(b);
	if (n > bytes_left(&l->addresses)) {
		b->bad = true;
		return 0;
	}
	struct bytes at = from(l->addresses, n * l->address_size);
	uint64_t addr = read_address(l, &at);
	b->bad = b->bad || at.bad;
	return addr;
}

enum entry { ENTRY_END, ENTRY_BASE, ENTRY_RANGE };

/* .debug_ranges, up to version 4. */
static enum entry read_pair(const struct lists *l, struct bytes *b, uint64_t *base, uint64_t *lo,
                            uint64_t *hi)
{
	uint64_t escape = l->address_size == 8 ? UINT64_MAX : UINT32_MAX;
	*lo = read_address(l, b);
	*hi = read_address(l, b);
	if (b->bad || (*lo == 0 && *hi == 0))
		return ENTRY_END;
	if (*lo == escape) {
		*base = *hi;
		return ENTRY_BASE;
	}
	*lo += *base;
	*hi += *base;
	return ENTRY_RANGE;
}

/* .debug_rnglists, from version 5 on. */
static enum entry read_entry(const struct lists *l, struct bytes *b, uint64_t *base, uint64_t *lo,
                             uint64_t *hi)
{
	uint8_t kind = bytes_u8(b);
	switch (kind) {
	case DW_RLE_base_addressx:
		*base = read_indexed(l, b);
		return ENTRY_BASE;
	case DW_RLE_base_address:
		*base = read_address(l, b);
		return ENTRY_BASE;
	case DW_RLE_startx_endx:
		*lo = read_indexed(l, b);
		*hi = read_indexed(l, b);
		return ENTRY_RANGE;
	case DW_RLE_startx_length:
		*lo = read_indexed(l, b);
		*hi = *lo + bytes_uleb(b);
		return ENTRY_RANGE;
	case DW_RLE_offset_pair:
		*lo = *base + bytes_uleb(b);
		*hi = *base + bytes_uleb(b);
		return ENTRY_RANGE;
	case DW_RLE_start_end:
		*lo = read_address(l, b);
		*hi = read_address(l, b);
		return ENTRY_RANGE;
	case DW_RLE_start_length:
		*lo = read_address(l, b);
		*hi = *lo + bytes_uleb(b);
		return ENTRY_RANGE;
	default:
		return ENTRY_END;
	}
}

/* What the linker has dropped stands at 0. */
static void give_range(uint64_t lo, uint64_t hi, line_range_fn fn, void *ctx)
{
	if (lo != 0 && lo < hi)
		fn(ctx, lo, hi);
}

static void read_list(struct lists *l, struct bytes b, line_range_fn fn, void *ctx)
{
	uint64_t base = l->base, lo, hi;
	for (; l->steps > 0 && !b.bad; l->steps--) {
		enum entry kind = l->version < 5 ? read_pair(l, &b, &base, &lo, &hi)
		                                 : read_entry(l, &b, &base, &lo, &hi);
		if (kind == ENTRY_END || b.bad)
			return;
		if (kind == ENTRY_RANGE)
			give_range(lo, hi, fn, ctx);
	}
}

static void ranges_of(struct lists *l, struct attributes *a, line_range_fn fn, void *ctx)
{
	Dwarf_Addr lo, hi;
	if (a->has_low && a->has_high && dwarf_formaddr(&a->low, &lo) == 0) {
		/* Since version 4 it may be a length. */
		if (dwarf_formaddr(&a->high, &hi) != 0)
			hi = lo + number_of(&a->high);
		give_range(lo, hi, fn, ctx);
		return;
	}
	Dwarf_Word offset;
	if (!a->has_ranges || dwarf_formudata(&a->ranges, &offset) != 0)
		return;
	if (dwarf_whatform(&a->ranges) == DW_FORM_rnglistx) {
		if (offset > bytes_left(&l->lists))
			return;
		struct bytes at = from(l->lists, l->indexed + offset * l->offset_size);
		offset = l->indexed + (l->offset_size == 8 ? bytes_u64(&at) : bytes_u32(&at));
		if (at.bad)
			return;
	}
	read_list(l, from(l->lists, offset), fn, ctx);
}

void line_unit_ranges(const struct unit_source *s, line_range_fn fn, void *ctx)
{
	struct lists l = {0};
	Dwarf_Die die = s->die;
	struct attributes a = attributes_of(&die);
	if (a.has_ranges)
		lists_init(&l, s);
	ranges_of(&l, &a, fn, ctx);
}

/* --- text ---------------------------------------------------------------------------------------
 */

/* A range with how deep its scope is. */
struct nested {
	uint64_t lo, hi;
	uint32_t scope, depth;
};

/* Addresses of which a scope is the innermost; sorted, disjoint. */
struct flat {
	uint64_t lo, hi;
	uint32_t scope;
};

/* Addresses from `addr` to the next row; see struct line_place. */
struct row {
	uint64_t addr;
	uint32_t file, line;
};

/* One that the table of lines numbers. */
struct file {
	const char *name;
	uint32_t dir;
	uint32_t text; /* its path, 0: not asked for yet */
};

/* The head of a table of lines. */
struct table {
	struct bytes program;
	const char **dirs;
	struct file *files;
	size_t dir_count, dir_cap, file_count, file_cap;
	uint16_t version;
	uint8_t offset_size, shortest, ops_most, line_range, opcode_base;
	int8_t line_base;
	uint8_t operands[256];
};

/* Rows of one run of addresses. */
struct sequence {
	uint64_t addr;
	size_t first, count;
};

struct builder {
	struct line_unit *u;
	const struct unit_source *source;
	struct lists lists;
	struct table table, split_table;
	struct table *of_calls; /* one of these */
	struct nested *nested;
	struct flat *flat;
	struct row *rows;
	struct sequence *sequences;
	size_t nested_count, nested_cap, flat_count, flat_cap, row_count, row_cap;
	size_t sequence_count, sequence_cap;
	const char *dir;    /* in which the compiler ran, or NULL */
	const char *walked; /* the last DIE: a tree that leads back is not followed */
	uint64_t start_ns, visited;
	struct hash_map functions; /* an abstract function's DIE → its name in the text */
	uint32_t scope, depth;     /* of the ranges that are being added */
};

static uint32_t add_text(struct builder *b, const char *s)
{
	struct strbuf *t = &b->u->text;
	size_t len = s != NULL ? strnlen(s, NAME_MOST) : 0;
	if (t->len == 0)
		strbuf_add(t, "", 1);
	if (len == 0 || len >= NAME_MOST || t->len + len + 1 > TEXT_MOST)
		return 0;
	uint32_t at = (uint32_t)t->len;
	strbuf_add(t, s, len + 1);
	return at;
}

/* Whether a string ends within its section: those of .dwo files need not. */
static bool is_whole(const struct unit_source *s, const char *text)
{
	for (int i = 0; s->is_split && i < DWARF_SECTIONS; i++) {
		const char *at = (const char *)s->split_sections[i].at;
		size_t len = bytes_left(&s->split_sections[i]);
		if (at == NULL || text < at || text > at + len)
			continue;
		size_t left = len - (size_t)(text - at);
		return memchr(text, '\0', left < NAME_MOST ? left : NAME_MOST) != NULL;
	}
	return true;
}

static const char *string_of(const struct unit_source *s, Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute a;
	const char *text =
	        dwarf_attr_integrate(die, name, &a) != NULL ? dwarf_formstring(&a) : NULL;
	return text != NULL && is_whole(s, text) ? text : NULL;
}

static uint32_t read_name(struct builder *b, Dwarf_Die *die)
{
	const char *s = string_of(b->source, die, DW_AT_linkage_name);
	if (s == NULL)
		s = string_of(b->source, die, DW_AT_MIPS_linkage_name);
	if (s == NULL)
		s = string_of(b->source, die, DW_AT_name);
	return add_text(b, s);
}

/* The name of a function, of which there may be many inlined copies. */
static uint32_t function_name(struct builder *b, Dwarf_Die *die, struct attributes *a)
{
	Dwarf_Die origin;
	if (!a->has_origin || dwarf_formref_die(&a->origin, &origin) == NULL)
		return read_name(b, die);
	/* By address in memory: an origin may be in another file. */
	uint64_t key = hash_u64((uintptr_t)origin.addr) | 1;
	uint32_t name;
	if (hash_map_get(&b->functions, key, &name, NULL))
		return name;
	name = read_name(b, &origin);
	hash_map_add(&b->functions, key, name);
	return name;
}

/* --- tables of lines ---------------------------------------------------------------------------
 */

static uint64_t read_offset(const struct table *t, struct bytes *b)
{
	return t->offset_size == 8 ? bytes_u64(b) : bytes_u32(b);
}

/* A value of a directory or file of version 5: a string or a number, else neither. */
static void read_value(const struct table *t, const struct bytes *sections, struct bytes *b,
                       uint64_t form, const char **text, uint64_t *number)
{
	struct bytes s;
	switch (form) {
	case DW_FORM_string:
		*text = bytes_str(b);
		break;
	case DW_FORM_line_strp:
	case DW_FORM_strp:
		s = from(sections[form == DW_FORM_strp ? DWARF_STR : DWARF_LINE_STR],
		         read_offset(t, b));
		/* Any number of files may refer to the same long string. */
		if (bytes_left(&s) > PATH_MAX)
			s = bytes_take(&s, PATH_MAX);
		*text = bytes_str(&s);
		break;
	case DW_FORM_udata:
		*number = bytes_uleb(b);
		break;
	case DW_FORM_data1:
		*number = bytes_u8(b);
		break;
	case DW_FORM_data2:
		*number = bytes_u16(b);
		break;
	case DW_FORM_data4:
		*number = bytes_u32(b);
		break;
	case DW_FORM_data8:
		*number = bytes_u64(b);
		break;
	case DW_FORM_data16: /* a checksum */
		bytes_take(b, 16);
		break;
	case DW_FORM_block:
		bytes_take(b, bytes_uleb(b));
		break;
	case DW_FORM_strp_sup:
		read_offset(t, b);
		break;
	default:
		b->bad = true;
	}
}

static void add_dir(struct table *t, const char *name)
{
	t->dirs = vec_reserve(t->dirs, &t->dir_cap, t->dir_count + 1, sizeof *t->dirs);
	t->dirs[t->dir_count++] = name;
}

static void add_file(struct table *t, const char *name, uint64_t dir)
{
	t->files = vec_reserve(t->files, &t->file_cap, t->file_count + 1, sizeof *t->files);
	t->files[t->file_count++] =
	        (struct file){name, dir < UINT32_MAX ? (uint32_t)dir : UINT32_MAX, 0};
}

/* The directories or the files of a version 5 table. */
static void read_entries(struct table *t, const struct bytes *sections, struct bytes *b,
                         bool are_files)
{
	uint64_t kinds[256], forms[256];
	unsigned fields = bytes_u8(b);
	for (unsigned i = 0; i < fields; i++) {
		kinds[i] = bytes_uleb(b);
		forms[i] = bytes_uleb(b);
	}
	uint64_t count = bytes_uleb(b);
	/* Each takes a byte at least, or there would be no bound. */
	for (; count > 0 && fields > 0 && !b->bad && bytes_left(b) > 0; count--) {
		const char *name = "";
		uint64_t dir = 0;
		for (unsigned i = 0; i < fields; i++) {
			const char *text = "";
			uint64_t number = 0;
			read_value(t, sections, b, forms[i], &text, &number);
			if (kinds[i] == DW_LNCT_path)
				name = text;
			else if (kinds[i] == DW_LNCT_directory_index)
				dir = number;
		}
		if (b->bad)
			return;
		if (are_files)
			add_file(t, name, dir);
		else
			add_dir(t, name);
	}
}

/* Those of versions 2 to 4, where number 0 is the compiler's directory, and no file. */
static void read_old_entries(struct table *t, struct bytes *b)
{
	const char *name;
	add_dir(t, "");
	add_file(t, "", 0);
	while (*(name = bytes_str(b)) != '\0')
		add_dir(t, name);
	while (!b->bad && *(name = bytes_str(b)) != '\0') {
		add_file(t, name, bytes_uleb(b));
		bytes_uleb(b); /* when it was changed, its length */
		bytes_uleb(b);
	}
}

/* Reads the head of the table at an offset of .debug_line; false: there is none. */
static bool table_open(struct table *t, const struct bytes *sections, uint64_t offset)
{
	struct bytes b = from(sections[DWARF_LINE], offset);
	uint64_t len = bytes_u32(&b);
	t->offset_size = len == UINT32_MAX ? 8 : 4;
	b = bytes_take(&b, len == UINT32_MAX ? bytes_u64(&b) : len);
	t->version = bytes_u16(&b);
	if (t->version < 2 || t->version > 5)
		return false;
	if (t->version >= 5)
		bytes_u16(&b); /* sizes of addresses and of segment selectors */
	struct bytes head = bytes_take(&b, read_offset(t, &b));
	t->program = b;
	t->shortest = bytes_u8(&head);
	t->ops_most = t->version >= 4 ? bytes_u8(&head) : 1;
	bytes_u8(&head); /* whether rows are statements */
	t->line_base = (int8_t)bytes_u8(&head);
	t->line_range = bytes_u8(&head);
	t->opcode_base = bytes_u8(&head);
	for (unsigned i = 1; i < t->opcode_base; i++)
		t->operands[i] = bytes_u8(&head);
	if (head.bad || t->ops_most == 0 || t->line_range == 0 || t->opcode_base == 0)
		return false;
	if (t->version < 5) {
		read_old_entries(t, &head);
		return true;
	}
	read_entries(t, sections, &head, false);
	read_entries(t, sections, &head, true);
	return true;
}

static void table_close(struct table *t)
{
	free(t->dirs);
	free(t->files);
}

/* A path that does not begin at the root begins where the compiler ran. */
static uint32_t add_path(struct builder *b, const char *dir, const char *name)
{
	char path[PATH_MAX];
	const char *root = dir[0] == '/' || name[0] == '/' || b->dir == NULL ? "" : b->dir;
	if (name[0] == '/')
		dir = "";
	int n = snprintf(path, sizeof path, "%s%s%s%s%s", root, root[0] != '\0' ? "/" : "", dir,
	                 dir[0] != '\0' ? "/" : "", name);
	return add_text(b, n > 0 && (size_t)n < sizeof path ? path : name);
}

static uint32_t file_name(struct builder *b, struct table *t, uint64_t index)
{
	if (index >= t->file_count || t->files[index].name[0] == '\0')
		return 0;
	struct file *f = &t->files[index];
	if (f->text == 0)
		f->text = add_path(b, f->dir < t->dir_count ? t->dirs[f->dir] : "", f->name);
	return f->text;
}

/* --- rows ---------------------------------------------------------------------------------------
 */

/* The registers of the line number program, as far as they matter. */
struct machine {
	uint64_t addr, file, op;
	int64_t line;
	size_t first; /* row of this sequence */
};

static const struct machine START = {.file = 1, .line = 1};

static void push_row(struct builder *b, struct machine *m, struct row r)
{
	struct row *last = b->row_count > m->first ? &b->rows[b->row_count - 1] : NULL;
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

static void emit_row(struct builder *b, struct table *t, struct machine *m)
{
	bool known = m->line >= 0 && m->line <= INT32_MAX;
	struct row r = {m->addr + b->source->shift, 0, 0};
	if (known) {
		r.file = file_name(b, t, m->file);
		r.line = (uint32_t)m->line;
	}
	push_row(b, m, r);
}

/* A sequence at address 0 is what the linker has dropped. */
static void end_sequence(struct builder *b, struct machine *m)
{
	push_row(b, m, (struct row){m->addr + b->source->shift, 0, 0});
	uint64_t addr = b->row_count > m->first ? b->rows[m->first].addr : 0;
	if (b->row_count - m->first < 2 || addr == b->source->shift) {
		b->row_count = m->first;
	} else {
		b->sequences = vec_reserve(b->sequences, &b->sequence_cap, b->sequence_count + 1,
		                           sizeof *b->sequences);
		b->sequences[b->sequence_count++] =
		        (struct sequence){addr, m->first, b->row_count - m->first};
	}
	*m = START;
	m->first = b->row_count;
}

static void advance(const struct table *t, struct machine *m, uint64_t operations)
{
	if (t->ops_most == 1) {
		m->addr += t->shortest * operations;
		return;
	}
	m->addr += t->shortest * ((m->op + operations) / t->ops_most);
	m->op = (m->op + operations) % t->ops_most;
}

static void run_extended(struct builder *b, struct table *t, struct machine *m, struct bytes *p)
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
		add_file(t, name, bytes_uleb(&body));
		break;
	default:
		break;
	}
}

static void run_standard(struct builder *b, struct table *t, struct machine *m, struct bytes *p,
                         uint8_t opcode)
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

static void run_program(struct builder *b, struct table *t)
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
	const struct sequence *a = va, *b = vb;
	if (a->addr != b->addr)
		return (a->addr > b->addr) - (a->addr < b->addr);
	return (a->first > b->first) - (a->first < b->first);
}

/* The end of a sequence comes first where another begins. */
static int by_address(const void *va, const void *vb)
{
	const struct row *a = va, *b = vb;
	if (a->addr != b->addr)
		return (a->addr > b->addr) - (a->addr < b->addr);
	if (a->file != b->file)
		return (a->file > b->file) - (a->file < b->file);
	return (a->line > b->line) - (a->line < b->line);
}

static bool are_rising(const struct row *rows, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (rows[i].addr < rows[i - 1].addr)
			return false;
	return true;
}

/* Puts the rows in order, sequence by sequence; row by row only where sequences overlap. */
static void sort_rows(struct builder *b)
{
	if (are_rising(b->rows, b->row_count))
		return;
	struct row *sorted = mem_alloc(b->row_count * sizeof *sorted);
	size_t n = 0;
	qsort(b->sequences, b->sequence_count, sizeof *b->sequences, by_start);
	for (size_t i = 0; i < b->sequence_count; i++) {
		const struct sequence *s = &b->sequences[i];
		memcpy(sorted + n, b->rows + s->first, s->count * sizeof *sorted);
		n += s->count;
	}
	free(b->rows);
	b->rows = sorted;
	if (!are_rising(sorted, n))
		qsort(sorted, n, sizeof *sorted, by_address);
}

/* --- abbreviations ------------------------------------------------------------------------------
 */

/* Reads a number of which only zero, DW_FORM_implicit_const and the rest matter; false: it has
 * more bytes than libdw reads as one. */
static bool skip_number(struct bytes *b, unsigned *value)
{
	enum { BYTES_MOST = 10 };
	*value = 0;
	for (int i = 0; i < BYTES_MOST && b->at < b->end; i++) {
		uint8_t byte = *b->at++;
		*value |= i == 0 ? byte & 0x7fU : (byte & 0x7fU) << 7;
		if ((byte & 0x80) == 0)
			return true;
	}
	return false;
}

/* Whether no abbreviation of a table has more attributes than compilers give one. A DIE of one
 * byte takes libdw as long as that list, and one call of it visits any number of DIEs. */
static bool are_short(struct bytes b)
{
	enum { ATTRIBUTES_MOST = 128 };
	unsigned code, tag, name, form, constant;
	while (skip_number(&b, &code) && code != 0) {
		if (!skip_number(&b, &tag) || b.at == b.end)
			return false;
		b.at++; /* whether it has children */
		int left = ATTRIBUTES_MOST;
		do {
			if (left-- == 0 || !skip_number(&b, &name) || !skip_number(&b, &form) ||
			    (form == DW_FORM_implicit_const && !skip_number(&b, &constant)))
				return false;
		} while (name != 0 || form != 0);
	}
	return true;
}

static bool may_walk(const struct unit_source *s)
{
	Dwarf_Die split = s->split;
	const struct bytes *sections = s->is_split ? s->split_sections : s->sections;
	Dwarf_Off next, abbreviations, start = dwarf_dieoffset(&split) - dwarf_cuoffset(&split);
	return dwarf_next_unit(dwarf_cu_getdwarf(split.cu), start, &next, NULL, NULL,
	                       &abbreviations, NULL, NULL, NULL, NULL) == 0 &&
	       are_short(from(sections[DWARF_ABBREV], abbreviations));
}

/* --- scopes --------------------------------------------------------------------------------------
 */

static void add_range(void *ctx, uint64_t lo, uint64_t hi)
{
	struct builder *b = ctx;
	if (b->nested_count >= SCOPES_MOST)
		return;
	b->nested = vec_reserve(b->nested, &b->nested_cap, b->nested_count + 1, sizeof *b->nested);
	b->nested[b->nested_count++] =
	        (struct nested){lo + b->source->shift, hi + b->source->shift, b->scope, b->depth};
}

/* Enters a scope when it has code; LINES_NONE when it has none. */
static uint32_t add_scope(struct builder *b, Dwarf_Die *die, uint32_t parent, unsigned depth)
{
	struct line_unit *u = b->u;
	struct attributes a = attributes_of(die);
	size_t before = b->nested_count;
	b->scope = (uint32_t)u->scope_count;
	b->depth = depth;
	ranges_of(&b->lists, &a, add_range, b);
	if (b->nested_count == before)
		return LINES_NONE;
	struct line_scope s = {.parent = parent, .function = function_name(b, die, &a)};
	if (parent != LINES_NONE && a.has_call_file)
		s.call_file = file_name(b, b->of_calls, number_of(&a.call_file));
	if (parent != LINES_NONE && a.has_call_line)
		s.call_line = (uint32_t)number_of(&a.call_line);
	u->scopes = vec_reserve(u->scopes, &u->scope_cap, u->scope_count + 1, sizeof *u->scopes);
	u->scopes[u->scope_count++] = s;
	return (uint32_t)u->scope_count - 1;
}

static void walk(struct builder *b, Dwarf_Die *die, uint32_t scope, unsigned depth);

static void visit(struct builder *b, Dwarf_Die *die, uint32_t scope, unsigned depth)
{
	uint32_t inner;
	switch (dwarf_tag(die)) {
	case DW_TAG_subprogram:
		/* One without code is a declaration, or what inlined copies refer to. */
		inner = add_scope(b, die, LINES_NONE, depth);
		if (inner != LINES_NONE)
			walk(b, die, inner, depth + 1);
		break;
	case DW_TAG_inlined_subroutine:
		inner = scope != LINES_NONE ? add_scope(b, die, scope, depth) : LINES_NONE;
		walk(b, die, inner != LINES_NONE ? inner : scope, depth + 1);
		break;
	case DW_TAG_lexical_block:
	case DW_TAG_try_block:
	case DW_TAG_catch_block:
		walk(b, die, scope, depth + 1);
		break;
	case DW_TAG_namespace: /* Rust's methods are within types, which are within namespaces */
	case DW_TAG_module:
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
		walk(b, die, LINES_NONE, depth + 1);
		break;
	default:
		break;
	}
}

static void walk(struct builder *b, Dwarf_Die *die, uint32_t scope, unsigned depth)
{
	Dwarf_Die child;
	if (depth > DEPTH_MOST || b->u->scope_count >= SCOPES_MOST || dwarf_child(die, &child) != 0)
		return;
	do {
		/* Trees are stored in the order of the walk. */
		if ((const char *)child.addr <= b->walked ||
		    (++b->visited % 64 == 0 && lines_is_late(b->start_ns)))
			return;
		b->walked = child.addr;
		visit(b, &child, scope, depth);
	} while (dwarf_siblingof(&child, &child) == 0);
}

/* --- making it flat ----------------------------------------------------------------------------
 */

static int by_nesting(const void *va, const void *vb)
{
	const struct nested *a = va, *b = vb;
	if (a->lo != b->lo)
		return (a->lo > b->lo) - (a->lo < b->lo);
	if (a->depth != b->depth)
		return (a->depth > b->depth) - (a->depth < b->depth);
	return (a->scope > b->scope) - (a->scope < b->scope);
}

static void emit(struct builder *b, uint64_t lo, uint64_t hi, uint32_t scope)
{
	if (lo >= hi)
		return;
	struct flat *last = b->flat_count > 0 ? &b->flat[b->flat_count - 1] : NULL;
	if (last != NULL && last->hi == lo && last->scope == scope) {
		last->hi = hi;
		return;
	}
	b->flat = vec_reserve(b->flat, &b->flat_cap, b->flat_count + 1, sizeof *b->flat);
	b->flat[b->flat_count++] = (struct flat){lo, hi, scope};
}

/* Sweeps over the nested ranges; those open at the moment stand in `open`, outermost first. */
static void flatten(struct builder *b)
{
	struct nested open[DEPTH_MOST + 2];
	size_t n = 0;
	uint64_t at = 0;
	if (b->nested_count > 0)
		qsort(b->nested, b->nested_count, sizeof *b->nested, by_nesting);
	for (size_t i = 0; i <= b->nested_count; i++) {
		struct nested next = i < b->nested_count
		                             ? b->nested[i]
		                             : (struct nested){UINT64_MAX, UINT64_MAX, 0, 0};
		while (n > 0 && open[n - 1].hi <= next.lo) {
			emit(b, at, open[n - 1].hi, open[n - 1].scope);
			at = at > open[n - 1].hi ? at : open[n - 1].hi;
			n--;
		}
		if (n > 0)
			emit(b, at, next.lo, open[n - 1].scope);
		at = next.lo;
		/* One that goes on behind what it is within is cut. */
		if (n > 0 && next.hi > open[n - 1].hi)
			next.hi = open[n - 1].hi;
		if (n < sizeof open / sizeof open[0] && next.lo < next.hi)
			open[n++] = next;
	}
}

static void add_place(struct line_unit *u, uint64_t key, struct line_place p)
{
	struct line_place *last = u->count > 0 ? &u->places[u->count - 1] : NULL;
	if (last != NULL && last->scope == p.scope && last->file == p.file && last->line == p.line)
		return;
	u->keys[u->count] = key;
	u->places[u->count++] = p;
}

/* Merges rows and ranges, both in order: whatever begins or ends begins a place. */
static void merge(struct builder *b)
{
	struct line_unit *u = b->u;
	size_t most = b->row_count + 2 * b->flat_count, row = 0, range = 0;
	bool within = false;
	u->keys = mem_alloc(most * sizeof *u->keys);
	u->places = mem_alloc(most * sizeof *u->places);
	struct line_place at = {.scope = LINES_NONE};
	while (row < b->row_count || range < b->flat_count) {
		uint64_t next = UINT64_MAX;
		if (range < b->flat_count)
			next = within ? b->flat[range].hi : b->flat[range].lo;
		if (row < b->row_count && b->rows[row].addr < next)
			next = b->rows[row].addr;
		for (; row < b->row_count && b->rows[row].addr == next; row++) {
			at.file = b->rows[row].file;
			at.line = b->rows[row].line;
		}
		if (within && b->flat[range].hi == next) {
			at.scope = LINES_NONE;
			within = false;
			range++;
		}
		if (!within && range < b->flat_count && b->flat[range].lo == next) {
			at.scope = b->flat[range].scope;
			within = true;
		}
		add_place(u, next, at);
	}
	u->keys = mem_realloc(u->keys, u->count, sizeof *u->keys);
	u->places = mem_realloc(u->places, u->count, sizeof *u->places);
}

/* --- a unit ------------------------------------------------------------------------------------
 */

/* A .dwo file may have a table of its own, the first of its section, for the files of calls. */
static void open_tables(struct builder *b)
{
	const struct unit_source *s = b->source;
	Dwarf_Die die = s->die;
	Dwarf_Attribute a;
	Dwarf_Word offset;
	if (dwarf_attr(&die, DW_AT_stmt_list, &a) != NULL && dwarf_formudata(&a, &offset) == 0 &&
	    table_open(&b->table, s->sections, offset))
		run_program(b, &b->table);
	bool own = s->is_split && s->split_sections[DWARF_LINE].at != NULL &&
	           table_open(&b->split_table, s->split_sections, 0);
	b->of_calls = own ? &b->split_table : &b->table;
}

static void builder_fini(struct builder *b)
{
	table_close(&b->table);
	table_close(&b->split_table);
	free(b->nested);
	free(b->flat);
	free(b->rows);
	free(b->sequences);
	hash_map_fini(&b->functions);
}

enum ctop_err line_unit_fill(struct line_unit *u, const struct unit_source *s, struct err *e)
{
	struct builder b = {.u = u, .source = s, .start_ns = clock_now_ns()};
	Dwarf_Die die = s->die, split = s->split;
	add_text(&b, "");
	b.dir = string_of(s, &die, DW_AT_comp_dir);
	lists_init(&b.lists, s);
	open_tables(&b);
	if (may_walk(s))
		walk(&b, &split, LINES_NONE, 0);
	flatten(&b);
	sort_rows(&b);
	merge(&b);
	builder_fini(&b);
	if (u->count == 0)
		return err_set(e, CTOP_ENOENT, "a unit without code");
	return CTOP_OK;
}
