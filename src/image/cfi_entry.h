/* cfi_entry: one entry of a frame section, taken apart. Private to cfi.
 *
 * Layouts: DWARF 5, 6.4.1, and Linux Standard Base, "Exception frames", for what
 * .eh_frame does otherwise.
 */
#ifndef CTOP_IMAGE_CFI_ENTRY_H
#define CTOP_IMAGE_CFI_ENTRY_H

#include "ctop/bytes.h"
#include "ctop/cfi.h"

/* The bytes of a section and where they lie. */
struct cfi_bytes {
	enum cfi_section section;
	const unsigned char *data;
	size_t len;
	uint64_t vaddr;
};

/* What FDEs have in common. */
struct cfi_cie {
	uint64_t code_align;
	int64_t data_align;
	uint32_t ra;
	uint8_t encoding; /* of addresses in FDEs, DW_EH_PE_… */
	bool sized;       /* FDEs have augmentation data with a length */
	bool signal;
	struct bytes program;
};

struct cfi_fde {
	struct cfi_cie cie;
	uint64_t start, size;
	struct bytes program;
};

/* Reads the entry at `offset`; *next gets where the following one stands (0 at the
 * end of the section). False for a CIE, or one that makes no sense. */
bool cfi_entry_fde(const struct cfi_bytes *s, size_t offset, struct cfi_fde *out, size_t *next);

/* An address in one of the encodings DW_EH_PE_…; false for one that needs more than the
 * section. `b` must lie in the section. */
bool cfi_entry_address(const struct cfi_bytes *s, struct bytes *b, uint8_t encoding, uint64_t *out);

/* Runs the programs up to `vaddr`. */
bool cfi_program_run(const struct cfi_bytes *s, const struct cfi_fde *f, uint64_t vaddr,
                     struct cfi_rules *out);

#endif
