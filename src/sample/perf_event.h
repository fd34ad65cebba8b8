/* perf_event: attributes of the events. Private to the sample layer. */
#ifndef CTOP_SAMPLE_PERF_EVENT_H
#define CTOP_SAMPLE_PERF_EVENT_H

#include "ctop/source.h"

#include <stdbool.h>
#include <stdint.h>

struct perf_event_attr;

/* What every event of a source has in common. */
struct perf_kind {
	uint32_t rate_hz;
	uint32_t stack_bytes;
	uint64_t regs_mask;
	bool kernel;         /* kernel frames and kernel time */
	bool inherit;        /* per-thread events: follow what the thread creates */
	bool threads_only;   /* follow threads but not child processes */
	bool enable_on_exec; /* a launched command */
};

/* The sampling event. */
void perf_event_sampling(struct perf_event_attr *a, const struct perf_kind *k);

/* The side-band event: mmap2, comm, fork, exit. */
void perf_event_side(struct perf_event_attr *a, const struct perf_kind *k);

/* An event that only holds a ring. */
void perf_event_holder(struct perf_event_attr *a);

#endif
