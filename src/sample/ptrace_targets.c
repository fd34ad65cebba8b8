/* ptrace_targets: processes, threads and mappings, by what /proc tells; see ptrace_source.h.
 */
#include "ctop/broker.h"
#include "ctop/clock.h"
#include "ctop/record.h"
#include "ctop/target.h"
#include "ctop/vec.h"
#include "describe.h"
#include "ptrace_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const uint64_t MAPS_NS = 100 * CLOCK_NS_PER_MS;
static const uint64_t RELIST_NS = CLOCK_NS_PER_SEC / 5;   /* a listing is not believed for longer */
static const uint64_t MAPS_SOON_NS = 2 * CLOCK_NS_PER_MS; /* one change is followed by others */

struct traced_process *traced_process(struct ptrace_source *s, pid_t pid)
{
	for (size_t i = 0; i < s->proc_count; i++)
		if (s->procs[i].pid == pid && s->procs[i].alive)
			return &s->procs[i];
	return NULL;
}

/* Reads a small file of a thread: again through its descriptor, or anew. Text in `out`. */
static bool read_small(struct ptrace_source *s, const struct traced_thread *t, int fd,
                       const char *name, char *out, size_t cap)
{
	char *text;
	size_t len;
	if (fd >= 0) {
		ssize_t n = pread(fd, out, cap - 1, 0);
		out[n > 0 ? n : 0] = '\0';
		return n > 0;
	}
	if (broker_read_proc(s->broker, t->pid, t->tid, name, &text, &len, NULL) != CTOP_OK)
		return false;
	snprintf(out, cap, "%s", text);
	free(text);
	return true;
}

bool traced_cpu(struct ptrace_source *s, const struct traced_thread *t, uint64_t *ns)
{
	char text[96];
	if (!read_small(s, t, t->cpu_fd, "schedstat", text, sizeof text))
		return false;
	*ns = strtoull(text, NULL, 10);
	return true;
}

bool traced_is_running(struct ptrace_source *s, const struct traced_thread *t)
{
	char text[512];
	if (!read_small(s, t, t->stat_fd, "stat", text, sizeof text))
		return false;
	const char *close = strrchr(text, ')');
	return close != NULL && strncmp(close, ") R", 3) == 0;
}

void traced_close(struct ptrace_source *s, struct traced_thread *t)
{
	if (t->cpu_fd < 0)
		return;
	s->kept_open--;
	close(t->cpu_fd);
	close(t->stat_fd);
	t->cpu_fd = t->stat_fd = -1;
}

/* Opening costs several times as much as reading: what is read at each look stays open, of as
 * many threads as descriptors are well spent on. */
static void keep_open(struct ptrace_source *s, struct traced_thread *t)
{
	t->cpu_fd = t->stat_fd = -1;
	if (s->kept_open >= s->keep_most)
		return;
	t->cpu_fd = broker_open_proc(s->broker, t->pid, t->tid, "schedstat");
	t->stat_fd = t->cpu_fd >= 0 ? broker_open_proc(s->broker, t->pid, t->tid, "stat") : -1;
	if (t->stat_fd >= 0) {
		s->kept_open++;
		return;
	}
	if (t->cpu_fd >= 0)
		close(t->cpu_fd);
	t->cpu_fd = -1;
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
		ranges_read(&p->code, text, true);
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
	keep_open(s, &t);
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
	traced_close(s, &s->threads[i]);
	hash_map_del(&s->by_tid, (uint64_t)s->threads[i].tid);
	s->threads[i] = s->threads[--s->thread_count];
	if (i < s->thread_count)
		hash_map_set(&s->by_tid, (uint64_t)s->threads[i].tid, (uint32_t)i);
}

/* How many threads a process has, as it says itself: far cheaper than listing them. 0: not known.
 */
