/* perf_emit: kernel records → records of ctop; see perf_source.h.
 *
 * Layouts as in perf_event_open(2), for the attributes perf_event.c sets: every
 * record but a sample ends in {tid, time, cpu, id}.
 */
#include "ctop/ring.h"
#include "perf_source.h"

#include <linux/perf_event.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { TRAILER = 32 };

/* What stands at the end of a record that is no sample. */
struct trailer {
	uint32_t pid, tid;
	uint64_t time;
	uint32_t cpu, reserved;
	uint64_t id;
};
static_assert(sizeof(struct trailer) == TRAILER, "trailer of our sample_type");

/* The fixed beginning of a sample. */
struct sample_head {
	struct perf_event_header h;
	uint64_t id, ip;
	uint32_t pid, tid;
	uint64_t time;
	uint32_t cpu, reserved;
	uint64_t period;
	uint64_t nr; /* of the callchain */
};

struct task_body { /* FORK and EXIT */
	struct perf_event_header h;
	uint32_t pid, ppid, tid, ptid;
	uint64_t time;
};

struct mmap2_body {
	struct perf_event_header h;
	uint32_t pid, tid;
	uint64_t addr, len, pgoff;
	uint32_t maj, min;
	uint64_t ino, ino_generation;
	uint32_t prot, flags;
	char path[];
};

struct comm_body {
	struct perf_event_header h;
	uint32_t pid, tid;
	char name[];
};

static const void *bytes_of(const struct perf_event_header *h)
{
	return h;
}

uint64_t perf_time(const struct perf_event_header *h)
{
	const char *p = bytes_of(h);
	uint64_t time = 0;
	if (h->type == PERF_RECORD_SAMPLE && h->size >= sizeof(struct sample_head))
		memcpy(&time, p + offsetof(struct sample_head, time), sizeof time);
	else if (h->type != PERF_RECORD_SAMPLE && h->size >= sizeof *h + TRAILER)
		memcpy(&time, p + h->size - TRAILER + offsetof(struct trailer, time), sizeof time);
	return time;
}

void perf_queue(struct perf_source *s, const void *record)
{
	const struct record *r = record;
	strbuf_add(&s->pending, record, r->size);
}

void perf_note(struct perf_source *s, const char *fmt, ...)
{
	char text[256];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (strstr(s->notes, text) != NULL)
		return;
	size_t used = strlen(s->notes), len = strlen(text);
	snprintf(s->notes + used, sizeof s->notes - used, "%s\n", text);
	if (!s->is_open)
		return;
	struct record_note r = {.h = {(uint32_t)(sizeof r + record_pad(len + 1)), RECORD_NOTE, 0,
	                              clock_now_ns(), 0, 0}};
	strbuf_add(&s->pending, &r, sizeof r);
	strbuf_add(&s->pending, text, len);
	strbuf_add(&s->pending, "\0\0\0\0\0\0\0", record_pad(len + 1) - len);
}

static struct record head(const struct perf_source *s, uint32_t size, uint16_t kind, uint64_t time,
                          uint32_t pid, uint32_t tid)
{
	uint16_t late = time < s->last_released ? RECORD_LATE : 0;
	return (struct record){size, kind, late, time, pid, tid};
}

/* --- samples -------------------------------------------------------------------- */

/* The parts of a kernel sample behind its head; all inside the record. */
struct sample_parts {
	uint64_t kernel[RECORD_KERNEL_MAX];
	uint32_t nr_kernel;
	bool has_regs;
	const unsigned char *regs, *stack;
	uint64_t stack_len;
	bool full;
};

/* Copies the addresses of the kernel part and leaves out context markers. */
static void take_chain(const unsigned char *at, uint64_t nr, struct sample_parts *out)
{
	for (uint64_t i = 0; i < nr; i++) {
		uint64_t ip;
		memcpy(&ip, at + 8 * i, sizeof ip);
		if (ip >= (uint64_t)PERF_CONTEXT_MAX)
			continue;
		if (out->nr_kernel < RECORD_KERNEL_MAX)
			out->kernel[out->nr_kernel++] = ip;
	}
}

