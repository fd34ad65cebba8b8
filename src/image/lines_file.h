/* lines_file: the DWARF of one file, and what is in its .dwo files. Private to the image layer.
 *
 * libdw is given only the sections that are needed here, mapped, read or inflated by lines_section:
 * it inflates all it knows, reads a few bytes too far where a table ends amid something, and opens
 * files by names it finds. What it gets has bytes behind, and of those names it sees one kind only,
 * that of .dwo files, after a look at what they name. Files that others may change are read, never
 * mapped: libdw checks a length and uses it later.
 */
#ifndef CTOP_IMAGE_LINES_FILE_H
#define CTOP_IMAGE_LINES_FILE_H

#include "lines_section.h"
#include "lines_unit.h"

/* One file that is read: libdw wants an Elf, and that its descriptor. */
struct lines_file {
	int fd; /* −1: closed */
	Elf *elf;
	Dwarf *dwarf;
	struct filemap map; /* when nobody else can change it */
	struct lines_section sections[DWARF_SECTIONS];
};

/* Takes over the descriptor, and leaves what lines_file_close() wants, in every case. */
enum ctop_err lines_file_open(struct lines_file *f, int fd, struct err *e);
void lines_file_close(struct lines_file *f);

/* Lends its sections; those that are not there are no bytes at no address. */
void lines_file_give(const struct lines_file *f, struct unit_source *s);

/* Debug sections larger than that in all, or .dwo files, are refused. */
#define LINES_FILE_MOST (UINT64_C(2) << 30)

/* Whether the .dwo file that a DIE names may be looked for by libdw. */
bool lines_split_allowed(const struct lines_file *f, Dwarf_Die *die);

/* Lends the sections of the .dwo file that holds `split`. */
void lines_split_give(struct unit_source *s);

#endif
