/* Code without a file: versions of it, and the files JIT compilers write. */
#include "check.h"

#include "ctop/code.h"
#include "ctop/jitmap.h"
#include "ctop/strbuf.h"

#include <stdlib.h>
#include <string.h>

static const char *name_at(struct code *c, uint64_t addr, uint64_t time)
{
	uint32_t id = code_find(c, addr, time);
	return id == CODE_NONE ? "nothing" : code_get(c, id)->name;
}

static void an_old_sample_keeps_its_old_name(void **state)
{
	struct code *c = code_new();
	(void)state;
	code_add(c, 0x1000, 0x100, 0, "stub", 4);
	code_add(c, 0x1100, 0x80, 50, "early", 5);
	code_add(c, 0x1100, 0x40, 90, "late", 4);
	assert_string_equal(name_at(c, 0x10ff, 7), "stub");
	assert_string_equal(name_at(c, 0x1100, 60), "early");
	assert_string_equal(name_at(c, 0x1100, 90), "late");
	assert_string_equal(name_at(c, 0x1150, 95), "early"); /* beyond the new one */
	assert_string_equal(name_at(c, 0x1100, 10), "early"); /* its name came late */
	assert_string_equal(name_at(c, 0x1180, 95), "nothing");
	/* An object over several old ones. */
	code_add(c, 0x0f00, 0x1000, 200, "over", 4);
	assert_string_equal(name_at(c, 0x1100, 150), "late");
	assert_string_equal(name_at(c, 0x1100, 201), "over");
	assert_string_equal(name_at(c, 0x1e00, 201), "over");
	code_add(c, UINT64_MAX - 4, 100, 0, "wraps", 5);
	assert_int_equal(code_count(c), 4);
	code_free(c);
}

/* The answer of a plain search, for comparison. */
static void many_objects_equal_a_plain_search(void **state)
{
	enum { OBJECTS = 2000 };
	struct code *c = code_new();
	unsigned seed = 11;
	(void)state;
	for (int i = 0; i < OBJECTS; i++) {
		char name[16];
		int n = snprintf(name, sizeof name, "f%d", i);
		code_add(c, 0x10000 + (uint64_t)(rand_r(&seed) % 4000) * 16,
		         16 + (uint64_t)(rand_r(&seed) % 8) * 16, (uint64_t)i, name, (size_t)n);
		if (i % 50 != 0)
			continue;
		for (int k = 0; k < 40; k++) {
			uint64_t addr = 0x10000 + (uint64_t)(rand_r(&seed) % 64000);
			uint64_t time = (uint64_t)(rand_r(&seed) % OBJECTS);
			uint32_t now = CODE_NONE, first = CODE_NONE;
			for (uint32_t id = 0; id < code_count(c); id++) {
				const struct code_object *o = code_get(c, id);
				if (addr - o->start >= o->size)
					continue;
				first = first == CODE_NONE ? id : first;
				now = o->born <= time ? id : now;
			}
			assert_int_equal(code_find(c, addr, time), now != CODE_NONE ? now : first);
		}
	}
	code_free(c);
}

struct seen {
	struct strbuf text;
};

static void note(void *ctx, const struct jitmap_entry *e)
{
	struct seen *s = ctx;
	strbuf_addf(&s->text, "%llx+%llx@%llu<%llx %.*s;", (unsigned long long)e->start,
	            (unsigned long long)e->size, (unsigned long long)e->time,
	            (unsigned long long)e->moved_from, (int)e->name_len, e->name);
}

static void perf_maps_are_read_by_whole_lines(void **state)
{
	static const char text[] = "1000 20 int foo(int)\n0x2000 0x10 bar\nnonsense\n3000 xyz\n"
	                           "4000 8 \n5000 10 cut";
	struct seen s = {0};
	(void)state;
	size_t used = jitmap_read_map(text, sizeof text - 1, note, &s);
	assert_string_equal(text + used, "5000 10 cut");
	assert_string_equal(strbuf_str(&s.text), "1000+20@0<0 int foo(int);2000+10@0<0 bar;");
	assert_int_equal(jitmap_read_map("", 0, note, &s), 0);
	strbuf_fini(&s.text);
}

static void put(struct strbuf *b, uint64_t v, size_t size)
{
	strbuf_add(b, &v, size);
}

static struct strbuf make_dump(void)
{
	struct strbuf b = {0};
	put(&b, 0x4A695444, 4);
	put(&b, 1, 4);
	put(&b, 40, 4);
	for (int i = 0; i < 3; i++)
		put(&b, 0, 4);
	put(&b, 1, 8);
	put(&b, 0, 8);
	put(&b, 0, 4); /* load */
	put(&b, 16 + 40 + 6 + 4, 4);
	put(&b, 77, 8);
	put(&b, 0, 8);
	put(&b, 0x1000, 8);
	put(&b, 0x1000, 8);
	put(&b, 4, 8);
	put(&b, 0, 8);
	strbuf_add(&b, "hello\0code", 10);
	put(&b, 2, 4); /* debug information: passed over */
	put(&b, 24, 4);
	put(&b, 78, 8);
	put(&b, 0, 8);
	put(&b, 1, 4); /* move */
	put(&b, 16 + 48, 4);
	put(&b, 79, 8);
	put(&b, 0, 8);
	put(&b, 0, 8);
	put(&b, 0x1000, 8);
	put(&b, 0x2000, 8);
	put(&b, 4, 8);
	put(&b, 0, 8);
	return b;
}

static void jitdumps_are_read_by_whole_records(void **state)
{
	struct strbuf b = make_dump();
	(void)state;
	for (size_t cut = 0; cut <= b.len; cut++) {
		struct seen s = {0};
		int clocked = 0;
		size_t used = jitmap_read_dump(b.data, cut, 1, &clocked, note, &s);
		assert_true(used <= cut);
		if (used >= 40)
			used += jitmap_read_dump(b.data + used, b.len - used, 0, &clocked, note,
			                         &s);
		if (cut >= 40) {
			assert_int_equal(used, b.len);
			assert_string_equal(strbuf_str(&s.text),
			                    "1000+4@77<0 hello;2000+4@79<1000 ;");
		}
		strbuf_fini(&s.text);
	}
	strbuf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(an_old_sample_keeps_its_old_name),
	        cmocka_unit_test(many_objects_equal_a_plain_search),
	        cmocka_unit_test(perf_maps_are_read_by_whole_lines),
	        cmocka_unit_test(jitdumps_are_read_by_whole_records),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
