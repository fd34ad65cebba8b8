/* run_session: sessions for tests; see run_session.h. */
#include "check.h"

#include "run_session.h"

#include "ctop/broker.h"
#include "ctop/clock.h"

#include <linux/perf_event.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

bool may_sample(void)
{
	struct perf_event_attr a = {.size = sizeof a,
	                            .type = PERF_TYPE_SOFTWARE,
	                            .config = PERF_COUNT_SW_CPU_CLOCK,
	                            .exclude_kernel = 1};
	struct broker *b = broker_new_live();
	int fd = broker_perf_event(b, &a, 0, -1, -1, 0);
	broker_free(b);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

void need_perf(void)
{
	if (!may_sample())
		check_skip("perf_event_open is refused here");
}

pid_t workload_start(const char *name, const char *arg)
{
	const char *build = getenv("CTOP_BUILD");
	char path[1024];
	snprintf(path, sizeof path, "%s/workloads/%s", build != NULL ? build : "build/gcc", name);
	pid_t pid = fork();
	if (pid == 0) {
		execl(path, path, arg, (char *)NULL);
		_exit(127);
	}
	if (pid < 0) { /* −1 must never reach kill() */
		perror("fork");
		exit(1);
	}
	return pid;
}

void workload_end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

struct session_config session_of(const pid_t *pid, uint32_t rate)
{
	return (struct session_config){
	        .source = {.pids = pid,
	                   .pid_count = 1,
	                   .follow_children = true,
	                   .kernel = true,
	                   .rate_hz = rate,
	                   .stack_bytes = 16384},
	        .memory = (size_t)256 << 20,
	        .refresh_ms = 100,
	};
}

static bool enough(struct session *s, uint64_t samples)
{
	struct snapshot *snap = session_snapshot(s);
	bool there = snap != NULL && snapshot_stats(snap)->all_samples >= samples;
	snapshot_unref(snap);
	return there || session_ended(s);
}

struct run run_session(const struct session_config *c, uint64_t samples, int seconds)
{
	struct session *s;
	struct err e = {0};
	if (session_start(&s, c, &e) != CTOP_OK)
		fail_msg("session_start: %s", e.text);
	uint64_t until = clock_now_ns() + (uint64_t)seconds * CLOCK_NS_PER_SEC;
	while (!enough(s, samples) && clock_now_ns() < until) {
		struct pollfd fd = {.fd = session_fd(s), .events = POLLIN};
		poll(&fd, 1, 100);
		session_ack(s);
	}
	if (session_stop(s, &e) != CTOP_OK)
		fail_msg("session_stop: %s", e.text);
	return (struct run){s, session_snapshot(s)};
}

void run_end(struct run *r)
{
	snapshot_unref(r->snapshot);
	session_free(r->session);
}

struct counts counts_of(const struct snapshot *s, const char *name)
{
	struct counts sum = {0};
	for (uint32_t f = 1; f < snapshot_func_count(s); f++) {
		struct counts c = snapshot_func_counts(s, f);
		if (strcmp(snapshot_func(s, f)->name, name) != 0)
			continue;
		sum.self_ns += c.self_ns;
		sum.total_ns += c.total_ns;
		sum.self_n += c.self_n;
		sum.total_n += c.total_n;
	}
	return sum;
}
