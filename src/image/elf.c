/* elf: one ELF file through libelf; see elf.h. */
#include "ctop/elf.h"

#include "ctop/mem.h"
#include "ctop/strbuf.h"

#include <elfutils/libdwelf.h>
#include <gelf.h>
#include <lzma.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SEGMENTS_MAX = 64 };
static const uint64_t PAGE = 4096;
static const uint64_t SECTION_MOST = UINT64_C(512) << 20;
static const uint64_t XZ_MOST = UINT64_C(256) << 20, XZ_MEMORY_MOST = UINT64_C(128) << 20;

struct elf {
	int fd;       /* −1: in memory */
	char *memory; /* owned; NULL: a file */
	size_t memory_len;
	Elf *handle;
	uint64_t entry;
	struct elf_segment segments[SEGMENTS_MAX];
	size_t segment_count;
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

static bool needs_libraries(const struct elf *f, const GElf_Phdr *dynamic)
{
	enum { MOST = 1024 };
	Elf64_Dyn d[MOST];
	size_t len = dynamic->p_filesz < sizeof d ? dynamic->p_filesz : sizeof d;
	size_t n = elf_read(f, dynamic->p_offset, d, len) / sizeof d[0];
	for (size_t i = 0; i < n && d[i].d_tag != DT_NULL; i++)
		if (d[i].d_tag == DT_NEEDED)
			return true;
	return false;
}

/* A library may have an entry as well, often just the first byte of its code, that nothing
 * starts at. A program names a loader; a loader and a static program need no library. */
static bool is_plain_library(const struct elf *f, const GElf_Ehdr *h)
{
	size_t count = 0;
	GElf_Phdr dynamic = {.p_filesz = 0};
	elf_getphdrnum(f->handle, &count);
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr p;
		if (gelf_getphdr(f->handle, (int)i, &p) == NULL)
			continue;
		if (p.p_type == PT_INTERP)
			return false;
		if (p.p_type == PT_DYNAMIC)
			dynamic = p;
	}
	return h->e_type == ET_DYN && needs_libraries(f, &dynamic);
}

