/* ring: single-producer single-consumer ring of byte records; see ring.h.
 *
 * Each record stands behind an 8-byte header {length, kind}; head and tail are
 * free-running byte counters on cache lines of their own, each written by one
 * side. The sleeping flag and the eventfd form the usual Dekker pair: the
 * producer publishes, then looks at the flag; the consumer sets the flag, then
 * looks again for records; both with sequentially consistent order.
 */
#include "ctop/ring.h"

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LINE = 64, HEADER = 8, LEAST = 64 * 1024 };
enum { KIND_DATA = 1, KIND_PAD = 2 };

struct slot_header {
	uint32_t len; /* bytes of the record, without header and padding */
	uint32_t kind;
};
static_assert(sizeof(struct slot_header) == HEADER, "slot header is 8 bytes");

struct ring {
	alignas(LINE) _Atomic uint64_t head; /* producer: bytes published */
	uint64_t pending;                    /* producer: head after commit */
	uint64_t rewound_to;                 /* producer: where the last rewind went */
	size_t rewound_room;                 /* producer: bytes that were before it */
	size_t batch, largest_batch;         /* producer: bytes between two signals */
	_Atomic uint64_t dropped;
	alignas(LINE) _Atomic uint64_t tail; /* consumer: bytes released */
	_Atomic uint32_t sleeping;
	alignas(LINE) unsigned char *data;
	size_t size;
	int fd; /* −1: shared with another process, and nobody sleeps on it */
};

static size_t round_up(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

static void *map(size_t size, int sharing)
{
	void *m = mmap(NULL, size, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS | MAP_NORESERVE,
	               -1, 0);
	return m != MAP_FAILED ? m : NULL;
}

static struct ring *make(size_t size, int sharing)
{
	size_t want = LEAST;
	while (want < size)
		want *= 2;
	struct ring *r = map(sizeof *r, sharing);
	if (r == NULL)
		return NULL;
	r->size = want;
	r->fd = -1;
	r->data = map(want, sharing);
	if (r->data != NULL)
		return r;
	ring_free(r);
	return NULL;
}

struct ring *ring_new(size_t size)
{
	struct ring *r = make(size, MAP_PRIVATE);
	if (r == NULL)
		return NULL;
	r->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r->fd < 0) {
		ring_free(r);
		return NULL;
	}
	/* Records pass through all of it: large pages save a fault for every 4 KB.
	 * A refusal costs only that. */
	madvise(r->data, r->size, MADV_HUGEPAGE);
	return r;
}

struct ring *ring_new_shared(size_t size)
{
	return make(size, MAP_SHARED);
}

void ring_free(struct ring *r)
{
	if (r == NULL)
		return;
	if (r->data != NULL)
		munmap(r->data, r->size);
	if (r->fd >= 0)
		close(r->fd);
	munmap(r, sizeof *r);
}

static struct slot_header *slot_at(const struct ring *r, uint64_t pos)
{
	return (struct slot_header *)(void *)(r->data + (pos & (r->size - 1)));
}

/* Whether to go back to the beginning now: the ring is empty, and what lies before
 * `at` is room enough. So a consumer that keeps up has the producer write to the same
 * few megabytes, warm in the caches, and the rest is never touched. */
static bool should_rewind(const struct ring *r, uint64_t head, uint64_t tail, size_t at,
                          size_t need)
{
	return head == tail && at >= r->size / 8 && at >= 4 * r->largest_batch && at >= 8 * need;
}

/* Bytes that may be taken at `head`, less those kept for reserved records. Until the
 * consumer has passed the pad of a rewind, only what lay before it is free. */
static size_t room_at(const struct ring *r, uint64_t head, uint64_t tail, bool reserved)
{
	bool rewound = tail < r->rewound_to;
	size_t all = rewound ? r->rewound_room : r->size;
	size_t used = (size_t)(head - (rewound ? r->rewound_to : tail));
	size_t kept = reserved ? 0 : all / 8;
	return used + kept < all ? all - used - kept : 0;
}

static void put_pad(struct ring *r, uint64_t *head, size_t len)
{
	*slot_at(r, *head) = (struct slot_header){(uint32_t)(len - HEADER), KIND_PAD};
	*head += len;
}

void *ring_reserve(struct ring *r, size_t len, bool reserved)
{
	uint64_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
	uint64_t tail = atomic_load_explicit(&r->tail, memory_order_acquire);
	size_t need = HEADER + round_up(len);
	size_t at = (size_t)(head & (r->size - 1)), to_end = r->size - at;
	size_t pad = need > to_end ? to_end : 0;

	if (len <= r->size / 4 && should_rewind(r, head, tail, at, need)) {
		put_pad(r, &head, to_end);
		r->rewound_to = head;
		r->rewound_room = at;
	} else if (len > r->size / 4 || pad + need > room_at(r, head, tail, reserved)) {
		if (!reserved)
			atomic_fetch_add_explicit(&r->dropped, 1, memory_order_relaxed);
		return NULL;
	} else if (pad != 0) {
		put_pad(r, &head, pad);
	}
	struct slot_header *slot = slot_at(r, head);
	*slot = (struct slot_header){(uint32_t)len, KIND_DATA};
	r->pending = head + need;
	r->batch += need;
	return slot + 1;
}

void ring_commit(struct ring *r)
{
	atomic_store_explicit(&r->head, r->pending, memory_order_seq_cst);
}

void ring_signal(struct ring *r)
{
	r->largest_batch = r->batch > r->largest_batch ? r->batch : r->largest_batch;
	r->batch = 0;
	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_exchange(&r->sleeping, 0) == 0)
		return;
	uint64_t one = 1;
	/* Fails only when the counter is full, and then it is readable. */
	ssize_t n = write(r->fd, &one, sizeof one);
	(void)n;
}

const void *ring_peek(struct ring *r, size_t *len)
{
	uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
	uint64_t head = atomic_load_explicit(&r->head, memory_order_acquire);
	if (tail == head)
		return NULL;
	struct slot_header *slot = slot_at(r, tail);
	if (slot->kind == KIND_PAD) {
		tail += HEADER + slot->len;
		atomic_store_explicit(&r->tail, tail, memory_order_release);
		slot = slot_at(r, tail);
	}
	*len = slot->len;
	return slot + 1;
}

void ring_pop(struct ring *r)
{
	uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
	struct slot_header *slot = slot_at(r, tail);
	tail += HEADER + round_up(slot->len);
	atomic_store_explicit(&r->tail, tail, memory_order_release);
}

bool ring_sleep(struct ring *r)
{
	atomic_store(&r->sleeping, 1);
	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load(&r->head) == atomic_load(&r->tail))
		return true;
	atomic_store(&r->sleeping, 0);
	return false;
}

void ring_awake(struct ring *r, bool signalled)
{
	uint64_t n;
	atomic_store(&r->sleeping, 0);
	if (signalled) {
		ssize_t got = read(r->fd, &n, sizeof n);
		(void)got;
	}
}

int ring_fd(const struct ring *r)
{
	return r->fd;
}

uint64_t ring_dropped(const struct ring *r)
{
	return atomic_load_explicit(&r->dropped, memory_order_relaxed);
}
