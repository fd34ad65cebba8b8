/* ptrace_targets: processes, threads and mappings, by what /proc tells; see ptrace_source.h.
 */
#include "ctop/broker.h"
#include "ctop/clock.h"
#include "ctop/record.h"
#include "ctop/target.h"
#include "ctop/vec.h"
#include "describe.h"
#include "ptrace_source.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const uint64_t MAPS_NS = 100 * CLOCK_NS_PER_MS;
static const uint64_t MAPS_SOON_NS = 2 * CLOCK_NS_PER_MS; /* one change is followed by others */

struct traced_process *traced_process(struct ptrace_source *s, pid_t pid)
{
	for (size_t i = 0; i < s->proc_count; i++)
		if (s->procs[i].pid == pid && s->procs[i].alive)
			return &s->procs[i];
	return NULL;
}

static void keep_ranges(struct traced_process *p, const char *text)
{
	p->code_count = 0;
	for (const char *at = text; at != NULL && *at != '\0';) {
		struct traced_range r;
		char perms[5];
		if (sscanf(at, "%" SCNx64 "-%" SCNx64 " %4s", &r.start, &r.end, perms) == 3 &&
		    perms[2] == 'x') {
			p->code = vec_reserve(p->code, &p->code_cap, p->code_count + 1,
			                      sizeof *p->code);
			p->code[p->code_count++] = r;
		}
		at = strchr(at, '\n');
		at = at != NULL ? at + 1 : NULL;
	}
}

static void queue_process(struct ptrace_source *s, struct traced_process *p, uint16_t kind,
                          uint64_t now)
{
	struct record r = {sizeof r, kind, 0, now, (uint32_t)p->pid, (uint32_t)p->pid};
	strbuf_add(&s->pending, &r, sizeof r);
}

/* A process that runs another program now: its name begins anew. */
static void queue_exec(struct ptrace_source *s, struct traced_process *p, uint64_t now)
{
	struct target_info info;
	if (target_read(s->broker, p->pid, 0, &info, NULL) != CTOP_OK)
		return;
	p->stack_base = info.stack_base;
	size_t len = strlen(info.comm), pad = record_pad(len + 1);
	struct record_comm c = {.h = {(uint32_t)(sizeof c + pad), RECORD_COMM, RECORD_EXEC, now,
	                              (uint32_t)p->pid, (uint32_t)p->pid}};
	strbuf_add(&s->pending, &c, sizeof c);
	strbuf_add(&s->pending, info.comm, len);
	strbuf_add(&s->pending, "\0\0\0\0\0\0\0", pad - len);
}

/* Reads the mappings when they may have changed, and tells of them when they have. Another
 * place of the stack means another program. */
void traced_read_maps(struct ptrace_source *s, struct traced_process *p, uint64_t now)
{
	char *text;
	size_t len;
	struct target_info info;
	uint64_t from = clock_thread_cpu_ns();
	if (broker_read_proc(s->broker, p->pid, 0, "maps", &text, &len, NULL) != CTOP_OK)
		return;
	uint64_t hash = hash_bytes(text, len) | 1;
	bool changed = hash != p->maps_hash;
	if (changed) {
		bool first = p->maps_hash == 0;
		p->maps_hash = hash;
		keep_ranges(p, text);
		bool known = target_read(s->broker, p->pid, 0, &info, NULL) == CTOP_OK;
		if (!first && known && info.stack_base != p->stack_base)
			queue_exec(s, p, now);
		else if (!first)
			queue_process(s, p, RECORD_RESYNC, now);
		describe_maps(&s->pending, text, p->pid, now);
	}
	free(text);
	uint64_t cost = clock_thread_cpu_ns() - from;
	p->maps_pause = changed ? MAPS_SOON_NS : p->maps_pause * 2;
	p->maps_pause = p->maps_pause < MAPS_NS ? p->maps_pause : MAPS_NS;
	p->maps_due = now + larger(p->maps_pause, 100 * cost);
}

static struct traced_thread *find_thread(struct ptrace_source *s, pid_t tid)
{
	uint32_t i;
	return hash_map_get(&s->by_tid, (uint64_t)tid, &i, NULL) ? &s->threads[i] : NULL;
}

static void add_thread(struct ptrace_source *s, struct traced_process *p, pid_t tid,
                       bool from_birth)
{
	struct target_info info;
	struct traced_thread t = {.tid = tid,
	                          .pid = p->pid,
	                          .active = clock_now_ns(),
	                          .own_child = p->own_child && tid == p->pid,
	                          .listed = true};
	uint64_t used;
	if (!target_cpu(s->broker, p->pid, tid, &used))
		return;
	t.used_ns = used;
	t.counted_ns = from_birth ? 0 : used;
	if (target_read(s->broker, p->pid, tid, &info, NULL) == CTOP_OK)
		describe_thread(&s->pending, &info, clock_now_ns());
	s->threads = vec_reserve(s->threads, &s->thread_cap, s->thread_count + 1, sizeof t);
	hash_map_set(&s->by_tid, (uint64_t)tid, (uint32_t)s->thread_count);
	s->threads[s->thread_count++] = t;
}

