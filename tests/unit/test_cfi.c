/* Call frame information, held against libdw address by address, and against garbage. */
#include "check.h"

#include "ctop/bytes.h"
#include "ctop/cfi.h"
#include "ctop/elf.h"
#include "ctop/mem.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Registers whose rules matter to an unwinder on x86-64: rbx rbp r12…r15 and the pc. */
static const int registers[] = {3, 6, 12, 13, 14, 15, 16};

/* --- rules as text ------------------------------------------------------------------- */

/* "16+8" for a register and an offset, "expression" for more. */
static void describe_ops(const Dwarf_Op *ops, size_t n, char *out, size_t cap)
{
	if (n == 1 && ops[0].atom >= DW_OP_breg0 && ops[0].atom <= DW_OP_breg31)
		snprintf(out, cap, "%d%+" PRId64, ops[0].atom - DW_OP_breg0,
		         (int64_t)ops[0].number);
	else if (n == 1 && ops[0].atom == DW_OP_bregx)
		snprintf(out, cap, "%d%+" PRId64, (int)ops[0].number, (int64_t)ops[0].number2);
	else
		snprintf(out, cap, "expression");
}

static void describe_expr(const struct cfi_rule *r, char *out, size_t cap)
{
	struct bytes b = bytes_of(r->expr, r->expr_len);
	uint8_t op = bytes_u8(&b);
	int64_t offset = bytes_sleb(&b);
	if (op >= DW_OP_breg0 && op <= DW_OP_breg31 && bytes_left(&b) == 0)
		snprintf(out, cap, "%d%+" PRId64, op - DW_OP_breg0, offset);
	else
		snprintf(out, cap, "expression");
}

static void describe_theirs(Dwarf_Frame *frame, char *out, size_t cap)
{
	Dwarf_Op mem[3], *ops = NULL;
	size_t n = 0;
	char text[64];
	bool signal = false;
	dwarf_frame_info(frame, NULL, NULL, &signal);
	assert_int_equal(dwarf_frame_cfa(frame, &ops, &n), 0);
	describe_ops(ops, n, text, sizeof text);
	size_t at = (size_t)snprintf(out, cap, "%scfa=%s", signal ? "signal " : "", text);
	for (size_t i = 0; i < sizeof registers / sizeof registers[0]; i++) {
		assert_int_equal(dwarf_frame_register(frame, registers[i], mem, &ops, &n), 0);
		/* The same; libdw's own default for rbx is "undefined", by an oversight. */
		if (n == 0 && (ops == NULL || registers[i] == 3))
			continue;
		if (n == 0)
			snprintf(text, sizeof text, "undefined");
		else if (ops[0].atom == DW_OP_call_frame_cfa &&
		         (n == 1 || (n == 2 && ops[1].atom == DW_OP_plus_uconst)))
			snprintf(text, sizeof text, "cfa%+" PRId64,
			         n == 2 ? (int64_t)ops[1].number : 0);
		else if (ops[0].atom == DW_OP_call_frame_cfa) /* what expressions start with */
			describe_ops(ops + 1, n - 1, text, sizeof text);
		else
			describe_ops(ops, n, text, sizeof text);
		at += (size_t)snprintf(out + at, cap - at, " %d=%s", registers[i], text);
	}
}

static void describe_ours(const struct cfi_rules *r, char *out, size_t cap)
{
	char text[64];
	if (r->cfa.how == CFI_OFFSET)
		snprintf(text, sizeof text, "%u%+" PRId64, r->cfa.reg, r->cfa.offset);
	else
		describe_expr(&r->cfa, text, sizeof text);
	size_t at = (size_t)snprintf(out, cap, "%scfa=%s", r->signal ? "signal " : "", text);
	for (size_t i = 0; i < sizeof registers / sizeof registers[0]; i++) {
		const struct cfi_rule *rule = &r->reg[registers[i]];
		switch ((enum cfi_how)rule->how) {
		case CFI_UNSET:
		case CFI_SAME:
			continue;
		case CFI_UNDEFINED:
			snprintf(text, sizeof text, "undefined");
			break;
		case CFI_SAVED:
			snprintf(text, sizeof text, "cfa%+" PRId64, rule->offset);
			break;
		case CFI_SAVED_EXPR:
			describe_expr(rule, text, sizeof text);
			break;
		default:
			snprintf(text, sizeof text, "expression");
			break;
		}
		at += (size_t)snprintf(out + at, cap - at, " %d=%s", registers[i], text);
	}
}

