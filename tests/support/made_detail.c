/* made_detail: the detail of a made-up function; see made_detail.h. */
#include "made_detail.h"

#include "ctop/detail.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char source[] = "#include \"executor.h\"\n"
                             "\n"
                             "/* Fetches tuples until one is wanted. */\n"
                             "TupleTableSlot *ExecScan(ScanState *node)\n"
                             "{\n"
                             "\twhile (!ExecInterpExpr(node->qual))\n"
                             "\t\tcontinue;\n"
                             "\tmemmove(node->slot, node->tuple, node->size);\n"
                             "\tnode->ops->finish(node);\n"
                             "\treturn ExecProject(node);\n"
                             "}\n";
static const char header[] = "static inline bool\nis_wanted(int got) { return got != 0; }\n";

static const unsigned char code[] = {
        0x53,                         /* 1000 push %rbx */
        0x48, 0x89, 0xfb,             /* 1001 mov %rdi,%rbx */
        0x48, 0x89, 0xdf,             /* 1004 mov %rbx,%rdi */
        0xe8, 0xf4, 0x0f, 0x00, 0x00, /* 1007 call 2000 */
        0x85, 0xc0,                   /* 100c test %eax,%eax */
        0x74, 0xf4,                   /* 100e je 1004 */
        0xe8, 0xeb, 0x1f, 0x00, 0x00, /* 1010 call 3000 */
        0xff, 0x53, 0x08,             /* 1015 call *8(%rbx) */
        0xe8, 0xe3, 0x2f, 0x00, 0x00, /* 1018 call 4000 */
        0x5b,                         /* 101d pop %rbx */
        0xc3,                         /* 101e ret */
};
enum { START = 0x1000, RET = 0x1e };

static size_t frames(void *ctx, uint64_t addr, struct line_frame out[LINES_INLINE_MAX], size_t *own)
{
	static const struct {
		uint64_t from;
		uint32_t line;
	} lines[] = {{0x101d, 11}, {0x1018, 10}, {0x1015, 9}, {0x1010, 8}, {0x1004, 6}, {0, 5}};
	size_t i = 0, n = 0;
	*own = 0;
	if (ctx == NULL)
		return 0;
	while (addr < lines[i].from)
		i++;
	if (addr == 0x100c)
		out[n++] = (struct line_frame){"is_wanted", "/src/pg/executor.h", 2};
	*own = n;
	out[n++] = (struct line_frame){"ExecScan", "/src/pg/execScan.c", lines[i].line};
	return n;
}

static bool name(void *ctx, uint64_t addr, char *out, size_t cap)
{
	const char *of = addr == 0x2000   ? "ExecInterpExpr"
	                 : addr == 0x3000 ? "memmove_avx_unaligned@plt"
	                                  : "ExecProject";
	(void)ctx;
	snprintf(out, cap, "%s", of);
	return true;
}

static int open_source(void *ctx, const char *path, char *tried, size_t cap)
{
	const char *text = strstr(path, ".h") != NULL ? header : source;
	int fd = memfd_create("source", MFD_CLOEXEC);
	(void)ctx;
	(void)tried;
	(void)cap;
	if (fd >= 0 && write(fd, text, strlen(text)) < 0)
		return -1;
	return fd >= 0 && lseek(fd, 0, SEEK_SET) == 0 ? fd : -1;
}

static void count(struct detail *d, uint64_t addr, uint64_t self, uint64_t total)
{
	size_t i = listing_at(d->listing, addr);
	d->insns[i] = (struct detail_counts){self, total};
	if (d->listing->insns[i].line == 0)
		return;
	struct detail_counts *line = &d->lines[d->listing->insns[i].line - 1];
	line->self_ns += self;
	line->total_ns += total;
}

struct detail *made_detail(uint32_t func, const char *function, uint64_t whole_ns)
{
	bool known = strcmp(function, "ExecScan") == 0;
	static char here;
	struct listing_request r = {
	        .function = function,
	        .module = "postgres",
	        .code = known ? code : code + RET,
	        .len = known ? sizeof code : 1,
	        .why = "",
	        .start = known ? START : START + RET,
	        .source = known ? "/src/pg/execScan.c" : "",
	        .frames = frames,
	        .name = name,
	        .open = open_source,
	        .ctx = known ? &here : NULL,
	};
	struct listing *l = listing_new(&r);
	struct detail *d = detail_new(l);
	listing_unref(l);
	d->func = func;
	d->whole_ns = whole_ns;
	count(d, START + RET, whole_ns / 50, whole_ns / 50);
	if (!known)
		return d;
	count(d, 0x1007, 0, whole_ns / 2);
	count(d, 0x100c, whole_ns / 8, whole_ns / 8);
	count(d, 0x1010, 0, whole_ns / 5);
	return d;
}
