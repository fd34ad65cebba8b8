/* image, symbol: mappings, symbols, debug files, demangling, pruning. */
#include "check.h"

#include "ctop/cfi.h"
#include "ctop/demangle.h"
#include "ctop/elf.h"
#include "ctop/image.h"
#include "ctop/kallsyms.h"
#include "ctop/maps.h"
#include "ctop/mem.h"
#include "ctop/prune.h"
#include "ctop/sparse.h"
#include "ctop/symbol.h"
#include "ctop/symtab.h"

#include <dwarf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char LIBC[] = "/usr/lib/x86_64-linux-gnu/libc.so.6";

/* Borrowed until the next call. */
static const char *name_of(const struct symtab *t, const struct symtab_hit *hit)
{
	static char buf[4096];
	return symtab_name(t, hit, buf, sizeof buf);
}

static const char *build(void)
{
	const char *b = getenv("CTOP_BUILD");
	return b != NULL ? b : "build/gcc";
}

/* --- maps --------------------------------------------------------------------------------- */

/* Random mappings beside an array of pages. */
static void maps_equal_an_array_of_pages(void **state)
{
	enum { PAGES = 256 };
	struct map_entry model[PAGES] = {{0}};
	struct maps *m = maps_new();
	unsigned seed = 3;
	(void)state;
	for (int step = 0; step < 3000; step++) {
		uint64_t from = (uint64_t)rand_r(&seed) % PAGES,
		         n = 1 + (uint64_t)rand_r(&seed) % 40;
		uint64_t to = from + n < PAGES ? from + n : PAGES;
		if (step % 5 == 0) {
			m = maps_remove(m, from, to);
			memset(&model[from], 0, (to - from) * sizeof model[0]);
		} else {
			struct map_entry e = {from, to, (uint64_t)step * 1000, (uint32_t)step + 1,
			                      0};
			m = maps_insert(m, &e);
			for (uint64_t p = from; p < to; p++)
				model[p] = (struct map_entry){p, p + 1, e.pgoff + p - from, e.image,
				                              0};
		}
		for (uint64_t p = 0; p < PAGES; p += 7) {
			const struct map_entry *e = maps_find(m, p);
			assert_int_equal(e != NULL, model[p].image != 0);
			if (e == NULL)
				continue;
			assert_int_equal(e->image, model[p].image);
			assert_int_equal(e->pgoff + p - e->start, model[p].pgoff);
		}
	}
	maps_unref(m);
}

static void a_shared_version_does_not_change(void **state)
{
	struct maps *m = maps_insert(maps_new(), &(struct map_entry){10, 20, 0, 1, 0});
	struct maps *old = maps_ref(m);
	(void)state;
	m = maps_insert(m, &(struct map_entry){10, 20, 0, 2, 0});
	assert_int_equal(maps_find(old, 15)->image, 1);
	assert_int_equal(maps_find(m, 15)->image, 2);
	maps_unref(old);
	maps_unref(m);
}

/* --- symbols -------------------------------------------------------------------------------- */

static void symbols_prefer_what_people_call_them(void **state)
{
	struct symtab *t = symtab_new();
	struct symtab_hit hit;
	(void)state;
	symtab_add(t, 100, 50, "outer", 5);
	symtab_add(t, 110, 10, "inner", 5);
	symtab_add(t, 300, 0, "open", 4);
	symtab_add(t, 400, 8, "next", 4);
	symtab_finish(t);
	assert_true(symtab_find(t, 105, &hit));
	assert_string_equal(name_of(t, &hit), "outer");
	assert_true(symtab_find(t, 115, &hit));
	assert_string_equal(name_of(t, &hit), "inner");
	assert_true(symtab_find(t, 130, &hit)); /* behind inner, still in outer */
	assert_string_equal(name_of(t, &hit), "outer");
	assert_false(symtab_find(t, 200, &hit));
	assert_true(symtab_find(t, 399, &hit));
	assert_string_equal(name_of(t, &hit), "open");
	assert_false(symtab_find(t, 408, &hit));
	assert_false(symtab_find(t, 99, &hit));
	symtab_free(t);
}

