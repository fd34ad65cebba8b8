/* difference_text: a comparison as a page of text; see difference.h. */
#include "ctop/difference.h"

#include "ctop/mem.h"
#include "ctop/snapshot.h"
#include "ctop/strbuf.h"
#include "ctop/utf8.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_CELLS = 44 };
static const double LEAST_POINTS = 0.05;

/* --- order -------------------------------------------------------------------------------- */

static int descending(double a, double b)
{
	return (a < b) - (a > b);
}

static int by_change(const void *va, const void *vb, void *ctx)
{
	const struct difference *d = ctx;
	uint32_t a = *(const uint32_t *)va, b = *(const uint32_t *)vb;
	const struct judgement *j = d->judgement;
	size_t count;
	const struct join_row *rows = join_rows(d->join, &count);
	int c = descending(fabs(j->total[a].delta), fabs(j->total[b].delta));
	if (c == 0)
		c = descending(fabs(j->self[a].delta), fabs(j->self[b].delta));
	if (c == 0)
		c = strcmp(rows[a].name, rows[b].name);
	if (c == 0)
		c = strcmp(rows[a].module, rows[b].module);
	return c != 0 ? c : (a > b) - (a < b);
}

uint32_t *difference_order(const struct difference *d, size_t *count)
{
	join_rows(d->join, count);
	uint32_t *order = mem_alloc((*count + 1) * sizeof *order);
	for (size_t i = 0; i < *count; i++)
		order[i] = (uint32_t)i;
	if (*count > 1)
		qsort_r(order, *count, sizeof *order, by_change, (void *)(uintptr_t)d);
	return order;
}

/* --- the page ------------------------------------------------------------------------------ */

static void add_side(const struct difference *d, enum join_side side, struct strbuf *out)
{
	const struct snapshot_stats *st = snapshot_stats(d->s[side]);
	strbuf_addf(out, "%-8s%s: ", side == JOIN_BASE ? "before" : "now", d->name[side]);
	if (st->unit == SNAPSHOT_TIME)
		strbuf_addf(out, "%" PRIu64 " samples, %.2f s of CPU in %.2f s\n", st->samples,
		            (double)st->weight_ns / 1e9, (double)st->elapsed_ns / 1e9);
	else
		strbuf_addf(out, "%.*f samples, without time\n", st->fractions ? 2 : 0,
		            (double)st->weight_ns / (double)SNAPSHOT_ONE);
}

static void add_method(enum compare_method method, struct strbuf *out)
{
	static const char by_blocks[] =
	        "~ chance would do, by how much each function varies in time";
	static const char independent[] =
	        "~ chance would do; assumes independent samples, for want of time in the files: "
	        "work in bursts is marked too often";
	static const char untested[] = "not judged: the counts are no samples";
	static const char *const texts[] = {[COMPARE_BY_BLOCKS] = by_blocks,
	                                    [COMPARE_INDEPENDENT] = independent,
	                                    [COMPARE_UNTESTED] = untested};
	strbuf_addf(out, "chance  %s\n", texts[method]);
	if (method != COMPARE_UNTESTED)
		strbuf_adds(out, "        (5 % false discoveries, half a point at least); "
		                 "? too little data to tell\n");
}

/* Whether it differs by as much as is shown. */
static bool differs(const struct compare_row *r)
{
	return 100 * fabs(r->delta) >= LEAST_POINTS;
}

static char mark_of(const struct compare_row *r, enum compare_method method)
{
	static const char marks[] = {
	        [COMPARE_NOISE] = '~', [COMPARE_CHANGED] = ' ', [COMPARE_TOO_LITTLE] = '?'};
	return method == COMPARE_UNTESTED || !differs(r) ? ' ' : marks[r->verdict];
}

/* "new" and "gone": one side has no sample of it. */
static const char *state_of(const struct join_row *r)
{
	return r->total[JOIN_BASE] == 0 ? "new" : r->total[JOIN_NOW] == 0 ? "gone" : "";
}

static void add_row(const struct difference *d, uint32_t i, struct strbuf *out)
{
	size_t count;
	const struct join_row *r = &join_rows(d->join, &count)[i];
	const struct compare_row *total = &d->judgement->total[i], *self = &d->judgement->self[i];
	int pad = NAME_CELLS - (int)utf8_str_width(r->name);
	strbuf_addf(out, "%+7.1f%c %6.1f%% %6.1f%% %+7.1f%c %-4s  %s", 100 * total->delta,
	            mark_of(total, d->judgement->method), 100 * total->share[JOIN_BASE],
	            100 * total->share[JOIN_NOW], 100 * self->delta,
	            mark_of(self, d->judgement->method), state_of(r), r->name);
	if (r->module[0] != '\0' || r->process)
		strbuf_addf(out, "%*s  %s", pad > 0 ? pad : 0, "",
		            r->process ? "(process)" : r->module);
	strbuf_addc(out, '\n');
}

void difference_text(const struct difference *d, struct strbuf *out)
{
	size_t count, same = 0;
	uint32_t *order = difference_order(d, &count);
	add_side(d, JOIN_BASE, out);
	add_side(d, JOIN_NOW, out);
	add_method(d->judgement->method, out);
	/* Δ is one cell of two bytes. */
	strbuf_addf(out, "\n%8s  %7s %7s  %8s %4s  %-44s  %s\n", "Δ TOTAL", "BASE%", "NOW%",
	            "Δ SELF", "", "FUNCTION", "MODULE");
	for (size_t i = 0; i < count; i++) {
		if (differs(&d->judgement->total[order[i]]) ||
		    differs(&d->judgement->self[order[i]]))
			add_row(d, order[i], out);
		else
			same++;
	}
	if (same > 0)
		strbuf_addf(out, "  %zu %sfunctions differ by less than %.2f points\n", same,
		            same < count ? "more " : "", LEAST_POINTS);
	free(order);
}
