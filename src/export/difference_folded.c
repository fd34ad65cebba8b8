/* difference_folded: two profiles as one file of stacks with two counts; see difference.h.
 *
 * The stacks of both trees are written out, sorted and brought together: the trees have no ids in
 * common, only names.
 */
#include "ctop/difference.h"

#include "ctop/folded.h"
#include "ctop/mem.h"
#include "ctop/snapshot.h"
#include "ctop/strbuf.h"
#include "ctop/vec.h"

#include <stdlib.h>
#include <string.h>

struct stack {
	char *path; /* owned */
	uint64_t value[JOIN_SIDES];
};

struct stacks {
	const struct difference *d;
	enum join_side side;
	struct strbuf path;
	struct stack *all;
	size_t count, cap;
};

/* The value of a node itself: samples, or what a file counted. */
static uint64_t value_of(const struct snapshot *s, uint32_t node)
{
	struct counts c = snapshot_counts(s, node);
	return snapshot_stats(s)->unit == SNAPSHOT_TIME ? c.self_n * UINT64_C(1000000) : c.self_ns;
}

static void add_frame(struct stacks *t, uint32_t func)
{
	uint32_t row = join_row_of(t->d->join, t->side, func);
	size_t count;
	const struct join_row *rows = join_rows(t->d->join, &count);
	if (t->path.len > 0)
		strbuf_addc(&t->path, ';');
	folded_add_name(&t->path, row != JOIN_NONE ? rows[row].name
	                                           : snapshot_func(t->d->s[t->side], func)->name);
}

static void collect(struct stacks *t, uint32_t node)
{
	const struct snapshot *s = t->d->s[t->side];
	size_t len = t->path.len;
	uint64_t value = value_of(s, node);
	if (node != NODE_ROOT)
		add_frame(t, snapshot_node(s, node).func);
	if (value > 0 && node != NODE_ROOT) {
		t->all = vec_reserve(t->all, &t->cap, t->count + 1, sizeof *t->all);
		t->all[t->count] = (struct stack){.path = mem_alloc(t->path.len + 1)};
		memcpy(t->all[t->count].path, strbuf_str(&t->path), t->path.len + 1);
		t->all[t->count++].value[t->side] = value;
	}
	for (uint32_t c = snapshot_children(s, node); c != NODE_NONE;
	     c = snapshot_node(s, c).prev_sibling)
		if (snapshot_counts(s, c).total_n > 0)
			collect(t, c);
	if (t->path.data != NULL) {
		t->path.len = len;
		t->path.data[len] = '\0';
	}
}

static int by_path(const void *va, const void *vb)
{
	const struct stack *a = va, *b = vb;
	return strcmp(a->path, b->path);
}

void difference_folded(const struct difference *d, struct strbuf *out)
{
	struct stacks t = {.d = d};
	collect(&t, NODE_ROOT);
	t.side = JOIN_NOW;
	collect(&t, NODE_ROOT);
	if (t.count > 1)
		qsort(t.all, t.count, sizeof *t.all, by_path);
	for (size_t i = 0, next; i < t.count; i = next) {
		uint64_t sum[JOIN_SIDES] = {0};
		for (next = i; next < t.count && strcmp(t.all[i].path, t.all[next].path) == 0;
		     next++) {
			sum[JOIN_BASE] += t.all[next].value[JOIN_BASE];
			sum[JOIN_NOW] += t.all[next].value[JOIN_NOW];
		}
		strbuf_adds(out, t.all[i].path);
		folded_add_value(out, sum[JOIN_BASE]);
		folded_add_value(out, sum[JOIN_NOW]);
		strbuf_addc(out, '\n');
	}
	for (size_t i = 0; i < t.count; i++)
		free(t.all[i].path);
	free(t.all);
	strbuf_fini(&t.path);
}
