/* strbuf: a growing byte string. Owned by one thread at a time. */
#ifndef CTOP_STRBUF_H
#define CTOP_STRBUF_H

#include <stddef.h>

/* Zero-initialised is an empty, usable buffer. `data` is owned, NUL-terminated
 * after the first addition, and moves when the buffer grows. */
struct strbuf {
	char *data;
	size_t len; /* bytes, without the NUL */
	size_t cap;
};

void strbuf_fini(struct strbuf *b);

/* Empties the buffer and keeps its storage. */
void strbuf_clear(struct strbuf *b);

void strbuf_add(struct strbuf *b, const void *bytes, size_t len);
void strbuf_adds(struct strbuf *b, const char *s);
void strbuf_addc(struct strbuf *b, char c);
void strbuf_addf(struct strbuf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The text as a C string; "" while nothing was added. Borrowed until the next
 * change of the buffer. */
const char *strbuf_str(const struct strbuf *b);

#endif
