/* cfi: the index of functions described by call frame information; see cfi.h.
 *
 * One part a section, at most two: what .eh_frame does not describe is looked for in
 * .debug_frame. The sections are copied out of the file, so that neither libelf nor the
 * file is touched once it is loaded.
 */
#include "ctop/cfi.h"

#include "cfi_entry.h"
#include "ctop/elf.h"
#include "ctop/mem.h"
#include "ctop/vec.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS = 2, FUNCTIONS_MAX = 16 << 20 };
static const uint64_t SECTION_MOST = UINT64_C(512) << 20;

struct function {
	uint64_t start;
	uint32_t size;
	uint32_t entry; /* offset of its FDE in the section */
};

struct part {
	struct cfi_bytes bytes;     /* the data is owned */
	struct function *functions; /* by start; owned */
	size_t count, cap;
};

struct cfi {
	struct part parts[PARTS];
	size_t count;
};

/* --- the index ------------------------------------------------------------------------ */

static void add_function(struct part *p, uint64_t start, uint64_t size, size_t entry)
{
	if (p->count >= FUNCTIONS_MAX)
		return;
	p->functions = vec_reserve(p->functions, &p->cap, p->count + 1, sizeof *p->functions);
	p->functions[p->count++] = (struct function){
	        start, size < UINT32_MAX ? (uint32_t)size : UINT32_MAX, (uint32_t)entry};
}

/* Without a search table: entry by entry. Functions at 0 are those a linker has thrown
 * out of the file. */
static void walk_section(struct part *p)
{
	struct cfi_fde fde;
	size_t next = 0, offset = 0;
	do {
		if (cfi_entry_fde(&p->bytes, offset, &fde, &next) && fde.size > 0 && fde.start != 0)
			add_function(p, fde.start, fde.size, offset);
		offset = next;
	} while (offset != 0);
}

/* The search table of .eh_frame_hdr: pairs {start, FDE}, 4 bytes each and from the table's own
 * address, as every linker makes it. False for any other. */
static bool read_table(struct part *p, struct bytes hdr, uint64_t hdr_vaddr)
{
	static const unsigned char usual[] = {1, DW_EH_PE_pcrel | DW_EH_PE_sdata4, DW_EH_PE_udata4,
	                                      DW_EH_PE_datarel | DW_EH_PE_sdata4};
	struct bytes kind = bytes_take(&hdr, sizeof usual);
	if (bytes_left(&kind) < sizeof usual || memcmp(kind.at, usual, sizeof usual) != 0)
		return false;
	bytes_u32(&hdr);
	uint32_t count = bytes_u32(&hdr);
	if (count == 0 || count > bytes_left(&hdr) / 8)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t start = hdr_vaddr + (uint64_t)(int64_t)(int32_t)bytes_u32(&hdr);
		uint64_t at = hdr_vaddr + (uint64_t)(int64_t)(int32_t)bytes_u32(&hdr);
		struct cfi_fde fde;
		size_t next;
		if (at - p->bytes.vaddr >= p->bytes.len)
			continue;
		size_t entry = (size_t)(at - p->bytes.vaddr);
		bool ok = cfi_entry_fde(&p->bytes, entry, &fde, &next) && fde.start == start;
		add_function(p, start, ok ? fde.size : 0, entry);
	}
	return p->count > 0;
}

static int by_start(const void *va, const void *vb)
{
	const struct function *a = va, *b = vb;
	if (a->start != b->start)
		return (a->start > b->start) - (a->start < b->start);
	return (a->entry > b->entry) - (a->entry < b->entry);
}

static void sort_functions(struct part *p)
{
	bool sorted = true;
	for (size_t i = 1; sorted && i < p->count; i++)
		sorted = p->functions[i - 1].start <= p->functions[i].start;
	if (!sorted)
		qsort(p->functions, p->count, sizeof *p->functions, by_start);
	if (p->count > 0)
		p->functions = mem_realloc(p->functions, p->cap = p->count, sizeof *p->functions);
}

/* Takes over `data`. `hdr` may be empty. */
static void add_part(struct cfi *c, const struct cfi_bytes *bytes, struct bytes hdr,
                     uint64_t hdr_vaddr)
{
	struct part *p = &c->parts[c->count++];
	*p = (struct part){.bytes = *bytes};
	if (!read_table(p, hdr, hdr_vaddr))
		walk_section(p);
	sort_functions(p);
}

/* --- loading ---------------------------------------------------------------------------- */

/* Bytes of the file at an ELF address, in memory the caller frees; NULL when they are not
 * all there. */
static unsigned char *read_memory(const struct elf *f, uint64_t vaddr, uint64_t len)
{
	if (len == 0 || len > SECTION_MOST)
		return NULL;
	unsigned char *data = mem_alloc(len);
	if (elf_read_vaddr(f, vaddr, data, len) == len)
		return data;
	free(data);
	return NULL;
}

/* .eh_frame where there are no section headers: from where .eh_frame_hdr says to the
 * end of that segment's bytes. */