/* --- against libdw ----------------------------------------------------------------------- */

static struct elf *open_elf(const char *path)
{
	struct elf *f;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(elf_open(&f, fd, NULL), CTOP_OK);
	return f;
}

/* Every `stride`-th function: at `most` addresses of it. Returns the addresses compared. */
static unsigned compare(const char *path, Dwarf_CFI *theirs, const struct cfi *ours, size_t stride,
                        unsigned most)
{
	unsigned n = 0, wrong = 0;
	for (size_t i = 0; i < cfi_count(ours); i += stride) {
		uint64_t start, size, found, found_size;
		cfi_nth(ours, i, &start, &size);
		uint64_t step = size / most + 1;
		for (uint64_t pc = start; pc < start + size; pc += step) {
			char a[512] = "nothing", b[512] = "nothing";
			struct cfi_rules rules;
			Dwarf_Frame *frame = NULL;
			assert_true(cfi_function(ours, pc, &found, &found_size));
			assert_int_equal(found, start);
			if (dwarf_cfi_addrframe(theirs, pc, &frame) == 0)
				describe_theirs(frame, a, sizeof a);
			if (cfi_rules_at(ours, pc, &rules))
				describe_ours(&rules, b, sizeof b);
			free(frame);
			n++;
			if (strcmp(a, b) != 0 && wrong++ < 5)
				fprintf(stderr, "%s+%#" PRIx64 "\n  libdw %s\n  ctop  %s\n", path,
				        pc, a, b);
		}
	}
	assert_int_equal(wrong, 0);
	return n;
}

static void rules_equal_libdws(void **state)
{
	static const struct {
		const char *path;
		size_t stride;
	} files[] = {
	        {"/usr/lib/x86_64-linux-gnu/libc.so.6", 1},
	        {"/usr/lib/x86_64-linux-gnu/libstdc++.so.6", 3},
	        {"/usr/lib/x86_64-linux-gnu/libcrypto.so.3", 3},
	        {"/usr/bin/python3", 3},
	        {"/usr/bin/sqlite3", 1},
	        {"/lib64/ld-linux-x86-64.so.2", 1},
	};
	unsigned total = 0;
	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		if (access(files[i].path, R_OK) != 0)
			continue;
		struct elf *f = open_elf(files[i].path);
		struct cfi *ours = cfi_load(f);
		Dwarf_CFI *theirs = dwarf_getcfi_elf(elf_handle(f));
		assert_non_null(ours);
		assert_non_null(theirs);
		total += compare(files[i].path, theirs, ours, files[i].stride, 12);
		dwarf_cfi_end(theirs);
		cfi_free(ours);
		elf_close(f);
	}
	assert_true(total > 50000);
}

/* A program whose only unwind information is a .debug_frame, compressed as `how` says. */
static void debug_frames_equal_libdws(const char *how)
{
	char path[] = "/tmp/ctop-cfi-XXXXXX", command[512];
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	snprintf(command, sizeof command,
	         "printf 'int f(int n) { volatile char b[99]; return n < 2 ? n : f(n - 1) + f(n - "
	         "2) "
	         "+ b[n & 7]; } int main(int c, char **v) { (void)v; return f(c); }' | gcc -O2 -g "
	         "-fno-asynchronous-unwind-tables %s -x c -o %s -",
	         how, path);
	assert_int_equal(system(command), 0);
	struct elf *f = open_elf(path);
	struct cfi *ours = cfi_load(f);
	Dwarf *dwarf = dwarf_begin_elf(elf_handle(f), DWARF_C_READ, NULL);
	assert_non_null(ours);
	assert_non_null(dwarf);
	Dwarf_CFI *theirs = dwarf_getcfi(dwarf);
	assert_non_null(theirs);
	unsigned described = 0;
	for (size_t i = 0; i < cfi_count(ours); i++) {
		uint64_t start, size;
		char a[512], b[512];
		struct cfi_rules rules;
		Dwarf_Frame *frame = NULL;
		cfi_nth(ours, i, &start, &size);
		for (uint64_t pc = start; pc < start + size; pc++) {
			if (dwarf_cfi_addrframe(theirs, pc, &frame) != 0)
				continue; /* described by .eh_frame: the C library's start-up code
				           */
			describe_theirs(frame, a, sizeof a);
			free(frame);
			assert_true(cfi_rules_at(ours, pc, &rules));
			describe_ours(&rules, b, sizeof b);
			assert_string_equal(a, b);
			described++;
		}
	}
	assert_true(described > 50);
	dwarf_end(dwarf);
	cfi_free(ours);
	elf_close(f);
	unlink(path);
}

