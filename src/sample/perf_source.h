/* perf_source: the state of a live source, shared by its parts. Private.
 *
 *   perf.c         opening, the drain
 *   perf_watch.c   losses, statistics, the end
 *   perf_attach.c  which processes and threads are sampled
 *   perf_busiest.c which of them, where not all can be
 *   perf_ways.c    by which events, and when by others
 *   perf_emit.c    kernel records → records of ctop
 *
 * All of it belongs to the sampler thread once the source is open.
 */
#ifndef CTOP_SAMPLE_PERF_SOURCE_H
#define CTOP_SAMPLE_PERF_SOURCE_H

#include "cputime.h"
#include "ctop/clock.h"
#include "ctop/hash.h"
#include "ctop/record.h"
#include "ctop/source.h"
#include "ctop/strbuf.h"
#include "perf_event.h"
#include "perf_ring.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct broker;
struct ring;

enum { STORM_LOOK_MS = 20, STORM_BIRTHS = 4 };
enum { EVENTS_READ = 256 }; /* more are too many to read each second */

/* One CPU's pair of rings. */
struct lane {
	int cpu;
	struct perf_ring data, side;
};

/* One sampling event; kept open as long as what inherited it may live. */
struct perf_fd {
	int fd;
	pid_t tid;    /* −1: a CPU's event */
	uint32_t seq; /* of the opening it was part of */
};

/* A thread heard of. `since`: from when on its events (its own, or inherited)
 * are complete. */
struct perf_thread {
	pid_t tid, pid;
	uint64_t since;
	uint32_t own;   /* seq of the opening of its own events, 0: none */
	uint32_t owner; /* of an inherited one: highest seq it reported under */
};

/* A process being sampled. */
struct perf_process {
	pid_t pid;
	uint64_t start_ticks;
	struct cputime used;
	uint64_t stack_base; /* see perf_stack_base() */
	uint32_t asked;      /* how often it was asked for */
	bool alive, is_root; /* is_root: one the user named */
	bool scan;           /* its threads are to be listed (again) */
};

/* How much of the targets' CPU time is seen; since the last look, when the next is due. */
struct perf_cover {
	uint64_t due, cpu, weight;
	double off[2];  /* how far events of CPUs, and narrower ones, were off of late */
	bool fresh;     /* the way is a new one */
	uint64_t retry; /* when the other way may be tried again */
	uint64_t dwell; /* until when a way that was kept stays */
	uint64_t lost;  /* samples lost until then: a window with losses tells nothing */
};

/* A thread and what it used, when there are too many; `growth`: since the look before. */
struct perf_busy {
	pid_t pid, tid;
	uint64_t used_ns, growth_ns;
};
struct perf_crowd {
	bool on;                   /* not every thread can have events */
	struct perf_busy *threads; /* at the last look, by tid; owned */
	size_t count, cap;
	uint64_t due;
};

struct perf_source {
	struct broker *broker;
	struct source_config config; /* pids not kept */
	struct perf_kind kind;
	enum source_way way;
	struct lane *lanes;
	size_t lane_count;
	bool side_wide; /* side-band events see the whole machine */
	int cgroup;     /* a descriptor of its directory, for WAY_PERF_CGROUP; else −1 */
	bool stopping, ended;
	bool is_open;       /* notes go on as records from now on */
	bool no_wide;       /* events of CPUs could not be opened though allowed */
	bool counts_partly; /* events that counted are gone */
	char notes[512];    /* told so far, one a line */

	struct perf_fd *fds;
	size_t fd_count, fd_cap, fd_most;
	struct hash_map by_id;        /* event id → index in fds */
	struct hash_map sampling_ids; /* of all sampling events there ever were */
	uint32_t seq;

	struct perf_thread *threads;
	size_t thread_count, thread_cap;
	struct hash_map by_tid; /* tid → index in threads */
	struct perf_process *procs;
	size_t proc_count, proc_cap;
	struct hash_map by_pid; /* pid → index in procs */
	bool scanning;

	struct strbuf pending; /* records made here, to be handed on first */
	size_t pending_at;

	uint64_t last_released; /* time of the newest record handed on */
	uint64_t lost[LOST_CAUSES];
	bool resync;
	uint64_t late, weight_ns, lost_ever;
	uint64_t counted_before; /* by events closed since */
	uint64_t used_ns;        /* CPU time of the targets, never less than told before */
	uint64_t stats_due, check_due, storm_due, storm_from;
	uint64_t births, switches; /* since / at the last look for storms */
	struct perf_cover cover;
	struct perf_crowd crowd;
};

/* --- perf_attach.c ------------------------------------------------------------- */

