/* session: one profiling run, from source to snapshots: starts the threads in
 * order, hands over snapshots, takes commands, stops in order.
 *
 * Threads inside: sampler (drains the source), analyzer (everything between the
 * byte ring and the snapshot), worker (loads images), watcher (/proc facts once a
 * second), capture writer with --raw. All functions here are called by the
 * owner's one thread (the UI's, or record's main loop) and never block on the
 * others, except session_stop() and session_free().
 */
#ifndef CTOP_SESSION_H
#define CTOP_SESSION_H

#include "ctop/command.h"
#include "ctop/err.h"
#include "ctop/peek.h"
#include "ctop/snapshot.h"
#include "ctop/source.h"
#include "ctop/unwind.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct detail;
struct dump;
struct funcs;
struct profile;
struct session;

struct session_config {
	enum source_choice choice;   /* of the live source */
	struct source_config source; /* pids are copied; regs_mask is filled in */
	enum unwind_mode unwind;
	bool deepen;                /* copy more of the stack when stacks are found to be deeper */
	size_t memory;              /* bytes */
	uint32_t refresh_ms;        /* longest interval between snapshots */
	const char *input;          /* a capture to replay or a folded file to count instead of
	                             * sampling ("-": standard input), or NULL */
	bool paced;                 /* replay on the capture's own clock */
	const char *raw_output;     /* write a capture here, or NULL */
	struct profile_query query; /* to begin with */
	const char *source_map;     /* "FROM=TO" for paths of source files, or NULL; borrowed */
	bool fetch;                 /* fetch debug files (remote.h) from the start */
	bool watch;                 /* refresh /proc facts for a display */
	bool follow;                /* go on with the successor of a target that has ended */
	const char *name;           /* what to call a launched command; NULL: by its own name */
};

/* Opens the source, starts the threads. Errors are for the user. */
enum ctop_err session_start(struct session **out, const struct session_config *c, struct err *e);

/* Readable when a newer snapshot, new facts or a finished save waits. Borrowed. */
int session_fd(const struct session *s);

/* Clears that descriptor. */
void session_ack(struct session *s);

/* The newest snapshot, a new reference; NULL before the first. */
struct snapshot *session_snapshot(struct session *s);

/* Sends a command; returns its number. The number and kind of c are filled in here
 * and by the caller respectively. */
uint64_t session_command(struct session *s, const struct command *c);

/* Asks for a look at the targets' threads (peek.h): all of them, or the `count` of `tids`, which
 * are copied. Returns the number that the dump will carry; 0 when there is nothing to look at: a
 * replay, the whole machine. */
uint64_t session_peek(struct session *s, enum peek_stop stop, const pid_t *tids, size_t count);

/* The newest dump, a new reference; NULL before the first. */
struct dump *session_dump(struct session *s);

/* The newest detail of the function asked for by COMMAND_DETAIL, a new reference; NULL before the
 * first. */
struct detail *session_detail(struct session *s);

/* The names that dumps refer to; borrowed. */
const struct funcs *session_funcs(const struct session *s);

/* Ends sampling, and returns at once: session_ended() tells when all that was asked for has come,
 * debug files too. */
void session_end_sampling(struct session *s);

/* Ends sampling and waits until every sample taken has been counted and the
 * last snapshot is published (and the capture written). Idempotent. */
enum ctop_err session_stop(struct session *s, struct err *e);

/* True when the source has ended (targets gone, capture at its end) and all of it
 * is counted in the newest snapshot. */
bool session_ended(struct session *s);

/* Everything that was counted, for its owner's thread; NULL before session_stop(). */
struct profile *session_profile(const struct session *s);

/* stop + release everything. Snapshots still held must be given back first. */
void session_free(struct session *s);

/* Where a target that has ended has a successor (successor.h). Of one process that runs already,
 * with `watch` or `follow`; to be looked at whenever there is news. */
enum session_succession {
	SUCCESSION_NONE,    /* nothing new */
	SUCCESSION_OFFERED, /* `text` tells of process *pid, which session_succeed() takes */
	SUCCESSION_GOES_ON, /* with another process: the facts have changed */
	SUCCESSION_REFUSED, /* `text` tells why it could not be attached to */
};
enum session_succession session_succession(struct session *s, pid_t *pid, char *text, size_t cap);
void session_succeed(struct session *s, pid_t pid);

/* What the target is called and what the source turned out to be; borrowed. */
struct session_facts {
	const char *title;
	uint32_t pid, more;
	struct source_info source;
	uint64_t start_ns;
	int64_t clock_offset_ns;    /* from times of samples to the wall clock */
	const char *capture_damage; /* "" or what a replayed file lacks */
};
const struct session_facts *session_facts(const struct session *s);

/* One thread of the targets as /proc showed it last; copied into an array the
 * caller frees. False when nothing is known yet (or in a replay). */
struct session_thread {
	uint32_t pid, tid;
	char state;
	char name[32];
	char wait[48];
};
bool session_threads(struct session *s, struct session_thread **out, uint32_t *count);

/* Writes `snap` (a reference is taken) as folded stacks to a fresh file beside
 * the working directory, on the worker. The result comes through session_saved(). */
void session_save(struct session *s, struct snapshot *snap);

/* The same to a file of that name, which must not be there yet. */
void session_save_as(struct session *s, struct snapshot *snap, const char *path);

/* The outcome of a save: false when none is waiting. `text` gets one line: the path,
 * or why it failed. */
bool session_saved(struct session *s, bool *ok, char *text, size_t cap);

#endif
