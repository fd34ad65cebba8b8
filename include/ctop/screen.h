/* screen: the whole live screen as a value: header, tabs, the current view,
 * the foot lines, help. Owns all view state (current view, selection, open rows,
 * scroll, zoom, sort, pause); draws on a surface from the snapshot it is given;
 * turns keys into actions. Touches no terminal, file, clock or thread, so tests
 * drive it with snapshots of their own. Belongs to the UI thread.
 */
#ifndef CTOP_SCREEN_H
#define CTOP_SCREEN_H

#include "ctop/action.h"
#include "ctop/key.h"
#include "ctop/snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct detail;
struct dump;
struct funcs;
struct mouse_event;
struct screen;
struct surface;

/* A thread as /proc shows it now; refreshed about once a second by the pipeline. */
struct screen_thread {
	uint32_t pid, tid;
	char state; /* R S D Z T … */
	char name[32];
	char wait[48]; /* wait channel or system call; "" when running or unknown */
};

/* What the screen shows beside the snapshot. All pointers borrowed for one call. */
struct screen_facts {
	const char *title; /* "postgres", "3 processes", "whole machine", a file's name */
	uint32_t pid;      /* 0: none to show */
	uint32_t more;     /* further targets beside pid */
	const struct screen_thread *threads;
	uint32_t thread_count;
	bool threads_known;       /* false in a replay */
	bool child_running;       /* a launched command is alive: quitting asks */
	bool launched;            /* the target was started by ctop */
	int wait_status;          /* of a launched command that has ended, else -1 */
	uint64_t now_ns;          /* CLOCK_MONOTONIC, for messages that fade */
	uint64_t clock_offset_ns; /* from times of samples to the wall clock; 0: not known */
	bool starting;            /* no snapshot yet: what we are waiting for is in `doing` */
	const char *doing;
};

struct screen_options {
	bool ascii; /* no characters beyond 7 bit */
	bool replay;
	const char *no_fetch; /* why debug files cannot be fetched, borrowed; NULL: they can */
	struct profile_query query; /* what is counted to begin with */
};

struct screen *screen_new(const struct screen_options *o);
void screen_free(struct screen *s);

/* A newer snapshot; the screen takes its own reference. While paused it is kept
 * aside and shown when the pause ends. */
void screen_set_snapshot(struct screen *s, struct snapshot *snap);

/* Where the threads are, as it was asked for with ACTION_LOOK; the screen takes its own reference.
 * `funcs` is borrowed for the life of the screen. */
void screen_set_dump(struct screen *s, struct dump *d, const struct funcs *funcs);

/* The function asked for with ACTION_DETAIL; the screen takes its own reference. */
void screen_set_detail(struct screen *s, struct detail *d);

/* The number of the last command sent; the screen marks itself 'working…' until
 * a snapshot with that number arrives. */
void screen_set_command(struct screen *s, uint64_t number);

/* One line for the message line, shown for some seconds; errors until a key. */
void screen_message(struct screen *s, uint64_t now_ns, bool error, const char *text);

/* A process that could go on where the target has ended: `text` stands on the message line, Enter
 * takes it, Esc does away with it. pid 0: no more. */
void screen_offer(struct screen *s, int pid, const char *text);

/* Whether what the launched command prints is shown; more of it. */
bool screen_wants_output(const struct screen *s);
void screen_output(struct screen *s, const char *bytes, size_t len);

/* Draws everything into the surface (any size from 1×1). */
void screen_draw(struct screen *s, struct surface *out, const struct screen_facts *facts);

/* One key. `rows`/`cols` of the last draw are remembered. */
struct action screen_key(struct screen *s, key_code key, const struct screen_facts *facts);

/* A click or a turn of the wheel, at what the last drawing put there. */
struct action screen_mouse(struct screen *s, const struct mouse_event *e,
                           const struct screen_facts *facts);

/* The snapshot now shown (the paused one during a pause), borrowed; may be NULL. */
struct snapshot *screen_snapshot(struct screen *s);

/* Key table as text for --help and the manual, one "key  what it does" a line. */
const char *screen_key_help(unsigned index, const char **keys);

/* The commands, as the prompt of ':' takes them, in the same way. */
const char *screen_command_help(unsigned index, char *usage, size_t cap);

#endif
