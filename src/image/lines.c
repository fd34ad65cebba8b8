/* lines: the DWARF of one file, its units, and looking up in the index of one; see lines.h. */
#include "ctop/lines.h"

#include "ctop/mem.h"
#include "ctop/vec.h"
#include "lines_unit.h"

#include <dwarf.h>
#include <gelf.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const uint64_t BYTES_MOST = UINT64_C(2) << 30; /* of debug sections, inflated */
enum { UNITS_MOST = 1 << 20, RANGES_MOST = 1 << 24 };

/* Where a part of a unit lies; sorted by `lo`. */
struct place {
	uint64_t lo, hi;
	uint32_t unit;
};

/* One file that is read: libdw wants an Elf, and that its descriptor. */
struct dwarf_file {
	int fd;
	Elf *elf;
	Dwarf *dwarf;
};

struct lines {
	pthread_mutex_t lock; /* of the handles: libdw's are one thread's at a time */
	struct dwarf_file main, alt;
	uint64_t shift;
	Dwarf_Off *units; /* of their DIEs */
	struct place *places;
	size_t unit_count, unit_cap, place_count, place_cap;
};

/* --- opening --------------------------------------------------------------------------------- */

static void file_close(struct dwarf_file *f)
{
	if (f->dwarf != NULL)
		dwarf_end(f->dwarf);
	if (f->elf != NULL)
		elf_end(f->elf);
	if (f->fd >= 0)
		close(f->fd);
	*f = (struct dwarf_file){.fd = -1};
}

/* What a section takes when it is read; UINT64_MAX for one that cannot be told. */
static uint64_t section_size(Elf_Scn *scn, const GElf_Shdr *h, const char *name)
{
	GElf_Chdr c;
	if ((h->sh_flags & SHF_COMPRESSED) != 0)
		return gelf_getchdr(scn, &c) != NULL ? c.ch_size : UINT64_MAX;
	/* The old way to compress tells the size in the bytes; no such section inflates more. */
	enum { RATIO_MOST = 1032 };
	return strncmp(name, ".z", 2) == 0 ? h->sh_size * RATIO_MOST : h->sh_size;
}

/* Whether reading its debug sections stays within bounds: a few bytes may claim any size. */
static bool is_bearable(Elf *elf, uint64_t file_size)
{
	size_t strings;
	uint64_t sum = 0;
	if (elf_getshdrstrndx(elf, &strings) != 0)
		return false;
	for (Elf_Scn *scn = NULL; (scn = elf_nextscn(elf, scn)) != NULL;) {
		GElf_Shdr h;
		const char *name;
		if (gelf_getshdr(scn, &h) == NULL || h.sh_type == SHT_NOBITS ||
		    (name = elf_strptr(elf, strings, h.sh_name)) == NULL ||
		    (strncmp(name, ".debug_", 7) != 0 && strncmp(name, ".zdebug_", 8) != 0))
			continue;
		uint64_t size = section_size(scn, &h, name);
		if (h.sh_size > file_size || size > BYTES_MOST || (sum += size) > BYTES_MOST)
			return false;
	}
	return true;
}

/* Read by pread(2), never mapped: a file cut short under us must not be a SIGBUS. */
static enum ctop_err file_open(struct dwarf_file *f, int fd, struct err *e)
{
	*f = (struct dwarf_file){.fd = fd};
	off_t size = lseek(fd, 0, SEEK_END);
	elf_version(EV_CURRENT);
	f->elf = elf_begin(fd, ELF_C_READ, NULL);
	if (f->elf == NULL || elf_kind(f->elf) != ELF_K_ELF || size < 0)
		return err_set(e, CTOP_EFORMAT, "not an ELF file: %s", elf_errmsg(-1));
	if (!is_bearable(f->elf, (uint64_t)size))
		return err_set(e, CTOP_ELIMIT, "its debug sections claim to be too large");
	f->dwarf = dwarf_begin_elf(f->elf, DWARF_C_READ, NULL);
	if (f->dwarf == NULL)
		return err_set(e, CTOP_ENOENT, "no debug information: %s", dwarf_errmsg(-1));
	return CTOP_OK;
}

static void add_place(struct lines *l, uint64_t lo, uint64_t hi, uint32_t unit)
{
	/* What the linker has dropped stands at 0. */
	if (lo == 0 || lo >= hi || l->place_count >= RANGES_MOST)
		return;
	l->places = vec_reserve(l->places, &l->place_cap, l->place_count + 1, sizeof *l->places);
	l->places[l->place_count++] = (struct place){lo + l->shift, hi + l->shift, unit};
}

static void add_unit(struct lines *l, Dwarf_Die *die)
{
	Dwarf_Addr base, lo, hi;
	ptrdiff_t at = 0;
	uint32_t unit = (uint32_t)l->unit_count;
	l->units = vec_reserve(l->units, &l->unit_cap, l->unit_count + 1, sizeof *l->units);
	l->units[l->unit_count++] = dwarf_dieoffset(die);
	while ((at = dwarf_ranges(die, at, &base, &lo, &hi)) > 0)
		add_place(l, lo, hi, unit);
}

static int by_place(const void *va, const void *vb)
{
	const struct place *a = va, *b = vb;
	return (a->lo > b->lo) - (a->lo < b->lo);
}

static void find_units(struct lines *l)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Half version;
	Dwarf_Die die;
	uint8_t type;
	while (l->unit_count < UNITS_MOST &&
	       dwarf_get_units(l->main.dwarf, cu, &cu, &version, &type, &die, NULL) == 0)
		if (type == DW_UT_compile || type == DW_UT_skeleton)
			add_unit(l, &die);
	if (l->place_count > 0)
		qsort(l->places, l->place_count, sizeof *l->places, by_place);
}

