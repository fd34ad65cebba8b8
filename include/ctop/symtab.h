/* symtab: the function symbols of one image, sorted by address.
 *
 * 16 bytes an entry plus the names; immutable once built, so any thread may
 * look up. Built by a worker.
 */
#ifndef CTOP_SYMTAB_H
#define CTOP_SYMTAB_H

#include "ctop/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf;
struct symtab;

/* A function found. `name` is mangled as in the file, borrowed from the table. */
struct symtab_hit {
	const char *name;
	uint64_t start; /* ELF address (kernel: absolute) */
	uint64_t size;  /* bytes; where the file gives none, up to the next symbol */
};

struct symtab *symtab_new(void);
void symtab_free(struct symtab *t);

/* Adds the functions of .symtab and .dynsym (FUNC, IFUNC, and sized or unsized
 * NOTYPE symbols in executable sections). `shift` is added to each address (a separate
 * debug file may be linked elsewhere). Bounded: at most 16 M symbols. */
enum ctop_err symtab_add_elf(struct symtab *t, struct elf *f, uint64_t shift, struct err *e);

/* Adds one symbol; `name` need not be terminated; size 0 reaches to the next one. For
 * kallsyms and tests. */
void symtab_add(struct symtab *t, uint64_t start, uint64_t size, const char *name, size_t len);

/* Sorts; among symbols at one address keeps the best (global over weak over
 * local, sized over unsized, fewer leading underscores, then by name). Call
 * once, after the last addition and before the first look-up. */
void symtab_finish(struct symtab *t);

/* The function that holds `addr`: the last one that starts at or before it
 * and, where sized, ends behind it. */
bool symtab_find(const struct symtab *t, uint64_t addr, struct symtab_hit *hit);

size_t symtab_count(const struct symtab *t);
size_t symtab_bytes(const struct symtab *t);

#endif
