/* jits: perf maps and jitdumps, read as they grow; see jits.h. */
#include "jits.h"

#include "ctop/broker.h"
#include "ctop/clock.h"
#include "ctop/hash.h"
#include "ctop/jitmap.h"
#include "ctop/mem.h"
#include "ctop/record.h"
#include "ctop/strbuf.h"
#include "ctop/vec.h"
#include "jobs.h"
#include "procs.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const uint64_t AGAIN_NS = CLOCK_NS_PER_SEC / 4;
static const uint64_t NO_FILE_NS = 2 * CLOCK_NS_PER_SEC;
static const size_t READ_MOST = (size_t)64 << 20; /* a reading */

enum { TAIL = 64 };

/* A file that is being written, and how far it has been read. */
struct jit_file {
	struct jit_file *next; /* of the same pid */
	uint32_t process, pid; /* process: its number */
	uint64_t start_ticks;
	bool is_dump;          /* known by its mapping; else the process's perf map */
	struct broker_key key; /* of a dump; the path is owned */
	uint64_t offset, due_ns;
	char tail[TAIL]; /* the bytes before the offset: other ones mean another file */
	size_t tail_len;
	int clocked;        /* a dump's times are CLOCK_MONOTONIC */
	bool busy, dropped; /* dropped while busy: freed when its job is back */
};

struct read_job {
	struct job job;
	struct broker *broker;
	struct jit_file *file; /* for the analyzer */
	struct jit_file from;  /* a copy for the worker; the path is the file's */
	uint64_t now_ns, born_ns;
	struct strbuf records;
};

struct jits {
	struct broker *broker;
	struct workers *workers;
	struct inbox *inbox;
	struct procs *procs;
	struct jit_file **lists; /* one a pid */
	size_t count, cap;
	struct hash_map by_pid; /* pid + 1 → index of its list */
	unsigned waiting;
};

struct jits *jits_new(struct broker *broker, struct workers *workers, struct inbox *inbox,
                      struct procs *procs)
{
	struct jits *j = mem_zalloc(1, sizeof *j);
	*j = (struct jits){.broker = broker, .workers = workers, .inbox = inbox, .procs = procs};
	return j;
}

static void file_free(struct jit_file *f)
{
	free((void *)(uintptr_t)f->key.image.path);
	free(f);
}

static void drop(struct jit_file *f)
{
	if (f->busy)
		f->dropped = true;
	else
		file_free(f);
}

static void drop_list(struct jit_file *f)
{
	while (f != NULL) {
		struct jit_file *next = f->next;
		drop(f);
		f = next;
	}
}

/* The workers have stopped: what is busy is nobody's but ours. */
void jits_free(struct jits *j)
{
	if (j == NULL)
		return;
	for (size_t i = 0; i < j->count; i++) {
		while (j->lists[i] != NULL) {
			struct jit_file *f = j->lists[i];
			j->lists[i] = f->next;
			file_free(f);
		}
	}
	free(j->lists);
	hash_map_fini(&j->by_pid);
	free(j);
}

/* --- on a worker ------------------------------------------------------------------------ */

static void add_record(void *ctx, const struct jitmap_entry *e)
{
	struct read_job *j = ctx;
	size_t name_len = e->name_len < 4096 ? e->name_len : 4096;
	struct record_code r = {
	        .h = {(uint32_t)(sizeof r + record_pad(name_len + 1)), RECORD_CODE, 0, j->now_ns,
	              j->from.pid, j->from.pid},
	        .start = e->start,
	        .len = e->size,
	        .born = e->time != 0 ? e->time : j->born_ns,
	        .moved_from = e->moved_from,
	};
	strbuf_add(&j->records, &r, sizeof r);
	strbuf_add(&j->records, e->name, name_len);
	strbuf_add(&j->records, "\0\0\0\0\0\0\0", record_pad(name_len + 1) - name_len);
}

/* What the file holds behind the offset; the caller frees. */
static char *read_news(int fd, uint64_t offset, size_t *len)
{
	struct strbuf b = {0};
	char buf[1 << 16];
	while (b.len < READ_MOST) {
		ssize_t n = pread(fd, buf, sizeof buf, (off_t)(offset + b.len));
		if (n <= 0)
			break;
		strbuf_add(&b, buf, (size_t)n);
	}
	*len = b.len;
	return b.data;
}

/* Whether a file still holds what was read of it: it may have been emptied, or made anew. */
static bool goes_on(const struct jit_file *f, int fd)
{
	char now[TAIL];
	off_t at = (off_t)(f->offset - f->tail_len);
	return pread(fd, now, f->tail_len, at) == (ssize_t)f->tail_len &&
	       memcmp(now, f->tail, f->tail_len) == 0;
}

/* Moves on behind what was used of the news. */
static void move_on(struct jit_file *f, const char *news, size_t used)
{
	f->offset += used;
	if (used == 0)
		return;
	f->tail_len = used < TAIL ? used : TAIL;
	memcpy(f->tail, news + used - f->tail_len, f->tail_len);
}