enum ctop_err lines_open(struct lines **out, int fd, int alt_fd, uint64_t shift, struct err *e)
{
	struct lines *l = mem_zalloc(1, sizeof *l);
	pthread_mutex_init(&l->lock, NULL);
	l->alt.fd = -1;
	l->shift = shift;
	enum ctop_err rc = file_open(&l->main, fd, e);
	/* Without the other file, only what is in this one is known. */
	if (alt_fd >= 0 && file_open(&l->alt, alt_fd, NULL) != CTOP_OK)
		file_close(&l->alt);
	if (rc == CTOP_OK && l->alt.dwarf != NULL)
		dwarf_setalt(l->main.dwarf, l->alt.dwarf);
	if (rc == CTOP_OK)
		find_units(l);
	if (rc == CTOP_OK && l->place_count == 0)
		rc = err_set(e, CTOP_ENOENT, "no unit of its debug information has an address");
	if (rc == CTOP_OK)
		*out = l;
	else
		lines_close(l);
	return rc;
}

void lines_close(struct lines *l)
{
	if (l == NULL)
		return;
	if (l->main.dwarf != NULL)
		dwarf_setalt(l->main.dwarf, NULL);
	file_close(&l->main);
	file_close(&l->alt);
	pthread_mutex_destroy(&l->lock);
	free(l->units);
	free(l->places);
	free(l);
}

/* --- units ------------------------------------------------------------------------------------ */

uint32_t lines_unit_of(const struct lines *l, uint64_t vaddr)
{
	size_t lo = 0, hi = l->place_count;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (l->places[mid].lo <= vaddr)
			lo = mid + 1;
		else
			hi = mid;
	}
	/* Places of one unit may lie within those of another: a few before are looked at too. */
	enum { BACK = 16 };
	for (size_t i = lo; i > 0 && lo - i < BACK; i--)
		if (vaddr < l->places[i - 1].hi)
			return l->places[i - 1].unit;
	return LINES_NONE;
}

uint32_t lines_unit_count(const struct lines *l)
{
	return (uint32_t)l->unit_count;
}

size_t lines_bytes(const struct lines *l)
{
	return sizeof *l + l->unit_cap * sizeof *l->units + l->place_cap * sizeof *l->places;
}

static enum ctop_err index_locked(struct lines *l, uint32_t unit, struct line_unit *u,
                                  struct err *e)
{
	Dwarf_Die die, cu_die, split;
	Dwarf_Half version;
	uint8_t type, address_size, offset_size;
	uint64_t id;
	if (dwarf_offdie(l->main.dwarf, l->units[unit], &die) == NULL)
		return err_set(e, CTOP_EFORMAT, "cannot read a unit: %s", dwarf_errmsg(-1));
	bool has_split = dwarf_cu_info(die.cu, &version, &type, &cu_die, &split, &id, &address_size,
	                               &offset_size) == 0 &&
	                 type == DW_UT_skeleton && split.addr != NULL;
	return line_unit_fill(u, &die, has_split ? &split : &die, l->shift, e);
}

enum ctop_err lines_index(struct lines *l, uint32_t unit, struct line_unit **out, struct err *e)
{
	if (unit >= l->unit_count)
		return err_set(e, CTOP_EINVAL, "no such unit");
	struct line_unit *u = mem_zalloc(1, sizeof *u);
	pthread_mutex_lock(&l->lock);
	enum ctop_err rc = index_locked(l, unit, u, e);
	pthread_mutex_unlock(&l->lock);
	if (rc == CTOP_OK)
		*out = u;
	else
		line_unit_free(u);
	return rc;
}

void line_unit_free(struct line_unit *u)
{
	if (u == NULL)
		return;
	free(u->scopes);
	free(u->ranges);
	free(u->rows);
	strbuf_fini(&u->text);
	free(u);
}

size_t line_unit_bytes(const struct line_unit *u)
{
	return sizeof *u + u->scope_cap * sizeof *u->scopes + u->range_cap * sizeof *u->ranges +
	       u->row_cap * sizeof *u->rows + u->text.cap;
}

/* --- looking up --------------------------------------------------------------------------------
 */

static const struct line_range *find_range(const struct line_unit *u, uint64_t vaddr)
{
	size_t lo = 0, hi = u->range_count;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (u->ranges[mid].lo <= vaddr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo > 0 && vaddr < u->ranges[lo - 1].hi ? &u->ranges[lo - 1] : NULL;
}

static struct line_row find_row(const struct line_unit *u, uint64_t vaddr)
{
	size_t lo = 0, hi = u->row_count;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (u->rows[mid].addr <= vaddr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo > 0 ? u->rows[lo - 1] : (struct line_row){0};
}

size_t line_unit_find(const struct line_unit *u, uint64_t vaddr,
                      struct line_frame out[LINES_INLINE_MAX])
{
	const char *text = strbuf_str(&u->text);
	struct line_row at = find_row(u, vaddr);
	const struct line_range *r = find_range(u, vaddr);
	size_t n = 0;
	if (r == NULL) {
		out[0] = (struct line_frame){"", text + at.file, at.line};
		return at.file != 0;
	}
	for (uint32_t i = r->scope; i != LINES_NONE && n < LINES_INLINE_MAX;) {
		const struct line_scope *s = &u->scopes[i];
		out[n++] = (struct line_frame){text + s->function, text + at.file, at.line};
		at.file = s->call_file;
		at.line = s->call_line;
		i = s->parent;
	}
	return n;
}