static void load(const char *path, struct image_data *d, const struct image_opener *o)
{
	struct err e = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || image_load(d, fd, o, &e) != CTOP_OK)
		fail_msg("%s: %s", path, e.text);
}

/* Every dynamic function nm lists is found at its address and inside it. */
static void the_c_librarys_symbols_are_those_of_nm(void **state)
{
	struct image_data d;
	char line[512], name[256], type;
	unsigned long long addr, size;
	int seen = 0, right = 0;
	(void)state;
	FILE *nm = popen("nm -DS --defined-only /usr/lib/x86_64-linux-gnu/libc.so.6", "r");
	load(LIBC, &d, NULL);
	assert_non_null(nm);
	while (fgets(line, sizeof line, nm) != NULL) {
		struct symtab_hit hit;
		if (sscanf(line, "%llx %llx %c %255s", &addr, &size, &type, name) != 4 ||
		    strchr("TWi", type) == NULL || size == 0)
			continue;
		seen++;
		assert_true(symtab_find(d.symbols, addr + size - 1, &hit));
		right += hit.start == addr;
	}
	pclose(nm);
	assert_true(seen > 1500);
	assert_int_equal(right, seen);
	assert_true(d.cfi != NULL && d.build_id_len == 20);
	image_data_fini(&d);
}

static void a_stripped_functions_start_comes_from_the_tables(void **state)
{
	struct image_data d;
	struct symtab_hit hit;
	uint64_t start, size;
	char path[512];
	(void)state;
	snprintf(path, sizeof path, "%s/workloads/chains", build());
	load(path, &d, NULL);
	assert_true(d.has_symtab);
	int seen = 0;
	for (uint64_t pc = 0; pc < 0x4000; pc++) {
		if (!symtab_find(d.symbols, pc, &hit) ||
		    strcmp(name_of(d.symbols, &hit), "recurse") != 0)
			continue;
		assert_true(cfi_function(d.cfi, pc, &start, &size));
		assert_int_equal(start, hit.start);
		seen++;
	}
	assert_true(seen > 10);
	image_data_fini(&d);
}

/* --- debug files -------------------------------------------------------------------------------
 */

struct debug_file {
	char path[256];
	int by_id, by_link;
};

static int give_by_id(void *ctx, const unsigned char *id, size_t len)
{
	struct debug_file *f = ctx;
	(void)id;
	f->by_id++;
	return len == 20 && strstr(f->path, "byid") != NULL ? open(f->path, O_RDONLY | O_CLOEXEC)
	                                                    : -1;
}

static int give_by_link(void *ctx, const char *name, uint32_t crc)
{
	struct debug_file *f = ctx;
	f->by_link++;
	return crc != 0 && strstr(f->path, name) != NULL ? open(f->path, O_RDONLY | O_CLOEXEC) : -1;
}

static void run(const char *command)
{
	if (system(command) != 0)
		fail_msg("%s", command);
}

static void separate_debug_files_give_names(void **state)
{
	char dir[] = "/tmp/ctop-debug-XXXXXX", command[2048];
	(void)state;
	assert_non_null(mkdtemp(dir));
	for (int link = 0; link < 2; link++) {
		struct debug_file f = {{0}, 0, 0};
		struct image_opener o = {give_by_id, give_by_link, &f, NULL};
		struct image_data d;
		struct symtab_hit hit;
		char stripped[256];
		snprintf(f.path, sizeof f.path, "%s/%s.debug", dir, link ? "bylink" : "byid");
		snprintf(stripped, sizeof stripped, "%s/stripped%d", dir, link);
		snprintf(command, sizeof command,
		         "objcopy --only-keep-debug %s/workloads/chains %s && cp "
		         "%s/workloads/chains %s && "
		         "strip -s %s && %s objcopy --add-gnu-debuglink=%s %s",
		         build(), f.path, build(), stripped, stripped, link ? "" : "true", f.path,
		         stripped);
		run(command);
		load(stripped, &d, &o);
		assert_true(d.has_symtab);
		assert_int_equal(f.by_link, link);
		bool found = false;
		for (uint64_t pc = 0; pc < 0x4000 && !found; pc++)
			found = symtab_find(d.symbols, pc, &hit) &&
			        strcmp(name_of(d.symbols, &hit), "grow_stack") == 0;
		assert_true(found);
		image_data_fini(&d);
	}
	snprintf(command, sizeof command, "rm -r %s", dir);
	run(command);
}

