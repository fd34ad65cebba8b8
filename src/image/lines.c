/* lines: the DWARF of one file, its units, and looking up in the index of one; see lines.h.
 *
 * libdw is given only the sections that are needed here, read and inflated by this file: it
 * inflates all it knows, reads a few bytes too far where a table ends amid something, and opens
 * files by names it finds. What it gets ends with zeros, and of those names it sees one kind only,
 * that of .dwo files, after a look at what they name.
 */
#include "ctop/lines.h"

#include "ctop/mem.h"
#include "ctop/vec.h"
#include "lines_unit.h"

#include <dwarf.h>
#include <gelf.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static const uint64_t BYTES_MOST = UINT64_C(2) << 30; /* of debug sections, inflated */
enum { UNITS_MOST = 1 << 20, RANGES_MOST = 1 << 24 };

/* Zeros behind a section, so that numbers and strings end; longer than any number. */
enum { PADDING = 32 };

static const char *const section_names[DWARF_SECTIONS] = {
        [DWARF_INFO] = "info",     [DWARF_TYPES] = "types",
        [DWARF_ABBREV] = "abbrev", [DWARF_ADDR] = "addr",
        [DWARF_LINE] = "line",     [DWARF_LINE_STR] = "line_str",
        [DWARF_STR] = "str",       [DWARF_STR_OFFSETS] = "str_offsets",
        [DWARF_RANGES] = "ranges", [DWARF_RNGLISTS] = "rnglists",
};

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
	unsigned char *sections[DWARF_SECTIONS]; /* NULL: it has none */
	size_t lengths[DWARF_SECTIONS];
};

struct lines {
	pthread_mutex_t lock; /* of the handles: libdw's are one thread's at a time */
	struct dwarf_file main, alt;
	uint64_t shift;
	Dwarf_Off *units; /* of their DIEs */
	uint64_t *keys;   /* of the places: their `lo` */
	struct place *places;
	size_t unit_count, unit_cap, place_count, place_cap;
};

/* --- sections -------------------------------------------------------------------------------- */

/* How a section is stored. */
struct stored {
	uint64_t offset, size; /* in the file */
	uint64_t whole;        /* its size when it is inflated */
	bool deflated;
};

static bool read_at(int fd, void *out, size_t len, uint64_t offset)
{
	for (size_t got = 0; got < len;) {
		ssize_t n = pread(fd, (char *)out + got, len - got, (off_t)(offset + got));
		if (n <= 0)
			return false;
		got += (size_t)n;
	}
	return true;
}

/* Compressed sections begin with a header of ELF's, old ones (.zdebug_) with "ZLIB" and a size. */
static bool find_stored(const struct dwarf_file *f, const GElf_Shdr *h, bool old,
                        uint64_t file_size, struct stored *s)
{
	enum { RATIO_MOST = 1032 }; /* deflate's */
	unsigned char head[sizeof(Elf64_Chdr)];
	*s = (struct stored){h->sh_offset, h->sh_size, h->sh_size, false};
	if (s->size == 0 || s->offset > file_size || s->size > file_size - s->offset)
		return false;
	s->deflated = old || (h->sh_flags & SHF_COMPRESSED) != 0;
	if (!s->deflated)
		return true;
	bool wide = gelf_getclass(f->elf) == ELFCLASS64;
	size_t len = old ? 12 : wide ? sizeof(Elf64_Chdr) : sizeof(Elf32_Chdr);
	if (s->size < len || !read_at(f->fd, head, len, s->offset))
		return false;
	struct bytes b = bytes_of(head, len);
	if (!old && bytes_u32(&b) != ELFCOMPRESS_ZLIB)
		return false;
	if (old && memcmp(head, "ZLIB", 4) != 0)
		return false;
	if (wide || old)
		bytes_u32(&b);
	s->whole = wide || old ? bytes_u64(&b) : bytes_u32(&b);
	if (old)
		s->whole = __builtin_bswap64(s->whole);
	s->offset += len;
	s->size -= len;
	return s->whole > 0 && s->whole / RATIO_MOST <= s->size;
}

static bool inflate_section(int fd, const struct stored *s, unsigned char *out)
{
	enum { CHUNK = 32 << 10 };
	unsigned char in[CHUNK];
	z_stream z = {0};
	if (inflateInit(&z) != Z_OK)
		return false;
	int rc = Z_OK;
	uint64_t done = 0, filled = 0;
	while (rc == Z_OK && (z.avail_in > 0 || done < s->size)) {
		if (z.avail_in == 0) {
			size_t n = s->size - done < CHUNK ? (size_t)(s->size - done) : CHUNK;
			if (!read_at(fd, in, n, s->offset + done))
				break;
			z.next_in = in;
			z.avail_in = (uInt)n;
			done += n;
		}
		uint64_t room = s->whole - filled;
		z.next_out = out + filled;
		z.avail_out = room < UINT_MAX ? (uInt)room : UINT_MAX;
		uInt before = z.avail_out;
		rc = inflate(&z, Z_NO_FLUSH);
		filled += before - z.avail_out;
	}
	inflateEnd(&z);
	return rc == Z_STREAM_END && filled == s->whole;
}

