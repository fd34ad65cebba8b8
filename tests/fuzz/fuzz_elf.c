/* fuzz_elf: any bytes as an ELF file: symbols, functions, unwind rows, pruning.
 * covers: src/image/elf.c src/image/symtab.c src/image/prune.c src/image/plt.c
 */
#include "ctop/cfi.h"
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t pcs[] = {0x1000, 0x1040, 0x1139, 0x2000, 0x401000};
	struct image im = {.id = 1, .kind = IMAGE_FILE, .state = IMAGE_READY};
	struct prune_wanted w = {pcs, 5, pcs, 5};
	struct symtab_hit hit;
	struct sparse s;
	uint64_t start, len;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	prune_elf(fd, &w, &s, NULL);
	sparse_fini(&s);
	if (image_load(&im.data, fd, NULL, NULL) != CTOP_OK)
		return 0;
	struct rows *rows = rows_new();
	for (size_t i = 0; i < 5; i++) {
		char name[4096];
		if (symtab_find(im.data.symbols, pcs[i], &hit))
			symtab_name(im.data.symbols, &hit, name, sizeof name);
		if (im.data.cfi != NULL)
			cfi_function(im.data.cfi, pcs[i], &start, &len);
		rows_get(rows, &im, pcs[i], i % 2 != 0);
	}
	rows_free(rows);
	image_data_fini(&im.data);
	return 0;
}
