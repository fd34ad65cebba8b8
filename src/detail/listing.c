/* listing: instructions and source of one function; see listing.h. */
#include "ctop/listing.h"

#include "ctop/demangle.h"
#include "ctop/intern.h"
#include "ctop/mem.h"
#include "ctop/vec.h"
#include "listing_make.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILES_MOST = 32, NAME_MOST = 4096 };

/* The listing as it is held: what readers see comes first. */
struct held {
	struct listing l;
	atomic_uint refs;
	struct intern *strings;
	size_t file_cap;
};

static const char *keep(struct held *h, const char *s)
{
	return intern_str(h->strings, intern_adds(h->strings, s));
}

/* --- files ---------------------------------------------------------------------------------------
 */

static void read_file(struct held *h, struct listing_file *f, const struct listing_request *r)
{
	char tried[2048] = "";
	int fd = r->open(r->ctx, f->path, tried, sizeof tried);
	f->why = keep(h, fd < 0 ? tried : "");
	if (fd >= 0)
		source_read(f, fd, h->strings);
}

/* The index of a file, which is read when it is new. */
static uint32_t file_of(struct held *h, const char *path, const struct listing_request *r)
{
	struct listing *l = &h->l;
	if (path[0] == '\0')
		return LISTING_NO_FILE;
	for (uint32_t i = 0; i < l->file_count; i++)
		if (strcmp(l->files[i].path, path) == 0)
			return i;
	if (l->file_count >= FILES_MOST)
		return LISTING_NO_FILE;
	l->files = vec_reserve(l->files, &h->file_cap, l->file_count + 1, sizeof *l->files);
	struct listing_file *f = &l->files[l->file_count];
	*f = (struct listing_file){.path = keep(h, path)};
	read_file(h, f, r);
	return l->file_count++;
}

/* --- instructions --------------------------------------------------------------------------------
 */

/* Where an instruction is in the source. */
static void place(struct held *h, struct listing_insn *in, const struct listing_request *r)
{
	struct line_frame f[LINES_INLINE_MAX];
	size_t own = 0, n = r->frames(r->ctx, in->addr, f, &own);
	in->file = in->inner_file = LISTING_NO_FILE;
	in->inlined = "";
	if (n == 0)
		return;
	in->inner_file = file_of(h, f[0].file, r);
	in->inner_line = f[0].line;
	if (own < n) {
		in->file = file_of(h, f[own].file, r);
		in->line = f[own].line;
	}
	if (n > 1) {
		char name[NAME_MOST];
		demangle(f[0].function, name, sizeof name);
		in->inlined = keep(h, name);
	}
}

/* What a jump or a call leads to: an instruction here, or something with a name. */
static void follow(struct held *h, struct listing_insn *in, const struct listing_request *r)
{
	char name[NAME_MOST];
	in->target_name = "";
	if (in->target == 0)
		return;
	size_t at = listing_at(&h->l, in->target);
	if (at != SIZE_MAX && h->l.insns[at].addr == in->target) {
		h->l.insns[at].is_target = h->l.insns[at].is_target || in->is_jump;
		return;
	}
	if (r->name(r->ctx, in->target, name, sizeof name))
		in->target_name = keep(h, name);
}

static void take_apart(struct held *h, const struct listing_request *r)
{
	struct listing *l = &h->l;
	size_t len = r->len < LISTING_CODE_MAX ? r->len : LISTING_CODE_MAX;
	l->end = r->start + r->len;
	if (r->code == NULL) {
		l->why_no_code = keep(h, r->why);
		return;
	}
	l->why_no_code = "";
	l->insns = disasm(r->code, len, r->start, h->strings, &l->insn_count);
	for (size_t i = 0; i < l->insn_count; i++)
		place(h, &l->insns[i], r);
	for (size_t i = 0; i < l->insn_count; i++)
		follow(h, &l->insns[i], r);
}

static void choose_main_file(struct held *h, const struct listing_request *r)
{
	struct listing *l = &h->l;
	l->main_file = file_of(h, r->source, r);
	for (size_t i = 0; i < l->insn_count && l->main_file == LISTING_NO_FILE; i++)
		l->main_file = l->insns[i].file;
}

struct listing *listing_new(const struct listing_request *r)
{
	struct held *h = mem_zalloc(1, sizeof *h);
	atomic_init(&h->refs, 1);
	h->strings = intern_new();
	h->l.function = keep(h, r->function);
	h->l.module = keep(h, r->module);
	h->l.start = r->start;
	choose_main_file(h, r);
	take_apart(h, r);
	choose_main_file(h, r);
	return &h->l;
}

struct listing *listing_ref(struct listing *l)
{
	struct held *h = (struct held *)(void *)l;
	atomic_fetch_add_explicit(&h->refs, 1, memory_order_relaxed);
	return l;
}

void listing_unref(struct listing *l)
{
	struct held *h = (struct held *)(void *)l;
	if (l == NULL || atomic_fetch_sub_explicit(&h->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (uint32_t i = 0; i < l->file_count; i++)
		free(l->files[i].lines);
	free(l->files);
	free(l->insns);
	intern_free(h->strings);
	free(h);
}

size_t listing_at(const struct listing *l, uint64_t addr)
{
	size_t lo = 0, hi = l->insn_count;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (l->insns[mid].addr <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	bool inside = lo > 0 && addr < l->insns[lo - 1].addr + l->insns[lo - 1].len;
	return inside ? lo - 1 : SIZE_MAX;
}