static void run(struct job *job)
{
	struct read_job *j = (struct read_job *)(void *)job;
	struct jit_file *f = &j->from;
	size_t len, used;
	int fd = -1;
	if (broker_open(j->broker, f->is_dump ? BROKER_IMAGE : BROKER_PERF_MAP, (pid_t)f->pid,
	                f->start_ticks, &f->key, &fd, NULL) != CTOP_OK)
		return;
	/* What a perf map says first may be of any age; what it says later is new. */
	j->born_ns = f->offset > 0 ? j->now_ns : 0;
	if (!goes_on(f, fd))
		f->offset = f->tail_len = 0;
	char *news = read_news(fd, f->offset, &len);
	close(fd);
	if (news == NULL)
		return;
	if (f->is_dump)
		used = jitmap_read_dump(news, len, f->offset == 0, &f->clocked, add_record, j);
	else
		used = jitmap_read_map(news, len, add_record, j);
	move_on(f, news, used);
	free(news);
}

static void discard(struct job *job)
{
	struct read_job *j = (struct read_job *)(void *)job;
	if (j->file->dropped)
		file_free(j->file);
	strbuf_fini(&j->records);
	free(j);
}

/* --- on the analyzer ------------------------------------------------------------------------ */

static void read_on(struct jits *j, struct jit_file *f, uint64_t now_ns)
{
	struct read_job *job = mem_zalloc(1, sizeof *job);
	job->job = (struct job){.run = run, .discard = discard, .reply = j->inbox};
	job->broker = j->broker;
	job->file = f;
	job->from = *f;
	job->now_ns = now_ns;
	f->busy = true;
	j->waiting++;
	workers_post(j->workers, &job->job);
}

/* The list of a process. What is left of another that had the pid before, or of the program
 * before an exec, is dropped. */
static struct jit_file **list_of(struct jits *j, const struct proc *p)
{
	uint32_t i;
	if (!hash_map_get(&j->by_pid, (uint64_t)p->pid + 1, &i, NULL)) {
		j->lists = vec_reserve(j->lists, &j->cap, j->count + 1, sizeof(struct jit_file *));
		i = (uint32_t)j->count++;
		j->lists[i] = NULL;
		hash_map_add(&j->by_pid, (uint64_t)p->pid + 1, i);
	}
	if (j->lists[i] != NULL && j->lists[i]->process != p->number) {
		drop_list(j->lists[i]);
		j->lists[i] = NULL;
	}
	return &j->lists[i];
}

static struct jit_file *add_file(struct jit_file **list, const struct proc *p)
{
	struct jit_file *f = mem_zalloc(1, sizeof *f);
	f->next = *list;
	f->process = p->number;
	f->pid = p->pid;
	f->start_ticks = p->start_ticks;
	*list = f;
	return f;
}

bool jits_is_dump(const char *path)
{
	const char *name = strrchr(path, '/');
	size_t len = name != NULL ? strlen(name) : 0;
	return len > 10 && strncmp(name, "/jit-", 5) == 0 && strcmp(name + len - 5, ".dump") == 0;
}

void jits_dump(struct jits *j, const struct proc *p, const struct record_mmap *m)
{
	struct jit_file **list = list_of(j, p), *f = *list;
	while (f != NULL && !(f->is_dump && f->key.image.inode == m->inode &&
	                      strcmp(f->key.image.path, m->path) == 0))
		f = f->next;
	if (f == NULL) {
		f = add_file(list, p);
		f->is_dump = true;
		f->key.image.path = mem_strdup(m->path);
		f->key.image.inode = m->inode;
	}
	f->key.image.start = m->start;
	f->key.image.end = m->start + m->len;
}

static void look(struct jits *j, struct jit_file *f, bool named, uint64_t now_ns)
{
	uint64_t later = named ? CLOCK_NS_PER_SEC - AGAIN_NS : 0;
	if (!f->busy && now_ns >= f->due_ns + later)
		read_on(j, f, now_ns);
}

void jits_ran(struct jits *j, const struct proc *p, bool named, uint64_t now_ns)
{
	if (procs_get(j->procs, p->pid) != p)
		return; /* a late sample of what was there before an exec */
	struct jit_file **list = list_of(j, p);
	bool has_map = false;
	for (struct jit_file *f = *list; f != NULL; f = f->next)
		has_map = has_map || !f->is_dump;
	if (!has_map)
		add_file(list, p);
	for (struct jit_file *f = *list; f != NULL; f = f->next)
		look(j, f, named, now_ns);
}

bool jits_owns(const struct job *job)
{
	return job->run == run;
}

void jits_finish(struct jits *j, struct job *job, struct strbuf *out)
{
	struct read_job *done = (struct read_job *)(void *)job;
	struct jit_file *f = done->file;
	j->waiting--;
	f->busy = false;
	if (!f->dropped && procs_get(j->procs, f->pid)->number == f->process) {
		f->offset = done->from.offset;
		memcpy(f->tail, done->from.tail, sizeof f->tail);
		f->tail_len = done->from.tail_len;
		f->clocked = done->from.clocked;
		f->due_ns = clock_now_ns() + (f->offset > 0 ? AGAIN_NS : NO_FILE_NS);
		strbuf_add(out, strbuf_str(&done->records), done->records.len);
	}
	discard(job);
}

unsigned jits_waiting(const struct jits *j)
{
	return j->waiting;
}
