/* record: the plain records that flow from a source to the analyzer.
 *
 * One record is a `struct record` header followed by its body, `size` bytes in
 * all, a multiple of 8. The same bytes stand in the byte ring and in a capture
 * (little-endian), so every field has a fixed width. Times are ns of
 * CLOCK_MONOTONIC. Records leave a source in time order, except those flagged
 * RECORD_LATE, which the analyzer applies at once and counts.
 */
#ifndef CTOP_RECORD_H
#define CTOP_RECORD_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum record_kind {
	RECORD_SAMPLE = 1, /* struct record_sample */
	RECORD_MMAP,       /* struct record_mmap: a file or memory mapped executable */
	RECORD_COMM,       /* struct record_comm: a new name; RECORD_EXEC after an exec */
	RECORD_FORK,       /* struct record_fork: a new thread or process */
	RECORD_EXIT,       /* struct record: thread h.tid of h.pid ended */
	RECORD_LOST,       /* struct record_lost */
	RECORD_RESYNC,     /* struct record: side-band was lost: maps of h.pid (0: all) are stale;
	                      RECORD_MMAP records at this time follow, flagged RECORD_INITIAL */
	RECORD_STATS,      /* struct record_stats: about once a second and at the end */
	RECORD_END,        /* struct record_end: no target is left, or the capture ended */
	RECORD_CODE,       /* struct record_code: a JIT compiler has named a piece of code */
	RECORD_NOTE,       /* struct record_note: the source has something to tell the user */
	RECORD_LOOK,       /* struct record_look: a look at every thread begins or is over */
	RECORD_THREAD,     /* struct record_thread: what such a look has seen of one thread */
	RECORD_MARK,       /* struct record_mark: a moment with a name */
	RECORD_KINDS
};

enum record_flags {
	RECORD_LATE = 1 << 0,      /* older than the last record released */
	RECORD_INITIAL = 1 << 1,   /* state found at attach, not an event */
	RECORD_EXEC = 1 << 2,      /* comm: the process has just exec'ed */
	RECORD_FULL_DUMP = 1 << 3, /* sample: the stack continues beyond the dump */
	RECORD_PEEK = 1 << 4,      /* sample: of a look, see RECORD_THREAD; counts for nothing */
	RECORD_RESTART = 1 << 6,   /* mark: sampling goes on after an end, of process h.pid */
	RECORD_APART = 1 << 5,     /* stats: the sampler is a process of its own, h.pid */
};

struct record {
	uint32_t size; /* bytes of the whole record, multiple of 8 */
	uint16_t kind; /* enum record_kind */
	uint16_t flags;
	uint64_t time; /* ns, CLOCK_MONOTONIC */
	uint32_t pid;  /* as ctop's pid namespace sees it */
	uint32_t tid;
};
static_assert(sizeof(struct record) == 24, "record header is 24 bytes");

enum { RECORD_REGS_MAX = 32, RECORD_KERNEL_MAX = 127, RECORD_STACK_MAX = 65000 };

/* What a sample's user half holds. */
enum record_user {
	RECORD_USER_NONE = 0, /* a kernel thread, or nothing captured */
	RECORD_USER_REGS = 1, /* registers and stack bytes */
};

/* A sample; behind it stand, in this order: nr_kernel × uint64 kernel addresses
 * (leaf first, no context markers), nr_regs × uint64 user registers in the
 * order of the bits of the source's register mask, then stack_len bytes of the
 * user stack from the stack pointer up, padded to 8. */
struct record_sample {
	struct record h;
	uint64_t weight; /* ns of CPU time this sample stands for */
	uint32_t cpu;
	uint8_t user;    /* enum record_user */
	uint8_t nr_regs; /* 0 or the number of bits of the mask */
	uint16_t nr_kernel;
	uint32_t stack_len; /* bytes captured (already cut to what the kernel filled) */
	uint32_t unknown;   /* a bit a user register, from the first: its value is not known */
};
static_assert(sizeof(struct record_sample) == 48, "sample header is 48 bytes");

/* An executable mapping. `path` is NUL-terminated, padded to 8: a file's path
 * as the target sees it, or "[vdso]", "[vsyscall]", "//anon", "[heap]", … */
struct record_mmap {
	struct record h;
	uint64_t start, len; /* bytes of address space */
	uint64_t pgoff;      /* file offset in bytes of `start` */
	uint64_t inode, inode_generation;
	uint32_t dev_major, dev_minor;
	uint32_t prot, map_flags; /* PROT_*, MAP_*; 0 flags when unknown */
	char path[];
};

/* A thread's name, NUL-terminated, padded to 8. The process takes its main
 * thread's name. With RECORD_EXEC its old mappings are gone. */
struct record_comm {
	struct record h;
	char name[];
};

/* h.pid/h.tid are the child's. ppid == h.pid means a thread. `start_ticks` is
 * field 22 of /proc/TID/stat where it was read, else 0. */
