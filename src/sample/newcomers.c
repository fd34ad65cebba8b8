/* newcomers: processes as they appear; see newcomers.h. */
#include "ctop/newcomers.h"

#include "ctop/broker.h"
#include "ctop/clock.h"
#include "ctop/mem.h"

#include <stdbool.h>
#include <stdlib.h>

enum { TURNS = 1000 / NEWCOMERS_MS };
static const uint64_t YOUNG_NS = 2 * CLOCK_NS_PER_SEC;

struct seen {
	pid_t pid;
	uint64_t since_ns;
};

struct newcomers {
	struct broker *broker;
	newcomers_fn *show;
	void *ctx;
	struct seen *seen; /* owned; of the last look, in order of pids; NULL before the first */
	size_t count;
	unsigned turn;
};

struct newcomers *newcomers_new(struct broker *b, newcomers_fn *show, void *ctx)
{
	struct newcomers *n = mem_zalloc(1, sizeof *n);
	*n = (struct newcomers){.broker = b, .show = show, .ctx = ctx};
	return n;
}

void newcomers_free(struct newcomers *n)
{
	if (n != NULL)
		free(n->seen);
	free(n);
}

static int by_number(const void *va, const void *vb)
{
	pid_t a = *(const pid_t *)va, b = *(const pid_t *)vb;
	return (a > b) - (a < b);
}

/* When a process was seen first; `at` goes on in what was seen last. */
static uint64_t since(const struct newcomers *n, pid_t pid, size_t *at, uint64_t now_ns)
{
	while (*at < n->count && n->seen[*at].pid < pid)
		++*at;
	return *at < n->count && n->seen[*at].pid == pid ? n->seen[*at].since_ns : now_ns;
}

void newcomers_look(struct newcomers *n, uint64_t now_ns)
{
	pid_t *pids;
	size_t count, at = 0;
	bool first = n->seen == NULL; /* those are not new */
	if (broker_list(n->broker, 0, &pids, &count, NULL) != CTOP_OK)
		return;
	qsort(pids, count, sizeof *pids, by_number);
	struct seen *seen = mem_alloc((count + 1) * sizeof *seen);
	for (size_t i = 0; i < count; i++) {
		seen[i] = (struct seen){pids[i], first ? 0 : since(n, pids[i], &at, now_ns)};
		if (first || now_ns - seen[i].since_ns < YOUNG_NS ||
		    (unsigned)pids[i] % TURNS == n->turn % TURNS)
			n->show(n->ctx, pids[i]);
	}
	free(pids);
	free(n->seen);
	n->seen = seen;
	n->count = count;
	n->turn++;
}
