/* jits: what JIT compilers tell of their code, read while it is written.
 *
 * While stacks go through executable memory without a file, a worker reads what was added to the
 * process's perf map or jitdump since the last time, and answers with records (RECORD_CODE) for the
 * analyzer and the capture. Belongs to the analyzer.
 */
#ifndef CTOP_PIPELINE_JITS_H
#define CTOP_PIPELINE_JITS_H

#include <stdbool.h>
#include <stdint.h>

struct broker;
struct inbox;
struct job;
struct jits;
struct proc;
struct procs;
struct record_mmap;
struct strbuf;
struct workers;

/* All borrowed. */
struct jits *jits_new(struct broker *broker, struct workers *workers, struct inbox *inbox,
                      struct procs *procs);

/* When no worker runs any more. */
void jits_free(struct jits *j);

/* A process has mapped a jitdump file executable: that is how it says where it is. It may be
 * said more than once. */
void jits_dump(struct jits *j, const struct proc *p, const struct record_mmap *m);
bool jits_is_dump(const char *path);

/* A stack went through such code of a process, and its name was known or not. Looks for news:
 * every quarter of a second for want of names, else every second, for an address may
 * be used again. */
void jits_ran(struct jits *j, const struct proc *p, bool named, uint64_t now_ns);

/* Whether a finished job is one of these. */
bool jits_owns(const struct job *job);

/* Enters a finished job; `out` gets the records it has brought, unless the process has meanwhile
 * become another. */
void jits_finish(struct jits *j, struct job *job, struct strbuf *out);

/* Readings under way. */
unsigned jits_waiting(const struct jits *j);

#endif
