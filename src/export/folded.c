/* folded: stacks as text; see folded.h. */
#include "ctop/folded.h"

#include "ctop/query.h"
#include "ctop/snapshot.h"
#include "ctop/strbuf.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The walk: `path` holds the text of the stack so far. */
struct folding {
	const struct snapshot *s;
	struct strbuf path;
	struct strbuf *out;
};

void folded_add_name(struct strbuf *b, const char *name)
{
	for (; *name != '\0'; name++) {
		unsigned char c = (unsigned char)*name;
		strbuf_addc(b, c == ';' ? ':' : c < 0x20 || c == 0x7f ? '?' : (char)c);
	}
}

void folded_add_value(struct strbuf *b, uint64_t millionths)
{
	char fraction[16] = "";
	size_t len = 0;
	if (millionths % 1000000 != 0)
		len = (size_t)snprintf(fraction, sizeof fraction, ".%06u",
		                       (unsigned)(millionths % 1000000));
	while (len > 0 && fraction[len - 1] == '0')
		fraction[--len] = '\0';
	strbuf_addf(b, " %" PRIu64 "%s", millionths / 1000000, fraction);
}

/* Samples; counts of a file go out as they came in. */
static void add_value(const struct folding *f, const struct counts *c)
{
	if (snapshot_stats(f->s)->unit == SNAPSHOT_TIME)
		strbuf_addf(f->out, " %u", c->self_n);
	else
		folded_add_value(f->out, c->self_ns);
	strbuf_addc(f->out, '\n');
}

/* What a file told of a frame beside its name is told again (frametext.h reads it). */
static void add_origin(struct folding *f, const struct func *fn)
{
	static const char *const marks[FUNC_KINDS] = {
	        [FUNC_KERNEL] = "_[k]", [FUNC_INLINED] = "_[i]", [FUNC_JIT] = "_[j]"};
	if (snapshot_stats(f->s)->unit == SNAPSHOT_TIME)
		return;
	size_t len = strlen(fn->name), end = strlen(fn->module);
	bool has_place = len > 0 && fn->name[len - 1] == ')' && strstr(fn->name, " (") != NULL;
	if (len >= end && strcmp(fn->name + len - end, fn->module) == 0)
		has_place = true; /* it is the file or the module itself */
	if (fn->module[0] != '\0' && !fn->nameless && !has_place) {
		strbuf_adds(&f->path, " (");
		folded_add_name(&f->path, fn->module);
		strbuf_addc(&f->path, ')');
	}
	if (marks[fn->kind] != NULL && !fn->nameless)
		strbuf_adds(&f->path, marks[fn->kind]);
}

static void fold_node(struct folding *f, uint32_t node)
{
	size_t len = f->path.len;
	if (node != NODE_ROOT) {
		if (len > 0)
			strbuf_addc(&f->path, ';');
		const struct func *fn = snapshot_func(f->s, snapshot_node(f->s, node).func);
		folded_add_name(&f->path, fn->name);
		add_origin(f, fn);
	}
	struct counts c = snapshot_counts(f->s, node);
	if (c.self_n > 0 && node != NODE_ROOT) {
		strbuf_adds(f->out, strbuf_str(&f->path));
		add_value(f, &c);
	}
	struct query_nodes kids = {0};
	query_children(f->s, node, QUERY_BY_NAME, &kids);
	for (size_t i = 0; i < kids.count; i++)
		fold_node(f, kids.ids[i]);
	query_nodes_fini(&kids);
	if (f->path.data != NULL) {
		f->path.len = len;
		f->path.data[len] = '\0';
	}
}

void folded_write(const struct snapshot *s, struct strbuf *out)
{
	struct folding f = {.s = s, .out = out};
	fold_node(&f, NODE_ROOT);
	strbuf_fini(&f.path);
}
