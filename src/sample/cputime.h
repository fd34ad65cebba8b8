/* cputime: what several processes have used, summed from clocks that each miss something. Private
 * to the sample layer.
 *
 * No clock tells of a child that came and went between two looks, but its parent's account of
 * ended children does, once it was waited for. That account holds all that the child ever used, so
 * what a child had used before the attach is taken off. Both sums miss something, neither counts
 * too much: the larger is nearer to the truth.
 */
#ifndef CTOP_SAMPLE_CPUTIME_H
#define CTOP_SAMPLE_CPUTIME_H

#include <stdbool.h>
#include <stdint.h>

/* One process, ns: its clock at the attach and last, and its account of ended children. */
struct cputime {
	uint64_t base_ns, cpu_ns;
	uint64_t base_children_ns, children_ns;
};

struct cputime_sum {
	uint64_t own, with_children, before;
};

static inline void cputime_add(struct cputime_sum *s, const struct cputime *p, bool alive,
                               bool is_root)
{
	uint64_t own = p->cpu_ns - p->base_ns;
	s->own += own;
	if (alive || is_root)
		s->with_children += own + p->children_ns - p->base_children_ns;
	else
		s->before += p->base_ns + p->base_children_ns;
}

static inline uint64_t cputime_total(const struct cputime_sum *s)
{
	uint64_t all = s->with_children > s->before ? s->with_children - s->before : 0;
	return all > s->own ? all : s->own;
}

#endif
