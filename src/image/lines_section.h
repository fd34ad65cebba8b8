/* lines_section: the bytes of one section of debug information: mapped, read or inflated. Private
 * to the image layer.
 *
 * libdw may read on behind a section: by a number (32 bytes are enough for any) wherever its tables
 * end amid something, by a string where the section ends without a NUL, and by a whole list of
 * attributes where it ends without a zero. What is copied has zeros behind. What is mapped has the
 * rest of the file behind, and a page of zeros behind that: numbers read there are wrong, but
 * within memory, and are not used; and sections that hold strings or lists are mapped only when
 * they end with a zero, so that whatever begins within such a section ends within it.
 */
#ifndef CTOP_IMAGE_LINES_SECTION_H
#define CTOP_IMAGE_LINES_SECTION_H

#include "ctop/filemap.h"
#include "lines_unit.h"

#include <gelf.h>

extern const char *const lines_section_names[DWARF_SECTIONS]; /* behind ".debug_" */

/* How a section is stored. */
struct lines_stored {
	uint64_t offset, size; /* in the file */
	uint64_t whole;        /* its size when it is inflated */
	bool deflated, old;    /* old: in the way of .zdebug_ */
};

struct lines_section {
	const unsigned char *at; /* NULL: there is none */
	size_t len;
	bool mapped; /* borrowed from the map, else owned */
};

/* Finds out how a section is stored; false when it is not, or in a way that is not known. `wide`:
 * the file is one of 64 bits; `old`: its name begins with ".z". */
bool lines_section_find(struct lines_stored *s, int fd, const GElf_Shdr *h, bool wide, bool old,
                        uint64_t file_size);

/* Borrows its bytes of the map of its file; false: it must be read. */
bool lines_section_map(struct lines_section *section, enum dwarf_section which,
                       const struct filemap *map, const struct lines_stored *s);

/* Reads its bytes. */
bool lines_section_read(struct lines_section *section, int fd, const struct lines_stored *s);
void lines_section_free(struct lines_section *s);

#endif
