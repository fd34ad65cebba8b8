/* elf: one ELF file through libelf and libdw; see elf.h. */
#include "ctop/elf.h"

#include "ctop/mem.h"

#include <assert.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SEGMENTS_MAX = 64, FUNCTIONS_MAX = 16 << 20 };
enum { FDE_HEAD = 16, FDES_MAX = 256 << 20 };
static const uint64_t PAGE = 4096;

/* What the search table of .eh_frame_hdr, at address `hdr`, says of a function. */
struct function {
	int32_t start; /* from `hdr` */
	uint32_t size; /* bytes; while reading: where its FDE is, from `hdr` */
};
static_assert(sizeof(struct function) == 8, "read from the file as it stands there");

struct elf {
	int fd;
	Elf *handle;
	bool fixed;
	struct elf_segment segments[SEGMENTS_MAX];
	size_t segment_count;
	Dwarf_CFI *eh;
	Dwarf *dwarf;
	bool eh_tried, dwarf_tried;
	struct function *functions; /* sorted */
	uint32_t function_count;
	uint64_t hdr;
};

static enum ctop_err read_segments(struct elf *f, struct err *e)
{
	size_t count = 0;
	if (elf_getphdrnum(f->handle, &count) != 0)
		return err_set(e, CTOP_EFORMAT, "bad program headers: %s", elf_errmsg(-1));
	for (size_t i = 0; i < count && f->segment_count < SEGMENTS_MAX; i++) {
		GElf_Phdr p;
		if (gelf_getphdr(f->handle, (int)i, &p) == NULL || p.p_type != PT_LOAD)
			continue;
		if (p.p_offset + p.p_filesz < p.p_offset || p.p_vaddr + p.p_memsz < p.p_vaddr)
			continue;
		f->segments[f->segment_count++] = (struct elf_segment){
		        p.p_vaddr, p.p_offset, p.p_filesz, p.p_memsz, (p.p_flags & PF_X) != 0};
	}
	return CTOP_OK;
}

static enum ctop_err open_handle(struct elf *f, struct err *e)
{
	elf_version(EV_CURRENT);
	f->handle = elf_begin(f->fd, ELF_C_READ, NULL);
	if (f->handle == NULL || elf_kind(f->handle) != ELF_K_ELF)
		return err_set(e, CTOP_EFORMAT, "not an ELF file");
	GElf_Ehdr h;
	if (gelf_getehdr(f->handle, &h) == NULL)
		return err_set(e, CTOP_EFORMAT, "bad ELF header: %s", elf_errmsg(-1));
	if (gelf_getclass(f->handle) != ELFCLASS64 || h.e_ident[EI_DATA] != ELFDATA2LSB)
		return err_set(e, CTOP_EUNSUP, "not a 64-bit little-endian ELF file");
	f->fixed = h.e_type == ET_EXEC;
	return read_segments(f, e);
}

enum ctop_err elf_open(struct elf **out, int fd, struct err *e)
{
	struct elf *f = mem_zalloc(1, sizeof *f);
	f->fd = fd;
	enum ctop_err rc = open_handle(f, e);
	if (rc == CTOP_OK)
		*out = f;
	else
		elf_close(f);
	return rc;
}

void elf_close(struct elf *f)
{
	if (f == NULL)
		return;
	if (f->eh != NULL)
		dwarf_cfi_end(f->eh);
	if (f->dwarf != NULL)
		dwarf_end(f->dwarf);
	if (f->handle != NULL)
		elf_end(f->handle);
	close(f->fd);
	free(f->functions);
	free(f);
}

const struct elf_segment *elf_segments(const struct elf *f, size_t *count)
{
	*count = f->segment_count;
	return f->segments;
}

/* A segment is mapped in whole pages, so its first page begins before it. */
static bool segment_holds(const struct elf_segment *s, uint64_t offset)
{
	return offset >= (s->offset & ~(PAGE - 1)) && offset < s->offset + s->filesz;
}

bool elf_offset_to_vaddr(const struct elf *f, uint64_t offset, uint64_t *vaddr)
{
	for (int executable = 1; executable >= 0; executable--) {
		for (size_t i = 0; i < f->segment_count; i++) {
			const struct elf_segment *s = &f->segments[i];
			if (s->executable != (executable != 0) || !segment_holds(s, offset))
				continue;
			*vaddr = offset - s->offset + s->vaddr;
			return true;
		}
	}
	return false;
}

const unsigned char *elf_build_id(const struct elf *f, size_t *len)
{
	const void *id = NULL;
	ssize_t n = dwelf_elf_gnu_build_id(f->handle, &id);
	*len = n > 0 ? (size_t)n : 0;
	return id;
}

const char *elf_debuglink(const struct elf *f, uint32_t *crc)
{
	GElf_Word word = 0;
	const char *name = dwelf_elf_gnu_debuglink(f->handle, &word);
	*crc = word;
	return name;
}

bool elf_is_fixed(const struct elf *f)
{
	return f->fixed;
}

struct Dwarf_CFI_s *elf_eh_cfi(struct elf *f)
{
	if (!f->eh_tried) {
		f->eh_tried = true;
		f->eh = dwarf_getcfi_elf(f->handle);
	}
	return f->eh;
}