struct record_fork {
	struct record h;
	uint32_t ppid, ptid;
	uint64_t start_ticks;
};

/* Samples or side-band records that never reached us. */
enum record_lost_cause {
	LOST_KERNEL,   /* the kernel's ring was full: samples */
	LOST_SIDEBAND, /* the side-band ring was full */
	LOST_RING,     /* ctop's byte ring was full */
	LOST_THROTTLE, /* the kernel throttled the event */
	LOST_CAUSES
};
struct record_lost {
	struct record h;
	uint64_t count; /* new losses since the last such record */
	uint32_t cause; /* enum record_lost_cause */
	uint32_t reserved;
};

/* What the source knows of its own completeness, all since the start. */
struct record_stats {
	struct record h;
	uint64_t target_cpu_ns;  /* CPU time the targets used, by the kernel's CPU clocks */
	uint64_t event_ns;       /* what the sampling events counted, 0 when unknown */
	uint64_t weight_ns;      /* summed weight of the samples handed on */
	uint64_t sampler_cpu_ns; /* CPU time of the sampler's thread, or process (RECORD_APART) */
	uint64_t late;           /* records released out of order */
	uint32_t rate_hz;        /* asked rate now in force */
	uint32_t way;            /* enum source_way (source.h) */
	uint32_t threads;        /* target threads alive */
	uint32_t targets;        /* target processes alive */
};

/* The end. `exit_code` holds a wait status for a launched command. */
struct record_end {
	struct record h;
	int32_t wait_status; /* −1 when unknown */
	uint32_t reserved;
};

/* A piece of code without a file, made by the analyzer from what the target's JIT compiler
 * writes, never by a source; in a capture it is what names such code. `born` is
 * CLOCK_MONOTONIC in ns, 0 when unknown; `moved_from` is not 0 where it is the code that stood
 * there, with its name. The name is NUL-terminated, padded to 8. */
struct record_code {
	struct record h;
	uint64_t start, len;
	uint64_t born, moved_from;
	char name[];
};

/* Something the user should know of how sampling goes, in one line. NUL-terminated, padded to 8. */
struct record_note {
	struct record h;
	char text[];
};

/* A moment with a name, set by the user or by ctop. The name is NUL-terminated. */
enum { RECORD_MARK_NAME = 56 };
struct record_mark {
	struct record h;
	char name[RECORD_MARK_NAME];
};
static_assert(sizeof(struct record_mark) == 80, "a mark is 80 bytes");

/* A look at every thread of the targets (see peek.h): between the beginning and the end stand a
 * RECORD_THREAD for each thread, and behind it a sample where its stack could be read. */
enum record_look_phase {
	LOOK_BEGIN, /* at every thread: what earlier looks saw is outdated */
	LOOK_AGAIN, /* at some: what they saw before is */
	LOOK_END,
	LOOK_PHASES
};
struct record_look {
	struct record h;
	uint64_t number; /* of the request */
	uint32_t phase;  /* enum record_look_phase */
	uint32_t reserved;
};

/* How the stack of a thread was come by. */
enum record_how {
	HOW_STILL,   /* it slept before and after, and was not disturbed */
	HOW_STOPPED, /* it was stopped for it */
	HOW_RUNNING, /* not at all: it runs, and was not to be stopped */
	HOW_LATE,    /* not at all: it does not stop */
	HOW_REFUSED, /* not at all: the kernel forbids it */
	HOWS
};

/* What a look has seen of thread h.tid. Behind it stand lines of text, a NUL, and padding to 8:
 * its name, where it waits in the kernel ("" when not known), and the functions of the kernel it
 * is in, innermost first, as far as they may be read. */
struct record_thread {
	struct record h;
	char state;  /* as in /proc/PID/stat: R S D T … */
	uint8_t how; /* enum record_how */
	uint16_t reserved;
	int32_t syscall; /* number of the system call it is in; −1: none, or not known */
	char text[];
};

static inline size_t record_pad(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

/* The parts of a sample; borrowed from the record. */
static inline const uint64_t *record_kernel(const struct record_sample *s)
{
	return (const uint64_t *)(const void *)(s + 1);
}
static inline const uint64_t *record_regs(const struct record_sample *s)
{
	return record_kernel(s) + s->nr_kernel;
}
static inline const unsigned char *record_stack(const struct record_sample *s)
{
	return (const unsigned char *)(record_regs(s) + s->nr_regs);
}

/* Checks that `len` bytes at `r` hold one well-formed record: its size, kind
 * and every inner length. For bytes from a file. Any thread. */
bool record_check(const void *r, size_t len);

struct ring;
struct strbuf;

/* Hands a record on as one that must not be lost; false when the ring has no room. Producer. */
bool record_put(struct ring *out, const void *record);

/* Hands on a row of records from *at on, and empties it; false when the ring has no room for the
 * next one: *at is where to go on. Producer. */
bool record_put_all(struct ring *out, struct strbuf *records, size_t *at);

#endif
