/* table: functions of a snapshot, sorted; see table.h. */
#include "ctop/table.h"

#include "ctop/vec.h"

#include <stdlib.h>
#include <string.h>

struct order {
	const struct snapshot *s;
	enum table_column column;
	int sign;
};

static int compare_names(const struct snapshot *s, uint32_t a, uint32_t b)
{
	const struct func *fa = snapshot_func(s, a), *fb = snapshot_func(s, b);
	int c = strcmp(fa->name, fb->name);
	if (c == 0)
		c = strcmp(fa->module, fb->module);
	return c != 0 ? c : (a > b) - (a < b);
}

static int descending(uint64_t a, uint64_t b)
{
	return (a < b) - (a > b);
}

static int compare(const void *va, const void *vb, void *ctx)
{
	const struct table_row *a = va, *b = vb;
	const struct order *o = ctx;
	int c = 0;
	switch (o->column) {
	case TABLE_SELF:
		c = descending(a->counts.self_ns, b->counts.self_ns);
		if (c == 0)
			c = descending(a->counts.total_ns, b->counts.total_ns);
		break;
	case TABLE_TOTAL:
		c = descending(a->counts.total_ns, b->counts.total_ns);
		if (c == 0)
			c = descending(a->counts.self_ns, b->counts.self_ns);
		break;
	case TABLE_MODULE:
		c = strcmp(snapshot_func(o->s, a->func)->module,
		           snapshot_func(o->s, b->func)->module);
		break;
	default:
		break;
	}
	return o->sign * (c != 0 ? c : compare_names(o->s, a->func, b->func));
}

void table_build(struct table *t, const struct snapshot *s, enum table_column column, bool inverted)
{
	uint32_t n = snapshot_func_count(s);
	struct order o = {s, column, inverted ? -1 : 1};
	t->count = 0;
	t->rows = vec_reserve(t->rows, &t->cap, n, sizeof *t->rows);
	for (uint32_t i = 0; i < n; i++) {
		struct counts c = snapshot_func_counts(s, i);
		enum func_kind kind = snapshot_func(s, i)->kind;
		if (snapshot_has_func(s, i) && kind != FUNC_ROOT && kind != FUNC_PROCESS)
			t->rows[t->count++] = (struct table_row){i, c};
	}
	if (t->count > 1)
		qsort_r(t->rows, t->count, sizeof *t->rows, compare, &o);
}

void table_fini(struct table *t)
{
	free(t->rows);
	*t = (struct table){0};
}
