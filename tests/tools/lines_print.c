/* lines_print FILE [DEBUG]: for each address on standard input (hexadecimal) what ctop's index says
 * of it, as `addr2line -a -i -f` prints it; with -q nothing but how long that took.
 */
#include "ctop/clock.h"
#include "ctop/lines.h"
#include "ctop/mem.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static size_t find(const struct lines *l, struct line_unit **units, uint64_t addr,
                   struct line_frame *f)
{
	uint32_t u = lines_unit_of(l, addr);
	return u != LINES_NONE && units[u] != NULL ? line_unit_find(units[u], addr, f) : 0;
}

static void print(uint64_t addr, const struct line_frame *f, size_t n)
{
	printf("0x%016" PRIx64 "\n", addr);
	for (size_t i = 0; i < n; i++)
		printf("%s\n%s:%u\n", f[i].function[0] != '\0' ? f[i].function : "??",
		       f[i].file[0] != '\0' ? f[i].file : "??", f[i].line);
	if (n == 0)
		printf("??\n??:0\n");
}

int main(int argc, char **argv)
{
	bool quiet = argc > 1 && strcmp(argv[1], "-q") == 0;
	int at = quiet ? 2 : 1;
	struct lines *l;
	struct err e = {0};
	if (at >= argc) {
		fprintf(stderr, "usage: lines_print [-q] FILE [SUPPLEMENTARY FILE]\n");
		return 2;
	}
	int fd = open(argv[at], O_RDONLY | O_CLOEXEC);
	int alt = at + 1 < argc ? open(argv[at + 1], O_RDONLY | O_CLOEXEC) : -1;
	uint64_t start = clock_now_ns();
	if (fd < 0 || lines_open(&l, fd, alt, 0, &e) != CTOP_OK) {
		fprintf(stderr, "%s: %s\n", argv[at], fd < 0 ? "cannot open" : e.text);
		return 1;
	}
	uint64_t opened = clock_now_ns(), bytes = lines_bytes(l), looked = 0, asked = 0;
	uint32_t count = lines_unit_count(l);
	struct line_unit **units = mem_zalloc(count, sizeof *units);
	for (uint32_t i = 0; i < count; i++)
		if (lines_index(l, i, &units[i], NULL) == CTOP_OK)
			bytes += line_unit_bytes(units[i]);
	uint64_t indexed = clock_now_ns();
	char line[64];
	while (fgets(line, sizeof line, stdin) != NULL) {
		struct line_frame f[LINES_INLINE_MAX];
		uint64_t addr = strtoull(line, NULL, 16), from = clock_now_ns();
		size_t n = find(l, units, addr, f);
		looked += clock_now_ns() - from;
		asked++;
		if (!quiet)
			print(addr, f, n);
	}
	if (quiet)
		printf("%u units: opened in %.1f ms, all indexed in %.1f ms, %.1f MB; %" PRIu64
		       " addresses, %.0f ns each\n",
		       count, (double)(opened - start) / 1e6, (double)(indexed - opened) / 1e6,
		       (double)bytes / 1e6, asked,
		       asked > 0 ? (double)looked / (double)asked : 0.0);
	for (uint32_t i = 0; i < count; i++)
		line_unit_free(units[i]);
	free(units);
	lines_close(l);
	return 0;
}
