/* symtab: the function symbols of one image, sorted by address.
 *
 * 16 bytes an entry; names stay in the files they come from. Immutable once built, so any
 * thread may look up. Built by a worker.
 */
#ifndef CTOP_SYMTAB_H
#define CTOP_SYMTAB_H

#include "ctop/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf;
struct symtab;

/* A function found. */
struct symtab_hit {
	uint64_t start; /* ELF address (kernel: absolute) */
	uint64_t size;  /* bytes; where the file gives none, up to the next symbol */
	uint32_t name;  /* for symtab_name() */
};

struct symtab *symtab_new(void);
void symtab_free(struct symtab *t);

/* Adds the functions of .symtab, or of .dynsym where there is none (FUNC, IFUNC, and sized or
 * unsized NOTYPE symbols in executable sections). `shift` is added to each address (a separate
 * debug file may be linked elsewhere). `lives`: the file outlives the table, which reads names
 * from it; else the table keeps a descriptor of its own. Bounded: at most 16 M symbols, of at
 * most 32 MB each. */
enum ctop_err symtab_add_elf(struct symtab *t, struct elf *f, uint64_t shift, bool lives,
                             struct err *e);

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

/* The name of a function found, mangled as in the file; in `buf` (of `cap` bytes, cut to fit) or
 * borrowed from the table. "" when the file cannot be read any more. */
const char *symtab_name(const struct symtab *t, const struct symtab_hit *hit, char *buf,
                        size_t cap);

size_t symtab_count(const struct symtab *t);
size_t symtab_bytes(const struct symtab *t);

#endif
