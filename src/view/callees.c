/* callees: what a function was seen to call, by the call tree. */
#include "annotated.h"
#include "ctop/vec.h"
#include "view.h"

#include <stdlib.h>
#include <string.h>

struct callee {
	uint32_t func;
	uint64_t ns;
};

struct callees {
	struct callee *all; /* owned */
	size_t count, cap;
};

static void add(struct callees *c, uint32_t func, uint64_t ns)
{
	size_t i = 0;
	while (i < c->count && c->all[i].func != func)
		i++;
	if (i == c->count) {
		c->all = vec_reserve(c->all, &c->cap, c->count + 1, sizeof *c->all);
		c->all[c->count++] = (struct callee){func, 0};
	}
	c->all[i].ns += ns;
}

/* What stands below a node; what was inlined there calls for it. The kernel is entered by other
 * ways than calls. */
static void collect(const struct screen *s, uint32_t node, struct callees *out)
{
	for (uint32_t n = snapshot_children(s->shown, node); n != NODE_NONE;
	     n = snapshot_node(s->shown, n).prev_sibling) {
		uint32_t func = snapshot_node(s->shown, n).func;
		enum func_kind kind = snapshot_func(s->shown, func)->kind;
		struct counts c = snapshot_counts(s->shown, n);
		if (kind == FUNC_INLINED)
			collect(s, n, out);
		else if (c.total_n > 0 && kind != FUNC_KERNEL && kind != FUNC_MARK)
			add(out, func, c.total_ns);
	}
}

/* Whether a call or jump of the listing leads to a function. */
static bool is_named(const struct listing *l, const struct func *f)
{
	char name[4096];
	for (size_t i = 0; i < l->insn_count; i++) {
		if (l->insns[i].target == 0)
			continue;
		follow_name(&l->insns[i], f->module, name, sizeof name);
		if (strcmp(name, f->name) == 0)
			return true;
	}
	return strcmp(l->function, f->name) == 0;
}

static int by_time(const void *va, const void *vb)
{
	const struct callee *a = va, *b = vb;
	return (a->ns < b->ns) - (a->ns > b->ns);
}

size_t callees_unnamed(struct screen *s, uint32_t *out, size_t most)
{
	const struct annotated_state *t = &s->annotated;
	struct callees c = {0};
	size_t count = 0;
	for (uint32_t n = snapshot_func_nodes(s->shown, t->func); n != NODE_NONE;
	     n = snapshot_node(s->shown, n).prev_same)
		collect(s, n, &c);
	if (c.count > 1)
		qsort(c.all, c.count, sizeof *c.all, by_time);
	for (size_t i = 0; i < c.count && count < most; i++)
		if (!is_named(t->detail->listing, snapshot_func(s->shown, c.all[i].func)))
			out[count++] = c.all[i].func;
	free(c.all);
	return count;
}
