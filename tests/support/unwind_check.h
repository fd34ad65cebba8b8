/* unwind_check: is a stack right? Against libunwind, and against the code itself.
 *
 * The second truth uses no unwind information: the bytes before a return address
 * must be a call, and where it is a direct call, its target (through a PLT stub, or a
 * tail call's jump) must be the function the frame below is in.
 */
#ifndef CTOP_TESTS_UNWIND_CHECK_H
#define CTOP_TESTS_UNWIND_CHECK_H

#include "ctop/unwind.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct capture_walk;

struct unwind_tally {
	uint64_t samples, complete;
	uint64_t equal;        /* frame by frame the same as libunwind's */
	uint64_t oracle_short; /* libunwind stopped earlier on the same frames, and ours is complete
	                        */
	uint64_t returns, calls;     /* return addresses looked at, and those behind a call */
	uint64_t direct, agree;      /* direct calls, and those whose target is the callee */
	uint64_t steps[UNWIND_WAYS]; /* frames by each way */
	uint64_t ends[16];           /* by enum unwind_end */
};

/* Checks every sample of a walk. `code`: the images hold all their code, so that a direct call that
 * does not lead to the callee is a mistake and not just unexplained.
 * `print`: how many differences to print on standard error. */
void unwind_check(struct capture_walk *w, bool code, unsigned print, struct unwind_tally *out);

#endif
