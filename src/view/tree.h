/* tree: what finding in the call tree shares with showing it. Private to view. */
#ifndef CTOP_VIEW_TREE_H
#define CTOP_VIEW_TREE_H

#include "search.h"

#include <stdint.h>

struct screen;
struct tree_row;

/* Completes a row from `first` and `path` on: the chain it stands for. */
void tree_chain(const struct screen *s, struct tree_row *row);

/* The path of a child, given its parent's. */
uint64_t tree_path_below(const struct screen *s, uint64_t path, uint32_t child);

/* Brings the rows up to date. */
void tree_update(struct screen *s);

/* The one callee worth showing of a node, NODE_NONE when there are several or none. */
uint32_t tree_only_callee(const struct screen *s, uint32_t node);

/* --- treereveal.c --- */

/* Opens the way to a node: what is collapsed, and a chain that hides it. `opened` is told of each
 * step, and may be NULL. Returns the path of the row that has the node. */
uint64_t tree_reveal(struct screen *s, uint32_t node,
                     void (*opened)(struct screen *s, uint64_t path, bool unfolded));

/* --- treefind.c --- */
enum search_result tree_find(struct screen *s, enum search_way way);

#endif
