/* still: a source that describes processes and then waits; see source.h.
 *
 * It takes no samples. What a look at the threads finds (peek.h) stands on the mappings told here.
 */
#include "ctop/broker.h"
#include "ctop/clock.h"
#include "ctop/mem.h"
#include "ctop/record.h"
#include "ctop/source.h"
#include "ctop/strbuf.h"
#include "ctop/target.h"
#include "describe.h"
#include "refusal.h"

#include <stdlib.h>
#include <unistd.h>

struct still {
	struct strbuf pending;
	size_t pending_at;
	bool stopping;
};

static enum ctop_err drain(void *self, struct ring *out, bool *ended, struct err *e)
{
	struct still *s = self;
	struct record_end r = {.h = {sizeof r, RECORD_END, 0, clock_now_ns(), 0, 0},
	                       .wait_status = -1};
	(void)e;
	if (!record_put_all(out, &s->pending, &s->pending_at))
		return CTOP_EAGAIN;
	if (s->stopping && !record_put(out, &r))
		return CTOP_EAGAIN;
	*ended = s->stopping;
	return CTOP_OK;
}

static void stop(void *self)
{
	((struct still *)self)->stopping = true;
}

static void close_source(void *self)
{
	struct still *s = self;
	strbuf_fini(&s->pending);
	free(s);
}

/* Whether its memory may be read: refused now, with the reason, or not at all. */
static enum ctop_err check(struct broker *b, pid_t pid, struct err *e)
{
	struct target_info info;
	struct refusal_facts facts = refusal_read_facts(b);
	enum ctop_err rc = target_check(b, pid, &info, e);
	if (rc != CTOP_OK)
		return rc;
	int fd = broker_open_proc(b, pid, 0, "mem");
	if (fd < 0)
		return refusal_ptrace(&facts, &info, -fd, e);
	close(fd);
	return CTOP_OK;
}

static enum ctop_err describe(struct still *s, struct broker *b, const struct source_config *c,
                              struct err *e)
{
	uint64_t now = clock_now_ns();
	for (size_t i = 0; i < c->pid_count; i++) {
		pid_t *kids = NULL;
		size_t count = 0;
		enum ctop_err rc = check(b, c->pids[i], e);
		if (rc != CTOP_OK)
			return rc;
		describe_process(b, &s->pending, c->pids[i], now, false);
		if (c->follow_children)
			target_children(b, c->pids[i], &kids, &count);
		for (size_t k = 0; k < count; k++)
			describe_process(b, &s->pending, kids[k], now, false);
		free(kids);
	}
	return CTOP_OK;
}

enum ctop_err source_open_still(struct source *out, struct broker *b,
                                const struct source_config *config, struct err *e)
{
	static const struct source_ops ops = {
	        .name = "still", .drain = drain, .stop = stop, .close = close_source};
	struct still *s = mem_zalloc(1, sizeof *s);
	enum ctop_err rc = describe(s, b, config, e);
	if (rc != CTOP_OK) {
		close_source(s);
		return rc;
	}
	*out = (struct source){
	        .ops = &ops,
	        .self = s,
	        .info = {.way = WAY_STILL,
	                 .rate_hz = config->rate_hz,
	                 .stack_bytes = config->stack_bytes,
	                 .drain_ms = 100,
	                 .regs_mask = config->regs_mask},
	};
	return CTOP_OK;
}
