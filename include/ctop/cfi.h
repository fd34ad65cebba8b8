/* cfi: call frame information of one image.
 *
 * Says, for a code address, which function it lies in and by which rules the caller's
 * registers are found. Reads .eh_frame (Linux Standard Base, "Exception frames": by the
 * search table of .eh_frame_hdr, or entry by entry without one) and .debug_frame
 * (DWARF 5, 6.4; compressed or not). Only an index of the functions is built; rules are
 * computed when asked for. Hostile input: every length and offset is checked. Immutable
 * once loaded, so any thread may ask.
 */
#ifndef CTOP_CFI_H
#define CTOP_CFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cfi;
struct elf;

enum cfi_section { CFI_EH_FRAME, CFI_DEBUG_FRAME };

/* Registers with rules, by DWARF number; rules for others are read and dropped. */
enum { CFI_REGS = 33 };

/* How a register of the caller is found. */
enum cfi_how {
	CFI_UNSET,      /* nothing is said: the machine's calling convention decides */
	CFI_SAME,       /* unchanged */
	CFI_UNDEFINED,  /* lost; for the return address: there is no caller */
	CFI_SAVED,      /* stands in memory at CFA + offset */
	CFI_OFFSET,     /* is CFA + offset; for the CFA itself: register + offset */
	CFI_REGISTER,   /* is in register `reg` */
	CFI_SAVED_EXPR, /* stands in memory where the expression says */
	CFI_EXPR,       /* is what the expression says */
};

struct cfi_rule {
	uint8_t how; /* enum cfi_how */
	uint8_t reg;
	uint16_t expr_len; /* bytes of DWARF operations, borrowed from the cfi */
	union {
		int64_t offset;
		const unsigned char *expr;
	};
};

/* The rules that hold at one address. */
struct cfi_rules {
	struct cfi_rule cfa; /* CFI_OFFSET or CFI_EXPR */
	struct cfi_rule reg[CFI_REGS];
	uint32_t ra; /* number of the return address's column */
	bool signal; /* a signal frame: the caller was interrupted, not calling */
};

/* Call frame information of an ELF file: .eh_frame and .debug_frame, as far as there.
 * NULL when it has none. Keeps nothing of the file; a worker's job. */
struct cfi *cfi_load(struct elf *f);

/* Of a separate debug file, in which only .debug_frame has bytes. */
struct cfi *cfi_load_debug(struct elf *f);

/* The same from the bytes of one section that lies at ELF address `vaddr`; the bytes are
 * copied. For tests and for code that has no file. */
struct cfi *cfi_parse(enum cfi_section section, const void *bytes, size_t len, uint64_t vaddr);
void cfi_free(struct cfi *c);

/* The function that holds `vaddr`: tells functions of a stripped file apart. */
bool cfi_function(const struct cfi *c, uint64_t vaddr, uint64_t *start, uint64_t *size);

/* The rules at `vaddr`; false when no function described holds it or its
 * description makes no sense. */
bool cfi_rules_at(const struct cfi *c, uint64_t vaddr, struct cfi_rules *out);

/* Number of functions described, and the i-th of them in no particular order. */
size_t cfi_count(const struct cfi *c);
void cfi_nth(const struct cfi *c, size_t i, uint64_t *start, uint64_t *size);

/* Bytes held. */
size_t cfi_bytes(const struct cfi *c);

#endif
