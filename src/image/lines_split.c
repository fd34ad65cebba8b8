/* lines_split: the .dwo file of a unit; see lines_file.h. */
#include "lines_file.h"

#include <dwarf.h>
#include <gelf.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
	return stat(path, &st) != 0 ||
	       (S_ISREG(st.st_mode) && (uint64_t)st.st_size <= LINES_FILE_MOST);
}

/* The two places where libdw looks for the .dwo file of a unit: beside the file, and where the
 * compiler ran. */
bool lines_split_allowed(const struct lines_file *f, Dwarf_Die *die)
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

void lines_split_give(struct unit_source *s)
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
			size_t len = strlen(lines_section_names[i]);
			if (strncmp(name, ".debug_", 7) != 0 ||
			    strncmp(name + 7, lines_section_names[i], len) != 0 ||
			    strcmp(name + 7 + len, ".dwo") != 0)
				continue;
			Elf_Data *data = elf_getdata(scn, NULL);
			if (data != NULL && data->d_buf != NULL)
				s->split_sections[i] = bytes_of(data->d_buf, data->d_size);
		}
	}
}
