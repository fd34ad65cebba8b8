/* quality: the page that tells how good the data is, and what would make it better.
 *
 * A few dozen lines, each with a style.
 */
#include "ctop/quality.h"

#include "ctop/strbuf.h"
#include "format.h"
#include "page.h"
#include "view.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double DOUBT = 0.01; /* the share from which a figure is marked */

/* A line of one piece. */
static void put(struct page *p, int style, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));

static void put(struct page *p, int style, const char *fmt, ...)
{
	char line[1024];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	page_line(p);
	page_put(p, 0, 0, style, "%s", line);
}

static int doubt(double share)
{
	return share > DOUBT ? STYLE_WARN : STYLE_TEXT;
}

/* "3 truncated, 1 too deep", the causes that happened. */
static void list_causes(struct strbuf *b, const struct quality_cause *causes, size_t n)
{
	strbuf_clear(b);
	for (size_t i = 0; i < n; i++)
		if (causes[i].count > 0)
			strbuf_addf(b, "%s%" PRIu64 " %s", b->len > 0 ? ", " : "", causes[i].count,
			            causes[i].name);
	if (b->len == 0)
		strbuf_adds(b, "none");
}

static void put_sampling(struct page *p, const struct snapshot *s)
{
	const struct snapshot_stats *st = snapshot_stats(s);
	char count[32];
	format_count(count, sizeof count, st->all_samples);
	if (st->unit == SNAPSHOT_COUNT) {
		put(p, STYLE_TEXT, " samples     %s, of a file that tells no time", count);
		return;
	}
	double seconds = (double)st->all_weight_ns / 1e9;
	put(p, STYLE_TEXT, " samples     %s; %.1f a second of CPU, %u asked", count,
	    seconds > 0 ? (double)st->all_samples / seconds : 0.0, st->rate_hz);
	put(p, doubt(1 - st->accounted), " accounted   %.1f%% of the CPU time the target has used",
	    100 * st->accounted);
	if (st->event_ns > 0)
		put(p, STYLE_TEXT, "             the events themselves counted %.2f s of CPU",
		    (double)st->event_ns / 1e9);
}

static void put_notes(struct page *p, const struct snapshot *s)
{
	const char *at = snapshot_stats(s)->notes;
	for (size_t len; (len = strcspn(at, "\n")) > 0; at += len + (at[len] == '\n'))
		put(p, STYLE_WARN, " note        %.*s", (int)len, at);
}

static void put_losses(struct page *p, const struct snapshot *s)
{
	const struct snapshot_stats *st = snapshot_stats(s);
	struct quality_cause lost[QUALITY_LOST], broken[QUALITY_BROKEN];
	struct strbuf b = {0};
	quality_lost_by(s, lost);
	list_causes(&b, lost, QUALITY_LOST);
	put(p, doubt(quality_lost(s)), " lost        %s", strbuf_str(&b));
	put(p, STYLE_TEXT,
	    " late        %" PRIu64 " records; %" PRIu64
	    " samples waited too long for a file; %" PRIu64 " folded",
	    st->losses.late, st->losses.parked_too_long, st->losses.folded);
	put(p, doubt(quality_broken(s)), " complete    %.2f%% of stacks reach their root",
	    100 * (1 - quality_broken(s)));
	quality_broken_by(s, broken);
	list_causes(&b, broken, QUALITY_BROKEN);
	put(p, doubt(quality_broken(s)), " broken      %s", strbuf_str(&b));
	put(p, STYLE_TEXT, " copied      %u KB of stack a sample", (st->stack_bytes + 512) / 1024);
	put(p, doubt(quality_nameless(s)),
	    " nameless    %.2f%% of samples are in code without a name", 100 * quality_nameless(s));
	strbuf_fini(&b);
}

static void put_modules(struct page *p, const struct snapshot *s)
{
	size_t count;
	struct quality_row *rows = quality_rows(s, &count);
	uint64_t samples = snapshot_stats(s)->samples;
	put(p, STYLE_HEADING, " NAMELESS  BROKEN  MODULE                    UNWOUND BY");
	for (size_t i = 0; i < count; i++) {
		char way[128], remedy[256], fetch[160], share[16], ends[32];
		const struct snapshot_module *m = rows[i].module;
		quality_way(m, way, sizeof way);
		quality_remedy(&rows[i], remedy, sizeof remedy);
		quality_fetch(m, fetch, sizeof fetch);
		format_percent(share, sizeof share, rows[i].nameless, samples);
		format_count(ends, sizeof ends, m->dead_ends);
		put(p, doubt(quality_harm(s, &rows[i])), " %8s %7s  %-24.24s  %s", share, ends,
		    m->name, m->kind == SNAPSHOT_KERNEL ? "the kernel itself" : way);
		if (remedy[0] != '\0')
			put(p, STYLE_DIM, "                   %s", remedy);
		if (fetch[0] != '\0')
			put(p, STYLE_DIM, "                   %s", fetch);
	}
	free(rows);
}

static double megabytes(uint64_t bytes)
{
	return (double)bytes / 1048576;
}

static void put_cost(struct page *p, const struct snapshot *s)
{
	const struct snapshot_stats *st = snapshot_stats(s);
	const struct snapshot_cost *c = &st->cost;
	uint64_t known = c->sampler_ns + c->analyzer_ns;
	put(p, STYLE_HEADING, " CTOP ITSELF");
	if (c->cpu_ns > 0)
		put(p, STYLE_TEXT,
		    " CPU         %.1f%% now; %.2f s in all: %.2f sampling, %.2f analyzing, %.2f "
		    "the rest",
		    st->ctop_percent, (double)c->cpu_ns / 1e9, (double)c->sampler_ns / 1e9,
		    (double)c->analyzer_ns / 1e9,
		    c->cpu_ns > known ? (double)(c->cpu_ns - known) / 1e9 : 0.0);
	put(p, STYLE_TEXT,
	    " memory      %.1f MB of counts and history, %.1f of names, %.1f of files, %.1f "
	    "unwinding, %.1f of lines",
	    megabytes(c->profile_bytes), megabytes(c->name_bytes), megabytes(c->image_bytes),
	    megabytes(c->unwind_bytes), megabytes(c->line_bytes));
	if (c->units_left_out > 0)
		put(p, STYLE_WARN,
		    " lines       %u units of debug information left out: raise --memory",
		    c->units_left_out);
	put(p, STYLE_TEXT, " cached      %" PRIu64 " rows of unwind tables, %u names", c->rows,
	    c->names);
}

void quality_build(struct screen *s, struct page *p)
{
	snprintf(p->heading, sizeof p->heading,
	         " DATA QUALITY · arrows scroll, %s/ searches, any other key closes",
	         s->options.no_fetch == NULL ? "F fetches debug files, " : "");
	put_sampling(p, s->shown);
	put_notes(p, s->shown);
	put_losses(p, s->shown);
	page_line(p);
	put_modules(p, s->shown);
	page_line(p);
	put_cost(p, s->shown);
}