static bool has_section(const struct elf *f, const char *name)
{
	size_t strings;
	if (elf_getshdrstrndx(f->handle, &strings) != 0)
		return false;
	for (Elf_Scn *scn = NULL; (scn = elf_nextscn(f->handle, scn)) != NULL;) {
		GElf_Shdr h;
		if (gelf_getshdr(scn, &h) == NULL)
			continue;
		const char *have = elf_strptr(f->handle, strings, h.sh_name);
		if (have != NULL && strcmp(have, name) == 0)
			return true;
	}
	return false;
}

struct Dwarf_CFI_s *elf_debug_cfi(struct elf *f)
{
	if (!f->dwarf_tried) {
		f->dwarf_tried = true;
		if (has_section(f, ".debug_frame") || has_section(f, ".zdebug_frame"))
			f->dwarf = dwarf_begin_elf(f->handle, DWARF_C_READ, NULL);
	}
	return f->dwarf != NULL ? dwarf_getcfi(f->dwarf) : NULL;
}

/* Bytes at an ELF address, as many as asked for or none. */
static bool read_exactly(const struct elf *f, uint64_t vaddr, void *buf, size_t len)
{
	return elf_read_vaddr(f, vaddr, buf, len) == len;
}

/* The address range of an FDE in the usual encoding: length, CIE, start and size, 4 bytes
 * each, the start counted from its own place. `at` is where it stands in the
 * file's memory, `start` what the search table says; 0 where the two disagree. */
static uint32_t fde_size(const unsigned char *fde, uint64_t at, uint64_t start)
{
	uint32_t words[4];
	memcpy(words, fde, sizeof words);
	return at + 8 + (uint64_t)(int64_t)(int32_t)words[2] == start ? words[3] : 0;
}

/* Sizes of the functions, from one reading of all FDEs. */
static void read_sizes(struct elf *f)
{
	uint64_t first = UINT64_MAX, last = 0;
	for (uint32_t i = 0; i < f->function_count; i++) {
		uint64_t at = f->hdr + (uint64_t)(int64_t)(int32_t)f->functions[i].size;
		first = at < first ? at : first;
		last = at > last ? at : last;
	}
	size_t len = last - first + FDE_HEAD;
	unsigned char *fdes = last - first < FDES_MAX ? mem_alloc(len) : NULL;
	bool read = fdes != NULL && read_exactly(f, first, fdes, len);
	for (uint32_t i = 0; i < f->function_count; i++) {
		struct function *fn = &f->functions[i];
		uint64_t at = f->hdr + (uint64_t)(int64_t)(int32_t)fn->size;
		uint64_t start = f->hdr + (uint64_t)(int64_t)fn->start;
		fn->size = read ? fde_size(fdes + (at - first), at, start) : 0;
	}
	free(fdes);
}

/* The table of the usual encoding: entries {start, FDE}, both 4 bytes and from the
 * table's own address (Linux Standard Base, "Exception frames"). */
static void read_functions(struct elf *f, const GElf_Phdr *ph)
{
	static const unsigned char usual[] = {1, 0x1b, 0x03, 0x3b};
	unsigned char head[12];
	uint32_t count;
	if (!read_exactly(f, ph->p_vaddr, head, sizeof head) ||
	    memcmp(head, usual, sizeof usual) != 0)
		return;
	memcpy(&count, head + 8, sizeof count);
	if (count == 0 || count > FUNCTIONS_MAX || ph->p_filesz < sizeof head ||
	    count > (ph->p_filesz - sizeof head) / sizeof *f->functions)
		return;
	f->functions = mem_alloc(count * sizeof *f->functions);
	if (!read_exactly(f, ph->p_vaddr + sizeof head, f->functions, count * sizeof *f->functions))
		return;
	f->function_count = count;
	f->hdr = ph->p_vaddr;
	read_sizes(f);
}

void elf_load_functions(struct elf *f)
{
	size_t count = 0;
	elf_getphdrnum(f->handle, &count);
	for (size_t i = 0; i < count && f->functions == NULL; i++) {
		GElf_Phdr ph;
		if (gelf_getphdr(f->handle, (int)i, &ph) != NULL && ph.p_type == PT_GNU_EH_FRAME)
			read_functions(f, &ph);
	}
}

bool elf_function_start(const struct elf *f, uint64_t vaddr, uint64_t *start)
{
	size_t lo = 0, hi = f->function_count;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (f->hdr + (uint64_t)(int64_t)f->functions[mid].start <= vaddr)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == 0)
		return false;
	const struct function *fn = &f->functions[lo - 1];
	*start = f->hdr + (uint64_t)(int64_t)fn->start;
	return vaddr - *start < fn->size;
}

size_t elf_read_vaddr(const struct elf *f, uint64_t vaddr, void *buf, size_t len)
{
	for (size_t i = 0; i < f->segment_count; i++) {
		const struct elf_segment *s = &f->segments[i];
		if (vaddr < s->vaddr || vaddr - s->vaddr >= s->filesz)
			continue;
		uint64_t left = s->filesz - (vaddr - s->vaddr);
		ssize_t n = pread(f->fd, buf, len < left ? len : left,
		                  (off_t)(vaddr - s->vaddr + s->offset));
		return n > 0 ? (size_t)n : 0;
	}
	return 0;
}

struct Elf *elf_handle(const struct elf *f)
{
	return f->handle;
}

int elf_fd(const struct elf *f)
{
	return f->fd;
}
