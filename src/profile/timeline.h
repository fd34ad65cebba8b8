/* timeline: what happened over the whole run, by time: CPU used, samples lost, threads alive; and
 * the marks. Private to the profile layer; belongs to the analyzer.
 */
#ifndef CTOP_PROFILE_TIMELINE_H
#define CTOP_PROFILE_TIMELINE_H

#include "ctop/snapshot.h"

#include <stddef.h>
#include <stdint.h>

struct history;

/* A stretch of time. 24 bytes would do for an hour; these are 16. */
struct time_bucket {
	uint32_t us;   /* CPU, saturating */
	uint32_t lost; /* samples */
	uint32_t threads;
	uint32_t reserved;
};

/* Zero-initialised, then timeline_init(). */
struct timeline {
	uint64_t start_ns, width_ns;
	struct time_bucket *buckets; /* owned; from start_ns on, without gaps */
	size_t count, cap;
	uint32_t threads;        /* alive now */
	uint64_t from_ns, to_ns; /* the strip asked for; both 0: the newest */
	uint64_t heat_from_ns;   /* the heat asked for */
	uint32_t heat_seconds, heat_rows;
	struct snapshot_mark marks[SNAPSHOT_MARKS];
	uint32_t mark_count;
};

void timeline_init(struct timeline *t, uint64_t start_ns);
void timeline_fini(struct timeline *t);

/* Forgets all but the marks' names and the threads. */
void timeline_reset(struct timeline *t, uint64_t now_ns);

void timeline_add(struct timeline *t, uint64_t time_ns, uint64_t weight_ns);
void timeline_lost(struct timeline *t, uint64_t time_ns, uint64_t samples);

/* One thread more, or (−1) one less. */
void timeline_threads(struct timeline *t, int by);

void timeline_mark(struct timeline *t, uint64_t time_ns, const char *name);

/* The strip that is asked for, copied for a snapshot; stretches narrower than a bucket are counted
 * from the history. */
void timeline_strip(const struct timeline *t, struct history *h, uint64_t now_ns,
                    struct snapshot_strip *out);

/* The heat that is asked for, counted from the history. */
void timeline_heat(const struct timeline *t, struct history *h, uint64_t now_ns,
                   struct snapshot_heat *out);

struct snapshot_mark *timeline_marks(const struct timeline *t, uint32_t *count);

size_t timeline_bytes(const struct timeline *t);

#endif