/* A process to sample; its initial state goes to `pending`. */
void perf_attach_process(struct perf_source *s, pid_t pid, bool is_root);
struct perf_process *perf_find_process(struct perf_source *s, pid_t pid);
struct perf_thread *perf_find_thread(struct perf_source *s, pid_t tid);
struct perf_thread *perf_add_thread(struct perf_source *s, pid_t pid, pid_t tid, uint64_t since);

/* Queues COMM and MMAP records (flagged INITIAL, at `time`) of a process. */
void perf_describe(struct perf_source *s, pid_t pid, uint64_t time, bool threads);

/* CPU time counts from now on: called just before the first event is opened. */
void perf_rebase(struct perf_source *s);

/* Lists the threads of processes marked `scan` and opens the new ones, for
 * about `budget_ns`. */
void perf_scan(struct perf_source *s, uint64_t budget_ns);

/* What the side-band says of births, deaths and new programs. */
void perf_on_fork(struct perf_source *s, const struct record_fork *f);
void perf_on_exit(struct perf_source *s, pid_t pid, pid_t tid);
void perf_on_exec(struct perf_source *s, pid_t pid);

/* Where the stack of a process's main thread began when its program did: what lies above
 * is the environment, which no frame needs. 0 while that is not known. */
uint64_t perf_stack_base(struct perf_source *s, pid_t pid);

/* Whether a sample counts: its process is wanted, and it is not a double. */
bool perf_wants(struct perf_source *s, pid_t pid, pid_t tid, uint64_t id);

/* --- perf_busiest.c --------------------------------------------------------------- */

/* Opens events of the threads that use most of the CPU, as many as there can be. */
void perf_open_busiest(struct perf_source *s);

/* Looks who is busy now, and opens all anew when it is others than those sampled. */
void perf_watch_crowd(struct perf_source *s, uint64_t now);

/* --- perf_ways.c ---------------------------------------------------------------- */

/* Opens the sampling events of one thread on every CPU. */
enum ctop_err perf_open_thread(struct perf_source *s, pid_t pid, pid_t tid, struct err *e);

/* Opens one event a CPU, for all processes or those of the cgroup. */
enum ctop_err perf_open_cpus(struct perf_source *s, struct err *e);

/* Samples by cgroup where the targets have one to themselves. False when they have not, or
 * the right is missing: nothing has changed then. */
bool perf_open_cgroup(struct perf_source *s);

/* Whether the targets create threads so fast, right now, that events of their own would
 * miss them: looks at the side-band since the lanes were opened, for STORM_LOOK_MS. */
bool perf_is_storming(struct perf_source *s);

/* From events of threads or a cgroup to those of CPUs, if the right is there. */
void perf_go_wide(struct perf_source *s, const char *why);

/* Opens all events anew, with another size of stack dumps. */
void perf_set_stack(struct perf_source *s, uint32_t bytes);

/* Opens all events anew, of the threads there are now. */
void perf_reopen(struct perf_source *s);

/* Looks whether the way in force is the right one; changes it when it is not. */
void perf_watch_ways(struct perf_source *s, uint64_t now);

void perf_close_events(struct perf_source *s);

/* --- perf_watch.c ---------------------------------------------------------------- */

/* What the events counted: what sampling could have seen; ns. 0 when it is not known. */
uint64_t perf_counted(const struct perf_source *s);

/* The CPU time the targets have used by the kernel's clocks, ns, and how many are alive. It may
 * fall for a moment when a child ends. */
uint64_t perf_target_cpu(struct perf_source *s, uint32_t *alive);

#define PERF_CHECK_NS (CLOCK_NS_PER_SEC / 10)

/* Hands on what was lost since the last time. False when there is no room. */
bool perf_put_losses(struct perf_source *s, struct ring *out, uint64_t now);

/* The last records: losses, statistics, RECORD_END. False when there is no room. */
bool perf_put_end(struct perf_source *s, struct ring *out, uint64_t now);

/* Between drains: new threads, lost side-band, the way, who is alive, statistics. */
void perf_housekeeping(struct perf_source *s, struct ring *out, uint64_t now);

/* --- perf_emit.c ---------------------------------------------------------------- */

/* Time of a kernel record. */
uint64_t perf_time(const struct perf_event_header *h);

/* Hands one kernel record on. False when there is no room for one that must
 * not be lost: try again with the same record. */
bool perf_emit(struct perf_source *s, struct ring *out, const struct perf_event_header *h);

/* Queues a record in `pending`. */
void perf_queue(struct perf_source *s, const void *record);

/* Tells the user something, once. */
void perf_note(struct perf_source *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
