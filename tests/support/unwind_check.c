/* unwind_check: truth for unwinders; see unwind_check.h. */
#include "unwind_check.h"

#include "capture_walk.h"
#include "ctop/arch.h"
#include "ctop/cfi.h"
#include "ctop/elf.h"
#include "ctop/image.h"
#include "ctop/pclntab.h"
#include "ctop/record.h"
#include "ctop/symtab.h"
#include "ctop/unwind.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { FRAMES = 1024, TAILS = 64, BODY = 16384 };

static void print_stack(const struct capture_walk *w, const char *who, const struct frame_addr *f,
                        const struct unwind_result *r)
{
	fprintf(stderr, "  %s: %zu frames, end %d\n", who, r->count, (int)r->end);
	for (size_t i = 0; i < r->count && i < 40; i++) {
		const struct image *im = images_get(capture_walk_images(w), f[i].image);
		struct symtab_hit hit;
		char buf[512];
		const char *name = "?";
		if (im->data.symbols != NULL &&
		    symtab_find(im->data.symbols, frame_lookup_vaddr(&f[i]), &hit))
			name = symtab_name(im->data.symbols, &hit, buf, sizeof buf);
		fprintf(stderr, "    %2zu %016" PRIx64 " %s+0x%" PRIx64 " %s\n", i, f[i].addr,
		        im->name, f[i].vaddr, name);
	}
}

/* Where the function that holds an address starts, by symbols or tables. */
static bool function_start(const struct image *im, uint64_t vaddr, uint64_t *start, uint64_t *end)
{
	struct symtab_hit hit;
	*end = UINT64_MAX;
	if (im->data.symbols != NULL && symtab_find(im->data.symbols, vaddr, &hit)) {
		*start = hit.start;
		*end = hit.start + hit.size;
		return true;
	}
	uint64_t size;
	return im->data.cfi != NULL && cfi_function(im->data.cfi, vaddr, start, &size);
}

/* What an edge is held against. */
struct edge {
	const struct image *im; /* of callee and target */
	uint64_t start, end;    /* the callee's function */
	unsigned budget;        /* functions that may still be looked through */
	bool indirect;          /* one of them jumps through a register or memory: anywhere */
};

static bool in_callee(const struct edge *e, uint64_t vaddr)
{
	uint64_t start, end;
	return function_start(e->im, vaddr, &start, &end) && start == e->start;
}

/* A jump to an address, of any of three kinds, in the 6 bytes at `code`; *to is where they
 * stand, and then where it leads. */
static bool decode_jump(const unsigned char *code, uint64_t *to)
{
	int32_t rel;
	size_t op = code[0] == 0xe9 ? 1 : code[0] == 0x0f && (code[1] & 0xf0) == 0x80 ? 2 : 0;
	if (code[0] == 0xeb) {
		*to += 2 + (uint64_t)(int64_t)(int8_t)code[1];
		return true;
	}
	memcpy(&rel, code + op, sizeof rel);
	*to += op + 4 + (uint64_t)(int64_t)rel;
	return op > 0;
}

/* jmp *%reg, or jmp *x(%rip): what a PLT stub does. */
static bool jumps_anywhere(const unsigned char *code)
{
	return code[0] == 0xff && ((code[1] & 0xf8) == 0xe0 || code[1] == 0x25);
}

/* Whether the code of the function at `target` holds a jump that leads to the callee:
 * a tail call, or a part the compiler has split off. */
static bool jumps_to(struct edge *e, uint64_t target)
{
	static unsigned char bodies[TAILS][BODY];
	uint64_t start = target, end = 0;
	if (e->budget == 0)
		return false;
	unsigned char *code = bodies[--e->budget];
	size_t len = elf_read_vaddr(e->im->data.elf, target, code, BODY);
	function_start(e->im, target, &start, &end);
	for (size_t i = 0; i + 6 <= len; i++) {
		uint64_t here, here_end, to = target + i;
		bool jump = decode_jump(code + i, &to);
		if (i % 64 == 0 && function_start(e->im, target + i, &here, &here_end) &&
		    here != start)
			break; /* behind the function's end */
		e->indirect = e->indirect || jumps_anywhere(code + i);
		if (!jump)
			continue;
		if (in_callee(e, to))
			return true;
		if ((to < start || to > target + len) && jumps_to(e, to))
			return true;
	}
	return false;
}

/* Whether a call of `target` gets into the callee's function: 1 yes, 0 no, -1 when the code
 * does not tell (a PLT stub, another image, an indirect jump). */