static enum ctop_err open_handle(struct elf *f, struct err *e)
{
	elf_version(EV_CURRENT);
	f->handle = f->memory != NULL ? elf_memory(f->memory, f->memory_len)
	                              : elf_begin(f->fd, ELF_C_READ, NULL);
	if (f->handle == NULL || elf_kind(f->handle) != ELF_K_ELF)
		return err_set(e, CTOP_EFORMAT, "not an ELF file");
	GElf_Ehdr h;
	if (gelf_getehdr(f->handle, &h) == NULL)
		return err_set(e, CTOP_EFORMAT, "bad ELF header: %s", elf_errmsg(-1));
	if (gelf_getclass(f->handle) != ELFCLASS64 || h.e_ident[EI_DATA] != ELFDATA2LSB)
		return err_set(e, CTOP_EUNSUP, "not a 64-bit little-endian ELF file");
	f->entry = is_plain_library(f, &h) ? 0 : h.e_entry;
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

/* Unpacks into memory the caller frees; NULL when it is not whole or too large. */
static char *unpack_xz(const void *bytes, size_t len, size_t *out_len)
{
	lzma_stream z = LZMA_STREAM_INIT;
	struct strbuf out = {0};
	char buf[1 << 16];
	lzma_ret rc = lzma_stream_decoder(&z, XZ_MEMORY_MOST, 0);
	z.next_in = bytes;
	z.avail_in = len;
	while (rc == LZMA_OK && out.len < XZ_MOST) {
		z.next_out = (uint8_t *)buf;
		z.avail_out = sizeof buf;
		rc = lzma_code(&z, LZMA_FINISH);
		strbuf_add(&out, buf, sizeof buf - z.avail_out);
	}
	lzma_end(&z);
	*out_len = out.len;
	if (rc == LZMA_STREAM_END)
		return out.data;
	strbuf_fini(&out);
	return NULL;
}

enum ctop_err elf_open_xz(struct elf **out, const void *bytes, size_t len, struct err *e)
{
	struct elf *f = mem_zalloc(1, sizeof *f);
	f->fd = -1;
	f->memory = unpack_xz(bytes, len, &f->memory_len);
	enum ctop_err rc =
	        f->memory != NULL ? open_handle(f, e) : err_set(e, CTOP_EFORMAT, "not an xz file");
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
	if (f->handle != NULL)
		elf_end(f->handle);
	if (f->fd >= 0)
		close(f->fd);
	free(f->memory);
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

uint64_t elf_entry(const struct elf *f)
{
	return f->entry;
}

bool elf_eh_frame_hdr(const struct elf *f, uint64_t *vaddr, uint64_t *len)
{
	size_t count = 0;
	elf_getphdrnum(f->handle, &count);
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr p;
		if (gelf_getphdr(f->handle, (int)i, &p) == NULL || p.p_type != PT_GNU_EH_FRAME)
			continue;
		*vaddr = p.p_vaddr;
		*len = p.p_filesz;
		return true;
	}
	return false;
}

/* The section of a name that holds bytes. */
static Elf_Scn *find_section(const struct elf *f, const char *name, GElf_Shdr *h)
{
	size_t strings;
	if (elf_getshdrstrndx(f->handle, &strings) != 0)
		return NULL;
	for (Elf_Scn *scn = NULL; (scn = elf_nextscn(f->handle, scn)) != NULL;) {
		if (gelf_getshdr(scn, h) == NULL || h->sh_type == SHT_NOBITS)
			continue;
		const char *have = elf_strptr(f->handle, strings, h->sh_name);
		if (have != NULL && strcmp(have, name) == 0)
			return scn;
	}
	return NULL;
}

bool elf_section_place(const struct elf *f, const char *name, uint64_t *vaddr, uint64_t *len)
{
	GElf_Shdr h;
	if (find_section(f, name, &h) == NULL || (h.sh_flags & SHF_ALLOC) == 0)
		return false;
	*vaddr = h.sh_addr;
	*len = h.sh_size;
	return h.sh_size > 0;
}

static bool find_relative(Elf_Data *data, size_t count, uint64_t vaddr, uint64_t *value)
{
	for (size_t i = 0; i < count && i < INT32_MAX; i++) {
		GElf_Rela r;
		if (gelf_getrela(data, (int)i, &r) == NULL || r.r_offset != vaddr)
			continue;
		*value = (uint64_t)r.r_addend;
		return GELF_R_SYM(r.r_info) == 0;
	}
	return false;
}

bool elf_relative(const struct elf *f, uint64_t vaddr, uint64_t *value)
{
	for (Elf_Scn *scn = NULL; (scn = elf_nextscn(f->handle, scn)) != NULL;) {
		GElf_Shdr h;
		Elf_Data *data = NULL;
		if (gelf_getshdr(scn, &h) != NULL && h.sh_type == SHT_RELA && h.sh_entsize != 0 &&
		    (h.sh_flags & SHF_ALLOC) != 0)
			data = elf_getdata(scn, NULL);
		if (data != NULL && find_relative(data, data->d_size / h.sh_entsize, vaddr, value))
			return true;
	}
	return false;
}

bool elf_has_symtab(const struct elf *f)
{
	for (Elf_Scn *scn = NULL; (scn = elf_nextscn(f->handle, scn)) != NULL;) {
		GElf_Shdr h;
		if (gelf_getshdr(scn, &h) != NULL && h.sh_type == SHT_SYMTAB && h.sh_size > 0)
			return true;
	}
	return false;
}

bool elf_has_dwarf(const struct elf *f)
{
	GElf_Shdr h;
	return find_section(f, ".debug_info", &h) != NULL ||
	       find_section(f, ".zdebug_info", &h) != NULL;
}

char *elf_altlink(struct elf *f, const unsigned char **id, size_t *id_len)
{
	size_t len;
	char *bytes = (char *)elf_section_bytes(f, ".gnu_debugaltlink", &len);
	const char *end = bytes != NULL ? memchr(bytes, 0, len) : NULL;
	if (end == NULL) {
		free(bytes);
		return NULL;
	}
	*id = (const unsigned char *)end + 1;
	*id_len = (size_t)(bytes + len - end - 1);
	return bytes;
}

/* The size a .zdebug section has inflated: "ZLIB", then 8 bytes, big-endian. */
static uint64_t gnu_size(Elf_Scn *scn)
{
	const Elf_Data *raw = elf_rawdata(scn, NULL);
	uint64_t size = 0;
	if (raw == NULL || raw->d_buf == NULL || raw->d_size < 12)
		return UINT64_MAX;
	for (size_t i = 4; i < 12; i++)
		size = size << 8 | ((const unsigned char *)raw->d_buf)[i];
	return size;
}

/* The size is looked at first: a few bytes may inflate to any number. */
static bool inflate_section(Elf_Scn *scn, bool gnu)
{
	GElf_Chdr c;
	if (gnu)
		return gnu_size(scn) <= SECTION_MOST && elf_compress_gnu(scn, 0, 0) >= 0;
	return gelf_getchdr(scn, &c) != NULL && c.ch_size <= SECTION_MOST &&
	       elf_compress(scn, 0, 0) >= 0;
}

unsigned char *elf_section_bytes(struct elf *f, const char *name, size_t *len)
{
	GElf_Shdr h;
	char gnu_name[64];
	snprintf(gnu_name, sizeof gnu_name, ".z%s", name + 1);
	Elf_Scn *scn = find_section(f, name, &h);
	bool gnu = scn == NULL;
	if (gnu)
		scn = find_section(f, gnu_name, &h);
	if (scn == NULL || h.sh_size > SECTION_MOST || h.sh_size > elf_size(f))
		return NULL;
	/* Read past libelf, which would keep a copy of its own. */
	if (!gnu && (h.sh_flags & SHF_COMPRESSED) == 0) {
		unsigned char *bytes = mem_alloc(h.sh_size + 1);
		*len = elf_read(f, h.sh_offset, bytes, h.sh_size);
		if (*len == h.sh_size && *len > 0)
			return bytes;
		free(bytes);
		return NULL;
	}
	const Elf_Data *data = inflate_section(scn, gnu) ? elf_getdata(scn, NULL) : NULL;
	if (data == NULL || data->d_buf == NULL || data->d_size == 0 || data->d_size > SECTION_MOST)
		return NULL;
	unsigned char *copy = mem_alloc(data->d_size);
	memcpy(copy, data->d_buf, data->d_size);
	*len = data->d_size;
	return copy;
}

uint64_t elf_size(const struct elf *f)
{
	struct stat st;
	if (f->memory != NULL)
		return f->memory_len;
	return fstat(f->fd, &st) == 0 && st.st_size > 0 ? (uint64_t)st.st_size : 0;
}

size_t elf_read(const struct elf *f, uint64_t offset, void *buf, size_t len)
{
	if (f->memory != NULL) {
		size_t left = offset < f->memory_len ? f->memory_len - (size_t)offset : 0;
		size_t n = len < left ? len : left;
		memcpy(buf, f->memory + (n > 0 ? offset : 0), n);
		return n;
	}
	ssize_t n = pread(f->fd, buf, len, (off_t)offset);
	return n > 0 ? (size_t)n : 0;
}

size_t elf_read_vaddr(const struct elf *f, uint64_t vaddr, void *buf, size_t len)
{
	for (size_t i = 0; i < f->segment_count; i++) {
		const struct elf_segment *s = &f->segments[i];
		if (vaddr < s->vaddr || vaddr - s->vaddr >= s->filesz)
			continue;
		uint64_t left = s->filesz - (vaddr - s->vaddr);
		return elf_read(f, vaddr - s->vaddr + s->offset, buf, len < left ? len : left);
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
