/* procs: the processes and threads the records speak of, in time order.
 *
 * A process number is dense and stands for one (pid, start, exec generation):
 * an exec makes a new one, so that old stacks keep their old name and maps. The
 * same holds for threads, whose ids are the profile's. Belongs to the analyzer.
 */
#ifndef CTOP_PIPELINE_PROCS_H
#define CTOP_PIPELINE_PROCS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct funcs;
struct maps;
struct profile;
struct procs;

struct proc {
	uint32_t number;
	uint32_t pid;
	uint64_t start_ticks; /* 0 unknown */
	struct maps *maps;    /* counted */
	bool in_exec;         /* nothing of its new program has been seen running */
	bool user;            /* has (or had) user code: not a kernel thread */
	char name[64];
	uint32_t func; /* of that name, once asked for */
};

/* Both are borrowed. */
struct procs *procs_new(struct profile *profile, struct funcs *funcs);
void procs_free(struct procs *t);

/* The current process of a pid, made (unnamed) when never heard of. Borrowed;
 * stable for the life of the table. */
struct proc *procs_get(struct procs *t, uint32_t pid);

/* By number; borrowed. */
struct proc *procs_at(const struct procs *t, uint32_t number);

/* The function that is the root of a process's stacks. Processes of one name share it, so
 * that a program run again and again does not make new stacks each time. */
uint32_t procs_func(struct procs *t, uint32_t number);

/* The profile's id of a thread, made when never heard of. */
uint32_t procs_thread(struct procs *t, uint32_t pid, uint32_t tid);

/* A thread (ppid == pid) or a process was born. */
void procs_fork(struct procs *t, uint32_t pid, uint32_t tid, uint32_t ppid, uint64_t start_ticks);

/* A thread got a name; `exec`: the process begins anew. Stacks sampled before keep the old
 * name of the process. */
void procs_comm(struct procs *t, uint32_t pid, uint32_t tid, const char *name, bool exec);

/* The maps of a pid (0: of every process) are stale: forgets them. */
void procs_forget_maps(struct procs *t, uint32_t pid);

/* A thread ended. */
void procs_exit(struct procs *t, uint32_t pid, uint32_t tid);

#endif
