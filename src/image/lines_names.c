/* lines_names: the strings of a unit's index: functions, and files by their paths; see
 * lines_builder.h.
 */
#include "lines_builder.h"

#include "ctop/hash.h"

#include <dwarf.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MOST = 1 << 16, TEXT_MOST = 1 << 28 };

uint32_t lines_names_add(struct lines_builder *b, const char *s)
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

const char *lines_names_string(const struct unit_source *s, Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute a;
	const char *text =
	        dwarf_attr_integrate(die, name, &a) != NULL ? dwarf_formstring(&a) : NULL;
	return text != NULL && is_whole(s, text) ? text : NULL;
}

static uint32_t read_name(struct lines_builder *b, Dwarf_Die *die)
{
	const char *s = lines_names_string(b->source, die, DW_AT_linkage_name);
	if (s == NULL)
		s = lines_names_string(b->source, die, DW_AT_MIPS_linkage_name);
	if (s == NULL)
		s = lines_names_string(b->source, die, DW_AT_name);
	return lines_names_add(b, s);
}

uint32_t lines_names_function(struct lines_builder *b, Dwarf_Die *die, struct lines_attributes *a)
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

/* A path that does not begin at the root begins where the compiler ran. */
static uint32_t add_path(struct lines_builder *b, const char *dir, const char *name)
{
	char path[PATH_MAX];
	const char *root = dir[0] == '/' || name[0] == '/' || b->dir == NULL ? "" : b->dir;
	if (name[0] == '/')
		dir = "";
	int n = snprintf(path, sizeof path, "%s%s%s%s%s", root, root[0] != '\0' ? "/" : "", dir,
	                 dir[0] != '\0' ? "/" : "", name);
	return lines_names_add(b, n > 0 && (size_t)n < sizeof path ? path : name);
}

uint32_t lines_names_file(struct lines_builder *b, struct lines_table *t, uint64_t index)
{
	if (index >= t->file_count || t->files[index].name[0] == '\0')
		return 0;
	struct lines_file_name *f = &t->files[index];
	if (f->text == 0)
		f->text = add_path(b, f->dir < t->dir_count ? t->dirs[f->dir] : "", f->name);
	return f->text;
}
