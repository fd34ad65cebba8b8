/* lines_print FILE [DEBUG]: for each address on standard input (hexadecimal) what ctop's index says
 * of it, as `addr2line -a -i -f` prints it; with -q nothing but how long that took, the look-ups in
 * a second pass over all addresses.
 */
#include "ctop/clock.h"
#include "ctop/lines.h"
#include "ctop/mem.h"
#include "ctop/vec.h"

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

/* The addresses on standard input. */
static size_t read_addresses(uint64_t **out)
{
	char line[64];
	size_t n = 0, cap = 0;
	*out = NULL;
	while (fgets(line, sizeof line, stdin) != NULL) {
		*out = vec_reserve(*out, &cap, n + 1, sizeof **out);
		(*out)[n++] = strtoull(line, NULL, 16);
	}
	return n;
}

static double nanoseconds_each(const struct lines *l, struct line_unit **units,
                               const uint64_t *addresses, size_t count)
{
	struct line_frame f[LINES_INLINE_MAX];
	uint64_t from = 0;
	for (int pass = 0; pass < 2; pass++) {
		from = clock_now_ns();
		for (size_t i = 0; i < count; i++)
			find(l, units, addresses[i], f);
	}
	return count > 0 ? (double)(clock_now_ns() - from) / (double)count : 0;
}

static void print_all(const struct lines *l, struct line_unit **units, const uint64_t *addresses,
                      size_t count)
{
	struct line_frame f[LINES_INLINE_MAX];
	for (size_t i = 0; i < count; i++)
		print(addresses[i], f, find(l, units, addresses[i], f));
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
	uint64_t *addresses;
	size_t asked = read_addresses(&addresses);
	int fd = open(argv[at], O_RDONLY | O_CLOEXEC);
	int alt = at + 1 < argc ? open(argv[at + 1], O_RDONLY | O_CLOEXEC) : -1;
	uint64_t start = clock_now_ns();
	if (fd < 0 || lines_open(&l, fd, alt, 0, &e) != CTOP_OK) {
		fprintf(stderr, "%s: %s\n", argv[at], fd < 0 ? "cannot open" : e.text);
		return 1;
	}
	uint64_t opened = clock_now_ns(), bytes = lines_bytes(l);
	uint32_t count = lines_unit_count(l);
	struct line_unit **units = mem_zalloc(count, sizeof *units);
	for (uint32_t i = 0; i < count; i++)
		if (lines_index(l, i, &units[i], NULL) == CTOP_OK)
			bytes += line_unit_bytes(units[i]);
	uint64_t indexed = clock_now_ns();
	if (quiet)
		printf("%u units: opened in %.1f ms, all indexed in %.1f ms, %.1f MB; %zu "
		       "addresses, %.0f ns each\n",
		       count, (double)(opened - start) / 1e6, (double)(indexed - opened) / 1e6,
		       (double)bytes / 1e6, asked, nanoseconds_each(l, units, addresses, asked));
	else
		print_all(l, units, addresses, asked);
	for (uint32_t i = 0; i < count; i++)
		line_unit_free(units[i]);
	free(units);
	free(addresses);
	lines_close(l);
	return 0;
}
