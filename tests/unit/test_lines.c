/* lines: at every address of a program's code, the same functions and lines as llvm-symbolizer
 * says; the program is compiled in the ways that lay out debug information differently.
 */
#include "check.h"

#include "ctop/elf.h"
#include "ctop/lines.h"
#include "ctop/mem.h"
#include "ctop/strbuf.h"
#include "process.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SECONDS = 120 };
static char dir[] = "/tmp/ctop-lines-XXXXXX";

static bool run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static bool run(const char *fmt, ...)
{
	char command[4096];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(command, sizeof command, fmt, ap);
	va_end(ap);
	char sh[] = "sh", c[] = "-c";
	struct process_result r = process_run((char *[]){sh, c, command, NULL}, NULL, SECONDS);
	bool ok = r.code == 0;
	if (!ok)
		print_error("%s: %s\n", command, r.err);
	process_result_fini(&r);
	return ok;
}

/* One file's lines, all of them. */
struct index {
	struct lines *lines;
	struct line_unit **units;
};

static bool open_index(struct index *x, const char *path, const char *alt)
{
	struct err e = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int alt_fd = alt != NULL ? open(alt, O_RDONLY | O_CLOEXEC) : -1;
	assert_true(fd >= 0);
	if (lines_open(&x->lines, fd, alt_fd, 0, &e) != CTOP_OK) {
		print_error("%s: %s\n", path, e.text);
		return false;
	}
	uint32_t count = lines_unit_count(x->lines);
	x->units = mem_zalloc(count, sizeof *x->units);
	for (uint32_t i = 0; i < count; i++)
		lines_index(x->lines, i, &x->units[i], NULL);
	return true;
}

static void close_index(struct index *x)
{
	for (uint32_t i = 0; i < lines_unit_count(x->lines); i++)
		line_unit_free(x->units[i]);
	free(x->units);
	lines_close(x->lines);
}

static size_t find(const struct index *x, uint64_t addr, struct line_frame *out)
{
	uint32_t unit = lines_unit_of(x->lines, addr);
	return unit != LINES_NONE && x->units[unit] != NULL
	               ? line_unit_find(x->units[unit], addr, out)
	               : 0;
}

static void code_of(const char *path, uint64_t *start, uint64_t *len)
{
	struct elf *f;
	assert_int_equal(elf_open(&f, open(path, O_RDONLY | O_CLOEXEC), NULL), CTOP_OK);
	assert_true(elf_section_place(f, ".text", start, len));
	elf_close(f);
}

static const char *base(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash != NULL ? slash + 1 : path;
}

/* What it says of one address: pairs of lines, a function and where it is; the line after them. */
struct answer {
	char *function[LINES_INLINE_MAX], *place[LINES_INLINE_MAX];
	size_t count;
};

static char *next_line(char **at)
{
	char *line = *at, *end = strchr(line, '\n');
	if (end == NULL)
		return NULL;
	*end = '\0';
	*at = end + 1;
	return line;
}

/* Reads the answers of an address, which stands in a line before them. */
static bool read_answer(char **at, uint64_t *addr, struct answer *a)
{
	char *line = next_line(at);
	if (line == NULL || strncmp(line, "0x", 2) != 0)
		return false;
	*addr = strtoull(line, NULL, 16);
	for (a->count = 0; **at != '\0' && strncmp(*at, "0x", 2) != 0;) {
		a->function[a->count] = next_line(at);
		a->place[a->count] = next_line(at);
		assert_non_null(a->place[a->count]);
		char *more = strstr(a->place[a->count++], " (discriminator");
		if (more != NULL)
			*more = '\0';
		assert_true(a->count < LINES_INLINE_MAX);
	}
	return true;
}

/* The outermost function is not compared: that is a symbol's name, which aliases share. */
static bool agrees(const struct line_frame *f, size_t n, const struct answer *a)
{
	if (n != a->count)
		return false;
	for (size_t i = 0; i < n; i++) {
		char place[512];
		const char *file = f[i].file[0] != '\0' ? base(f[i].file) : "??";
		snprintf(place, sizeof place, "%s:%u", file, f[i].line);
		if ((i + 1 < n && strcmp(f[i].function, a->function[i]) != 0) ||
		    strcmp(place, base(a->place[i])) != 0)
			return false;
	}
	return true;
}

