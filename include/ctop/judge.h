/* judge: the rows of two joined profiles, tested against chance (compare.h).
 *
 * Where both profiles know when their samples were taken, the history of every row that matters is
 * laid out in blocks of time first. Pure; belongs to its owner's thread.
 */
#ifndef CTOP_JUDGE_H
#define CTOP_JUDGE_H

#include "ctop/compare.h"
#include "ctop/join.h"

struct profile;

struct judgement {
	enum compare_method method;
	struct compare_row *total, *self; /* by row of the join; owned */
};

/* Judges the rows of `j`. `profiles`: what the snapshots were made of, their owner's still; not
 * needed (NULL) for sides that have no time. judgement_fini() frees what is filled in. */
void judge(struct judgement *out, struct join *j, const struct snapshot *const s[JOIN_SIDES],
           struct profile *const profiles[JOIN_SIDES]);
void judgement_fini(struct judgement *out);

#endif
