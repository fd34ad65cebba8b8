/* quality: judging a snapshot's data; see quality.h. */
#include "ctop/quality.h"

#include "ctop/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double share(uint64_t part, uint64_t whole)
{
	return whole > 0 ? (double)part / (double)whole : 0;
}

static uint64_t nameless_samples(const struct snapshot *s, const char *module)
{
	uint64_t n = 0;
	for (uint32_t f = 0; f < snapshot_func_count(s); f++) {
		const struct func *fn = snapshot_func(s, f);
		if (fn->nameless && (module == NULL || strcmp(fn->module, module) == 0))
			n += snapshot_func_counts(s, f).self_n;
	}
	return n;
}

double quality_nameless(const struct snapshot *s)
{
	return share(nameless_samples(s, NULL), snapshot_stats(s)->samples);
}

double quality_lost(const struct snapshot *s)
{
	const struct snapshot_stats *st = snapshot_stats(s);
	uint64_t lost = st->losses.kernel + st->losses.ring;
	return share(lost, st->all_samples + lost);
}

double quality_broken(const struct snapshot *s)
{
	const struct snapshot_stats *st = snapshot_stats(s);
	return share(st->all_samples - st->complete, st->all_samples);
}

void quality_lost_by(const struct snapshot *s, struct quality_cause out[QUALITY_LOST])
{
	const struct snapshot_losses *l = &snapshot_stats(s)->losses;
	out[0] = (struct quality_cause){"by the kernel", "", l->kernel};
	out[1] = (struct quality_cause){"in ctop's ring", "", l->ring};
	out[2] = (struct quality_cause){"side-band records", "", l->sideband};
	out[3] = (struct quality_cause){"throttlings", "", l->throttled};
}

void quality_broken_by(const struct snapshot *s, struct quality_cause out[QUALITY_BROKEN])
{
	const struct snapshot_losses *l = &snapshot_stats(s)->losses;
	out[0] = (struct quality_cause){"truncated", "raise --stack-size", l->truncated};
	out[1] = (struct quality_cause){"without unwind information", "", l->no_info};
	out[2] = (struct quality_cause){"contradictory", "", l->bad};
	out[3] = (struct quality_cause){"not captured", "", l->no_stack};
	out[4] = (struct quality_cause){"with a page not in memory", "", l->unreadable};
	out[5] = (struct quality_cause){"interrupted on another stack", "", l->elsewhere};
	out[6] = (struct quality_cause){"too deep", "", l->too_deep};
}

static uint64_t frames(const struct snapshot_module *m)
{
	uint64_t n = 0;
	for (size_t i = 0; i < SNAPSHOT_WAYS; i++)
		n += m->frames[i];
	return n;
}

double quality_harm(const struct snapshot *s, const struct quality_row *row)
{
	double nameless = share(row->nameless, snapshot_stats(s)->samples);
	double broken = share(row->module->dead_ends, snapshot_stats(s)->all_samples);
	return nameless > broken ? nameless : broken;
}

/* One sample may be both: the larger, not the sum. */
static uint64_t harmed(const struct quality_row *r)
{
	return r->nameless > r->module->dead_ends ? r->nameless : r->module->dead_ends;
}

static bool is_named_before(const struct snapshot_module *m, uint32_t i)
{
	for (uint32_t k = 0; k < i; k++)
		if (strcmp(m[k].name, m[i].name) == 0)
			return true;
	return false;
}

static int by_harm(const void *va, const void *vb)
{
	const struct quality_row *a = va, *b = vb;
	uint64_t ha = harmed(a), hb = harmed(b);
	if (ha != hb)
		return (ha < hb) - (ha > hb);
	uint64_t fa = frames(a->module), fb = frames(b->module);
	if (fa != fb)
		return (fa < fb) - (fa > fb);
	return strcmp(a->module->name, b->module->name);
}

