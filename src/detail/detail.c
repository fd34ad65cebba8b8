/* detail: one function and what was counted in it; see detail.h. */
#include "ctop/detail.h"

#include "ctop/mem.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { LINES_MOST = 1 << 22 }; /* a hostile file may name any */

struct held {
	struct detail d;
	atomic_uint refs;
};

struct detail *detail_new(struct listing *l)
{
	struct held *h = mem_zalloc(1, sizeof *h);
	struct detail *d = &h->d;
	atomic_init(&h->refs, 1);
	if (l == NULL)
		return d;
	d->listing = listing_ref(l);
	d->insns = mem_zalloc(l->insn_count + 1, sizeof *d->insns);
	uint32_t last = l->main_file != LISTING_NO_FILE ? l->files[l->main_file].line_count : 0;
	for (size_t i = 0; i < l->insn_count; i++)
		if (l->insns[i].file == l->main_file && l->insns[i].line > last &&
		    l->insns[i].line < LINES_MOST)
			last = l->insns[i].line;
	d->line_count = last;
	d->lines = mem_zalloc((size_t)last + 1, sizeof *d->lines);
	return d;
}

struct detail *detail_ref(struct detail *d)
{
	struct held *h = (struct held *)(void *)d;
	atomic_fetch_add_explicit(&h->refs, 1, memory_order_relaxed);
	return d;
}

void detail_unref(struct detail *d)
{
	struct held *h = (struct held *)(void *)d;
	if (d == NULL || atomic_fetch_sub_explicit(&h->refs, 1, memory_order_acq_rel) != 1)
		return;
	listing_unref(d->listing);
	free(d->insns);
	free(d->lines);
	free(h);
}

bool detail_line_range(const struct detail *d, uint32_t *first, uint32_t *last)
{
	const struct listing *l = d->listing;
	*first = UINT32_MAX;
	*last = 0;
	for (size_t i = 0; l != NULL && i < l->insn_count; i++) {
		const struct listing_insn *in = &l->insns[i];
		if (in->file != l->main_file || in->line == 0)
			continue;
		*first = in->line < *first ? in->line : *first;
		*last = in->line > *last ? in->line : *last;
	}
	for (uint32_t i = 0; i < d->line_count; i++) {
		if (d->lines[i].total_ns == 0)
			continue;
		*first = i + 1 < *first ? i + 1 : *first;
		*last = i + 1 > *last ? i + 1 : *last;
	}
	return *last > 0;
}
