/* text: a snapshot as a page of text: figures, top functions, tree. Any thread. */
#ifndef CTOP_TEXT_H
#define CTOP_TEXT_H

struct snapshot;
struct strbuf;

/* Appends the page. `title`: what was profiled. Rows under half a percent are left
 * out, and counted. */
void text_write(const struct snapshot *s, const char *title, struct strbuf *out);

#endif