/* --- names --------------------------------------------------------------------------------------
 */

static void names_are_demangled_and_cleaned(void **state)
{
	static const char *const cases[][2] = {
	        {"_ZNSt6vectorIiSaIiEE9push_backERKi",
	         "std::vector<int, std::allocator<int> >::push_back"},
	        {"_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad"},
	        {"_RNvC6_123foo3bar", "123foo::bar"},
	        {"main", "main"},
	        {"memcpy@@GLIBC_2.14", "memcpy"},
	        {"evil\x1b[2Jname", "evil?[2Jname"},
	        {"_Z", "_Z"},
	        {"_ZZZZZZZZ", "_ZZZZZZZZ"},
	};
	char out[256];
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		demangle(cases[i][0], out, sizeof out);
		assert_string_equal(out, cases[i][1]);
	}
	char *deep = mem_alloc(50001);
	memset(deep, 'P', 50000);
	memcpy(deep, "_Z1fP", 5);
	deep[50000] = '\0';
	assert_true(demangle(deep, out, sizeof out) < sizeof out);
	free(deep);
}

static void the_kernels_symbols_are_read(void **state)
{
	static const char text[] = "ffffffff81000000 T _stext\n"
	                           "ffffffff81000100 t do_work\n"
	                           "ffffffff81000200 D some_data\n"
	                           "ffffffff81000300 T end_work\n"
	                           "ffffffffc0000000 t in_module\t[mod]\n";
	static const char hidden[] = "0000000000000000 T _stext\n";
	struct symtab *t;
	struct symtab_hit hit;
	bool is_hidden;
	int fd = memfd_create("k", MFD_CLOEXEC);
	(void)state;
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	lseek(fd, 0, SEEK_SET);
	assert_int_equal(kallsyms_read(fd, &t, &is_hidden, NULL), CTOP_OK);
	assert_false(is_hidden);
	assert_true(symtab_find(t, 0xffffffff81000250, &hit));
	assert_string_equal(name_of(t, &hit), "do_work");
	assert_true(symtab_find(t, 0xffffffffc0000010, &hit));
	assert_string_equal(name_of(t, &hit), "in_module [mod]");
	assert_false(symtab_find(t, 0xffffffffd0000000, &hit));
	symtab_free(t);
	close(fd);
	fd = memfd_create("k", MFD_CLOEXEC);
	assert_int_equal(write(fd, hidden, strlen(hidden)), strlen(hidden));
	lseek(fd, 0, SEEK_SET);
	assert_int_equal(kallsyms_read(fd, &t, &is_hidden, NULL), CTOP_OK);
	assert_true(is_hidden);
	symtab_free(t);
	close(fd);
}

static void an_address_without_a_name_has_its_module(void **state)
{
	struct images *t = images_new();
	struct symbols *s = symbols_new();
	struct image_key key = {.kind = IMAGE_FILE, .path = "/opt/x/libfoo.so.1"};
	struct symbol sym;
	bool is_new;
	(void)state;
	struct image *im = images_intern(t, &key, &is_new);
	assert_true(is_new);
	im->state = IMAGE_FAILED;
	symbol_find(s, im, 0x1234, &sym);
	assert_string_equal(sym.name, "libfoo.so.1+0x1234");
	assert_false(sym.resolved);
	assert_ptr_equal(images_intern(t, &key, &is_new), im);
	assert_false(is_new);
	symbol_find(s, images_get(t, IMAGE_NONE), 0x99, &sym);
	assert_string_equal(sym.name, "[unmapped]+0x99");
	symbols_free(s);
	images_free(t);
}

