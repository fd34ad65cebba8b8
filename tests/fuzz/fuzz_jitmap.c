/* fuzz_jitmap: any bytes as a perf map or a jitdump, and what they say entered.
 * covers: src/image/jitmap.c src/image/code.c
 */
#include "ctop/code.h"
#include "ctop/jitmap.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void enter(void *ctx, const struct jitmap_entry *e)
{
	struct code *c = ctx;
	if (code_count(c) < 256)
		code_add(c, e->start, e->size, e->time, e->name, e->name_len);
	code_find(c, e->start + e->size / 2, e->time);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct code *c = code_new();
	int clocked = 0;
	if (size > 0 && data[0] == 'D')
		jitmap_read_dump(data, size, 1, &clocked, enter, c);
	else
		jitmap_read_map((const char *)data, size, enter, c);
	code_free(c);
	return 0;
}
