/* base: maps, interning, text and sparse files, against plain models. */
#include "check.h"

#include "ctop/clock.h"
#include "ctop/err.h"
#include "ctop/hash.h"
#include "ctop/intern.h"
#include "ctop/sparse.h"
#include "ctop/strbuf.h"
#include "ctop/utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A map of 4096 possible keys beside a plain array, 200 000 random steps. */
static void hash_map_equals_an_array(void **state)
{
	enum { KEYS = 4096 };
	static uint32_t model[KEYS];
	static bool present[KEYS];
	struct hash_map m = {0};
	size_t count = 0;
	unsigned seed = 7;
	(void)state;
	for (int step = 0; step < 200000; step++) {
		uint32_t k = (uint32_t)rand_r(&seed) % KEYS, v = (uint32_t)rand_r(&seed), got = 0;
		if (rand_r(&seed) % 3 == 0) {
			assert_int_equal(hash_map_del(&m, k + 1), present[k]);
			count -= present[k];
			present[k] = false;
		} else {
			hash_map_set(&m, k + 1, v);
			count += !present[k];
			present[k] = true;
			model[k] = v;
		}
		assert_int_equal(m.count, count);
		assert_int_equal(hash_map_get(&m, k + 1, &got, NULL), present[k]);
		if (present[k])
			assert_int_equal(got, model[k]);
	}
	for (uint32_t k = 0; k < KEYS; k++) {
		uint32_t got;
		assert_int_equal(hash_map_get(&m, k + 1, &got, NULL), present[k]);
	}
	hash_map_fini(&m);
}

static void hash_map_keeps_equal_keys_apart(void **state)
{
	struct hash_map m = {0};
	uint32_t v, seen = 0;
	size_t pos;
	(void)state;
	for (uint32_t i = 0; i < 5; i++)
		hash_map_add(&m, 42, i);
	for (bool more = hash_map_get(&m, 42, &v, &pos); more;
	     more = hash_map_next(&m, 42, &v, &pos))
		seen |= 1u << v;
	assert_int_equal(seen, 31);
	hash_map_fini(&m);
}

static void intern_gives_each_string_one_id(void **state)
{
	struct intern *t = intern_new();
	const char *first = NULL;
	(void)state;
	for (int round = 0; round < 2; round++)
		for (uint32_t i = 1; i < 20000; i++) {
			char text[32];
			snprintf(text, sizeof text, "name-%u", i);
			assert_int_equal(intern_adds(t, text), i);
			if (i == 1 && first == NULL)
				first = intern_str(t, 1);
		}
	assert_ptr_equal(first, intern_str(t, 1)); /* never moves */
	assert_string_equal(intern_str(t, 19999), "name-19999");
	assert_string_equal(intern_str(t, 20000), "");
	assert_int_equal(intern_add(t, "abc", 2), intern_adds(t, "ab"));
	intern_free(t);
}

static void utf8_decodes_only_what_is_well_formed(void **state)
{
	static const struct {
		const char *bytes;
		size_t used;
		uint32_t cp;
	} cases[] = {
	        {"a", 1, 'a'},
	        {"é", 2, 0xe9},
	        {"€", 3, 0x20ac},
	        {"𝄞", 4, 0x1d11e},
	        {"\xc0\x80", 1, 0xfffd},
	        {"\xed\xa0\x80", 1, 0xfffd},
	        {"\xf4\x90\x80\x80", 1, 0xfffd},
	        {"\xe2\x82", 1, 0xfffd},
	        {"\x80", 1, 0xfffd},
	        {"\xff", 1, 0xfffd},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint32_t cp;
		assert_int_equal(utf8_decode(cases[i].bytes, strlen(cases[i].bytes), &cp),
		                 cases[i].used);
		assert_int_equal(cp, cases[i].cp);
	}
	for (uint32_t cp = 1; cp < 0x110000; cp += 97) {
		char out[4];
		uint32_t back;
		if (cp >= 0xd800 && cp < 0xe000)
			continue;
		size_t n = utf8_encode(cp, out);
		assert_int_equal(utf8_decode(out, n, &back), n);
		assert_int_equal(back, cp);
	}
}

static void utf8_cleans_what_could_hurt_a_terminal(void **state)
{
	char out[128];
	(void)state;
	utf8_clean("a\x1b[31m\n\x7f", 8, out);
	assert_string_equal(out, "a?[31m??");
	utf8_clean("\xc2\x9b"
	           "x",
	           3, out); /* C1 CSI */
	assert_string_equal(out, "?x");
	utf8_clean("\xe2\x80\xae"
	           "x",
	           4, out); /* right-to-left override */
	assert_string_equal(out, "\xef\xbf\xbd"
	                         "x");
	assert_int_equal(utf8_str_width("日本"), 4);
	size_t used;
	assert_int_equal(utf8_fit("日本", 3, &used), 3);
	assert_int_equal(used, 2);
}

static enum ctop_err collect(void *ctx, uint64_t offset, const void *bytes, size_t len)
{
	memcpy((char *)ctx + offset, bytes, len);
	return CTOP_OK;
}

static void sparse_files_come_back(void **state)
{
	struct sparse s;
	struct strbuf b = {0};
	char file[256] = {0};
	uint64_t size;
	(void)state;
	sparse_init(&s, sizeof file);
	sparse_put(&s, 10, "hello", 5);
	sparse_put(&s, 250, "beyond the end", 14);
	sparse_put(&s, 12, "LL", 2);
	sparse_encode(&s, &b);
	assert_int_equal(sparse_decode(b.data, b.len, &size, collect, file), CTOP_OK);
	assert_int_equal(size, sizeof file);
	assert_memory_equal(file + 10, "heLLo", 5);
	assert_memory_equal(file + 250, "beyond", 6);
	/* Cut anywhere, it is refused or complete; never read beyond. */
	for (size_t len = 0; len < b.len; len++) {
		char *copy = malloc(len + 1);
		memcpy(copy, b.data, len);
		assert_int_equal(sparse_decode(copy, len, &size, collect, file), CTOP_EFORMAT);
		free(copy);
	}
	sparse_fini(&s);
	strbuf_fini(&b);
}

static void errors_carry_their_text(void **state)
{
	struct err e = {0};
	(void)state;
	assert_int_equal(err_errno(&e, CTOP_EPERM, EACCES, "cannot open %s", "x"), CTOP_EPERM);
	assert_string_equal(e.text, "cannot open x: Permission denied");
	assert_int_equal(err_set(NULL, CTOP_EIO, "nobody listens"), CTOP_EIO);
	assert_int_equal(err_from_errno(ESRCH), CTOP_ENOENT);
}

static void the_cpu_clock_of_a_process_is_read(void **state)
{
	uint64_t a, b;
	(void)state;
	assert_true(clock_pid_cpu_ns(getpid(), &a));
	while (clock_process_cpu_ns() < a + 5 * CLOCK_NS_PER_MS)
		continue;
	assert_true(clock_pid_cpu_ns(getpid(), &b));
	assert_true(b >= a + 5 * CLOCK_NS_PER_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(hash_map_equals_an_array),
	        cmocka_unit_test(hash_map_keeps_equal_keys_apart),
	        cmocka_unit_test(intern_gives_each_string_one_id),
	        cmocka_unit_test(utf8_decodes_only_what_is_well_formed),
	        cmocka_unit_test(utf8_cleans_what_could_hurt_a_terminal),
	        cmocka_unit_test(sparse_files_come_back),
	        cmocka_unit_test(errors_carry_their_text),
	        cmocka_unit_test(the_cpu_clock_of_a_process_is_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
