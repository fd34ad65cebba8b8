/* pclntab: the function table that every Go program carries, stripped or not.
 *
 * It gives each Go function's name and, for every address in it, how far the stack
 * pointer is from the return address: all that unwinding needs, where Go programs have no
 * .eh_frame. Layouts of Go 1.2, 1.16, 1.18 and 1.20 (golang.org/s/go12symtab and
 * runtime/symtab.go of those versions). Hostile input: every offset is checked.
 * Immutable once loaded, so any thread may ask.
 */
#ifndef CTOP_PCLNTAB_H
#define CTOP_PCLNTAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf;
struct pclntab;
struct symtab;

/* A function found. */
struct pclntab_func {
	uint64_t start, end; /* ELF addresses */
	const char *name;    /* borrowed from the table; "" when damaged */
	/* The outermost function of its stack (goexit, mstart), or one that changes stacks
	 * (systemstack, mcall): nothing above it can be found by its frame. */
	bool top;
	bool signal; /* the kernel returns from a signal handler through it */
};

/* The table of an ELF file; NULL when it has none. Keeps nothing of the file. A worker's job. */
struct pclntab *pclntab_load(struct elf *f);

/* The name of the section it stands in, and its ELF address; NULL when there is none. */
const char *pclntab_section(const struct elf *f, uint64_t *vaddr);

/* The same from the table's bytes (copied); `text` is the address of the first function,
 * for tables that do not tell. For tests. */
struct pclntab *pclntab_parse(const void *bytes, size_t len, uint64_t text);
void pclntab_free(struct pclntab *t);

/* The function that holds `vaddr`. */
bool pclntab_find(const struct pclntab *t, uint64_t vaddr, struct pclntab_func *out);

/* Bytes between the stack pointer and the return address at `vaddr`; false when the table
 * does not tell. */
bool pclntab_frame(const struct pclntab *t, uint64_t vaddr, uint32_t *bytes);

/* Adds all functions to a symbol table that is being built. */
void pclntab_add_symbols(const struct pclntab *t, struct symtab *to);

/* Calls `piece` with each part of the table that the questions above read for any address, and
 * with those they read for `vaddr` besides; `offset` counts from its beginning. */
typedef void pclntab_piece_fn(void *ctx, size_t offset, size_t len);
void pclntab_common_pieces(const struct pclntab *t, pclntab_piece_fn *piece, void *ctx);
void pclntab_pieces(const struct pclntab *t, uint64_t vaddr, pclntab_piece_fn *piece, void *ctx);

/* Bytes held. */
size_t pclntab_bytes(const struct pclntab *t);

#endif