/* Which one a name means: DWARF_SECTIONS for one that libdw must not see, -1 for one that it does
 * not look for. */
static int section_of(const char *name, bool *old)
{
	*old = strncmp(name, ".z", 2) == 0;
	if (name[0] != '.')
		return -1;
	const char *rest = name + 1 + *old;
	if (strncmp(name, ".gnu.debuglto_", 14) == 0 || strcmp(name, ".gnu_debugaltlink") == 0)
		return DWARF_SECTIONS;
	if (strncmp(rest, "debug_", 6) != 0)
		return -1;
	for (int i = 0; i < DWARF_SECTIONS; i++)
		if (strcmp(rest + 6, section_names[i]) == 0)
			return i;
	return DWARF_SECTIONS;
}

/* libdw leaves alone what has no bytes in the file. */
static bool hide(Elf_Scn *scn, GElf_Shdr *h)
{
	h->sh_type = SHT_NOBITS;
	return gelf_update_shdr(scn, h) != 0;
}

/* Makes the bytes the section's, for all who ask libelf. While it seems empty, nothing is read. */
static bool show(Elf_Scn *scn, GElf_Shdr *h, unsigned char *bytes, size_t len)
{
	h->sh_flags &= ~(GElf_Xword)SHF_COMPRESSED;
	h->sh_type = SHT_PROGBITS;
	h->sh_size = 0;
	if (gelf_update_shdr(scn, h) == 0)
		return false;
	Elf_Data *data = elf_getdata(scn, NULL);
	if (data == NULL || data->d_buf != NULL)
		return false;
	data->d_buf = bytes;
	data->d_size = len;
	h->sh_size = len;
	return gelf_update_shdr(scn, h) != 0;
}

