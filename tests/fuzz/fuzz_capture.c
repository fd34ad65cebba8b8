/* fuzz_capture: any bytes as a capture: its records and files are read.
 * covers: src/sample/capture_read.c src/sample/record.c src/base/sparse.c
 */
#include "ctop/capture.h"
#include "ctop/record.h"
#include "ctop/sparse.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum ctop_err ignore(void *ctx, uint64_t offset, const void *bytes, size_t len)
{
	(void)offset;
	if (len > 0)
		*(uint8_t *)ctx ^= *(const uint8_t *)bytes;
	return CTOP_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct capture_reader *r;
	uint8_t sum = 0;
	uint64_t whole;
	sparse_decode(data, size, &whole, ignore, &sum);
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	if (capture_reader_open(&r, fd, NULL) != CTOP_OK)
		return 0;
	while (capture_next(r) != NULL)
		continue;
	void *file;
	size_t len;
	if (capture_find(r, CAPTURE_KALLSYMS, "", 0, &file, &len, NULL) == CTOP_OK)
		free(file);
	capture_reader_free(r);
	return 0;
}
