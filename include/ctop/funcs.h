/* funcs: the functions (and other named things) that groups are made of.
 *
 * Dense 4-byte ids in order of first sight; an entry never changes or moves, so
 * a reader that got an id through a snapshot may look it up without a lock.
 * One writer (the analyzer).
 */
#ifndef CTOP_FUNCS_H
#define CTOP_FUNCS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct funcs;

/* What a row stands for; decides its colour and how it is counted. */
enum func_kind {
	FUNC_ROOT,    /* "all": the root of every tree; always id 0 */
	FUNC_PROCESS, /* a process: first level of every stack */
	FUNC_OWN,     /* code of the target's own executable */
	FUNC_LIBRARY, /* code of a shared library, the vdso */
	FUNC_INLINED, /* a function where it was inlined into another */
	FUNC_KERNEL,  /* kernel code */
	FUNC_JIT,     /* code without a file */
	FUNC_MARK,    /* "[truncated at 16 KB]", "[no unwind info]", "[folded]", … */
	FUNC_KINDS,
	FUNC_NAMELESS = 1 << 8, /* added to a kind: code without a symbol, named by its address */
};

struct func {
	const char *name;    /* cleaned UTF-8; borrowed for the life of the table */
	const char *module;  /* "" where there is none */
	enum func_kind kind; /* without FUNC_NAMELESS */
	bool nameless;
};

struct funcs *funcs_new(void); /* holds id 0, the root, named "all" */
void funcs_free(struct funcs *t);

/* The id of (name, module, kind), added when new; FUNC_NAMELESS may be added to `kind`.
 * Writer only. */
uint32_t funcs_add(struct funcs *t, const char *name, const char *module, unsigned kind);

/* The entry of an id; the root's for one out of range. */
const struct func *funcs_get(const struct funcs *t, uint32_t id);

uint32_t funcs_count(const struct funcs *t); /* any thread */
size_t funcs_bytes(const struct funcs *t);

#endif