/* The memory comes with its pages: a fault for each takes as long as inflating what goes there. */
static bool read_section(struct dwarf_file *f, int which, bool old, const struct stored *s)
{
	size_t len = s->whole + PADDING;
	unsigned char *out = mmap(NULL, len, PROT_READ | PROT_WRITE,
	                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (out == MAP_FAILED)
		return false;
	bool ok = s->deflated ? inflate_section(f->fd, s, out)
	                      : read_at(f->fd, out, s->whole, s->offset);
	/* What says again that it is compressed would be inflated again. */
	if (!ok || (old && s->whole >= 4 && memcmp(out, "ZLIB", 4) == 0)) {
		munmap(out, len);
		return false;
	}
	f->sections[which] = out;
	f->lengths[which] = s->whole;
	return true;
}

/* A few bytes may claim any size: the sum is bounded. The first one of a name counts. */
static enum ctop_err read_sections(struct dwarf_file *f, uint64_t file_size, struct err *e)
{
	size_t strings;
	uint64_t sum = 0;
	if (elf_getshdrstrndx(f->elf, &strings) != 0)
		return err_set(e, CTOP_EFORMAT, "its sections have no names");
	for (Elf_Scn *scn = NULL; (scn = elf_nextscn(f->elf, scn)) != NULL;) {
		GElf_Shdr h;
		struct stored s;
		bool old;
		const char *name;
		if (gelf_getshdr(scn, &h) == NULL || h.sh_type == SHT_NOBITS ||
		    (name = elf_strptr(f->elf, strings, h.sh_name)) == NULL)
			continue;
		int which = section_of(name, &old);
		if (which < 0)
			continue;
		if (elf_ndxscn(scn) == strings)
			return err_set(e, CTOP_EFORMAT, "the names of its sections are %s", name);
		bool known = which < DWARF_SECTIONS && f->sections[which] == NULL &&
		             (h.sh_flags & SHF_GROUP) == 0 &&
		             find_stored(f, &h, old, file_size, &s);
		if (known && (s.whole > BYTES_MOST || (sum += s.whole) > BYTES_MOST))
			return err_set(e, CTOP_ELIMIT, "its debug sections claim to be too large");
		known = known && read_section(f, which, old, &s);
		if (known ? !show(scn, &h, f->sections[which], f->lengths[which]) : !hide(scn, &h))
			return err_set(e, CTOP_EFORMAT, "cannot read %s", name);
	}
	return CTOP_OK;
}

/* --- opening --------------------------------------------------------------------------------- */

static void file_close(struct dwarf_file *f)
{
	if (f->dwarf != NULL)
		dwarf_end(f->dwarf);
	if (f->elf != NULL)
		elf_end(f->elf);
	if (f->fd >= 0)
		close(f->fd);
	for (int i = 0; i < DWARF_SECTIONS; i++)
		if (f->sections[i] != NULL)
			munmap(f->sections[i], f->lengths[i] + PADDING);
	*f = (struct dwarf_file){.fd = -1};
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
	if (elf_getident(f->elf, NULL)[EI_DATA] != ELFDATA2LSB)
		return err_set(e, CTOP_EFORMAT, "an ELF file of another byte order");
	enum ctop_err rc = read_sections(f, (uint64_t)size, e);
	if (rc != CTOP_OK)
		return rc;
	if (f->sections[DWARF_INFO] == NULL || f->sections[DWARF_ABBREV] == NULL)
		return err_set(e, CTOP_ENOENT, "no debug information");
	f->dwarf = dwarf_begin_elf(f->elf, DWARF_C_READ, NULL);
	if (f->dwarf == NULL)
		return err_set(e, CTOP_ENOENT, "no debug information: %s", dwarf_errmsg(-1));
	return CTOP_OK;
}

/* Sections that are not there are no bytes at no address. */
static void give_sections(const struct dwarf_file *f, struct unit_source *s)
{
	for (int i = 0; i < DWARF_SECTIONS; i++)
		if (f->sections[i] != NULL)
			s->sections[i] = bytes_of(f->sections[i], f->lengths[i]);
}

static void add_place(void *ctx, uint64_t lo, uint64_t hi)
{
	struct lines *l = ctx;
	if (l->place_count >= RANGES_MOST)
		return;
	l->places = vec_reserve(l->places, &l->place_cap, l->place_count + 1, sizeof *l->places);
	l->places[l->place_count++] =
	        (struct place){lo + l->shift, hi + l->shift, (uint32_t)l->unit_count - 1};
}

static int by_place(const void *va, const void *vb)
{
	const struct place *a = va, *b = vb;
	if (a->lo != b->lo)
		return (a->lo > b->lo) - (a->lo < b->lo);
	return (a->unit > b->unit) - (a->unit < b->unit);
}

static void find_units(struct lines *l)
{
	struct unit_source s = {.shift = l->shift};
	Dwarf_CU *cu = NULL;
	uint8_t type;
	uint64_t start = clock_now_ns();
	give_sections(&l->main, &s);
	while (l->unit_count < UNITS_MOST && !lines_is_late(start) &&
	       dwarf_get_units(l->main.dwarf, cu, &cu, NULL, &type, &s.die, NULL) == 0) {
		if (type != DW_UT_compile && type != DW_UT_skeleton)
			continue;
		l->units = vec_reserve(l->units, &l->unit_cap, l->unit_count + 1, sizeof *l->units);
		l->units[l->unit_count++] = dwarf_dieoffset(&s.die);
		s.split = s.die;
		line_unit_ranges(&s, add_place, l);
	}
	if (l->place_count > 0)
		qsort(l->places, l->place_count, sizeof *l->places, by_place);
	l->keys = mem_zalloc(l->place_count, sizeof *l->keys);
	for (size_t i = 0; i < l->place_count; i++)
		l->keys[i] = l->places[i].lo;
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
	free(l->keys);
	free(l->places);
	free(l);
}

/* --- .dwo files ------------------------------------------------------------------------------ */

static const char *name_of(Dwarf_Die *die, unsigned attribute)
{
	Dwarf_Attribute a;
	return dwarf_attr(die, attribute, &a) != NULL ? dwarf_formstring(&a) : NULL;
}

/* libdw opens what is there, and a pipe or a device would have it wait for ever. */
static bool is_harmless(const char *dir, const char *name)
{
	char path[PATH_MAX];
	struct stat st;
	int n = name[0] == '/' ? snprintf(path, sizeof path, "%s", name)
	                       : snprintf(path, sizeof path, "%s/%s", dir, name);
	if (n < 0 || (size_t)n >= sizeof path)
		return false;
	return stat(path, &st) != 0 || (S_ISREG(st.st_mode) && (uint64_t)st.st_size <= BYTES_MOST);
}

/* The two places where libdw looks for the .dwo file of a unit: beside the file, and where the
 * compiler ran. */
static bool may_open_split(const struct dwarf_file *f, Dwarf_Die *die)
{
	char link[32], here[PATH_MAX];
	const char *name = name_of(die, DW_AT_dwo_name), *dir = name_of(die, DW_AT_comp_dir);
	if (name == NULL)
		name = name_of(die, DW_AT_GNU_dwo_name);
	if (name == NULL)
		return false;
	snprintf(link, sizeof link, "/proc/self/fd/%d", f->fd);
	ssize_t n = readlink(link, here, sizeof here - 1);
	if (n <= 0)
		return false;
	here[n] = '\0';
	char *slash = strrchr(here, '/');
	if (slash != NULL)
		*slash = '\0';
	char whole[2 * PATH_MAX];
	bool is_whole = dir == NULL || dir[0] == '/';
	int len = snprintf(whole, sizeof whole, "%s/%s", here, dir != NULL ? dir : "");
	return is_harmless(here, name) && len > 0 && (size_t)len < sizeof whole &&
	       (dir == NULL || is_harmless(is_whole ? dir : whole, name));
}

static void read_split_sections(struct unit_source *s)
{
	Elf *elf = dwarf_getelf(dwarf_cu_getdwarf(s->split.cu));
	size_t strings;
	if (elf == NULL || elf_getshdrstrndx(elf, &strings) != 0)
		return;
	for (Elf_Scn *scn = NULL; (scn = elf_nextscn(elf, scn)) != NULL;) {
		GElf_Shdr h;
		const char *name;
		if (gelf_getshdr(scn, &h) == NULL || h.sh_type == SHT_NOBITS ||
		    (name = elf_strptr(elf, strings, h.sh_name)) == NULL)
			continue;
		for (int i = 0; i < DWARF_SECTIONS; i++) {
			size_t len = strlen(section_names[i]);
			if (strncmp(name, ".debug_", 7) != 0 ||
			    strncmp(name + 7, section_names[i], len) != 0 ||
			    strcmp(name + 7 + len, ".dwo") != 0)
				continue;
			Elf_Data *data = elf_getdata(scn, NULL);
			if (data != NULL && data->d_buf != NULL)
				s->split_sections[i] = bytes_of(data->d_buf, data->d_size);
		}
	}
}

/* --- units ------------------------------------------------------------------------------------ */

/* How many keys are not above an address: the last of them leads to what holds it. */
static size_t keys_up_to(const uint64_t *keys, size_t count, uint64_t addr)
{
	const uint64_t *at = keys;
	while (count > 1) {
		size_t half = count / 2;
		at += at[half - 1] <= addr ? half : 0;
		count -= half;
	}
	return (size_t)(at - keys) + (count > 0 && *at <= addr);
}

uint32_t lines_unit_of(const struct lines *l, uint64_t vaddr)
{
	size_t end = keys_up_to(l->keys, l->place_count, vaddr);
	/* Places of one unit may lie within those of another: a few before are looked at too. */
	enum { BACK = 16 };
	for (size_t i = end; i > 0 && end - i < BACK; i--)
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
	return sizeof *l + l->unit_cap * sizeof *l->units + l->place_cap * sizeof *l->places +
	       l->place_count * sizeof *l->keys;
}

static enum ctop_err index_locked(struct lines *l, uint32_t unit, struct line_unit *u,
                                  struct err *e)
{
	struct unit_source s = {.shift = l->shift};
	uint8_t type;
	if (dwarf_offdie(l->main.dwarf, l->units[unit], &s.die) == NULL ||
	    dwarf_cu_info(s.die.cu, NULL, &type, NULL, NULL, NULL, NULL, NULL) != 0)
		return err_set(e, CTOP_EFORMAT, "cannot read a unit: %s", dwarf_errmsg(-1));
	give_sections(&l->main, &s);
	if (type == DW_UT_skeleton && may_open_split(&l->main, &s.die) &&
	    dwarf_cu_info(s.die.cu, NULL, NULL, NULL, &s.split, NULL, NULL, NULL) == 0)
		s.is_split = s.split.addr != NULL;
	if (s.is_split)
		read_split_sections(&s);
	else
		s.split = s.die;
	return line_unit_fill(u, &s, e);
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
	free(u->keys);
	free(u->places);
	strbuf_fini(&u->text);
	free(u);
}

size_t line_unit_bytes(const struct line_unit *u)
{
	return sizeof *u + u->scope_cap * sizeof *u->scopes +
	       u->count * (sizeof *u->keys + sizeof *u->places) + u->text.cap;
}

size_t line_unit_find(const struct line_unit *u, uint64_t vaddr,
                      struct line_frame out[LINES_INLINE_MAX])
{
	size_t end = keys_up_to(u->keys, u->count, vaddr), n = 0;
	if (end == 0)
		return 0;
	const char *text = strbuf_str(&u->text);
	struct line_place at = u->places[end - 1];
	if (at.scope == LINES_NONE) {
		out[0] = (struct line_frame){"", text + at.file, at.line};
		return at.file != 0;
	}
	for (uint32_t i = at.scope; i != LINES_NONE && n < LINES_INLINE_MAX;) {
		const struct line_scope *s = &u->scopes[i];
		out[n++] = (struct line_frame){text + s->function, text + at.file, at.line};
		at.file = s->call_file;
		at.line = s->call_line;
		i = s->parent;
	}
	return n;
}