static void debug_frame_alone_is_read_compressed_or_not(void **state)
{
	(void)state;
	debug_frames_equal_libdws("");
	debug_frames_equal_libdws("-gz=zlib");
	debug_frames_equal_libdws("-gz=zlib-gnu");
}

static void no_search_table_is_needed(void **state)
{
	uint64_t vaddr, len, start, size, found, found_size;
	struct elf *f = open_elf("/usr/lib/x86_64-linux-gnu/libc.so.6");
	struct cfi *with = cfi_load(f);
	(void)state;
	assert_true(elf_section_place(f, ".eh_frame", &vaddr, &len));
	unsigned char *bytes = mem_alloc(len);
	assert_int_equal(elf_read_vaddr(f, vaddr, bytes, len), len);
	struct cfi *without = cfi_parse(CFI_EH_FRAME, bytes, len, vaddr);
	assert_non_null(without);
	assert_int_equal(cfi_count(with), cfi_count(without));
	for (size_t i = 0; i < cfi_count(with); i++) {
		cfi_nth(with, i, &start, &size);
		assert_true(cfi_function(without, start + size / 2, &found, &found_size));
		assert_true(found == start && found_size == size);
	}
	cfi_free(with);
	cfi_free(without);
	free(bytes);
	elf_close(f);
}

/* --- hostile bytes -------------------------------------------------------------------------- */

static void garbage_is_survived(void **state)
{
	uint64_t vaddr, len;
	unsigned seed = 4;
	struct elf *f = open_elf("/usr/bin/sqlite3");
	(void)state;
	assert_true(elf_section_place(f, ".eh_frame", &vaddr, &len));
	unsigned char *bytes = mem_alloc(len);
	for (int round = 0; round < 40; round++) {
		assert_int_equal(elf_read_vaddr(f, vaddr, bytes, len), len);
		for (int i = 0; i < 200; i++)
			bytes[(size_t)rand_r(&seed) % len] = (unsigned char)rand_r(&seed);
		struct cfi *c = cfi_parse(round % 2 ? CFI_EH_FRAME : CFI_DEBUG_FRAME, bytes,
		                          len - (size_t)rand_r(&seed) % len / 2, vaddr);
		for (size_t i = 0; c != NULL && i < cfi_count(c); i++) {
			struct cfi_rules rules;
			uint64_t start, size;
			cfi_nth(c, i, &start, &size);
			cfi_rules_at(c, start + size / 2, &rules);
		}
		cfi_free(c);
	}
	free(bytes);
	elf_close(f);
}

static void numbers_are_bounded(void **state)
{
	static const unsigned char leb[] = {0xe5, 0x8e, 0x26, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	                                    0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x7f, 0x80, 0x7f};
	struct bytes b = bytes_of(leb, sizeof leb);
	(void)state;
	assert_int_equal(bytes_uleb(&b), 624485);
	assert_int_equal(bytes_uleb(&b), UINT64_MAX);
	assert_int_equal(bytes_sleb(&b), -1);
	assert_int_equal(bytes_sleb(&b), -128);
	assert_false(b.bad);
	assert_int_equal(bytes_uleb(&b), 0);
	assert_true(b.bad);
	b = bytes_of("ab\0cd", 5);
	assert_string_equal(bytes_str(&b), "ab");
	assert_string_equal(bytes_str(&b), "");
	assert_true(b.bad);
	b = bytes_of(leb, 3);
	struct bytes part = bytes_take(&b, 4);
	assert_true(b.bad && bytes_left(&part) == 0);
}

int main(void)
{
	elf_version(EV_CURRENT);
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(rules_equal_libdws),
	        cmocka_unit_test(debug_frame_alone_is_read_compressed_or_not),
	        cmocka_unit_test(no_search_table_is_needed),
	        cmocka_unit_test(garbage_is_survived),
	        cmocka_unit_test(numbers_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
