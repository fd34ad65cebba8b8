/* bench_symbols: what it takes to load the symbols of a large program.
 *
 *   bench_symbols FILE
 *
 * The memory is what this process has grown by, its file pages left out.
 */
#include "ctop/clock.h"
#include "ctop/image.h"
#include "ctop/symtab.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Anonymous memory of this process, bytes. */
static double anonymous(void)
{
	char line[256];
	double kb = 0;
	FILE *f = fopen("/proc/self/status", "r");
	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		if (strncmp(line, "RssAnon:", 8) == 0)
			kb = strtod(line + 8, NULL);
	if (f != NULL)
		fclose(f);
	return kb * 1024;
}

int main(int argc, char **argv)
{
	struct image_data d;
	struct err e = {0};
	int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0) {
		fputs("usage: bench_symbols FILE\n", stderr);
		return 1;
	}
	double before = anonymous();
	uint64_t start = clock_now_ns(), cpu = clock_thread_cpu_ns();
	if (image_load(&d, fd, NULL, &e) != CTOP_OK) {
		fprintf(stderr, "bench_symbols: %s\n", e.text);
		return 1;
	}
	uint64_t wall = clock_now_ns() - start;
	cpu = clock_thread_cpu_ns() - cpu;
	malloc_trim(0);
	printf("symbols: %zu loaded in %.0f ms (%.0f of CPU; asked: 1000), %.1f MB (asked: 64)\n",
	       symtab_count(d.symbols), (double)wall / 1e6, (double)cpu / 1e6,
	       (anonymous() - before) / 1048576);
	image_data_fini(&d);
	return 0;
}
