/* lines_table: the head of a table of lines, with its directories and files; see lines_builder.h.
 *
 * Read here, as libdw 0.188 copies paths without bound. Format: DWARF 5, section 6.2.4; versions 2
 * to 4: 6.2.4 of DWARF 4.
 */
#include "lines_builder.h"

#include "ctop/vec.h"

#include <dwarf.h>
#include <limits.h>
#include <stdlib.h>

static uint64_t read_offset(const struct lines_table *t, struct bytes *b)
{
	return t->offset_size == 8 ? bytes_u64(b) : bytes_u32(b);
}

/* A value of a directory or file of version 5: a string or a number, else neither. */
static void read_value(const struct lines_table *t, const struct bytes *sections, struct bytes *b,
                       uint64_t form, const char **text, uint64_t *number)
{
	struct bytes s;
	switch (form) {
	case DW_FORM_string:
		*text = bytes_str(b);
		break;
	case DW_FORM_line_strp:
	case DW_FORM_strp:
		s = lines_ranges_from(sections[form == DW_FORM_strp ? DWARF_STR : DWARF_LINE_STR],
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

static void add_dir(struct lines_table *t, const char *name)
{
	t->dirs = vec_reserve(t->dirs, &t->dir_cap, t->dir_count + 1, sizeof *t->dirs);
	t->dirs[t->dir_count++] = name;
}

void lines_table_add_file(struct lines_table *t, const char *name, uint64_t dir)
{
	t->files = vec_reserve(t->files, &t->file_cap, t->file_count + 1, sizeof *t->files);
	t->files[t->file_count++] =
	        (struct lines_file_name){name, dir < UINT32_MAX ? (uint32_t)dir : UINT32_MAX, 0};
}

/* The directories or the files of a version 5 table. */
static void read_entries(struct lines_table *t, const struct bytes *sections, struct bytes *b,
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
			lines_table_add_file(t, name, dir);
		else
			add_dir(t, name);
	}
}

/* Those of versions 2 to 4, where number 0 is the compiler's directory, and no file. */
static void read_old_entries(struct lines_table *t, struct bytes *b)
{
	const char *name;
	add_dir(t, "");
	lines_table_add_file(t, "", 0);
	while (*(name = bytes_str(b)) != '\0')
		add_dir(t, name);
	while (!b->bad && *(name = bytes_str(b)) != '\0') {
		lines_table_add_file(t, name, bytes_uleb(b));
		bytes_uleb(b); /* when it was changed, its length */
		bytes_uleb(b);
	}
}

bool lines_table_open(struct lines_table *t, const struct bytes *sections, uint64_t offset)
{
	struct bytes b = lines_ranges_from(sections[DWARF_LINE], offset);
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

void lines_table_close(struct lines_table *t)
{
	free(t->dirs);
	free(t->files);
}
