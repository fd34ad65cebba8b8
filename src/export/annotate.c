/* annotate: one function's source and instructions as text; see annotate.h. */
#include "ctop/annotate.h"

#include "ctop/detail.h"
#include "ctop/funcs.h"
#include "ctop/strbuf.h"

#include <inttypes.h>
#include <string.h>

enum { AROUND = 3 }; /* lines shown before and behind */

static void add_share(struct strbuf *out, uint64_t ns, uint64_t whole)
{
	if (ns == 0)
		strbuf_addf(out, "%8s", "");
	else
		strbuf_addf(out, "%7.2f%%", whole > 0 ? 100.0 * (double)ns / (double)whole : 0.0);
}

static void add_source(const struct detail *d, struct strbuf *out)
{
	const struct listing *l = d->listing;
	uint32_t first, last;
	if (l->main_file == LISTING_NO_FILE) {
		strbuf_adds(out, "no debug information tells where its source is\n");
		return;
	}
	const struct listing_file *f = &l->files[l->main_file];
	if (!detail_line_range(d, &first, &last))
		return;
	strbuf_addf(out, "%8s %8s %6s  %s\n", "SELF%", "TOTAL%", "LINE", f->path);
	if (f->line_count == 0)
		strbuf_addf(out, "the source is not here: %s (see --source-map)\n",
		            f->why[0] != '\0' ? f->why : "the file is empty");
	first = first > AROUND ? first - AROUND : 1;
	last += f->line_count >= last + AROUND ? AROUND : 0;
	for (uint32_t i = first; i <= last; i++) {
		struct detail_counts n =
		        i <= d->line_count ? d->lines[i - 1] : (struct detail_counts){0};
		if (f->line_count == 0 && n.total_ns == 0)
			continue;
		add_share(out, n.self_ns, d->whole_ns);
		strbuf_addc(out, ' ');
		add_share(out, n.total_ns, d->whole_ns);
		strbuf_addf(out, " %6u  %s\n", i, i <= f->line_count ? f->lines[i - 1] : "");
	}
}

/* Where the instructions from here on come from, when that changes. */
static void add_place(const struct listing *l, const struct listing_insn *in,
                      const struct listing_insn *before, struct strbuf *out)
{
	bool same = before != NULL && listing_same_place(before, in);
	if (same || in->inner_file == LISTING_NO_FILE)
		return;
	const struct listing_file *f = &l->files[in->inner_file];
	strbuf_addf(out, "%18s %s:%u", "", basename(f->path), in->inner_line);
	if (in->inlined[0] != '\0')
		strbuf_addf(out, " (%s, inlined)", in->inlined);
	if (in->inner_line > 0 && in->inner_line <= f->line_count)
		strbuf_addf(out, "  %s",
		            f->lines[in->inner_line - 1] +
		                    strspn(f->lines[in->inner_line - 1], " "));
	strbuf_addc(out, '\n');
}

static void add_code(const struct detail *d, struct strbuf *out)
{
	const struct listing *l = d->listing;
	if (l->insn_count == 0) {
		strbuf_addf(out, "no instructions: %s\n", l->why_no_code);
		return;
	}
	strbuf_addf(out, "%8s %8s  %s\n", "SELF%", "TOTAL%", "INSTRUCTION");
	for (size_t i = 0; i < l->insn_count; i++) {
		const struct listing_insn *in = &l->insns[i];
		add_place(l, in, i > 0 ? &l->insns[i - 1] : NULL, out);
		add_share(out, d->insns[i].self_ns, d->whole_ns);
		strbuf_addc(out, ' ');
		add_share(out, d->insns[i].total_ns, d->whole_ns);
		strbuf_addf(out, " %s%8" PRIx64 "  %s", in->is_target ? ">" : " ", in->addr,
		            in->text);
		if (in->target_name[0] != '\0')
			strbuf_addf(out, "  <%s>", in->target_name);
		strbuf_addc(out, '\n');
	}
}

void annotate_write(const struct detail *d, const struct func *f, struct strbuf *out)
{
	strbuf_addf(out, "%s%s · %s · self %.2f%%\n", f->name,
	            f->kind == FUNC_INLINED ? " (inlined)" : "", f->module,
	            d->whole_ns > 0 ? 100.0 * (double)d->all.self_ns / (double)d->whole_ns : 0.0);
	if (d->listing == NULL) {
		strbuf_addf(out, "%s\n",
		            d->why != NULL ? d->why : "it is not known where its code is");
		return;
	}
	if (strcmp(d->listing->function, f->name) != 0)
		strbuf_addf(out, "its instructions as they stand in %s\n", d->listing->function);
	strbuf_addc(out, '\n');
	add_source(d, out);
	strbuf_addc(out, '\n');
	add_code(d, out);
	if (d->elsewhere_ns > 0)
		strbuf_addf(out, "%7.2f%% in other code than this\n",
		            100.0 * (double)d->elsewhere_ns / (double)d->whole_ns);
}
