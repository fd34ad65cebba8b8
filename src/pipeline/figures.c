/* figures: percentages of the header; see figures.h. */
#include "figures.h"

#include "ctop/clock.h"
#include "ctop/record.h"
#include "ctop/snapshot.h"

uint64_t figures_own_cpu(struct figures *f)
{
	uint64_t ns;
	if (f->helper != 0 && clock_pid_cpu_ns(f->helper, &ns) && ns > f->helper_ns)
		f->helper_ns = ns;
	return clock_process_cpu_ns() + f->helpers_ns + f->helper_ns;
}

/* The sampler is a process of its own: one that was replaced counts as far as it was known. */
static void follow_helper(struct figures *f, const struct record_stats *r)
{
	if ((r->h.flags & RECORD_APART) == 0 || f->replay)
		return;
	if ((pid_t)r->h.pid != f->helper) {
		f->helpers_ns += f->helper_ns;
		f->helper_ns = 0;
		f->helper = (pid_t)r->h.pid;
	}
	f->helper_ns = r->sampler_cpu_ns > f->helper_ns ? r->sampler_cpu_ns : f->helper_ns;
}

void figures_init(struct figures *f, uint64_t start_ns, bool replay)
{
	*f = (struct figures){.start_ns = start_ns, .replay = replay};
	f->own_time_ns = clock_now_ns();
	f->own_cpu_ns = figures_own_cpu(f);
}

void figures_record(struct figures *f, const struct record_stats *r)
{
	if (r->h.time > f->time_ns + CLOCK_NS_PER_SEC / 2) {
		f->before_time_ns = f->time_ns;
		f->before_target_ns = f->target_ns;
	}
	follow_helper(f, r);
	f->time_ns = r->h.time;
	f->target_ns = f->ended_target_ns + r->target_cpu_ns;
	f->weight_ns = f->ended_weight_ns + r->weight_ns;
}

void figures_restart(struct figures *f)
{
	f->ended_target_ns = f->target_ns;
	f->ended_weight_ns = f->weight_ns;
}

void figures_reset(struct figures *f, uint64_t now_ns)
{
	f->start_ns = now_ns;
	f->base_target_ns = f->target_ns;
	f->base_weight_ns = f->weight_ns;
}

/* ctop's share of a CPU over windows of at least a second. */
static void fill_own(struct figures *f)
{
	uint64_t now = clock_now_ns();
	uint64_t wall = now - f->own_time_ns;
	bool first = f->own_percent == 0 && wall > CLOCK_NS_PER_SEC / 4;
	if (wall < CLOCK_NS_PER_SEC && !first)
		return;
	uint64_t cpu = figures_own_cpu(f);
	f->own_percent = 100.0 * (double)(cpu - f->own_cpu_ns) / (double)wall;
	if (wall < CLOCK_NS_PER_SEC)
		return;
	f->own_cpu_ns = cpu;
	f->own_time_ns = now;
}

void figures_fill(struct figures *f, uint64_t now_ns, struct snapshot_stats *s)
{
	s->elapsed_ns = now_ns > f->start_ns ? now_ns - f->start_ns : 0;
	s->target_cpu_ns = f->target_ns - f->base_target_ns;
	uint64_t weight = f->weight_ns - f->base_weight_ns;
	/* Under 200 ms of CPU time the ratio is all granularity. */
	s->accounted = s->target_cpu_ns > CLOCK_NS_PER_SEC / 5
	                       ? (double)weight / (double)s->target_cpu_ns
	                       : 1.0;
	if (f->before_time_ns != 0)
		s->cpu_percent = 100.0 * (double)(f->target_ns - f->before_target_ns) /
		                 (double)(f->time_ns - f->before_time_ns);
	else if (s->elapsed_ns > 0)
		s->cpu_percent = 100.0 * (double)s->all_weight_ns / (double)s->elapsed_ns;
	if (!f->replay)
		fill_own(f);
	s->ctop_percent = f->own_percent;
}
