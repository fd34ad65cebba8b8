/* treefind: the next match in the call tree, in collapsed sub-trees, too.
 *
 * The order is that of the rows when all is open. Only sub-trees in which there is a match are gone
 * down into, so that a key costs the depth of a path and the callees beside it.
 */
#include "ctop/query.h"
#include "paths.h"
#include "tree.h"
#include "view.h"

#include <stddef.h>

static bool matches(struct screen *s, uint32_t node)
{
	return search_func_matches(s, snapshot_node(s->shown, node).func);
}

/* The first (1) or last (−1) child with a match in its sub-tree. */
static uint32_t child_at(struct screen *s, uint32_t node, int way)
{
	struct query_nodes kids = {0};
	uint32_t found = NODE_NONE;
	query_children(s->shown, node, s->tree.order, &kids);
	for (size_t i = 0; i < kids.count && (way < 0 || found == NODE_NONE); i++)
		if (search_below(s, kids.ids[i]))
			found = kids.ids[i];
	query_nodes_fini(&kids);
	return found;
}

/* The nearest one after (1) or before (−1) a child. */
static uint32_t beside(struct screen *s, uint32_t node, int way)
{
	struct query_nodes kids = {0};
	uint32_t found = NODE_NONE;
	bool passed = false;
	query_children(s->shown, snapshot_node(s->shown, node).parent, s->tree.order, &kids);
	for (size_t i = 0; i < kids.count; i++) {
		if (kids.ids[i] == node) {
			if (way < 0)
				break;
			passed = true;
		} else if ((way < 0 || (passed && found == NODE_NONE)) &&
		           search_below(s, kids.ids[i])) {
			found = kids.ids[i];
		}
	}
	query_nodes_fini(&kids);
	return found;
}

/* The first and the last match at or below a node that has one. */
static uint32_t first_within(struct screen *s, uint32_t node)
{
	while (node != NODE_NONE && !matches(s, node))
		node = child_at(s, node, 1);
	return node;
}

static uint32_t last_within(struct screen *s, uint32_t node)
{
	for (uint32_t kid; (kid = child_at(s, node, -1)) != NODE_NONE;)
		node = kid;
	return node;
}

static uint32_t next_after(struct screen *s, uint32_t node)
{
	uint32_t found = child_at(s, node, 1);
	for (; found == NODE_NONE && node != NODE_ROOT; node = snapshot_node(s->shown, node).parent)
		found = beside(s, node, 1);
	return first_within(s, found);
}

static uint32_t previous_before(struct screen *s, uint32_t node)
{
	while (node != NODE_ROOT) {
		uint32_t found = beside(s, node, -1);
		if (found != NODE_NONE)
			return last_within(s, found);
		node = snapshot_node(s->shown, node).parent;
		if (matches(s, node))
			return node;
	}
	return NODE_NONE;
}

static bool row_matches(struct screen *s, const struct tree_row *r)
{
	for (uint32_t n = r->last;; n = snapshot_node(s->shown, n).parent) {
		if (matches(s, n))
			return true;
		if (n == r->first)
			return false;
	}
}

/* The node to go to from a row; NODE_NONE when the tree has none. */
static uint32_t find_from(struct screen *s, const struct tree_row *r, enum search_way way,
                          bool *wrapped)
{
	bool back = way == SEARCH_PREVIOUS;
	uint32_t found = back ? previous_before(s, r->first) : next_after(s, r->last);
	*wrapped = found == NODE_NONE;
	if (!*wrapped || !search_below(s, NODE_ROOT))
		return found;
	return back ? last_within(s, NODE_ROOT) : first_within(s, NODE_ROOT);
}

/* Puts the cursor on the row of a path; false when it is beyond the rows that are shown. */
static bool land(struct screen *s, uint64_t path)
{
	struct tree_state *t = &s->tree;
	t->cursor_path = path;
	tree_update(s);
	bool there = t->list.cursor < t->list.count && t->rows[t->list.cursor].path == path;
	if (!there)
		return false;
	s->selected = snapshot_node(s->shown, t->rows[t->list.cursor].last).func;
	return true;
}

enum search_result tree_find(struct screen *s, enum search_way way)
{
	struct tree_state *t = &s->tree;
	bool wrapped = false;
	tree_update(s);
	if (t->list.cursor >= t->list.count)
		return SEARCH_NONE;
	struct tree_row from = t->rows[t->list.cursor];
	if (way == SEARCH_HERE && row_matches(s, &from))
		return land(s, from.path) ? SEARCH_FOUND : SEARCH_NONE;
	uint32_t node = find_from(s, &from, way, &wrapped);
	if (node == NODE_NONE)
		return SEARCH_NONE;
	if (!land(s, tree_reveal(s, node, search_opened)))
		view_say(s, "found, but beyond the rows that are shown: collapse some");
	return wrapped ? SEARCH_WRAPPED : SEARCH_FOUND;
}
