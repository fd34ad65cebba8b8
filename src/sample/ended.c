/* ended: a source that has nothing to tell; see source.h. A file of folded stacks is counted before
 * the threads start; then only the end is left to say.
 */
#include "ctop/record.h"
#include "ctop/source.h"

static enum ctop_err drain(void *self, struct ring *out, bool *ended, struct err *e)
{
	struct record_end r = {.h = {.size = sizeof r, .kind = RECORD_END}, .wait_status = -1};
	(void)self;
	(void)e;
	if (!record_put(out, &r))
		return CTOP_EAGAIN;
	*ended = true;
	return CTOP_OK;
}

static void nothing(void *self)
{
	(void)self;
}

enum ctop_err source_open_ended(struct source *out, enum source_way way)
{
	static const struct source_ops ops = {
	        .name = "ended", .drain = drain, .stop = nothing, .close = nothing};
	*out = (struct source){.ops = &ops, .info = {.way = way, .drain_ms = 10}};
	return CTOP_OK;
}
