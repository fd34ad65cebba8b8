/* symbol: a raw location → the name of its function.
 *
 * Lazy and memoised by function: the first look-up in a function demangles its
 * name. Belongs to the analyzer. An address without a symbol is named
 * "module+0x1234": where its function starts in the image, as far as unwind tables
 * tell, else the address itself; one of the kernel without the
 * right to see its symbols "[kernel]+0x…".
 */
#ifndef CTOP_SYMBOL_H
#define CTOP_SYMBOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct image;
struct symbols;

/* A name; the strings are borrowed for the life of the table. */
struct symbol {
	const char *name;   /* demangled, cleaned, "" never */
	const char *module; /* image name */
	uint64_t start;     /* ELF address of the function (the address itself if unresolved) */
	bool resolved;
};

struct symbols *symbols_new(void);
void symbols_free(struct symbols *s);

/* Names the function at ELF address `vaddr` of a loaded (or failed) image. For a
 * return address the caller passes address − 1. Never fails. */
void symbol_find(struct symbols *s, const struct image *im, uint64_t vaddr, struct symbol *out);

/* Bytes held by names and memo. */
size_t symbols_bytes(const struct symbols *s);

#endif
