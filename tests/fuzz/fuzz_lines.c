/* fuzz_lines: any bytes as an ELF file with DWARF: units, their indexes, looking up. A second file
 * may stand behind the first, its kind and length in the last eight bytes: a supplementary one, or
 * the .dwo file of the first, which is named after its descriptor there.
 * covers: src/image/lines*.c
 */
#include "ctop/lines.h"
#include "ctop/mem.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

enum { SPLIT_FD = 100 }; /* the seeds say /proc/self/fd/100 */
enum { TRAILER = 8 };    /* "ALT" or "DWO" and a zero, then the length in four bytes */

/* The length of the second file, 0 when there is none. */
static size_t second_file(const uint8_t *data, size_t size, bool *split)
{
	uint32_t len;
	if (size < TRAILER)
		return 0;
	const uint8_t *t = data + size - TRAILER;
	*split = memcmp(t, "DWO", 4) == 0;
	memcpy(&len, t + 4, sizeof len);
	return (*split || memcmp(t, "ALT", 4) == 0) && len <= size - TRAILER ? len : 0;
}

/* One that others may write is read, another is mapped. */
static int file_of(const uint8_t *data, size_t size, bool mapped)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size ||
	    fchmod(fd, mapped ? 0600 : 0666) != 0)
		abort();
	return fd;
}

/* Every string is read to its end: none may lie outside the unit. */
static size_t look_up(const struct line_unit *u, uint64_t addr)
{
	struct line_frame f[LINES_INLINE_MAX];
	size_t n = line_unit_find(u, addr, f), sum = 0;
	if (n > LINES_INLINE_MAX)
		abort();
	for (size_t i = 0; i < n; i++)
		sum += strlen(f[i].function) + strlen(f[i].file);
	return sum;
}

static void ask(struct lines *l)
{
	enum { FIRST = 0x4000a0, LAST = 0x400300, UNITS_MOST = 64 };
	for (uint32_t i = 0; i < lines_unit_count(l) && i < UNITS_MOST; i++) {
		struct line_unit *u;
		if (lines_index(l, i, &u, NULL) != CTOP_OK)
			continue;
		for (uint64_t at = FIRST; at < LAST; at += 3)
			look_up(u, at);
		look_up(u, 0);
		look_up(u, UINT64_MAX);
		line_unit_free(u);
	}
	for (uint64_t at = FIRST; at < LAST; at += 7) {
		uint32_t unit = lines_unit_of(l, at);
		if (unit != LINES_NONE && unit >= lines_unit_count(l))
			abort();
	}
}

static void open_and_ask(const uint8_t *data, size_t size, bool mapped)
{
	bool split = false;
	size_t second = second_file(data, size, &split);
	size_t first = second > 0 ? size - TRAILER - second : size;
	struct lines *l;
	int fd = file_of(data, first, mapped);
	int other = second > 0 ? file_of(data + first, second, mapped) : -1;
	if (split && other >= 0 && (dup2(other, SPLIT_FD) != SPLIT_FD || close(other) != 0))
		abort();
	if (lines_open(&l, fd, split ? -1 : other, size % 2 * 4096, NULL) == CTOP_OK) {
		ask(l);
		lines_close(l);
	}
	if (split && other >= 0)
		close(SPLIT_FD);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	open_and_ask(data, size, false);
	open_and_ask(data, size, true);
	return 0;
}

/* --- mutating ------------------------------------------------------------------------------------
 * Few bytes of an ELF file are debug information, and one that is moved breaks all the others:
 * bytes change in place, within one section, most of the time.
 */

/* The `nth` section that holds debug information; returns how many there are up to it. */
static size_t find_section(const uint8_t *elf, size_t size, size_t nth, size_t *at, size_t *len)
{
	Elf64_Ehdr e;
	Elf64_Shdr names, s;
	size_t count = 0;
	if (size < sizeof e)
		return 0;
	memcpy(&e, elf, sizeof e);
	size_t most = (size - sizeof e) / sizeof s;
	if (e.e_shoff > size || e.e_shnum > most || e.e_shstrndx >= e.e_shnum ||
	    e.e_shoff + e.e_shnum * sizeof s > size)
		return 0;
	memcpy(&names, elf + e.e_shoff + e.e_shstrndx * sizeof s, sizeof names);
	for (size_t i = 0; i < e.e_shnum && count <= nth; i++) {
		memcpy(&s, elf + e.e_shoff + i * sizeof s, sizeof s);
		uint64_t name = names.sh_offset + s.sh_name;
		if (s.sh_size == 0 || s.sh_offset > size || s.sh_size > size - s.sh_offset ||
		    size < 8 || name > size - 8 || names.sh_offset > size ||
		    (memcmp(elf + name, ".debug_", 7) != 0 &&
		     memcmp(elf + name, ".zdebug_", 8) != 0))
			continue;
		count++;
		*at = s.sh_offset;
		*len = s.sh_size;
	}
	return count;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	enum { WINDOW = 24 };
	bool split;
	size_t second = second_file(data, size, &split), at, len;
	size_t start = second > 0 && seed / 2 % 2 == 0 ? size - TRAILER - second : 0;
	size_t end = second > 0 && start == 0 ? size - TRAILER - second : size;
	size_t count = find_section(data + start, end - start, SIZE_MAX - 1, &at, &len);
	if (count == 0 || seed % 16 == 0)
		return LLVMFuzzerMutate(data, size, max);
	find_section(data + start, end - start, seed / 4 % count, &at, &len);
	size_t from = seed / 64 % len, window = len - from < WINDOW ? len - from : WINDOW;
	LLVMFuzzerMutate(data + start + at + from, window, window);
	return size;
}
