/* text: a snapshot as a page of text; see text.h. */
#include "ctop/text.h"

#include "ctop/query.h"
#include "ctop/snapshot.h"
#include "ctop/strbuf.h"
#include "ctop/table.h"

#include <inttypes.h>

enum { TOP_FUNCTIONS = 20, DEPTH_MOST = 64 };
static const double LEAST_PERCENT = 0.5;

static double percent(uint64_t part, uint64_t whole)
{
	return whole > 0 ? 100.0 * (double)part / (double)whole : 0;
}

static void add_weight(uint64_t weight, enum snapshot_unit unit, struct strbuf *out)
{
	if (unit == SNAPSHOT_TIME)
		strbuf_addf(out, " %9.2fs", (double)weight / 1e9);
	else
		strbuf_addf(out, " %10.*f", weight % SNAPSHOT_ONE == 0 ? 0 : 2,
		            (double)weight / (double)SNAPSHOT_ONE);
}

static void add_functions(const struct snapshot *s, uint64_t whole, struct strbuf *out)
{
	struct table t = {0};
	table_build(&t, s, TABLE_SELF, false);
	strbuf_addf(out, "%8s %8s %10s %10s  %-44s %s\n", "SELF%", "TOTAL%", "SELF", "TOTAL",
	            "FUNCTION", "MODULE");
	size_t shown = t.count < TOP_FUNCTIONS ? t.count : TOP_FUNCTIONS;
	for (size_t i = 0; i < shown; i++) {
		const struct counts *c = &t.rows[i].counts;
		const struct func *f = snapshot_func(s, t.rows[i].func);
		strbuf_addf(out, "%7.1f%% %7.1f%%", percent(c->self_ns, whole),
		            percent(c->total_ns, whole));
		add_weight(c->self_ns, snapshot_stats(s)->unit, out);
		add_weight(c->total_ns, snapshot_stats(s)->unit, out);
		strbuf_addf(out, "  %-44s %s%s\n", f->name, f->module,
		            f->kind == FUNC_INLINED ? " (inlined)" : "");
	}
	if (t.count > shown)
		strbuf_addf(out, "  … %zu more functions\n", t.count - shown);
	table_fini(&t);
}

static void add_node(const struct snapshot *s, uint32_t node, unsigned depth, uint64_t whole,
                     struct strbuf *out)
{
	struct counts c = snapshot_counts(s, node);
	const struct func *f = snapshot_func(s, snapshot_node(s, node).func);
	strbuf_addf(out, "%7.1f%% %7.1f%%  %*s%s%s\n", percent(c.total_ns, whole),
	            percent(c.self_ns, whole), (int)(2 * depth), "", f->name,
	            f->kind == FUNC_INLINED ? " (inlined)" : "");
	if (depth >= DEPTH_MOST)
		return;
	struct query_nodes kids = {0};
	size_t small = 0;
	query_children(s, node, QUERY_BY_TOTAL, &kids);
	for (size_t i = 0; i < kids.count; i++) {
		if (percent(snapshot_counts(s, kids.ids[i]).total_ns, whole) >= LEAST_PERCENT)
			add_node(s, kids.ids[i], depth + 1, whole, out);
		else
			small++;
	}
	if (small > 0 && small < kids.count)
		strbuf_addf(out, "%19s%*s… %zu more under %.1f%%\n", "", (int)(2 * depth + 2), "",
		            small, LEAST_PERCENT);
	query_nodes_fini(&kids);
}

void text_write(const struct snapshot *s, const char *title, struct strbuf *out)
{
	const struct snapshot_stats *st = snapshot_stats(s);
	uint64_t whole = snapshot_counts(s, NODE_ROOT).total_ns;
	if (st->unit == SNAPSHOT_TIME)
		strbuf_addf(out, "%s: %" PRIu64 " samples, %.2f s of CPU in %.2f s\n\n", title,
		            st->samples, (double)st->weight_ns / 1e9, (double)st->elapsed_ns / 1e9);
	else
		strbuf_addf(out, "%s: %.*f samples; the file tells no time\n\n", title,
		            st->fractions ? 2 : 0, (double)st->weight_ns / (double)SNAPSHOT_ONE);
	if (st->samples == 0) {
		strbuf_adds(out, st->unit == SNAPSHOT_TIME ? "no CPU time was used while sampling\n"
		                                           : "the file holds no samples\n");
		return;
	}
	add_functions(s, whole, out);
	strbuf_addf(out, "\n%8s %8s  %s\n", "TOTAL%", "SELF%", "CALL TREE");
	struct query_nodes kids = {0};
	query_children(s, NODE_ROOT, QUERY_BY_TOTAL, &kids);
	for (size_t i = 0; i < kids.count; i++)
		add_node(s, kids.ids[i], 0, whole, out);
	query_nodes_fini(&kids);
}
