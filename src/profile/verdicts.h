/* verdicts: which functions of a comparison have changed by more than chance. Private to the
 * profile layer; belongs to the analyzer.
 *
 * Judged anew every two seconds at most, from the newest samples of both ranges, so that it takes
 * some milliseconds only.
 */
#ifndef CTOP_PROFILE_VERDICTS_H
#define CTOP_PROFILE_VERDICTS_H

#include <stdbool.h>
#include <stdint.h>

struct generation;
struct profile;

/* Zero-initialised is nothing judged yet. */
struct verdicts {
	uint8_t *of; /* owned; by function, as struct snapshot has them */
	uint32_t count;
	uint64_t judged_ns; /* our clock */
	bool judged;
};

/* Judges again if it is time to; a copy of what is known, owned by the caller. */
uint8_t *verdicts_copy(struct profile *p, struct generation *g, uint32_t *count, bool *judged);
void verdicts_fini(struct verdicts *v);

#endif
