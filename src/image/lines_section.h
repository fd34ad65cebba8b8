/* lines_section: the bytes of one section of debug information, read or inflated. Private to the
 * image layer.
 */
#ifndef CTOP_IMAGE_LINES_SECTION_H
#define CTOP_IMAGE_LINES_SECTION_H

#include "lines_unit.h"

#include <gelf.h>

extern const char *const lines_section_names[DWARF_SECTIONS]; /* behind ".debug_" */

/* How a section is stored. */
struct lines_stored {
	uint64_t offset, size; /* in the file */
	uint64_t whole;        /* its size when it is inflated */
	bool deflated, old;    /* old: in the way of .zdebug_ */
};

/* What is within has zeros behind. */
struct lines_section {
	unsigned char *at; /* owned; NULL: there is none */
	size_t len;
};

/* Finds out how a section is stored; false when it is not, or in a way that is not known. `wide`:
 * the file is one of 64 bits; `old`: its name begins with ".z". */
bool lines_section_find(struct lines_stored *s, int fd, const GElf_Shdr *h, bool wide, bool old,
                        uint64_t file_size);

/* Gets its bytes. */
bool lines_section_read(struct lines_section *section, int fd, const struct lines_stored *s);
void lines_section_free(struct lines_section *s);

#endif
