/* figures: the shares and percentages of the header, from the source's own
 * statistics and from ctop's CPU clock. Belongs to the analyzer.
 */
#ifndef CTOP_PIPELINE_FIGURES_H
#define CTOP_PIPELINE_FIGURES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct record_stats;
struct snapshot_stats;

struct figures {
	uint64_t start_ns; /* start, or the last reset */
	bool replay;       /* ctop's own CPU says nothing then */
	/* Newest statistics, those before, and those at the reset. */
	uint64_t time_ns, target_ns, weight_ns;
	uint64_t before_time_ns, before_target_ns;
	uint64_t base_target_ns, base_weight_ns;
	/* What sources that have ended have told. */
	uint64_t ended_target_ns, ended_weight_ns;
	/* ctop's own clock at the beginning of the window shown. */
	uint64_t own_time_ns, own_cpu_ns;
	/* A process of ours, whose time counts too; 0: none. And those before it. */
	pid_t helper;
	uint64_t helper_ns, helpers_ns;
	double own_percent;
};

void figures_init(struct figures *f, uint64_t start_ns, bool replay);

/* A statistics record has come. */
void figures_record(struct figures *f, const struct record_stats *r);

/* Another source goes on: its statistics begin at nothing, and are added to those so far. */
void figures_restart(struct figures *f);

/* Counting starts anew. */
void figures_reset(struct figures *f, uint64_t now_ns);

/* CPU time of ctop and its helpers, ns. */
uint64_t figures_own_cpu(struct figures *f);

/* Fills elapsed_ns, target_cpu_ns, cpu_percent, ctop_percent and accounted. */
void figures_fill(struct figures *f, uint64_t now_ns, struct snapshot_stats *s);

#endif
