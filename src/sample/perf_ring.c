/* perf_ring: a buffer shared with the kernel; see perf_ring.h and
 * perf_event_open(2), "MMAP layout". */
#include "perf_ring.h"

#include "ctop/mem.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SCRATCH = 1 << 16 };

static struct perf_event_mmap_page *page_of(const struct perf_ring *r)
{
	return r->base;
}

int perf_ring_open(struct perf_ring *r, int fd, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *base = mmap(NULL, page + size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED)
		return errno;
	*r = (struct perf_ring){.fd = fd, .base = base, .size = size};
	r->scratch = mem_alloc(SCRATCH);
	return 0;
}

void perf_ring_close(struct perf_ring *r)
{
	if (r->base == NULL)
		return;
	munmap(r->base, (size_t)sysconf(_SC_PAGESIZE) + r->size);
	close(r->fd);
	free(r->scratch);
	*r = (struct perf_ring){.fd = -1};
}

void perf_ring_look(struct perf_ring *r)
{
	r->head = __atomic_load_n(&page_of(r)->data_head, __ATOMIC_ACQUIRE);
}

const struct perf_event_header *perf_ring_next(struct perf_ring *r)
{
	const unsigned char *data = (const unsigned char *)r->base + sysconf(_SC_PAGESIZE);
	if (r->head - r->at < sizeof(struct perf_event_header))
		return NULL;
	size_t from = (size_t)(r->at & (r->size - 1));
	/* Records are multiples of 8, so a header never wraps. */
	const struct perf_event_header *h = (const void *)(data + from);
	if (h->size < sizeof *h || h->size > r->head - r->at) {
		r->at = r->head; /* cannot happen; give up this batch rather than loop */
		return NULL;
	}
	r->at += h->size;
	if (from + h->size <= r->size)
		return h;
	size_t first = r->size - from;
	memcpy(r->scratch, data + from, first);
	memcpy(r->scratch + first, data, h->size - first);
	return (const void *)r->scratch;
}

void perf_ring_release(struct perf_ring *r)
{
	__atomic_store_n(&page_of(r)->data_tail, r->at, __ATOMIC_RELEASE);
}
