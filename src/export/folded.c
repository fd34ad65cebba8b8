/* folded: stacks as text; see folded.h. */
#include "ctop/folded.h"

#include "ctop/query.h"
#include "ctop/snapshot.h"
#include "ctop/strbuf.h"

#include <stdlib.h>

/* The walk: `path` holds the text of the stack so far. */
struct folding {
	const struct snapshot *s;
	struct strbuf path;
	struct strbuf *out;
};

static void add_name(struct strbuf *b, const char *name)
{
	for (; *name != '\0'; name++) {
		unsigned char c = (unsigned char)*name;
		strbuf_addc(b, c == ';' ? ':' : c < 0x20 || c == 0x7f ? '?' : (char)c);
	}
}

static void fold_node(struct folding *f, uint32_t node)
{
	size_t len = f->path.len;
	if (node != NODE_ROOT) {
		if (len > 0)
			strbuf_addc(&f->path, ';');
		add_name(&f->path, snapshot_func(f->s, snapshot_node(f->s, node).func)->name);
	}
	uint32_t self = snapshot_counts(f->s, node).self_n;
	if (self > 0 && node != NODE_ROOT)
		strbuf_addf(f->out, "%s %u\n", strbuf_str(&f->path), self);
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