/* --- stubs, and symbols packed into the program ---------------------------------------------- */

static void run_shell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void run_shell(const char *fmt, ...)
{
	char command[1024];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(command, sizeof command, fmt, ap);
	va_end(ap);
	if (system(command) != 0)
		fail_msg("%s", command);
}

static const char program[] =
        "#include <stdlib.h>\n"
        "__attribute__((noinline)) static int hidden_one(int n) { return atoi(\"12\") + n; }\n"
        "int main(int c, char **v) { (void)v; return hidden_one(c) + abs(rand()); }\n";

/* Compiles `program` into a new directory's file "p"; returns the directory. */
static const char *make_program(const char *flags)
{
	static char dir[64];
	char path[128];
	snprintf(dir, sizeof dir, "/tmp/ctop-image-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/p.c", dir);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(program, f);
	fclose(f);
	run_shell("gcc -O1 %s -o %s/p %s", flags, dir, path);
	return dir;
}

/* The symbol whose name, as shown, is `name`. */
static bool has_symbol(const char *path, const char *name, unsigned *stubs)
{
	struct image_data d;
	size_t n;
	bool found = false;
	char shown[256];
	struct symtab_hit hit;
	load(path, &d, NULL);
	const struct elf_segment *s = elf_segments(d.elf, &n);
	*stubs = 0;
	for (size_t i = 0; i < n; i++)
		for (uint64_t pc = s[i].vaddr; s[i].executable && pc < s[i].vaddr + s[i].filesz;
		     pc++) {
			if (!symtab_find(d.symbols, pc, &hit) || hit.start != pc)
				continue;
			demangle(name_of(d.symbols, &hit), shown, sizeof shown);
			found = found || strcmp(shown, name) == 0;
			*stubs += strstr(shown, "@plt") != NULL;
		}
	image_data_fini(&d);
	return found;
}

static void stubs_are_named_by_what_they_call(void **state)
{
	static const char *const flags[] = {"",
	                                    "-no-pie",
	                                    "-fcf-protection=none -Wl,-z,lazy",
	                                    "-fcf-protection=full -Wl,-z,lazy",
	                                    "-fcf-protection=full -Wl,-z,now",
	                                    "-s"};
	(void)state;
	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
		char path[128];
		unsigned stubs;
		const char *dir = make_program(flags[i]);
		snprintf(path, sizeof path, "%s/p", dir);
		assert_true(has_symbol(path, "rand@plt", &stubs));
		assert_true(stubs >= 1 && stubs <= 8);
		run_shell("rm -r %s", dir);
	}
}

/* Templates make names of many kilobytes; wherever they lie in the string table, they are whole. */
static void long_names_are_whole(void **state)
{
	enum { LONG = 6000, NAMES = 8 };
	char dir[] = "/tmp/ctop-image-XXXXXX", path[64], name[2 * LONG];
	unsigned found = 0;
	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/p.c", dir);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	for (int i = 0; i < NAMES; i++) {
		fprintf(f, "int n%d", i);
		for (int k = 0; k < LONG - 2; k++)
			fputc('x', f);
		fputs("(void) { return 1; }\n", f);
	}
	fputs("int main(void) { return 0; }\n", f);
	fclose(f);
	run_shell("gcc %s -o %s/p", path, dir);
	snprintf(path, sizeof path, "%s/p", dir);
	struct image_data d;
	size_t n;
	load(path, &d, NULL);
	const struct elf_segment *s = elf_segments(d.elf, &n);
	for (size_t i = 0; i < n; i++)
		for (uint64_t pc = s[i].vaddr; s[i].executable && pc < s[i].vaddr + s[i].filesz;
		     pc++) {
			struct symtab_hit hit;
			if (symtab_find(d.symbols, pc, &hit) && hit.start == pc)
				found += strlen(symtab_name(d.symbols, &hit, name, sizeof name)) ==
				         LONG;
		}
	assert_int_equal(found, NAMES);
	image_data_fini(&d);
	run_shell("rm -r %s", dir);
}

