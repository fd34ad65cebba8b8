/* image: one mapped file (or the vdso, or the kernel) and what is known of it;
 * and the table of all images of a session.
 *
 * An image is identified by what was mapped (device, inode, path; for memory
 * such as the vdso the bytes' owner), gets a dense 4-byte id at its first
 * mapping, and is loaded once by a worker (image_load); until then it is
 * IMAGE_WAITING. The table belongs to the analyzer; a loaded image is
 * immutable; only the analyzer reads through its ELF handle.
 */
#ifndef CTOP_IMAGE_H
#define CTOP_IMAGE_H

#include "ctop/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cfi;
struct code;
struct elf;
struct images;
struct pclntab;
struct symtab;

enum { IMAGE_NONE = 0 }; /* id 0: an address no mapping holds */

enum image_kind {
	IMAGE_FILE,   /* an ELF file */
	IMAGE_VDSO,   /* ELF bytes copied out of a target */
	IMAGE_ANON,   /* executable memory without a file: JIT code */
	IMAGE_KERNEL, /* the running kernel */
};

enum image_state {
	IMAGE_WAITING, /* asked for, not answered */
	IMAGE_READY,   /* data is set */
	IMAGE_FAILED,  /* could not be opened or read: `why` */
};

/* What loading yields. */
struct image_data {
	struct elf *elf;         /* owned; NULL for the kernel */
	struct symtab *symbols;  /* owned; finished; may be empty */
	struct cfi *cfi;         /* owned; its own, or that of the debug file; NULL for none */
	struct pclntab *pclntab; /* owned; of a Go program; NULL for none */
	uint64_t entry;          /* ELF address at which the program starts; 0: it does not */
	/* Descriptors of the file with debug information and of its supplementary one, owned until
	 * lines_open() takes them; −1 for none. `dwarf_shift` is what lines_open() wants. */
	int dwarf_fd, dwarf_alt_fd;
	uint64_t dwarf_shift;
	bool has_symtab;   /* .symtab found, here or in the debug file (not just .dynsym) */
	bool has_dwarf;    /* debug information found, the same */
	bool names_hidden; /* kernel: addresses are all zero for us */
	unsigned char build_id[64];
	uint32_t build_id_len;
	struct code *code; /* owned; IMAGE_ANON: what its JIT compiler has named; else NULL */
};

struct image {
	uint32_t id;
	enum image_kind kind;
	enum image_state state;
	char *path; /* as the target sees it; owned, cleaned */
	char *name; /* shown: the base name, "[vdso]", "[anon]", "[kernel]"; owned, cleaned */
	char *why;  /* IMAGE_FAILED: one line; owned or NULL */
	uint32_t failures; /* times that loading failed */
	uint32_t process;  /* IMAGE_ANON: number of the process whose code it is */
	struct image_data data;
};

/* Whether tables tell how its stack frames are laid out. */
static inline bool image_is_described(const struct image *im)
{
	return im->data.cfi != NULL || im->data.pclntab != NULL;
}

/* Identity of an image. Executable memory without a file is one image a process: `inode` is
 * then the process's number, and one more. */
struct image_key {
	enum image_kind kind;
	uint64_t inode;
	uint32_t dev_major, dev_minor;
	const char *path;
};

/* How loading gets separate debug files: by build id, or by debuglink name and
 * CRC for the image at `path`. Returns a descriptor (handed over) or −1. */
struct image_opener {
	int (*by_build_id)(void *ctx, const unsigned char *id, size_t len);
	int (*by_link)(void *ctx, const char *name, uint32_t crc);
	void *ctx;
	/* A supplementary file by the name its debug file gives it (dwz); NULL: none is found. */
	int (*by_altlink)(void *ctx, const char *name);
};

struct images *images_new(void);
void images_free(struct images *t);

/* The image of a key, added as IMAGE_WAITING when new (*is_new is set).
 * The pointer is stable for the life of the table. */
struct image *images_intern(struct images *t, const struct image_key *key, bool *is_new);

/* By id; the image of id 0 has kind IMAGE_ANON, name "[unmapped]", IMAGE_READY. */
struct image *images_get(const struct images *t, uint32_t id);
size_t images_bytes(const struct images *t);

/* Reads everything wanted of an ELF image from `fd` (taken over). Called by a
 * worker; touches no table. Missing symbols or CFI are not errors. */
enum ctop_err image_load(struct image_data *out, int fd, const struct image_opener *opener,
                         struct err *e);

/* The same for the kernel, from the text of /proc/kallsyms. */
enum ctop_err image_load_kernel(struct image_data *out, int fd, struct err *e);

void image_data_fini(struct image_data *d);

/* ELF address of a mapped address: start and pgoff of its mapping are given.
 * Falls back to the file offset where no segment fits. */
uint64_t image_vaddr(const struct image *im, uint64_t start, uint64_t pgoff, uint64_t addr);

#endif
