/* annotated: the rows of the detail page, for who draws, searches and follows them. Private to
 * view.
 */
#ifndef CTOP_VIEW_ANNOTATED_H
#define CTOP_VIEW_ANNOTATED_H

#include "ctop/detail.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct action;
struct annotated_state;
struct screen;

/* A source line (from 1), an instruction, or, before it, where it comes from. */
struct annotated_row {
	enum { ROW_LINE, ROW_INSN, ROW_PLACE } kind;
	size_t at;
};

struct annotated_rows {
	struct annotated_row *all; /* owned */
	size_t count, cap;
};

/* The rows as the page stands; none while there is no listing. The first time the cursor goes to
 * the hottest. The caller frees `all`. */
struct annotated_rows annotated_rows(struct screen *s);

/* What a row says, without its figures and a line's number. */
void annotated_write(const struct detail *d, const struct annotated_row *row, char *out,
                     size_t cap);

/* --- callees.c --- */

/* The functions that the page's function was seen to call and that no instruction of it names, the
 * hottest first: what indirect calls lead to, and aliases. Returns how many were stored. */
size_t callees_unnamed(struct screen *s, uint32_t *out, size_t most);

/* --- follow.c: from a call to what is called, and back --- */
struct action follow_enter(struct screen *s);

/* Back where the last call was followed; false when none was. */
bool follow_back(struct screen *s, struct action *out);

/* The name of the function that an instruction of a module leads to: without "+0x12", and without
 * "@plt", which tells that it is another module's: true. Code without a symbol is called by its
 * module and address. */
bool follow_name(const struct listing_insn *in, const char *module, char *name, size_t cap);

/* Forgets the way back. */
void follow_forget(struct annotated_state *t);

#endif