static bool split_sample(const struct perf_source *s, const struct sample_head *h,
                         struct sample_parts *out)
{
	const unsigned char *at = (const unsigned char *)(h + 1);
	const unsigned char *end = (const unsigned char *)h + h->h.size;
	uint64_t word;
	out->nr_kernel = 0;
	out->has_regs = false;
	out->stack_len = 0;
	out->full = false;
	if (h->nr > (uint64_t)(end - at) / 8)
		return false;
	take_chain(at, h->nr, out);
	at += 8 * h->nr;
	if (end - at < 8)
		return false;
	memcpy(&word, at, 8);
	at += 8;
	size_t regs = 8 * (size_t)__builtin_popcountll(s->kind.regs_mask);
	if (word == PERF_SAMPLE_REGS_ABI_64) {
		if ((size_t)(end - at) < regs)
			return false;
		out->has_regs = true;
		out->regs = at;
	}
	at += word != PERF_SAMPLE_REGS_ABI_NONE ? regs : 0;
	if (end - at < 8)
		return false;
	memcpy(&word, at, 8);
	at += 8;
	if (word == 0)
		return true;
	if ((uint64_t)(end - at) < word + 8)
		return false;
	out->stack = at;
	memcpy(&out->stack_len, at + word, 8);
	if (out->stack_len > word)
		return false;
	out->full = out->stack_len == word;
	return true;
}

/* Leaves out what lies above the outermost frame of a main thread: environment, arguments. */
static void leave_environment(struct perf_source *s, const struct sample_head *h,
                              struct sample_parts *p)
{
	enum { SLACK = 256, LEAST = 1024 };
	uint64_t sp, base;
	if (h->pid != h->tid || !p->has_regs || p->stack_len < LEAST ||
	    (base = perf_stack_base(s, (pid_t)h->pid)) == 0)
		return;
	memcpy(&sp, p->regs + sizeof sp * s->config.sp_slot, sizeof sp);
	if (sp > base || base - sp + SLACK >= p->stack_len)
		return;
	p->stack_len = (base - sp + SLACK) & ~UINT64_C(7);
	p->full = false;
}

static void emit_sample(struct perf_source *s, struct ring *out, const struct sample_head *h)
{
	struct sample_parts p;
	if (h->h.size < sizeof *h || !perf_wants(s, (pid_t)h->pid, (pid_t)h->tid, h->id) ||
	    !split_sample(s, h, &p))
		return;
	leave_environment(s, h, &p);
	uint32_t nr_regs = p.has_regs ? (uint32_t)__builtin_popcountll(s->kind.regs_mask) : 0;
	size_t size = sizeof(struct record_sample) + 8 * (p.nr_kernel + (size_t)nr_regs) +
	              record_pad(p.stack_len);
	struct record_sample *r = ring_reserve(out, size, false);
	if (r == NULL) {
		s->lost[LOST_RING]++;
		s->lost_ever++;
		return;
	}
	*r = (struct record_sample){
	        .h = head(s, (uint32_t)size, RECORD_SAMPLE, h->time, h->pid, h->tid),
	        .weight = h->period,
	        .cpu = h->cpu,
	        .user = p.has_regs ? RECORD_USER_REGS : RECORD_USER_NONE,
	        .nr_regs = (uint8_t)nr_regs,
	        .nr_kernel = (uint16_t)p.nr_kernel,
	        .stack_len = (uint32_t)p.stack_len,
	};
	if (p.full)
		r->h.flags |= RECORD_FULL_DUMP;
	unsigned char *at = (unsigned char *)(r + 1);
	memcpy(at, p.kernel, 8 * p.nr_kernel);
	at += 8 * p.nr_kernel;
	if (nr_regs > 0)
		memcpy(at, p.regs, 8 * nr_regs);
	at += 8 * nr_regs;
	memset((unsigned char *)r + size - 8, 0, p.stack_len > 0 ? 8 : 0);
	if (p.stack_len > 0)
		memcpy(at, p.stack, p.stack_len);
	ring_commit(out);
	s->weight_ns += h->period;
}

/* --- side-band -------------------------------------------------------------------- */

static bool wanted_pid(struct perf_source *s, uint32_t pid)
{
	return s->config.whole_machine || perf_find_process(s, (pid_t)pid) != NULL;
}

/* Length of a NUL-terminated text between `text` and the trailer. */
static size_t text_len(const struct perf_event_header *h, const char *text)
{
	const char *end = (const char *)bytes_of(h) + h->size - TRAILER;
	return text < end ? strnlen(text, (size_t)(end - text)) : 0;
}

