/* procs: processes and threads in time order; see procs.h. */
#include "procs.h"

#include "ctop/funcs.h"
#include "ctop/hash.h"
#include "ctop/maps.h"
#include "ctop/mem.h"
#include "ctop/profile.h"
#include "ctop/utf8.h"
#include "ctop/vec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint32_t UNKNOWN = UINT32_MAX;

struct procs {
	struct profile *profile;
	struct funcs *funcs;
	struct proc **all; /* by number */
	size_t count, cap;
	struct hash_map by_pid; /* pid → number of the current process */
	struct hash_map by_tid; /* pid and tid → thread id in the profile */
};

static uint64_t thread_key(uint32_t pid, uint32_t tid)
{
	return (uint64_t)pid << 32 | tid;
}

struct procs *procs_new(struct profile *profile, struct funcs *funcs)
{
	struct procs *t = mem_zalloc(1, sizeof *t);
	t->profile = profile;
	t->funcs = funcs;
	return t;
}

void procs_free(struct procs *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->count; i++) {
		maps_unref(t->all[i]->maps);
		free(t->all[i]);
	}
	free(t->all);
	hash_map_fini(&t->by_pid);
	hash_map_fini(&t->by_tid);
	free(t);
}

/* A new current process of `pid`; its maps are taken over. pid 0 (the idle
 * task) has key 0, which the map cannot hold, so keys are shifted by one. */
static struct proc *add(struct procs *t, uint32_t pid, struct maps *maps)
{
	t->all = vec_reserve(t->all, &t->cap, t->count + 1, sizeof(struct proc *));
	struct proc *p = mem_zalloc(1, sizeof *p);
	p->number = (uint32_t)t->count;
	p->pid = pid;
	p->maps = maps;
	snprintf(p->name, sizeof p->name, "[pid %u]", pid);
	p->func = UNKNOWN;
	t->all[t->count++] = p;
	hash_map_set(&t->by_pid, (uint64_t)pid + 1, p->number);
	return p;
}

static struct proc *find(const struct procs *t, uint32_t pid)
{
	uint32_t number;
	if (!hash_map_get(&t->by_pid, (uint64_t)pid + 1, &number, NULL))
		return NULL;
	return t->all[number];
}

struct proc *procs_get(struct procs *t, uint32_t pid)
{
	struct proc *p = find(t, pid);
	return p != NULL ? p : add(t, pid, maps_new());
}

uint32_t procs_func(struct procs *t, uint32_t number)
{
	struct proc *p = t->all[number];
	if (p->func == UNKNOWN)
		p->func = funcs_add(t->funcs, p->name, "", FUNC_PROCESS);
	return p->func;
}

struct proc *procs_at(const struct procs *t, uint32_t number)
{
	return t->all[number];
}

uint32_t procs_thread(struct procs *t, uint32_t pid, uint32_t tid)
{
	uint32_t id;
	uint64_t key = thread_key(pid, tid);
	if (key == 0)
		key = UINT64_MAX;
	if (hash_map_get(&t->by_tid, key, &id, NULL))
		return id;
	id = profile_thread_add(t->profile, pid, tid, procs_get(t, pid)->name);
	hash_map_add(&t->by_tid, key, id);
	return id;
}

static void forget_thread(struct procs *t, uint32_t pid, uint32_t tid)
{
	uint32_t id;
	if (!hash_map_get(&t->by_tid, thread_key(pid, tid), &id, NULL))
		return;
	profile_thread_exit(t->profile, id);
	hash_map_del(&t->by_tid, thread_key(pid, tid));
}

void procs_fork(struct procs *t, uint32_t pid, uint32_t tid, uint32_t ppid, uint64_t start_ticks)
{
	if (ppid != pid) {
		struct proc *parent = procs_get(t, ppid);
		struct proc *child = add(t, pid, maps_ref(parent->maps));
		child->user = parent->user;
		memcpy(child->name, parent->name, sizeof child->name);
		child->func = parent->func;
	}
	struct proc *p = procs_get(t, pid);
	if (start_ticks != 0 && pid == tid)
		p->start_ticks = start_ticks;
	forget_thread(t, pid, tid);
	procs_thread(t, pid, tid);
}

static void clean_name(char *out, size_t cap, const char *name)
{
	char clean[3 * 64 + 1];
	size_t len = strnlen(name, 63);
	utf8_clean(name, len, clean);
	snprintf(out, cap, "%.*s", (int)utf8_fit(clean, cap - 1, NULL), clean);
}

void procs_comm(struct procs *t, uint32_t pid, uint32_t tid, const char *name, bool exec)
{
	char clean[64];
	clean_name(clean, sizeof clean, name);
	struct proc *p = procs_get(t, pid);
	if (exec) {
		uint64_t start = p->start_ticks;
		p = add(t, pid, maps_new());
		p->start_ticks = start;
		p->user = p->in_exec = true;
		forget_thread(t, pid, tid);
	}
	if (pid == tid) {
		memcpy(p->name, clean, sizeof p->name);
		p->func = UNKNOWN;
	}
	profile_thread_rename(t->profile, procs_thread(t, pid, tid), clean);
}

void procs_exit(struct procs *t, uint32_t pid, uint32_t tid)
{
	forget_thread(t, pid, tid);
}

static void forget_maps(struct proc *p)
{
	maps_unref(p->maps);
	p->maps = maps_new();
}

void procs_forget_maps(struct procs *t, uint32_t pid)
{
	if (pid != 0) {
		forget_maps(procs_get(t, pid));
		return;
	}
	for (size_t i = 0; i < t->count; i++)
		forget_maps(t->all[i]);
}
