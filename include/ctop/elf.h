/* elf: one ELF file, read through libelf from a descriptor or memory.
 *
 * Hostile input: libelf reads with pread (never mmap, so a file cut short under
 * us is an error and not a SIGBUS); every count and offset is checked. An
 * `struct elf` is built by a worker and from then on used by one thread at a
 * time (libelf's handles are not thread-safe).
 */
#ifndef CTOP_ELF_H
#define CTOP_ELF_H

#include "ctop/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct Elf;
struct elf;

/* A PT_LOAD segment: bytes `offset`…+filesz of the file at address `vaddr`. */
struct elf_segment {
	uint64_t vaddr, offset, filesz, memsz;
	bool executable;
};

/* Opens an ELF file of this machine's class; takes over `fd` in every case. */
enum ctop_err elf_open(struct elf **out, int fd, struct err *e);
/* Opens an ELF file that stands compressed (xz) in memory; at most 256 MB unpacked. The bytes
 * stay the caller's. CTOP_EFORMAT for what is not one. */
enum ctop_err elf_open_xz(struct elf **out, const void *bytes, size_t len, struct err *e);
void elf_close(struct elf *f);

/* The PT_LOAD segments; borrowed. */
const struct elf_segment *elf_segments(const struct elf *f, size_t *count);

/* ELF address of a file offset, by the segment that holds it (executable ones
 * first). False when no segment does. */
bool elf_offset_to_vaddr(const struct elf *f, uint64_t offset, uint64_t *vaddr);

/* The GNU build id, borrowed; len 0 when there is none. */
const unsigned char *elf_build_id(const struct elf *f, size_t *len);

/* .gnu_debuglink: a borrowed file name and its CRC; NULL when there is none. */
const char *elf_debuglink(const struct elf *f, uint32_t *crc);

/* The address of the first instruction, 0 for a library that is never started. */
uint64_t elf_entry(const struct elf *f);

/* Where .eh_frame_hdr lies (PT_GNU_EH_FRAME). False when there is none. */
bool elf_eh_frame_hdr(const struct elf *f, uint64_t *vaddr, uint64_t *len);

/* Where a section that is loaded lies. False when there is none, or it is empty. */
bool elf_section_place(const struct elf *f, const char *name, uint64_t *vaddr, uint64_t *len);

/* What the loader would put at ELF address `vaddr`: the address a relative relocation gives
 * it. False when there is none. A worker's job. */
bool elf_relative(const struct elf *f, uint64_t vaddr, uint64_t *value);

/* Whether the file has symbols besides the exported ones (.symtab). */
bool elf_has_symtab(const struct elf *f);

/* Whether it has debug information: .debug_info, compressed or not. */
bool elf_has_dwarf(const struct elf *f);

/* The build id of the supplementary file of its debug information (.gnu_debugaltlink, written by
 * dwz), in memory the caller frees, and the file's name before it, ended by a NUL: *id points
 * behind that. NULL when there is none. */
char *elf_altlink(struct elf *f, const unsigned char **id, size_t *id_len);

/* The bytes of a section (`name` begins with a dot), decompressed where they are compressed,
 * also under its old name (.zdebug_… for .debug_…), in memory the caller frees; at most
 * 512 MB. NULL when there is none. A worker's job. */
unsigned char *elf_section_bytes(struct elf *f, const char *name, size_t *len);

/* Bytes of the file. */
uint64_t elf_size(const struct elf *f);

/* Up to `len` bytes at an offset of the file; returns bytes read. */
size_t elf_read(const struct elf *f, uint64_t offset, void *buf, size_t len);

/* Up to `len` bytes of the file at ELF address `vaddr`; returns bytes read. */
size_t elf_read_vaddr(const struct elf *f, uint64_t vaddr, void *buf, size_t len);

/* The libelf handle, borrowed, for parsers of this layer (symtab, prune). */
struct Elf *elf_handle(const struct elf *f);

/* The descriptor, borrowed; −1 for one in memory. */
int elf_fd(const struct elf *f);

#endif