static bool locate_by_header(const struct elf *f, struct bytes hdr, uint64_t hdr_vaddr,
                             struct cfi_bytes *out, uint64_t *len)
{
	size_t count;
	const struct elf_segment *s = elf_segments(f, &count);
	struct cfi_bytes place = {CFI_EH_FRAME, hdr.at, bytes_left(&hdr), hdr_vaddr};
	uint8_t version = bytes_u8(&hdr), encoding = bytes_u8(&hdr);
	bytes_u16(&hdr);
	if (version != 1 || !cfi_entry_address(&place, &hdr, encoding, &out->vaddr))
		return false;
	for (size_t i = 0; i < count; i++)
		if (out->vaddr - s[i].vaddr < s[i].filesz) {
			*len = s[i].filesz - (out->vaddr - s[i].vaddr);
			return true;
		}
	return false;
}

static void load_eh_frame(struct cfi *c, const struct elf *f)
{
	uint64_t hdr_vaddr = 0, hdr_len = 0, len = 0;
	struct cfi_bytes b = {.section = CFI_EH_FRAME};
	unsigned char *hdr = NULL;
	if (elf_eh_frame_hdr(f, &hdr_vaddr, &hdr_len))
		hdr = read_memory(f, hdr_vaddr, hdr_len);
	struct bytes h = bytes_of(hdr, hdr != NULL ? hdr_len : 0);
	unsigned char *data = NULL;
	if (elf_section_place(f, ".eh_frame", &b.vaddr, &len) ||
	    locate_by_header(f, h, hdr_vaddr, &b, &len))
		data = read_memory(f, b.vaddr, len);
	b.data = data;
	b.len = len;
	if (data != NULL)
		add_part(c, &b, h, hdr_vaddr);
	free(hdr);
}

static void load_debug_frame(struct cfi *c, struct elf *f)
{
	struct cfi_bytes b = {.section = CFI_DEBUG_FRAME};
	unsigned char *data = elf_section_bytes(f, ".debug_frame", &b.len);
	b.data = data;
	if (data != NULL)
		add_part(c, &b, bytes_of(NULL, 0), 0);
}

/* NULL when it describes nothing. */
static struct cfi *if_any(struct cfi *c)
{
	if (cfi_count(c) > 0)
		return c;
	cfi_free(c);
	return NULL;
}

struct cfi *cfi_load(struct elf *f)
{
	struct cfi *c = mem_zalloc(1, sizeof *c);
	load_eh_frame(c, f);
	load_debug_frame(c, f);
	return if_any(c);
}

struct cfi *cfi_load_debug(struct elf *f)
{
	struct cfi *c = mem_zalloc(1, sizeof *c);
	load_debug_frame(c, f);
	return if_any(c);
}

struct cfi *cfi_parse(enum cfi_section section, const void *bytes, size_t len, uint64_t vaddr)
{
	struct cfi *c = mem_zalloc(1, sizeof *c);
	unsigned char *data = mem_alloc(len);
	struct cfi_bytes b = {section, data, len, vaddr};
	if (len > 0)
		memcpy(data, bytes, len);
	add_part(c, &b, bytes_of(NULL, 0), 0);
	return if_any(c);
}

void cfi_free(struct cfi *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->count; i++) {
		free((void *)(uintptr_t)c->parts[i].bytes.data);
		free(c->parts[i].functions);
	}
	free(c);
}

/* --- questions ------------------------------------------------------------------------------ */

static const struct function *find(const struct part *p, uint64_t vaddr)
{
	size_t lo = 0, hi = p->count;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (p->functions[mid].start <= vaddr)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == 0 || vaddr - p->functions[lo - 1].start >= p->functions[lo - 1].size)
		return NULL;
	return &p->functions[lo - 1];
}

bool cfi_function(const struct cfi *c, uint64_t vaddr, uint64_t *start, uint64_t *size)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct function *f = find(&c->parts[i], vaddr);
		if (f == NULL)
			continue;
		*start = f->start;
		*size = f->size;
		return true;
	}
	return false;
}

bool cfi_rules_at(const struct cfi *c, uint64_t vaddr, struct cfi_rules *out)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct part *p = &c->parts[i];
		const struct function *f = find(p, vaddr);
		struct cfi_fde fde;
		size_t next;
		if (f != NULL && cfi_entry_fde(&p->bytes, f->entry, &fde, &next) &&
		    cfi_program_run(&p->bytes, &fde, vaddr, out))
			return true;
	}
	return false;
}

size_t cfi_count(const struct cfi *c)
{
	size_t n = 0;
	for (size_t i = 0; i < c->count; i++)
		n += c->parts[i].count;
	return n;
}

void cfi_nth(const struct cfi *c, size_t i, uint64_t *start, uint64_t *size)
{
	size_t part = 0;
	for (; i >= c->parts[part].count; part++)
		i -= c->parts[part].count;
	*start = c->parts[part].functions[i].start;
	*size = c->parts[part].functions[i].size;
}

size_t cfi_bytes(const struct cfi *c)
{
	size_t n = sizeof *c;
	for (size_t i = 0; i < c->count; i++)
		n += c->parts[i].bytes.len + c->parts[i].cap * sizeof *c->parts[i].functions;
	return n;
}