/* The last entry moves into the hole. */
static void drop_thread(struct ptrace_source *s, size_t i)
{
	struct record r = {sizeof r,
	                   RECORD_EXIT,
	                   0,
	                   clock_now_ns(),
	                   (uint32_t)s->threads[i].pid,
	                   (uint32_t)s->threads[i].tid};
	strbuf_add(&s->pending, &r, sizeof r);
	hash_map_del(&s->by_tid, (uint64_t)s->threads[i].tid);
	s->threads[i] = s->threads[--s->thread_count];
	if (i < s->thread_count)
		hash_map_set(&s->by_tid, (uint64_t)s->threads[i].tid, (uint32_t)i);
}

static void list_process(struct ptrace_source *s, struct traced_process *p, bool from_birth)
{
	pid_t *tids = NULL;
	size_t count = 0;
	if (target_threads(s->broker, p->pid, &tids, &count, NULL) != CTOP_OK)
		return;
	for (size_t i = 0; i < count; i++) {
		struct traced_thread *t = find_thread(s, tids[i]);
		if (t != NULL)
			t->listed = true;
		else
			add_thread(s, p, tids[i], from_birth);
	}
	free(tids);
}

void traced_add(struct ptrace_source *s, pid_t pid, bool from_birth, bool own_child)
{
	struct target_info info;
	if (target_read(s->broker, pid, 0, &info, NULL) != CTOP_OK || info.kernel_thread ||
	    info.state == 'Z' || info.state == 'X')
		return;
	s->procs = vec_reserve(s->procs, &s->proc_cap, s->proc_count + 1, sizeof *s->procs);
	struct traced_process *p = &s->procs[s->proc_count++];
	*p = (struct traced_process){.pid = pid,
	                             .start_ticks = info.start_ticks,
	                             .stack_base = info.stack_base,
	                             .alive = true,
	                             .own_child = own_child};
	if (!from_birth && clock_pid_cpu_ns(pid, &p->base_ns))
		p->cpu_ns = p->base_ns;
	list_process(s, p, from_birth);
	traced_read_maps(s, p, clock_now_ns());
}

void traced_list_threads(struct ptrace_source *s)
{
	for (size_t i = 0; i < s->thread_count; i++)
		s->threads[i].listed = false;
	for (size_t i = 0; i < s->proc_count; i++)
		if (s->procs[i].alive)
			list_process(s, &s->procs[i], true);
	for (size_t i = s->thread_count; i-- > 0;)
		if (!s->threads[i].listed && !s->threads[i].late)
			drop_thread(s, i);
}

static void add_child(struct ptrace_source *s, pid_t pid)
{
	if (pid > 0 && pid != getpid() && traced_process(s, pid) == NULL)
		traced_add(s, pid, true, false);
}

/* Those of main threads, which the kernel lists (CONFIG_PROC_CHILDREN): cheap. What is found is
 * looked at in the same round. */
void traced_peek_children(struct ptrace_source *s)
{
	for (size_t i = 0; i < s->proc_count; i++) {
		pid_t pid = s->procs[i].pid;
		char *text, *end;
		size_t len;
		if (!s->procs[i].alive ||
		    broker_read_proc(s->broker, pid, pid, "children", &text, &len, NULL) != CTOP_OK)
			continue;
		for (const char *at = text;; at = end) {
			long kid = strtol(at, &end, 10);
			if (end == at)
				break;
			add_child(s, (pid_t)kid);
		}
		free(text);
	}
}

void traced_list_children(struct ptrace_source *s)
{
	size_t before = s->proc_count;
	for (size_t i = 0; i < before; i++) {
		pid_t *kids = NULL;
		size_t count = 0;
		if (!s->procs[i].alive || !s->procs[i].is_root ||
		    target_children(s->broker, s->procs[i].pid, &kids, &count) != CTOP_OK)
			continue;
		for (size_t k = 0; k < count; k++)
			add_child(s, kids[k]);
		free(kids);
	}
}

bool traced_any_alive(struct ptrace_source *s)
{
	bool any = false;
	for (size_t i = 0; i < s->proc_count; i++) {
		struct traced_process *p = &s->procs[i];
		struct target_info info;
		uint64_t cpu;
		if (!p->alive)
			continue;
		if (clock_pid_cpu_ns(p->pid, &cpu) && cpu > p->cpu_ns)
			p->cpu_ns = cpu;
		p->alive = target_read(s->broker, p->pid, 0, &info, NULL) == CTOP_OK &&
		           info.start_ticks == p->start_ticks && info.state != 'Z' &&
		           info.state != 'X';
		any = any || p->alive;
	}
	return any;
}
