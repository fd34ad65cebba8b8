/* ring: a single-producer single-consumer ring of byte records.
 *
 * The producer never blocks and never allocates. A record is contiguous in
 * memory (a pad record fills the end of the buffer), 8-byte aligned, and at
 * most a quarter of the ring. An eighth of the space is kept for records that
 * must not be lost (side-band): ordinary ones are refused before it is
 * touched. Refusals are counted. The consumer is woken through an eventfd only
 * when it has said that it sleeps, so a busy consumer costs no system call.
 */
#ifndef CTOP_RING_H
#define CTOP_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring;

/* A ring of `size` bytes, rounded up to a power of two, at least 64 KB.
 * NULL when the memory or the eventfd is refused. */
struct ring *ring_new(size_t size);

/* The same in memory that processes forked from now on share, at the same address: one side may be
 * such a process. Its consumer looks from time to time and does not sleep: there is no ring_fd().
 * When its producer was killed, a new ring takes its place. */
struct ring *ring_new_shared(size_t size);

/* After both sides have stopped. NULL is allowed. */
void ring_free(struct ring *r);

/* Producer: room for a record of `len` bytes, or NULL when there is none.
 * `reserved` records may use the kept eighth. A refused ordinary record is
 * counted as dropped; a refused reserved one is not (its producer waits). The
 * bytes are the producer's until ring_commit(). */
void *ring_reserve(struct ring *r, size_t len, bool reserved);

/* Producer: publishes the record reserved last. */
void ring_commit(struct ring *r);

/* Producer: wakes the consumer if it sleeps. Call once after a batch. */
void ring_signal(struct ring *r);

/* Consumer: the oldest record, or NULL; its length in *len. Borrowed until
 * ring_pop(). */
const void *ring_peek(struct ring *r, size_t *len);

/* Consumer: releases the record ring_peek() gave last. */
void ring_pop(struct ring *r);

/* Consumer: says that it is about to wait on ring_fd(). Returns false when
 * there is something to read after all. */
bool ring_sleep(struct ring *r);

/* Consumer: after waking; `signalled`: ring_fd() was readable, and is cleared. */
void ring_awake(struct ring *r, bool signalled);

/* The eventfd that becomes readable; borrowed. */
int ring_fd(const struct ring *r);

/* Any thread: ordinary records refused so far. */
uint64_t ring_dropped(const struct ring *r);

#endif
