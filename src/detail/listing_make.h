/* listing_make: parts of listing.c. Private to the detail layer. */
#ifndef CTOP_DETAIL_LISTING_MAKE_H
#define CTOP_DETAIL_LISTING_MAKE_H

#include "ctop/listing.h"

struct intern;

/* Takes `len` bytes of code apart, which stand at `start`; an array the caller frees. Strings go to
 * `strings`. An undecodable byte is an instruction "(bad)" of its own. */
struct listing_insn *disasm(const unsigned char *code, size_t len, uint64_t start,
                            struct intern *strings, size_t *count);

/* Reads a source file from a descriptor, which is taken over: at most SOURCE_MAX bytes of it. */
enum { SOURCE_MAX = 16 << 20, SOURCE_LINE_MAX = 1024 };
void source_read(struct listing_file *f, int fd, struct intern *strings);

#endif
