/* await: waiting for a process by its name; see await.h. */
#include "ctop/await.h"

#include "ctop/broker.h"
#include "ctop/clock.h"
#include "ctop/mem.h"
#include "ctop/target.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TURNS = 1000 / AWAIT_MS, COMM_MOST = 15 };
static const uint64_t YOUNG_NS = 2 * CLOCK_NS_PER_SEC;

struct seen {
	pid_t pid;
	uint64_t since_ns;
};

struct await {
	struct broker *broker;
	const char *name;
	struct seen *seen; /* owned; of the last look, in order of pids */
	size_t count;
	unsigned turn;
};

struct await *await_new(struct broker *b, const char *name)
{
	struct await *w = mem_zalloc(1, sizeof *w);
	w->broker = b;
	w->name = name;
	return w;
}

void await_free(struct await *w)
{
	if (w != NULL)
		free(w->seen);
	free(w);
}

static int by_number(const void *va, const void *vb)
{
	pid_t a = *(const pid_t *)va, b = *(const pid_t *)vb;
	return (a > b) - (a < b);
}

/* The kernel cuts a name to 15 bytes. */
static bool has_name(struct await *w, pid_t pid)
{
	char *text, path[4096];
	size_t len;
	if (broker_read_proc(w->broker, pid, 0, "comm", &text, &len, NULL) != CTOP_OK)
		return false;
	if (len > 0 && text[len - 1] == '\n')
		text[--len] = '\0';
	bool same = strncmp(text, w->name, COMM_MOST) == 0;
	free(text);
	if (same)
		return true;
	if (broker_program(w->broker, pid, path, sizeof path) != CTOP_OK)
		return false;
	const char *slash = strrchr(path, '/');
	return strcmp(slash != NULL ? slash + 1 : path, w->name) == 0;
}

/* When a process was seen first; `at` goes on in what was seen last. */
static uint64_t since(const struct await *w, pid_t pid, size_t *at, uint64_t now_ns)
{
	while (*at < w->count && w->seen[*at].pid < pid)
		++*at;
	return *at < w->count && w->seen[*at].pid == pid ? w->seen[*at].since_ns : now_ns;
}

/* The one that was started later. */
static pid_t newer(struct await *w, pid_t a, pid_t b)
{
	struct target_info x, y;
	bool alive = target_read(w->broker, b, 0, &y, NULL) == CTOP_OK && y.state != 'Z' &&
	             y.state != 'X' && !y.kernel_thread && b != getpid();
	if (!alive)
		return a;
	if (a == 0 || target_read(w->broker, a, 0, &x, NULL) != CTOP_OK)
		return b;
	return x.start_ticks > y.start_ticks ? a : b;
}

pid_t await_look(struct await *w, uint64_t now_ns)
{
	pid_t *pids, found = 0;
	size_t n, at = 0;
	if (broker_list(w->broker, 0, &pids, &n, NULL) != CTOP_OK)
		return 0;
	qsort(pids, n, sizeof *pids, by_number);
	struct seen *seen = mem_alloc((n + 1) * sizeof *seen);
	for (size_t i = 0; i < n; i++) {
		bool first = w->seen == NULL; /* those are not new */
		seen[i] = (struct seen){pids[i], first ? 0 : since(w, pids[i], &at, now_ns)};
		bool due = first || now_ns - seen[i].since_ns < YOUNG_NS ||
		           (unsigned)pids[i] % TURNS == w->turn % TURNS;
		if (due && has_name(w, pids[i]))
			found = newer(w, found, pids[i]);
	}
	free(pids);
	free(w->seen);
	w->seen = seen;
	w->count = n;
	w->turn++;
	return found;
}
