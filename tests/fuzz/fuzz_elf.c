/* fuzz_elf: any bytes as an ELF file: symbols, functions, unwind rows, pruning.
 * covers: src/image/elf.c src/image/symtab.c src/image/prune.c src/image/plt.c
 */
#include "ctop/cfi.h"
#include "ctop/elf.h"
#include "ctop/image.h"
#include "ctop/prune.h"
#include "ctop/rows.h"
#include "ctop/sparse.h"
#include "ctop/symtab.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Addresses to ask about, rising: all over the first executable segment. */
static size_t pick(const struct elf *f, uint64_t *pcs, size_t cap)
{
	size_t count, n = 0;
	const struct elf_segment *s = elf_segments(f, &count);
	for (size_t i = 0; i < count; i++)
		for (uint64_t at = 0; s[i].executable && n < cap && at < s[i].filesz; at += 8)
			pcs[n++] = s[i].vaddr + at;
	return n;
}

static void ask(struct image *im, const uint64_t *pcs, size_t count)
{
	struct rows *rows = rows_new();
	struct symtab_hit hit;
	char name[4096];
	uint64_t start, len;
	for (size_t i = 0; i < count; i++) {
		if (symtab_find(im->data.symbols, pcs[i], &hit))
			symtab_name(im->data.symbols, &hit, name, sizeof name);
		if (im->data.cfi != NULL)
			cfi_function(im->data.cfi, pcs[i], &start, &len);
		rows_get(rows, im, pcs[i], i % 2 != 0);
		elf_relative(im->data.elf, pcs[i], &start);
	}
	rows_free(rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { PCS = 128 };
	uint64_t pcs[PCS];
	struct image im = {.id = 1, .kind = IMAGE_FILE, .state = IMAGE_READY};
	struct sparse s;
	uint32_t crc;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	int copy = dup(fd);
	if (image_load(&im.data, fd, NULL, NULL) == CTOP_OK) {
		size_t n = pick(im.data.elf, pcs, PCS);
		struct prune_wanted w = {pcs, n, pcs, n};
		elf_debuglink(im.data.elf, &crc);
		ask(&im, pcs, n);
		prune_elf(copy, &w, &s, NULL);
		sparse_fini(&s);
		image_data_fini(&im.data);
	}
	close(copy);
	return 0;
}
