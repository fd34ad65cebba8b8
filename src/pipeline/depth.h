/* depth: how much of the stack to copy.
 *
 * Most stacks fit the first 16 KB, some programs' do not. The analyzer counts how many
 * stacks led beyond the copy; when more than one in two hundred did, it asks the sampler,
 * through one shared number, for twice as much. Never asks for less. Belongs to the
 * analyzer but for `wanted`.
 */
#ifndef CTOP_PIPELINE_DEPTH_H
#define CTOP_PIPELINE_DEPTH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct depth {
	_Atomic uint32_t *wanted; /* bytes; borrowed; NULL: the size is fixed */
	uint32_t bytes;           /* asked for last */
	uint32_t samples, cut;    /* since the last change */
};

void depth_init(struct depth *d, uint32_t bytes, _Atomic uint32_t *wanted);

/* One sample: `len` bytes of stack were copied, and the stack went on beyond them or not. */
void depth_sample(struct depth *d, uint32_t len, bool cut);

#endif
