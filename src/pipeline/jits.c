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

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const uint64_t AGAIN_NS = CLOCK_NS_PER_SEC / 4;
static const uint64_t NO_FILE_NS = 2 * CLOCK_NS_PER_SEC;
static const size_t READ_MOST = (size_t)64 << 20; /* a reading */

/* A file that is being written, and how far it has been read. */
struct jit_file {
	uint32_t pid;
	uint64_t start_ticks;
	bool is_dump;          /* known by its mapping; else the process's perf map */
	struct broker_key key; /* of a dump; the path is owned */
	uint64_t offset, due_ns;
	int clocked; /* a dump's times are CLOCK_MONOTONIC */
	bool busy;
};

struct read_job {
	struct job job;
	struct broker *broker;
	size_t file;
	struct jit_file from; /* a copy; its path is borrowed: files are never forgotten */
	uint64_t now_ns;
	struct strbuf records;
	size_t used;
};

struct jits {
	struct broker *broker;
	struct workers *workers;
	struct inbox *inbox;
	struct jit_file *files;
	size_t count, cap;
	struct hash_map maps; /* pid → index of its perf map */
	unsigned waiting;
};

struct jits *jits_new(struct broker *broker, struct workers *workers, struct inbox *inbox)
{
	struct jits *j = mem_zalloc(1, sizeof *j);
	*j = (struct jits){.broker = broker, .workers = workers, .inbox = inbox};
	return j;
}

void jits_free(struct jits *j)
{
	if (j == NULL)
		return;
	for (size_t i = 0; i < j->count; i++)
		free((void *)(uintptr_t)j->files[i].key.image.path);
	free(j->files);
	hash_map_fini(&j->maps);
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
	        .born = e->time != 0         ? e->time
	                : j->from.offset > 0 ? j->now_ns
	                                     : 0,
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

static void run(struct job *job)
{
	struct read_job *j = (struct read_job *)(void *)job;
	struct jit_file *f = &j->from;
	size_t len;
	int fd = -1;
	if (broker_open(j->broker, f->is_dump ? BROKER_IMAGE : BROKER_PERF_MAP, (pid_t)f->pid,
	                f->start_ticks, &f->key, &fd, NULL) != CTOP_OK)
		return;
	char *news = read_news(fd, f->offset, &len);
	close(fd);
	if (news != NULL && f->is_dump)
		j->used = jitmap_read_dump(news, len, f->offset == 0, &f->clocked, add_record, j);
	else if (news != NULL)
		j->used = jitmap_read_map(news, len, add_record, j);
	free(news);
}

static void discard(struct job *job)
{
	struct read_job *j = (struct read_job *)(void *)job;
	strbuf_fini(&j->records);
	free(j);
}

/* --- on the analyzer ------------------------------------------------------------------------ */

static void read_on(struct jits *j, size_t file, uint64_t now_ns)
{
	struct read_job *job = mem_zalloc(1, sizeof *job);
	job->job = (struct job){.run = run, .discard = discard, .reply = j->inbox};
	job->broker = j->broker;
	job->file = file;
	job->from = j->files[file];
	job->now_ns = now_ns;
	j->files[file].busy = true;
	j->waiting++;
	workers_post(j->workers, &job->job);
}

static size_t add_file(struct jits *j, uint32_t pid, uint64_t start_ticks)
{
	j->files = vec_reserve(j->files, &j->cap, j->count + 1, sizeof *j->files);
	j->files[j->count] = (struct jit_file){.pid = pid, .start_ticks = start_ticks};
	return j->count++;
}

bool jits_is_dump(const char *path)
{
	const char *name = strrchr(path, '/');
	size_t len = name != NULL ? strlen(name) : 0;
	return len > 10 && strncmp(name, "/jit-", 5) == 0 && strcmp(name + len - 5, ".dump") == 0;
}

void jits_dump(struct jits *j, uint32_t pid, uint64_t start_ticks, const struct record_mmap *m)
{
	size_t i = add_file(j, pid, start_ticks);
	j->files[i].is_dump = true;
	j->files[i].key.image.start = m->start;
	j->files[i].key.image.end = m->start + m->len;
	j->files[i].key.image.inode = m->inode;
	j->files[i].key.image.path = mem_strdup(m->path);
}

static void look(struct jits *j, size_t i, bool named, uint64_t now_ns)
{
	uint64_t later = named ? CLOCK_NS_PER_SEC - AGAIN_NS : 0;
	if (!j->files[i].busy && now_ns >= j->files[i].due_ns + later)
		read_on(j, i, now_ns);
}

void jits_ran(struct jits *j, uint32_t pid, uint64_t start_ticks, bool named, uint64_t now_ns)
{
	uint32_t map;
	if (!hash_map_get(&j->maps, (uint64_t)pid + 1, &map, NULL) ||
	    j->files[map].start_ticks != start_ticks) {
		map = (uint32_t)add_file(j, pid, start_ticks);
		hash_map_set(&j->maps, (uint64_t)pid + 1, map);
	}
	look(j, map, named, now_ns);
	for (size_t i = 0; i < j->count; i++)
		if (j->files[i].is_dump && j->files[i].pid == pid)
			look(j, i, named, now_ns);
}

bool jits_owns(const struct jits *j, const struct job *job)
{
	(void)j;
	return job->run == run;
}

void jits_finish(struct jits *j, struct job *job, struct strbuf *out)
{
	struct read_job *done = (struct read_job *)(void *)job;
	struct jit_file *f = &j->files[done->file];
	f->busy = false;
	f->offset += done->used;
	f->clocked = done->from.clocked;
	f->due_ns = clock_now_ns() + (f->offset > 0 ? AGAIN_NS : NO_FILE_NS);
	strbuf_add(out, strbuf_str(&done->records), done->records.len);
	j->waiting--;
	discard(job);
}

unsigned jits_waiting(const struct jits *j)
{
	return j->waiting;
}
