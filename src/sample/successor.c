/* successor: who goes on where a process has ended; see successor.h. */
#include "ctop/successor.h"

#include "ctop/broker.h"
#include "ctop/mem.h"
#include "ctop/newcomers.h"
#include "ctop/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct successor {
	struct broker *broker;
	const struct identity *gone;
	uint64_t since_ticks;
	struct newcomers *newcomers;
	struct identity best;
	int score;
};

static void read_cgroup(struct broker *b, pid_t pid, char *out, size_t cap)
{
	char *text;
	size_t len;
	out[0] = '\0';
	if (broker_read_proc(b, pid, 0, "cgroup", &text, &len, NULL) != CTOP_OK)
		return;
	snprintf(out, cap, "%s", text);
	free(text);
}

bool identity_read(struct broker *b, pid_t pid, struct identity *out)
{
	struct target_info t;
	if (target_read(b, pid, 0, &t, NULL) != CTOP_OK || t.state == 'Z' || t.state == 'X' ||
	    t.kernel_thread)
		return false;
	*out = (struct identity){.pid = pid, .ppid = t.ppid, .start_ticks = t.start_ticks};
	memcpy(out->comm, t.comm, sizeof out->comm);
	if (broker_program(b, pid, out->program, sizeof out->program) != CTOP_OK)
		out->program[0] = '\0';
	read_cgroup(b, pid, out->cgroup, sizeof out->cgroup);
	return true;
}

int successor_score(const struct identity *gone, const struct identity *next, uint64_t since_ticks)
{
	if (next->start_ticks < since_ticks || strcmp(gone->comm, next->comm) != 0 ||
	    strcmp(gone->program, next->program) != 0)
		return -1;
	bool again = gone->pid == next->pid && gone->start_ticks == next->start_ticks;
	if (again || next->ppid == gone->pid) /* or a child of its own that is left */
		return -1;
	/* Of processes that stand alone init is the parent: that says nothing. */
	bool parent = gone->ppid == next->ppid && gone->ppid > 1;
	bool group = gone->cgroup[0] != '\0' && strcmp(gone->cgroup, next->cgroup) == 0;
	return 2 * parent + group;
}

uint64_t successor_now_ticks(void)
{
	struct timespec t;
	clock_gettime(CLOCK_BOOTTIME, &t);
	uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK);
	return (uint64_t)t.tv_sec * hz + (uint64_t)t.tv_nsec * hz / 1000000000;
}

static void show(void *ctx, pid_t pid)
{
	struct successor *s = ctx;
	struct identity next;
	if (!identity_read(s->broker, pid, &next))
		return;
	int score = successor_score(s->gone, &next, s->since_ticks);
	bool earlier = score == s->score && next.start_ticks < s->best.start_ticks;
	if (score < 0 || score < s->score || (score == s->score && !earlier))
		return;
	s->score = score;
	s->best = next;
}

struct successor *successor_new(struct broker *b, const struct identity *gone, uint64_t since_ticks)
{
	struct successor *s = mem_zalloc(1, sizeof *s);
	s->broker = b;
	s->gone = gone;
	s->since_ticks = since_ticks;
	s->newcomers = newcomers_new(b, show, s);
	return s;
}

void successor_free(struct successor *s)
{
	if (s != NULL)
		newcomers_free(s->newcomers);
	free(s);
}

bool successor_look(struct successor *s, uint64_t now_ns, struct identity *out)
{
	s->score = -1;
	newcomers_look(s->newcomers, now_ns);
	*out = s->best;
	return s->score >= 0;
}
