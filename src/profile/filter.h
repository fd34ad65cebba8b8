/* filter: the rules of a query, ready to be asked of functions. Private to the profile layer;
 * belongs to the analyzer.
 */
#ifndef CTOP_PROFILE_FILTER_H
#define CTOP_PROFILE_FILTER_H

#include "ctop/profile.h"

struct match;

/* Zero-initialised has no rules. */
struct filters {
	uint32_t count;
	struct profile_filter of[PROFILE_FILTERS];
	struct match *match[PROFILE_FILTERS]; /* owned; of those that match */
	uint8_t keep, drop, hide, fold;       /* which rules do what: a bit each */
	uint16_t *verdicts;                   /* by function; 0: not asked yet */
	size_t cap;
};

void filters_init(struct filters *f, const struct profile_query *q);
void filters_fini(struct filters *f);

/* The rules that a function fulfils, a bit each. */
uint8_t filters_ask(struct filters *f, const struct funcs *funcs, uint32_t func);

/* Whether stacks in which the rules of `seen` are fulfilled are counted. */
static inline bool filters_accept(const struct filters *f, uint8_t seen)
{
	return (seen & f->keep) == f->keep && (seen & f->drop) == 0;
}

#endif