static bool emit_mmap(struct perf_source *s, struct ring *out, const struct perf_event_header *h)
{
	const struct mmap2_body *m = bytes_of(h);
	if (h->size < sizeof *m + TRAILER || !wanted_pid(s, m->pid))
		return true;
	size_t len = text_len(h, m->path);
	size_t size = sizeof(struct record_mmap) + record_pad(len + 1);
	struct record_mmap *r = ring_reserve(out, size, true);
	if (r == NULL)
		return false;
	memset(r, 0, size);
	r->h = head(s, (uint32_t)size, RECORD_MMAP, perf_time(h), m->pid, m->tid);
	r->start = m->addr;
	r->len = m->len;
	r->pgoff = m->pgoff;
	r->inode = m->ino;
	r->inode_generation = m->ino_generation;
	r->dev_major = m->maj;
	r->dev_minor = m->min;
	r->prot = m->prot;
	r->map_flags = m->flags;
	memcpy(r->path, m->path, len);
	ring_commit(out);
	return true;
}

static bool emit_comm(struct perf_source *s, struct ring *out, const struct perf_event_header *h)
{
	const struct comm_body *c = bytes_of(h);
	if (h->size < sizeof *c + TRAILER || !wanted_pid(s, c->pid))
		return true;
	size_t len = text_len(h, c->name);
	size_t size = sizeof(struct record_comm) + record_pad(len + 1);
	struct record_comm *r = ring_reserve(out, size, true);
	if (r == NULL)
		return false;
	memset(r, 0, size);
	r->h = head(s, (uint32_t)size, RECORD_COMM, perf_time(h), c->pid, c->tid);
	if ((h->misc & PERF_RECORD_MISC_COMM_EXEC) != 0)
		r->h.flags |= RECORD_EXEC;
	memcpy(r->name, c->name, len);
	ring_commit(out);
	if ((r->h.flags & RECORD_EXEC) != 0)
		perf_on_exec(s, (pid_t)c->pid);
	return true;
}

static bool emit_task(struct perf_source *s, struct ring *out, const struct perf_event_header *h)
{
	const struct task_body *t = bytes_of(h);
	if (h->size < sizeof *t)
		return true;
	bool born = h->type == PERF_RECORD_FORK;
	bool child = born && t->pid != t->ppid;
	if (!wanted_pid(s, born ? t->ppid : t->pid) ||
	    (child && !s->config.follow_children && !s->config.whole_machine))
		return true;
	struct record_fork f = {
	        .h = head(s, born ? sizeof f : sizeof f.h, born ? RECORD_FORK : RECORD_EXIT,
	                  perf_time(h), t->pid, t->tid),
	        .ppid = t->ppid,
	        .ptid = t->ptid,
	};
	if (!record_put(out, &f))
		return false;
	if (born)
		perf_on_fork(s, &f);
	else
		perf_on_exit(s, (pid_t)t->pid, (pid_t)t->tid);
	return true;
}

/* --- losses ------------------------------------------------------------------------- */

static void note_lost(struct perf_source *s, const struct perf_event_header *h)
{
	uint64_t word[2] = {0};
	size_t have = h->size - sizeof *h < sizeof word ? h->size - sizeof *h : sizeof word;
	memcpy(word, h + 1, have);
	if (h->type == PERF_RECORD_LOST_SAMPLES) {
		s->lost[LOST_KERNEL] += word[0];
		s->lost_ever += word[0];
		return;
	}
	/* Which ring it stands in tells what was lost: the event's id is of that ring. */
	uint32_t index;
	bool sampling = hash_map_get(&s->sampling_ids, word[0], &index, NULL);
	s->lost_ever += sampling ? word[1] : 0;
	s->lost[sampling ? LOST_KERNEL : LOST_SIDEBAND] += word[1];
	s->resync = s->resync || !sampling;
}

bool perf_emit(struct perf_source *s, struct ring *out, const struct perf_event_header *h)
{
	bool done = true;
	switch (h->type) {
	case PERF_RECORD_SAMPLE:
		emit_sample(s, out, bytes_of(h));
		break;
	case PERF_RECORD_MMAP2:
		done = emit_mmap(s, out, h);
		break;
	case PERF_RECORD_COMM:
		done = emit_comm(s, out, h);
		break;
	case PERF_RECORD_FORK:
	case PERF_RECORD_EXIT:
		done = emit_task(s, out, h);
		break;
	case PERF_RECORD_LOST:
	case PERF_RECORD_LOST_SAMPLES:
		note_lost(s, h);
		break;
	case PERF_RECORD_THROTTLE:
		s->lost[LOST_THROTTLE]++;
		break;
	default:
		break;
	}
	if (done) {
		uint64_t time = perf_time(h);
		s->late += time < s->last_released && time != 0;
		s->last_released = time > s->last_released ? time : s->last_released;
	}
	return done;
}