static void print_difference(uint64_t addr, const struct line_frame *f, size_t n,
                             const struct answer *a)
{
	print_error("0x%" PRIx64 "\n", addr);
	for (size_t i = 0; i < n; i++)
		print_error("  ctop  %s %s:%u\n", f[i].function, f[i].file, f[i].line);
	for (size_t i = 0; i < a->count; i++)
		print_error("  llvm  %s %s\n", a->function[i], a->place[i]);
}

/* Compares at every address of the code; addresses that are in no unit are the start-up code's. */
static void compare(const char *path, const char *alt, uint64_t *compared, uint64_t *inlined)
{
	struct index x;
	uint64_t start, len, addr;
	char list[512];
	code_of(path, &start, &len);
	snprintf(list, sizeof list, "%s/addresses", dir);
	FILE *f = fopen(list, "we");
	assert_non_null(f);
	for (uint64_t i = 0; i < len; i++)
		fprintf(f, "0x%" PRIx64 "\n", start + i);
	fclose(f);
	char command[2048], sh[] = "sh", c[] = "-c";
	snprintf(command, sizeof command,
	         "llvm-symbolizer -a --inlines --no-demangle --output-style=GNU -e %s < %s", path,
	         list);
	struct process_result r = process_run((char *[]){sh, c, command, NULL}, NULL, SECONDS);
	assert_int_equal(r.code, 0);
	assert_true(open_index(&x, path, alt));
	struct answer a;
	struct line_frame mine[LINES_INLINE_MAX];
	unsigned wrong = 0;
	for (char *at = r.out; read_answer(&at, &addr, &a);) {
		size_t n = find(&x, addr, mine);
		if (n == 0)
			continue;
		(*compared)++;
		*inlined += n > 1;
		if (!agrees(mine, n, &a) && wrong++ < 5)
			print_difference(addr, mine, n, &a);
	}
	assert_int_equal(wrong, 0);
	close_index(&x);
	process_result_fini(&r);
}

/* --- ways to compile ----------------------------------------------------------------------------
 */

static void all_layouts_agree_with_llvm(void **state)
{
	static const char *const ways[] = {
	        "g++ -O2 -g",
	        "g++ -O3 -flto -g",
	        "g++ -O2 -gdwarf-4",
	        "g++ -O2 -gdwarf-3 -gstrict-dwarf",
	        "g++ -O2 -g -gz",
	        "g++ -O2 -g -gsplit-dwarf",
	        "g++ -O2 -gdwarf-4 -gsplit-dwarf",
	        "g++ -O2 -g -fdebug-types-section",
	        "clang++ -O2 -g",
	        "clang++ -O3 -gdwarf-4",
	        "clang++ -O2 -g -gsplit-dwarf",
	};
	uint64_t all = 0, inlined = 0;
	(void)state;
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		char path[256];
		uint64_t compared = 0;
		snprintf(path, sizeof path, "%s/way%zu", dir, i);
		/* Split files are looked for from where the compiler ran. */
		assert_true(run("root=$PWD; cd %s && %s -o %s $root/tests/workloads/inlined.cc",
		                dir, ways[i], path));
		compare(path, NULL, &compared, &inlined);
		if (compared < 2000)
			fail_msg("%s: only %" PRIu64 " addresses are known", ways[i], compared);
		all += compared;
	}
	print_message("%" PRIu64 " addresses, %" PRIu64 " in inlined functions\n", all, inlined);
	assert_true(inlined > all / 4);
}

static void assert_same(const struct line_frame *a, size_t n, const struct line_frame *b, size_t m)
{
	assert_int_equal(n, m);
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(a[i].function, b[i].function);
		assert_string_equal(a[i].file, b[i].file);
		assert_int_equal(a[i].line, b[i].line);
	}
}

