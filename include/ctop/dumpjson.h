/* dumpjson: a dump of threads as JSON (RFC 8259); ctop(1) describes its members. Any thread. */
#ifndef CTOP_DUMPJSON_H
#define CTOP_DUMPJSON_H

#include "ctop/err.h"

struct dump;
struct funcs;
struct strbuf;

/* Appends one object and a newline. CTOP_ELIMIT: out of memory. */
enum ctop_err dumpjson_write(const struct dump *d, const struct funcs *names, struct strbuf *out,
                             struct err *e);

#endif
