/* perf_ring: one perf buffer shared with the kernel. Private to the sample layer.
 *
 * Each CPU has a data ring (samples) and a side ring (mmap, comm, fork, exit). A
 * ring is held by a dummy event; sampling events are redirected into it, so the
 * ring outlives any of them. Read by the sampler thread only.
 */
#ifndef CTOP_SAMPLE_PERF_RING_H
#define CTOP_SAMPLE_PERF_RING_H

#include <stddef.h>
#include <stdint.h>

struct perf_event_header;

struct perf_ring {
	int fd; /* the holder */
	void *base;
	size_t size;            /* of the data area */
	uint64_t head;          /* as read by perf_ring_look() */
	uint64_t at;            /* read position */
	unsigned char *scratch; /* for the one record that wraps; 64 KB */
};

/* Maps `size` bytes (a power of two) of the event `fd` (taken over on success).
 * Returns 0 or an errno. */
int perf_ring_open(struct perf_ring *r, int fd, size_t size);
void perf_ring_close(struct perf_ring *r);

/* Notes how far the kernel has written. */
void perf_ring_look(struct perf_ring *r);

/* The next record up to there, or NULL; contiguous; valid until
 * perf_ring_release(). */
const struct perf_event_header *perf_ring_next(struct perf_ring *r);

/* Gives what was read back to the kernel. */
void perf_ring_release(struct perf_ring *r);

#endif
