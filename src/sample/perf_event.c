/* perf_event: attributes; see perf_event.h and perf_event_open(2). */
#include "perf_event.h"

#include "ctop/clock.h"

#include <linux/perf_event.h>
#include <string.h>
#include <time.h>

/* All events of a ring share these, so that every record ends in the same trailer. */
static void common(struct perf_event_attr *a)
{
	memset(a, 0, sizeof *a);
	a->size = sizeof *a;
	a->type = PERF_TYPE_SOFTWARE;
	a->sample_type =
	        PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU;
	a->sample_id_all = 1;
	a->use_clockid = 1;
	a->clockid = CLOCK_MONOTONIC;
	/* Nobody waits on the descriptors: rings are drained on a timer. */
	a->watermark = 1;
	a->wakeup_watermark = UINT32_MAX;
}

static void follow(struct perf_event_attr *a, const struct perf_kind *k)
{
	a->inherit = k->inherit;
	a->inherit_thread = k->inherit && k->threads_only;
}

void perf_event_sampling(struct perf_event_attr *a, const struct perf_kind *k)
{
	common(a);
	a->config = PERF_COUNT_SW_CPU_CLOCK;
	a->sample_period = CLOCK_NS_PER_SEC / k->rate_hz;
	a->sample_type |= PERF_SAMPLE_IP | PERF_SAMPLE_PERIOD | PERF_SAMPLE_CALLCHAIN |
	                  PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;
	a->sample_regs_user = k->regs_mask;
	a->sample_stack_user = k->stack_bytes;
	a->exclude_callchain_user = 1;
	a->exclude_callchain_kernel = !k->kernel;
	a->exclude_kernel = !k->kernel;
	a->exclude_hv = 1;
	a->exclude_idle = 1;
	a->sample_max_stack = 0;
	a->disabled = k->enable_on_exec;
	a->enable_on_exec = k->enable_on_exec;
	follow(a, k);
}

void perf_event_side(struct perf_event_attr *a, const struct perf_kind *k)
{
	common(a);
	a->config = PERF_COUNT_SW_DUMMY;
	a->exclude_kernel = 1;
	a->exclude_hv = 1;
	a->mmap = 1;
	a->mmap2 = 1;
	a->comm = 1;
	a->comm_exec = 1;
	a->task = 1;
	follow(a, k);
}

void perf_event_holder(struct perf_event_attr *a)
{
	common(a);
	a->config = PERF_COUNT_SW_DUMMY;
	a->exclude_kernel = 1;
	a->exclude_hv = 1;
}
