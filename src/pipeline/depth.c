/* depth: how much of the stack to copy; see depth.h. */
#include "depth.h"

#include "ctop/record.h"

enum { LEAST_SAMPLES = 20, LEAST_CUT = 2, WINDOW = 10000, ONE_IN = 200 };
enum { MOST_BYTES = RECORD_STACK_MAX / 8 * 8 };

void depth_init(struct depth *d, uint32_t bytes, _Atomic uint32_t *wanted)
{
	*d = (struct depth){.wanted = wanted, .bytes = bytes};
}

void depth_sample(struct depth *d, uint32_t len, bool cut)
{
	if (d->wanted == NULL)
		return;
	d->samples++;
	/* A shorter copy was taken before the last change. */
	d->cut += cut && len >= d->bytes;
	if (d->samples < LEAST_SAMPLES)
		return;
	if (d->cut >= LEAST_CUT && d->cut > d->samples / ONE_IN && d->bytes < MOST_BYTES) {
		d->bytes = d->bytes * 2 < MOST_BYTES ? d->bytes * 2 : MOST_BYTES;
		atomic_store_explicit(d->wanted, d->bytes, memory_order_relaxed);
		d->samples = d->cut = 0;
	} else if (d->samples >= WINDOW) {
		d->samples = d->cut = 0;
	}
}
