/* dumptext: a dump of threads as text for people. Any thread. */
#ifndef CTOP_DUMPTEXT_H
#define CTOP_DUMPTEXT_H

struct dump;
struct dump_thread;
struct funcs;
struct strbuf;

/* Appends every thread with its stack, leaf first. */
void dumptext_write(const struct dump *d, const struct funcs *names, struct strbuf *out);

/* Why a thread has no stack, or not all of it: "" where nothing is missing; static. */
const char *dumptext_missing(const struct dump_thread *t);

#endif