struct quality_row *quality_rows(const struct snapshot *s, size_t *count)
{
	uint32_t n;
	const struct snapshot_module *m = snapshot_modules(s, &n);
	struct quality_row *rows = mem_zalloc(n + 1, sizeof *rows);
	for (uint32_t i = 0; i < n; i++) /* functions know their module by name: told once */
		rows[i] = (struct quality_row){
		        &m[i], is_named_before(m, i) ? 0 : nameless_samples(s, m[i].name)};
	if (n > 1)
		qsort(rows, n, sizeof *rows, by_harm);
	*count = n;
	return rows;
}

void quality_way(const struct snapshot_module *m, char *out, size_t cap)
{
	uint64_t all = frames(m), searched = m->frames[SNAPSHOT_BY_SCAN];
	uint64_t by_table = m->frames[SNAPSHOT_BY_TABLE] + m->frames[SNAPSHOT_BY_LIBUNWIND];
	const char *tables = m->go ? "Go's tables" : "unwind tables";
	if (all == 0)
		snprintf(out, cap, "%s", m->tables ? tables : "no unwind tables");
	else if (by_table == all)
		snprintf(out, cap, "%s", tables);
	else if (m->frames[SNAPSHOT_BY_FP] == all)
		snprintf(out, cap, "frame pointers");
	else if (by_table == 0)
		snprintf(out, cap, "searched on the stack");
	else
		snprintf(out, cap, "%s, %.1f%% searched, %.1f%% by frame pointer", tables,
		         100 * share(searched, all), 100 * share(m->frames[SNAPSHOT_BY_FP], all));
}

void quality_fetch(const struct snapshot_module *m, char *out, size_t cap)
{
	bool large = m->fetch_total >= 1000000;
	double unit = large ? 1e6 : 1e3;
	out[0] = '\0';
	if (m->fetch == SNAPSHOT_FETCHING && m->fetch_total > 0)
		snprintf(out, cap, large ? "fetching %.1f of %.1f MB" : "fetching %.0f of %.0f KB",
		         (double)m->fetch_done / unit, (double)m->fetch_total / unit);
	else if (m->fetch == SNAPSHOT_FETCHING)
		snprintf(out, cap, "asking for its debug file");
	else if (m->fetch == SNAPSHOT_FETCHED)
		snprintf(out, cap, "its debug file was fetched");
	else if (m->fetch == SNAPSHOT_NOT_THERE || m->fetch == SNAPSHOT_FETCH_FAILED)
		snprintf(out, cap, "%s", m->fetch_why);
}

/* Debian has the symbols of nearly every package in one of its own. */
static void debug_package(const char *package, char *out, size_t cap)
{
	if (strcmp(package, "libc6") == 0 || strncmp(package, "libc6:", 6) == 0)
		snprintf(out, cap, "libc6-dbg");
	else
		snprintf(out, cap, "%.*s-dbgsym (of the debian-debug archive)",
		         (int)strcspn(package, ":"), package);
}

void quality_remedy(const struct quality_row *row, char *out, size_t cap)
{
	const struct snapshot_module *m = row->module;
	char package[128];
	out[0] = '\0';
	if (row->nameless == 0 && m->dead_ends == 0)
		return;
	if (!m->loaded && m->kind == SNAPSHOT_FILE)
		snprintf(out, cap, "its file could not be read: run ctop as root");
	else if (m->kind == SNAPSHOT_JIT)
		snprintf(out, cap,
		         "code made at run time: have the runtime write a perf map "
		         "(node --perf-basic-prof, java with perf-map-agent, python -X perf)");
	else if (m->kind == SNAPSHOT_KERNEL)
		snprintf(out, cap, "run ctop as root, or once: sudo sysctl kernel.kptr_restrict=0");
	else if (!m->tables)
		snprintf(out, cap,
		         "it has no unwind tables: build it with -fasynchronous-unwind-tables "
		         "or -fno-omit-frame-pointer");
	else if (row->nameless == 0 || m->symbols)
		snprintf(out, cap, "hand-written code without unwind information");
	else if (m->package[0] != '\0' && m->package[0] != '?') {
		debug_package(m->package, package, sizeof package);
		snprintf(out, cap, "no symbols: install %s", package);
	} else {
		snprintf(out, cap,
		         "no symbols: install its debug symbols (dpkg -S %s names the package)",
		         m->path);
	}
}
