/* fuzz_cfi: any bytes as a frame section: the first byte chooses which.
 * covers: src/image/cfi.c src/image/cfi_entry.c src/image/cfi_program.c
 */
#include "ctop/cfi.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cfi_rules rules;
	uint64_t start, len;
	if (size == 0)
		return 0;
	struct cfi *c = cfi_parse(data[0] % 2 == 0 ? CFI_EH_FRAME : CFI_DEBUG_FRAME, data + 1,
	                          size - 1, 0x1000);
	if (c == NULL)
		return 0;
	for (size_t i = 0; i < cfi_count(c) && i < 64; i++) {
		cfi_nth(c, i, &start, &len);
		for (uint64_t k = 0; k < 4; k++)
			cfi_rules_at(c, start + len / 4 * k, &rules);
	}
	cfi_free(c);
	return 0;
}
