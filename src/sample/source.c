/* source: names of the ways to sample; see source.h. */
#include "ctop/source.h"

#include <stdio.h>

/* The first way that works. Refusals of both are told, that of perf first: it is the better
 * one to have. */
enum ctop_err source_open_live(struct source *out, enum source_choice choice, struct broker *b,
                               const struct source_config *config, struct err *e)
{
	struct err perf = {0}, trace = {0};
	if (choice == SOURCE_PTRACE)
		return source_open_ptrace(out, b, config, e);
	if (choice == SOURCE_STILL)
		return source_open_still(out, b, config, e);
	enum ctop_err rc = source_open_perf(out, b, config, &perf);
	bool refused = rc == CTOP_EPERM || rc == CTOP_EUNSUP || rc == CTOP_ELIMIT;
	if (rc == CTOP_OK || choice == SOURCE_PERF || !refused || config->whole_machine) {
		if (e != NULL)
			*e = perf;
		return rc;
	}
	if (source_open_ptrace(out, b, config, &trace) != CTOP_OK)
		return err_set(e, rc, "%.400s; and %.300s", perf.text, trace.text);
	snprintf(out->info.notes, sizeof out->info.notes,
	         "sampling by ptrace, without kernel frames: %.400s\n", perf.text);
	return CTOP_OK;
}

const char *source_way_name(enum source_way way)
{
	static const char *const names[WAYS] = {
	        [WAY_PERF_THREADS] = "perf",    [WAY_PERF_CPUS] = "perf cpu",
	        [WAY_PERF_SYSTEM] = "perf all", [WAY_PTRACE] = "ptrace",
	        [WAY_REPLAY] = "replay",        [WAY_PERF_CGROUP] = "perf cgroup",
	        [WAY_STILL] = "none",           [WAY_FOLDED] = "folded",
	};
	return (unsigned)way < WAYS ? names[way] : "?";
}
