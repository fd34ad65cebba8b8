/* fuzz_text: any bytes as terminal input, as a name, as kallsyms, as a record.
 * covers: src/image/kallsyms.c src/ui/input.c src/base/utf8.c src/image/demangle.c
 */
#include "ctop/demangle.h"
#include "ctop/input.h"
#include "ctop/kallsyms.h"
#include "ctop/record.h"
#include "ctop/symtab.h"
#include "ctop/utf8.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_mouse(const struct mouse_event *e)
{
	bool fits = e->row >= 0 && e->row < 10000 && e->col >= 0 && e->col < 10000;
	if (!fits || e->button > MOUSE_WHEEL_DOWN || e->count != 1)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {0};
	key_code key;
	char out[256];
	for (size_t i = 0; i < size; i++) {
		while (input_feed(&in, data + i, 1) == 0)
			if (!input_next(&in, true, &key))
				abort();
		if (input_next(&in, data[i] % 2, &key) && key == KEY_CODE_MOUSE)
			check_mouse(&in.mouse);
	}
	char *text = malloc(size + 1);
	memcpy(text, data, size);
	text[size] = '\0';
	if (demangle(text, out, sizeof out) >= sizeof out)
		abort();
	free(text);
	uint64_t *aligned = malloc(size + 8);
	memcpy(aligned, data, size);
	record_check(aligned, size);
	free(aligned);
	struct symtab *t;
	bool hidden;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	if (kallsyms_read(fd, &t, &hidden, NULL) == CTOP_OK)
		symtab_free(t);
	close(fd);
	return 0;
}
