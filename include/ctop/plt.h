/* plt: the linker's stubs by which one image calls functions of another.
 *
 * They have no symbols of their own: each jumps through a slot, and the relocation of the slot
 * names the function. Hostile input. A worker's job.
 */
#ifndef CTOP_PLT_H
#define CTOP_PLT_H

#include <stddef.h>
#include <stdint.h>

struct elf;

struct plt_stub {
	uint64_t start, size; /* ELF address, bytes */
	const char *name;     /* of the function, as in the file; borrowed */
	/* Where in the file what this was read from stands: of a relocation, a symbol and its
	 * name, each with its length. For a capture. */
	uint64_t rela, symbol, text;
};
enum { PLT_RELA = 24, PLT_SYMBOL = 24 };

typedef void plt_fn(void *ctx, const struct plt_stub *stub);

/* Calls `fn` for every stub of .plt and the like (.plt.sec, .plt.got) that has a name. */
void plt_each(struct elf *f, plt_fn *fn, void *ctx);

#endif
