/* filemap: a file mapped for reading, whole, when nobody but root and we can change it.
 *
 * Mapping spares reading what is never looked at, but what is mapped changes with the file, and a
 * parser that has checked a length may meet another one: so files of others, or that others may
 * write, are refused and must be read. A mapped file that is cut short raises SIGBUS where its
 * bytes were: a handler of the whole process puts a page of zeros there, and the parser goes on.
 * Any thread; a map itself is its owner's.
 */
#ifndef CTOP_FILEMAP_H
#define CTOP_FILEMAP_H

#include "ctop/err.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/* Zeros behind the last byte of the file, at least: reading on from within ends there. */
enum { FILEMAP_PADDING = 4096 };

struct filemap {
	const unsigned char *at; /* NULL: not mapped */
	size_t len;
	size_t whole; /* with what is behind */
	int slot;
};

/* The descriptor stays the caller's, and may be closed. CTOP_EPERM: others may change the file;
 * CTOP_ELIMIT: too many are mapped. */
enum ctop_err filemap_open(struct filemap *m, int fd, struct err *e);

/* When nobody reads it any more. One that is not mapped is left as it is. */
void filemap_close(struct filemap *m);

/* Installs the handler, once; filemap_open() does so, too. To be called before a handler of one's
 * own for SIGBUS is, which then asks filemap_mend(). */
void filemap_guard(void);

/* For handlers of SIGBUS: whether it was a map's, and is mended. Async-signal-safe. */
bool filemap_mend(const siginfo_t *info);

#endif
