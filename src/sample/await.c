/* await: waiting for a process by its name; see await.h. */
#include "ctop/await.h"

#include "ctop/broker.h"
#include "ctop/mem.h"
#include "ctop/newcomers.h"
#include "ctop/target.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COMM_MOST = 15 };

struct await {
	struct broker *broker;
	const char *name;
	struct newcomers *newcomers;
	pid_t found;
};

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

static void show(void *ctx, pid_t pid)
{
	struct await *w = ctx;
	if (has_name(w, pid))
		w->found = newer(w, w->found, pid);
}

struct await *await_new(struct broker *b, const char *name)
{
	struct await *w = mem_zalloc(1, sizeof *w);
	w->broker = b;
	w->name = name;
	w->newcomers = newcomers_new(b, show, w);
	return w;
}

void await_free(struct await *w)
{
	if (w != NULL)
		newcomers_free(w->newcomers);
	free(w);
}

pid_t await_look(struct await *w, uint64_t now_ns)
{
	w->found = 0;
	newcomers_look(w->newcomers, now_ns);
	return w->found;
}
