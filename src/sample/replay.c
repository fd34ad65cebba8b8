/* replay: a capture as a source; see source.h.
 *
 * Nothing is ever dropped: a record the ring has no room for waits for the next
 * drain. Paced, records are held back until as much time has passed as in the
 * recording.
 */
#include "ctop/capture.h"
#include "ctop/clock.h"
#include "ctop/mem.h"
#include "ctop/record.h"
#include "ctop/ring.h"
#include "ctop/source.h"

#include <stdlib.h>
#include <string.h>

struct replay {
	struct capture_reader *reader;
	const struct record *held; /* read but not handed on */
	bool paced, stopping, ended;
	struct record_end end; /* what the capture says; records may follow it */
	uint64_t began_ns;     /* our clock at the first drain */
	uint64_t last_ns;
};

static bool put(struct ring *out, const struct record *r)
{
	void *room = ring_reserve(out, r->size, true);
	if (room == NULL)
		return false;
	memcpy(room, r, r->size);
	ring_commit(out);
	return true;
}

static bool is_due(const struct replay *p, const struct record *r)
{
	uint64_t start = capture_info(p->reader)->start_ns;
	if (!p->paced || p->stopping || r->time <= start)
		return true;
	return r->time - start <= clock_now_ns() - p->began_ns;
}

static enum ctop_err drain(void *self, struct ring *out, bool *ended, struct err *e)
{
	struct replay *p = self;
	(void)e;
	if (p->began_ns == 0)
		p->began_ns = clock_now_ns();
	while (!p->ended) {
		if (p->held == NULL)
			p->held = capture_next(p->reader);
		if (p->held == NULL)
			break;
		if (!is_due(p, p->held))
			return CTOP_OK;
		if (p->held->kind == RECORD_END) {
			memcpy(&p->end, p->held, sizeof p->end);
			if (p->end.h.time > p->last_ns)
				p->last_ns = p->end.h.time;
			p->held = NULL;
			continue;
		}
		if (!put(out, p->held))
			return CTOP_EAGAIN;
		if (p->held->time > p->last_ns) /* code is told of late */
			p->last_ns = p->held->time;
		p->held = NULL;
	}
	p->end.h.time = p->last_ns;
	if (!p->ended && !put(out, &p->end.h))
		return CTOP_EAGAIN;
	p->ended = true;
	*ended = true;
	return CTOP_OK;
}

static void stop(void *self)
{
	struct replay *p = self;
	p->stopping = true;
}

static void close_replay(void *self)
{
	free(self);
}

enum ctop_err source_open_replay(struct source *out, struct capture_reader *reader, bool paced,
                                 struct err *e)
{
	static const struct source_ops ops = {
	        .name = "replay", .drain = drain, .stop = stop, .close = close_replay};
	struct replay *p = mem_zalloc(1, sizeof *p);
	(void)e;
	p->reader = reader;
	p->end = (struct record_end){.h = {.size = sizeof p->end, .kind = RECORD_END},
	                             .wait_status = -1};
	p->paced = paced;
	*out = (struct source){.ops = &ops, .self = p, .info = capture_info(reader)->source};
	out->info.way = WAY_REPLAY;
	out->info.drain_ms = 10;
	return CTOP_OK;
}
