/* Go's function table: every layout, made by hand, and hostile bytes. */
#include "check.h"

#include "ctop/mem.h"
#include "ctop/pclntab.h"
#include "ctop/strbuf.h"
#include "ctop/symtab.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT = 0x401000, FIRST = 0x40, SECOND = 0x30 };

static void put(struct strbuf *b, uint64_t value, size_t size)
{
	strbuf_add(b, &value, size);
}

static void set(struct strbuf *b, size_t at, uint64_t value, size_t size)
{
	memcpy(b->data + at, &value, size);
}

/* The frame of both functions: 0 for 4 bytes, 24 up to the last 3, 0 again. */
static size_t put_run(struct strbuf *b, unsigned size)
{
	size_t at = b->len;
	const unsigned char run[] = {2, 4, 48, (unsigned char)(size - 7), 47, 3, 0};
	strbuf_add(b, run, sizeof run); /* values −1 → 0 → 24 → 0, in zigzag */
	return at;
}

/* A table of two functions, main.hot and runtime.goexit.abi0, as that version lays it out. */
static struct strbuf make(uint32_t magic)
{
	struct strbuf b = {0};
	bool old = magic == 0xfffffffb, wide = old || magic == 0xfffffffa;
	size_t word = wide ? 8 : 4;
	put(&b, magic, 4);
	put(&b, 0x08010000, 4); /* quantum 1, pointers of 8 bytes */
	put(&b, 2, 8);
	while (!old && b.len < 72)
		put(&b, 0, 8);
	size_t index = b.len;
	for (int i = 0; i < 5; i++)
		put(&b, 0, word);
	size_t names = b.len;
	strbuf_add(&b, "\0main.hot\0runtime.goexit.abi0", 30);
	size_t runs = b.len;
	put(&b, 0, 1);
	size_t run[2] = {put_run(&b, FIRST), put_run(&b, SECOND)};
	while (b.len < 200)
		put(&b, 0, 1);
	if (!old) {
		if (!wide)
			set(&b, 24, TEXT, 8);
		set(&b, wide ? 24 : 32, names, 8);
		set(&b, wide ? 48 : 56, runs, 8);
		set(&b, wide ? 56 : 64, index, 8);
	}
	const uint64_t starts[] = {TEXT, TEXT + FIRST, TEXT + FIRST + SECOND};
	for (size_t i = 0; i < 3; i++) {
		uint64_t start = wide ? starts[i] : starts[i] - TEXT;
		set(&b, index + 2 * i * word, start, word);
		if (i == 2)
			continue;
		set(&b, index + (2 * i + 1) * word, b.len - (old ? 0 : index), word);
		size_t record = b.len;
		for (int k = 0; k < 12; k++)
			put(&b, 0, 4);
		set(&b, record, start, word);
		set(&b, record + word, (i == 0 ? 1 : 10) + (old ? names : 0), 4);
		set(&b, record + (wide ? 20 : 16), run[i] - (old ? 0 : runs), 4);
	}
	return b;
}

static void check_version(uint32_t magic)
{
	struct strbuf b = make(magic);
	struct pclntab *t = pclntab_parse(b.data, b.len, 0);
	struct pclntab_func f;
	uint32_t frame;
	assert_non_null(t);
	assert_false(pclntab_find(t, TEXT - 1, &f));
	assert_true(pclntab_find(t, TEXT + 5, &f));
	assert_string_equal(f.name, "main.hot");
	assert_true(f.start == TEXT && f.end == TEXT + FIRST && !f.top && !f.signal);
	assert_true(pclntab_find(t, TEXT + FIRST, &f));
	assert_string_equal(f.name, "runtime.goexit.abi0");
	assert_true(f.top);
	assert_false(pclntab_find(t, TEXT + FIRST + SECOND, &f));
	for (unsigned i = 0; i < FIRST; i++) {
		assert_true(pclntab_frame(t, TEXT + i, &frame));
		assert_int_equal(frame, i < 4 || i >= FIRST - 3 ? 0 : 24);
	}
	struct symtab *s = symtab_new();
	struct symtab_hit hit;
	char name[64];
	pclntab_add_symbols(t, s);
	symtab_finish(s);
	assert_int_equal(symtab_count(s), 2);
	assert_true(symtab_find(s, TEXT + FIRST - 1, &hit));
	assert_string_equal(symtab_name(s, &hit, name, sizeof name), "main.hot");
	symtab_free(s);
	pclntab_free(t);
	strbuf_fini(&b);
}

static void every_version_is_read(void **state)
{
	(void)state;
	check_version(0xfffffffb);
	check_version(0xfffffffa);
	check_version(0xfffffff0);
	check_version(0xfffffff1);
}

static void keep_piece(void *ctx, size_t offset, size_t len)
{
	bool *keep = ctx;
	memset(keep + offset, 1, len);
}

static void the_pieces_are_all_that_is_read(void **state)
{
	struct strbuf b = make(0xfffffff0);
	struct pclntab *t = pclntab_parse(b.data, b.len, 0);
	bool *keep = mem_zalloc(b.len, 1);
	struct pclntab_func f;
	uint32_t frame;
	(void)state;
	pclntab_common_pieces(t, keep_piece, keep);
	pclntab_pieces(t, TEXT + 9, keep_piece, keep);
	pclntab_free(t);
	for (size_t i = 0; i < b.len; i++)
		b.data[i] = keep[i] ? b.data[i] : '\xee';
	t = pclntab_parse(b.data, b.len, 0);
	assert_non_null(t);
	assert_true(pclntab_find(t, TEXT + 9, &f));
	assert_string_equal(f.name, "main.hot");
	assert_true(pclntab_frame(t, TEXT + 9, &frame));
	assert_int_equal(frame, 24);
	pclntab_free(t);
	free(keep);
	strbuf_fini(&b);
}

static void garbage_is_survived(void **state)
{
	static const uint32_t magics[] = {0xfffffffb, 0xfffffffa, 0xfffffff0, 0xfffffff1};
	unsigned seed = 5;
	(void)state;
	for (int round = 0; round < 4000; round++) {
		struct strbuf b = make(magics[round % 4]);
		for (int i = 0; i < 6; i++)
			b.data[8 + (size_t)rand_r(&seed) % (b.len - 8)] = (char)rand_r(&seed);
		struct pclntab *t = pclntab_parse(b.data, b.len - (size_t)rand_r(&seed) % 40, TEXT);
		for (uint64_t pc = TEXT - 8; t != NULL && pc < TEXT + 0x80; pc += 4) {
			struct pclntab_func f;
			uint32_t frame;
			pclntab_find(t, pc, &f);
			pclntab_frame(t, pc, &frame);
		}
		pclntab_free(t);
		strbuf_fini(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(every_version_is_read),
	        cmocka_unit_test(the_pieces_are_all_that_is_read),
	        cmocka_unit_test(garbage_is_survived),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
