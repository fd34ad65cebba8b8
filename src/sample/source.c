/* source: names of the ways to sample; see source.h. */
#include "ctop/source.h"

const char *source_way_name(enum source_way way)
{
	static const char *const names[WAYS] = {
	        [WAY_PERF_THREADS] = "perf",    [WAY_PERF_CPUS] = "perf cpu",
	        [WAY_PERF_SYSTEM] = "perf all", [WAY_PTRACE] = "ptrace",
	        [WAY_REPLAY] = "replay",        [WAY_PERF_CGROUP] = "perf cgroup",
	};
	return (unsigned)way < WAYS ? names[way] : "?";
}