static size_t count_threads(struct ptrace_source *s, const struct traced_process *p)
{
	char text[512];
	const struct traced_thread *t = find_thread(s, p->pid);
	long count = 0;
	if (t == NULL || t->stat_fd < 0 || !read_small(s, t, t->stat_fd, "stat", text, sizeof text))
		return 0;
	const char *close = strrchr(text, ')'); /* field 2; the number is field 20 */
	if (close == NULL || sscanf(close + 1,
	                            " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d "
	                            "%*d %*d %ld",
	                            &count) != 1)
		return 0;
	return count > 0 ? (size_t)count : 0;
}

static void list_process(struct ptrace_source *s, struct traced_process *p, bool from_birth)
{
	pid_t *tids = NULL;
	size_t count = 0;
	p->listed_at = clock_now_ns();
	if (target_threads(s->broker, p->pid, &tids, &count, NULL) != CTOP_OK)
		return;
	p->listed = count;
	for (size_t i = 0; i < count; i++) {
		struct traced_thread *t = find_thread(s, tids[i]);
		if (t != NULL)
			t->listed = true;
		else
			add_thread(s, p, tids[i], from_birth);
	}
	free(tids);
}

void traced_rebase(struct traced_process *p)
{
	if (clock_pid_cpu_ns(p->pid, &p->used.base_ns))
		p->used.cpu_ns = p->used.base_ns;
	p->used.base_children_ns = p->used.children_ns;
}

void traced_add(struct ptrace_source *s, pid_t pid, bool from_birth)
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
	                             .own_child = info.ppid == getpid()};
	p->used.children_ns = info.children_ns;
	if (!from_birth)
		traced_rebase(p);
	list_process(s, p, from_birth);
	traced_read_maps(s, p, clock_now_ns());
}

static void read_clock(struct traced_process *p)
{
	uint64_t cpu;
	if (clock_pid_cpu_ns(p->pid, &cpu) && cpu > p->used.cpu_ns)
		p->used.cpu_ns = cpu;
}

void traced_is_gone(struct ptrace_source *s, const struct traced_thread *t)
{
	struct traced_process *p = traced_process(s, t->pid);
	s->list_due = s->alive_due = 0;
	if (p == NULL)
		return;
	p->listed_at = 0;
	read_clock(p); /* its last word, when it was the process's end */
}

/* Whether its threads may be others than at the last listing. */
static bool may_have_changed(struct ptrace_source *s, const struct traced_process *p, uint64_t now)
{
	return p->listed_at == 0 || now - p->listed_at > RELIST_NS ||
	       count_threads(s, p) != p->listed;
}

void traced_list_threads(struct ptrace_source *s, uint64_t now)
{
	for (size_t i = 0; i < s->thread_count; i++)
		s->threads[i].listed = false;
	for (size_t i = 0; i < s->proc_count; i++) {
		struct traced_process *p = &s->procs[i];
		p->fresh = p->alive && may_have_changed(s, p, now);
		if (p->fresh)
			list_process(s, p, true);
	}
	for (size_t i = s->thread_count; i-- > 0;) {
		const struct traced_thread *t = &s->threads[i];
		const struct traced_process *p = traced_process(s, t->pid);
		bool known = p != NULL && !p->fresh;
		if (!t->listed && !t->late && !known)
			drop_thread(s, i);
	}
}

static void add_child(struct ptrace_source *s, pid_t pid)
{
	bool ours = pid == getpid() || pid == s->config.own_pid;
	if (pid > 0 && !ours && traced_process(s, pid) == NULL)
		traced_add(s, pid, true);
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
		if (!p->alive)
			continue;
		read_clock(p);
		p->alive = target_read(s->broker, p->pid, 0, &info, NULL) == CTOP_OK &&
		           info.start_ticks == p->start_ticks && info.state != 'Z' &&
		           info.state != 'X';
		if (p->alive && info.children_ns > p->used.children_ns)
			p->used.children_ns = info.children_ns;
		any = any || p->alive;
	}
	return any;
}
