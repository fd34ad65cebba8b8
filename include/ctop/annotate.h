/* annotate: one function with what was counted in it, as text: its source, then its instructions.
 */
#ifndef CTOP_ANNOTATE_H
#define CTOP_ANNOTATE_H

struct detail;
struct func;
struct strbuf;

/* Appends the text. `f` is the function asked for. Any thread. */
void annotate_write(const struct detail *d, const struct func *f, struct strbuf *out);

#endif