/* A library's entry is no place where stacks begin. */
static void only_programs_have_an_entry(void **state)
{
	static const struct {
		const char *flags;
		bool starts;
	} cases[] = {
	        {"", true},         {"-no-pie", true},
	        {"-static", true},  {"-static-pie", true},
	        {"-shared", false}, {"-shared -fPIC -Wl,-e,main", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct image_data d;
		char path[128];
		const char *dir = make_program(cases[i].flags);
		snprintf(path, sizeof path, "%s/p", dir);
		load(path, &d, NULL);
		assert_int_equal(d.entry != 0, cases[i].starts);
		image_data_fini(&d);
		run_shell("rm -r %s", dir);
	}
	struct image_data loader;
	load("/lib64/ld-linux-x86-64.so.2", &loader, NULL);
	assert_true(loader.entry != 0);
	image_data_fini(&loader);
}

static void packed_symbols_are_read(void **state)
{
	char path[128];
	unsigned stubs;
	const char *dir = make_program("");
	(void)state;
	snprintf(path, sizeof path, "%s/p", dir);
	run_shell("cd %s && objcopy --only-keep-debug p mini && strip --strip-debug mini && xz "
	          "mini && "
	          "strip p && cp p plain && objcopy --add-section .gnu_debugdata=mini.xz p",
	          dir);
	assert_true(has_symbol(path, "hidden_one", &stubs));
	snprintf(path, sizeof path, "%s/plain", dir);
	assert_false(has_symbol(path, "hidden_one", &stubs));
	/* What is damaged is as if it were not there. */
	run_shell("cd %s && head -c 100 mini.xz >cut && cp plain bad && objcopy --add-section "
	          ".gnu_debugdata=cut bad",
	          dir);
	snprintf(path, sizeof path, "%s/bad", dir);
	assert_false(has_symbol(path, "hidden_one", &stubs));
	run_shell("rm -r %s", dir);
}

/* --- pruning
 * --------------------------------------------------------------------------------------- */

static enum ctop_err put_piece(void *ctx, uint64_t offset, const void *bytes, size_t len)
{
	return pwrite(*(int *)ctx, bytes, len, (off_t)offset) == (ssize_t)len ? CTOP_OK : CTOP_EIO;
}

/* How the CFA is found, as text, so that two files can be compared. */
static void describe_cfa(const struct cfi *c, uint64_t pc, char *out, size_t cap)
{
	struct cfi_rules r;
	snprintf(out, cap, "none");
	if (c != NULL && cfi_rules_at(c, pc, &r))
		snprintf(out, cap, "%u %u %lld", r.cfa.how, r.cfa.reg,
		         r.cfa.how == CFI_OFFSET ? (long long)r.cfa.offset : r.cfa.expr_len);
}

static void a_pruned_file_answers_like_the_whole_one(void **state)
{
	enum { PCS = 300 };
	static uint64_t pcs[PCS], starts[PCS];
	static const char *const files[] = {LIBC, "/usr/bin/python3", "/usr/bin/openssl"};
	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		struct image_data whole, pruned;
		struct sparse sparse;
		struct strbuf bytes = {0};
		struct symtab_hit a, b;
		size_t n = 0, m = 0, segments;
		uint64_t size, x, y, len;
		if (access(files[i], R_OK) != 0)
			continue;
		load(files[i], &whole, NULL);
		const struct elf_segment *seg = elf_segments(whole.elf, &segments);
		while (!seg->executable)
			seg++;
		for (; n < PCS; n++) {
			pcs[n] = seg->vaddr + seg->filesz / PCS * n + n % 13;
			if (symtab_find(whole.symbols, pcs[n], &a) &&
			    (m == 0 || starts[m - 1] != a.start))
				starts[m++] = a.start;
		}
		struct prune_wanted w = {pcs, n, starts, m};
		assert_int_equal(prune_elf(elf_fd(whole.elf), &w, &sparse, NULL), CTOP_OK);
		sparse_encode(&sparse, &bytes);
		int fd = memfd_create("pruned", MFD_CLOEXEC);
		assert_int_equal(sparse_decode(bytes.data, bytes.len, &size, put_piece, &fd),
		                 CTOP_OK);
		assert_int_equal(ftruncate(fd, (off_t)size), 0);
		assert_int_equal(image_load(&pruned, fd, NULL, NULL), CTOP_OK);
		for (size_t k = 0; k < n; k++) {
			char ca[128], cb[128], na[512], nb[512];
			bool found = symtab_find(whole.symbols, pcs[k], &a);
			assert_int_equal(symtab_find(pruned.symbols, pcs[k], &b), found);
			if (found)
				assert_string_equal(symtab_name(whole.symbols, &a, na, sizeof na),
				                    symtab_name(pruned.symbols, &b, nb, sizeof nb));
			found = cfi_function(whole.cfi, pcs[k], &x, &len);
			assert_int_equal(cfi_function(pruned.cfi, pcs[k], &y, &len), found);
			assert_true(!found || x == y);
			describe_cfa(whole.cfi, pcs[k], ca, sizeof ca);
			describe_cfa(pruned.cfi, pcs[k], cb, sizeof cb);
			assert_string_equal(ca, cb);
		}
		image_data_fini(&whole);
		image_data_fini(&pruned);
		sparse_fini(&sparse);
		strbuf_fini(&bytes);
	}
}

