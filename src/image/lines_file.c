/* lines_file: the DWARF of one file as libdw sees it; see lines_file.h. */
#include "lines_file.h"

#include <gelf.h>
#include <string.h>
#include <unistd.h>

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
		if (strcmp(rest + 6, lines_section_names[i]) == 0)
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
static bool show(Elf_Scn *scn, GElf_Shdr *h, const struct lines_section *s)
{
	h->sh_flags &= ~(GElf_Xword)SHF_COMPRESSED;
	h->sh_type = SHT_PROGBITS;
	h->sh_size = 0;
	if (gelf_update_shdr(scn, h) == 0)
		return false;
	Elf_Data *data = elf_getdata(scn, NULL);
	if (data == NULL || data->d_buf != NULL)
		return false;
	data->d_buf = (void *)(uintptr_t)s->at;
	data->d_size = s->len;
	h->sh_size = s->len;
	return gelf_update_shdr(scn, h) != 0;
}

static bool get_section(struct lines_file *f, int which, const struct lines_stored *s)
{
	return lines_section_map(&f->sections[which], which, &f->map, s) ||
	       lines_section_read(&f->sections[which], f->fd, s);
}

/* A few bytes may claim any size: the sum is bounded. The first one of a name counts. */
static enum ctop_err read_sections(struct lines_file *f, uint64_t file_size, struct err *e)
{
	size_t strings;
	uint64_t sum = 0;
	bool wide = gelf_getclass(f->elf) == ELFCLASS64;
	if (elf_getshdrstrndx(f->elf, &strings) != 0)
		return err_set(e, CTOP_EFORMAT, "its sections have no names");
	for (Elf_Scn *scn = NULL; (scn = elf_nextscn(f->elf, scn)) != NULL;) {
		GElf_Shdr h;
		struct lines_stored s;
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
		bool known = which < DWARF_SECTIONS && f->sections[which].at == NULL &&
		             (h.sh_flags & SHF_GROUP) == 0 &&
		             lines_section_find(&s, f->fd, &h, wide, old, file_size);
		if (known && (s.whole > LINES_FILE_MOST || (sum += s.whole) > LINES_FILE_MOST))
			return err_set(e, CTOP_ELIMIT, "its debug sections claim to be too large");
		known = known && get_section(f, which, &s);
		if (known ? !show(scn, &h, &f->sections[which]) : !hide(scn, &h))
			return err_set(e, CTOP_EFORMAT, "cannot read %s", name);
	}
	return CTOP_OK;
}

void lines_file_close(struct lines_file *f)
{
	if (f->dwarf != NULL)
		dwarf_end(f->dwarf);
	if (f->elf != NULL)
		elf_end(f->elf);
	if (f->fd >= 0)
		close(f->fd);
	for (int i = 0; i < DWARF_SECTIONS; i++)
		lines_section_free(&f->sections[i]);
	filemap_close(&f->map);
	*f = (struct lines_file){.fd = -1};
}

enum ctop_err lines_file_open(struct lines_file *f, int fd, struct err *e)
{
	*f = (struct lines_file){.fd = fd};
	off_t size = lseek(fd, 0, SEEK_END);
	elf_version(EV_CURRENT);
	f->elf = elf_begin(fd, ELF_C_READ, NULL);
	if (f->elf == NULL || elf_kind(f->elf) != ELF_K_ELF || size < 0)
		return err_set(e, CTOP_EFORMAT, "not an ELF file: %s", elf_errmsg(-1));
	if (elf_getident(f->elf, NULL)[EI_DATA] != ELFDATA2LSB)
		return err_set(e, CTOP_EFORMAT, "an ELF file of another byte order");
	filemap_open(&f->map, fd, NULL); /* or everything is read */
	enum ctop_err rc = read_sections(f, (uint64_t)size, e);
	if (rc != CTOP_OK)
		return rc;
	if (f->sections[DWARF_INFO].at == NULL || f->sections[DWARF_ABBREV].at == NULL)
		return err_set(e, CTOP_ENOENT, "no debug information");
	f->dwarf = dwarf_begin_elf(f->elf, DWARF_C_READ, NULL);
	if (f->dwarf == NULL)
		return err_set(e, CTOP_ENOENT, "no debug information: %s", dwarf_errmsg(-1));
	return CTOP_OK;
}

void lines_file_give(const struct lines_file *f, struct unit_source *s)
{
	for (int i = 0; i < DWARF_SECTIONS; i++)
		if (f->sections[i].at != NULL)
			s->sections[i] = bytes_of(f->sections[i].at, f->sections[i].len);
}