static int reaches(const struct image *im, uint64_t target, const struct image *callee_im,
                   uint64_t callee)
{
	struct edge e = {.im = callee_im, .budget = TAILS};
	if (!function_start(callee_im, callee, &e.start, &e.end))
		return -1;
	unsigned char code[16] = {0};
	if (elf_read_vaddr(im->data.elf, target, code, sizeof code) < 6)
		return -1;
	unsigned char *p = code;
	if (memcmp(p, "\xf3\x0f\x1e\xfa", 4) == 0)
		p += 4;  /* endbr64 */
	p += *p == 0xf2; /* bnd */
	if (*p == 0xff || im != callee_im)
		return -1;
	if (in_callee(&e, target) || jumps_to(&e, target))
		return 1;
	return e.indirect ? -1 : 0;
}

static void check_edge(const struct capture_walk *w, const struct frame_addr *callee,
                       const struct frame_addr *caller, bool whole, unsigned *print,
                       struct unwind_tally *t)
{
	const struct image *im = images_get(capture_walk_images(w), caller->image);
	const struct image *callee_im = images_get(capture_walk_images(w), callee->image);
	unsigned char code[8];
	if (caller->kind != FRAME_RETURN || im->data.elf == NULL || callee_im->data.elf == NULL ||
	    caller->vaddr < 8 || elf_read_vaddr(im->data.elf, caller->vaddr - 8, code, 8) != 8)
		return;
	/* What a goroutine or a coroutine returns to at its end was never called. */
	struct pclntab_func go;
	uint64_t start, size;
	if (im->data.pclntab != NULL && pclntab_find(im->data.pclntab, caller->vaddr - 1, &go) &&
	    go.top)
		return;
	if (im->data.cfi != NULL && cfi_function(im->data.cfi, caller->vaddr, &start, &size) &&
	    start == caller->vaddr)
		return;
	t->returns++;
	bool call = arch_ends_in_call(code, 8);
	t->calls += call;
	if (!call && *print > 0) {
		(*print)--;
		fprintf(stderr, "  no call before %s+0x%" PRIx64 "\n", im->name, caller->vaddr);
	}
	int32_t rel;
	if (!arch_call_target(code, 8, &rel))
		return;
	uint64_t target = caller->vaddr + (uint64_t)(int64_t)rel;
	int r = reaches(im, target, callee_im, frame_lookup_vaddr(callee));
	if (r == 0 && !whole)
		r = -1; /* the code of what was called, which may have jumped on, is not there */
	t->direct += r >= 0;
	t->agree += r > 0;
	if (r == 0 && *print > 0) {
		(*print)--;
		fprintf(stderr,
		        "  %s+0x%" PRIx64 " calls 0x%" PRIx64 ", but below is %s+0x%" PRIx64 "\n",
		        im->name, caller->vaddr, target, callee_im->name, callee->vaddr);
	}
}

static bool same_frames(const struct frame_addr *a, const struct frame_addr *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (a[i].addr != b[i].addr)
			return false;
	return true;
}

void unwind_check(struct capture_walk *w, bool code, unsigned print, struct unwind_tally *t)
{
	static struct frame_addr ours[FRAMES], theirs[FRAMES];
	struct unwinder *u = unwinder_new(UNWIND_AUTO);
	struct unwind_input in;
	unsigned edges = print;
	*t = (struct unwind_tally){0};
	while (capture_walk_next(w, &in) != NULL) {
		struct unwind_result a, b;
		unwind_stack(u, &in, ours, FRAMES, &a);
		unwind_stack_libunwind(u, &in, theirs, FRAMES, &b);
		t->samples++;
		t->complete += a.end == UNWIND_ROOT;
		t->ends[a.end]++;
		for (int i = 0; i < UNWIND_WAYS; i++)
			t->steps[i] += a.steps[i];
		size_t least = a.count < b.count ? a.count : b.count;
		bool same = same_frames(ours, theirs, least);
		if (same && a.count == b.count)
			t->equal++;
		else if (same && a.count > b.count && a.end == UNWIND_ROOT)
			t->oracle_short++;
		else if (print > 0) {
			print--;
			fprintf(stderr, "sample %" PRIu64 " differs:\n", t->samples);
			print_stack(w, "rows", ours, &a);
			print_stack(w, "libunwind", theirs, &b);
		}
		/* A handler returns to the signal trampoline, which nothing has called: it is
		 * known by the exact pc above it. */
		for (size_t i = 0; i + 1 < a.count; i++)
			if (i + 2 >= a.count || ours[i + 2].kind == FRAME_RETURN)
				check_edge(w, &ours[i], &ours[i + 1], code, &edges, t);
	}
	unwinder_free(u);
}