static void damaged_files_are_survived(void **state)
{
	char path[512], *bytes = mem_alloc(1 << 20);
	unsigned seed = 9;
	(void)state;
	snprintf(path, sizeof path, "%s/workloads/chains", build());
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	size_t len = fread(bytes, 1, 1 << 20, f);
	fclose(f);
	for (int i = 0; i < 150; i++) {
		struct image_data d;
		struct symtab_hit hit;
		int fd = memfd_create("bad", MFD_CLOEXEC);
		size_t n = i % 3 == 0 ? (size_t)rand_r(&seed) % len : len;
		assert_int_equal(write(fd, bytes, n), n);
		for (int k = 0; k < 8; k++) {
			char b = (char)rand_r(&seed);
			off_t at = (off_t)((size_t)rand_r(&seed) % (i % 2 == 0 ? 1024 : len));
			if (pwrite(fd, &b, 1, at) != 1)
				fail();
		}
		if (image_load(&d, fd, NULL, NULL) != CTOP_OK)
			continue;
		for (uint64_t pc = 0x1000; pc < 0x1800; pc += 64) {
			char cfa[128];
			symtab_find(d.symbols, pc, &hit);
			describe_cfa(d.cfi, pc, cfa, sizeof cfa);
		}
		image_data_fini(&d);
	}
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(maps_equal_an_array_of_pages),
	        cmocka_unit_test(a_shared_version_does_not_change),
	        cmocka_unit_test(symbols_prefer_what_people_call_them),
	        cmocka_unit_test(the_c_librarys_symbols_are_those_of_nm),
	        cmocka_unit_test(a_stripped_functions_start_comes_from_the_tables),
	        cmocka_unit_test(separate_debug_files_give_names),
	        cmocka_unit_test(stubs_are_named_by_what_they_call),
	        cmocka_unit_test(only_programs_have_an_entry),
	        cmocka_unit_test(long_names_are_whole),
	        cmocka_unit_test(packed_symbols_are_read),
	        cmocka_unit_test(names_are_demangled_and_cleaned),
	        cmocka_unit_test(the_kernels_symbols_are_read),
	        cmocka_unit_test(an_address_without_a_name_has_its_module),
	        cmocka_unit_test(a_pruned_file_answers_like_the_whole_one),
	        cmocka_unit_test(damaged_files_are_survived),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