/* A file that others may write is read, one that they may not is mapped. */
static void mapped_files_say_what_read_ones_say(void **state)
{
	static const char *const ways[] = {"g++ -O2 -g", "g++ -O2 -gdwarf-4 -fdebug-types-section",
	                                   "clang++ -O2 -g"};
	(void)state;
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		char path[256];
		struct index mapped, whole;
		uint64_t start, len, known = 0;
		snprintf(path, sizeof path, "%s/mapped%zu", dir, i);
		assert_true(run("%s -o %s tests/workloads/inlined.cc && chmod 755 %s", ways[i],
		                path, path));
		assert_true(open_index(&mapped, path, NULL));
		assert_true(run("chmod 777 %s", path));
		assert_true(open_index(&whole, path, NULL));
		code_of(path, &start, &len);
		for (uint64_t at = start; at < start + len; at++) {
			struct line_frame x[LINES_INLINE_MAX], y[LINES_INLINE_MAX];
			size_t n = find(&mapped, at, x), m = find(&whole, at, y);
			assert_same(x, n, y, m);
			known += n > 0;
		}
		assert_true(known > 2000);
		close_index(&mapped);
		close_index(&whole);
	}
}

static void supplementary_files_are_read(void **state)
{
	char path[256], twin[256], alt[256];
	uint64_t compared = 0, inlined = 0;
	(void)state;
	snprintf(path, sizeof path, "%s/dwz1", dir);
	snprintf(twin, sizeof twin, "%s/dwz2", dir);
	snprintf(alt, sizeof alt, "%s/dwz.alt", dir);
	assert_true(
	        run("g++ -O2 -gdwarf-4 -Wl,--build-id -o %s tests/workloads/inlined.cc && cp %s %s"
	            " && dwz -m %s %s %s",
	            path, path, twin, alt, path, twin));
	struct elf *f;
	const unsigned char *id;
	size_t len;
	assert_int_equal(elf_open(&f, open(path, O_RDONLY | O_CLOEXEC), NULL), CTOP_OK);
	char *name = elf_altlink(f, &id, &len);
	assert_non_null(name);
	assert_int_equal(len, 20);
	free(name);
	elf_close(f);
	/* Its reader does not know these files: what it says of the same program without one. */
	assert_true(run("g++ -O2 -gdwarf-4 -Wl,--build-id -o %s.plain tests/workloads/inlined.cc",
	                path));
	struct index with, plain;
	char other[300];
	snprintf(other, sizeof other, "%s.plain", path);
	assert_true(open_index(&with, path, alt));
	assert_true(open_index(&plain, other, NULL));
	uint64_t start, size;
	code_of(path, &start, &size);
	for (uint64_t a = start; a < start + size; a++) {
		struct line_frame x[LINES_INLINE_MAX], y[LINES_INLINE_MAX];
		size_t n = find(&with, a, x);
		assert_int_equal(n, find(&plain, a, y));
		for (size_t i = 0; i < n; i++) {
			assert_string_equal(x[i].function, y[i].function);
			assert_string_equal(base(x[i].file), base(y[i].file));
			assert_int_equal(x[i].line, y[i].line);
		}
		compared += n > 0;
		inlined += n > 1;
	}
	assert_true(compared > 2000 && inlined > compared / 4);
	close_index(&with);
	close_index(&plain);
}

static void rust_too(void **state)
{
	char path[256];
	uint64_t compared = 0, inlined = 0;
	(void)state;
	snprintf(path, sizeof path, "%s/rust", dir);
	assert_true(run("rustc -O -g -o %s tests/workloads/inlined.rs", path));
	compare(path, NULL, &compared, &inlined);
	print_message("%" PRIu64 " addresses, %" PRIu64 " in inlined functions\n", compared,
	              inlined);
	assert_true(compared > 2000 && inlined > 500);
}

static void what_is_none_is_refused(void **state)
{
	struct lines *l;
	struct err e = {0};
	(void)state;
	assert_int_equal(lines_open(&l, open("/dev/null", O_RDONLY), -1, 0, &e), CTOP_EFORMAT);
	assert_true(
	        run("gcc -O2 -g0 -o %s/none tests/workloads/shares.c && strip %s/none", dir, dir));
	char path[256];
	snprintf(path, sizeof path, "%s/none", dir);
	assert_int_equal(lines_open(&l, open(path, O_RDONLY), -1, 0, &e), CTOP_ENOENT);
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static int remove_dir(void **state)
{
	(void)state;
	return run("rm -rf %s", dir) ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(all_layouts_agree_with_llvm),
	        cmocka_unit_test(mapped_files_say_what_read_ones_say),
	        cmocka_unit_test(supplementary_files_are_read),
	        cmocka_unit_test(rust_too),
	        cmocka_unit_test(what_is_none_is_refused),
	};
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
