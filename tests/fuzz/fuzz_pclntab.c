/* fuzz_pclntab: any bytes as Go's function table.
 * covers: src/image/pclntab.c
 */
#include "ctop/pclntab.h"
#include "ctop/symtab.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(void *ctx, size_t offset, size_t len)
{
	size_t *most = ctx;
	if (offset + len > *most)
		__builtin_trap(); /* a piece outside the table */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pclntab *t = pclntab_parse(data, size, 0x401000);
	if (t == NULL)
		return 0;
	for (uint64_t pc = 0x400ff8; pc < 0x401200; pc += 24) {
		struct pclntab_func f;
		uint32_t frame;
		pclntab_find(t, pc, &f);
		pclntab_frame(t, pc, &frame);
		pclntab_common_pieces(t, ignore, &size);
		pclntab_pieces(t, pc, ignore, &size);
	}
	struct symtab *s = symtab_new();
	pclntab_add_symbols(t, s);
	symtab_finish(s);
	symtab_free(s);
	pclntab_free(t);
	return 0;
}
