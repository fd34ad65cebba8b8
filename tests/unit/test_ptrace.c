/* ptrace: sampling where perf events are refused, and what it does to the target. */
#include "check.h"

#include "run_session.h"

#include "../../src/app/child.c"
#include "ctop/clock.h"

#include <math.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>

static struct session_config traced_of(const pid_t *pid, uint32_t rate)
{
	struct session_config c = session_of(pid, rate);
	c.choice = SOURCE_PTRACE;
	return c;
}

/* Skips where even a child may not be traced, as in some containers. */
static void need_ptrace(void)
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	bool may = ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0;
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	if (!may)
		check_skip("ptrace is refused here");
}

/* The number behind a line of /proc/PID/status. */
static long status_of(pid_t pid, const char *line)
{
	char path[64], text[256];
	long n = -1;
	snprintf(path, sizeof path, "/proc/%d/status", pid);
	FILE *f = fopen(path, "r");
	while (f != NULL && n < 0 && fgets(text, sizeof text, f) != NULL)
		if (strncmp(text, line, strlen(line)) == 0)
			n = atol(text + strlen(line));
	if (f != NULL)
		fclose(f);
	return n;
}

/* --- what it shows ---------------------------------------------------------------------- */

static void assert_share(const char *what, uint64_t part, uint64_t whole, double expected)
{
	double share = (double)part / (double)whole;
	if (fabs(share - expected) > 0.05)
		fail_msg("%s: %.3f, expected %.2f", what, share, expected);
}

static void shares_and_seconds_are_those_of_perf(void **state)
{
	(void)state;
	need_ptrace();
	pid_t pid = workload_start("shares", NULL);
	struct session_config c = traced_of(&pid, 499);
	struct run r = run_session(&c, 1500, 60);
	const struct snapshot_stats *st = snapshot_stats(r.snapshot);
	workload_end(pid);
	uint64_t all = counts_of(r.snapshot, "rounds").total_ns;
	assert_string_equal(st->way, "ptrace");
	assert_true(st->all_samples >= 1500);
	assert_share("burn_half", counts_of(r.snapshot, "burn_half").total_ns, all, 0.5);
	assert_share("burn_third", counts_of(r.snapshot, "burn_third").total_ns, all, 0.3);
	assert_share("burn_rest", counts_of(r.snapshot, "burn_rest").total_ns, all, 0.2);
	assert_true(st->complete * 1000 >= st->all_samples * 980); /* some of its very start */
	assert_true(fabs(st->accounted - 1) < 0.03);
	run_end(&r);
}

/* Ten programs of two threads each, far more than there are CPUs: the same picture by both. */
static void twenty_threads_look_the_same_by_perf_and_ptrace(void **state)
{
	enum { PROGRAMS = 10 };
	static const enum source_choice choices[] = {SOURCE_PERF, SOURCE_PTRACE};
	static const char *const names[] = {"burn_half", "burn_third", "burn_rest"};
	double shares[2][3];
	pid_t pids[PROGRAMS];
	(void)state;
	need_ptrace();
	need_perf();
	for (int i = 0; i < PROGRAMS; i++)
		pids[i] = workload_start("shares", NULL);
	for (int w = 0; w < 2; w++) {
		struct session_config c = session_of(pids, 499);
		c.source.pid_count = PROGRAMS;
		c.choice = choices[w];
		struct run r = run_session(&c, 1500, 60);
		const struct snapshot_stats *st = snapshot_stats(r.snapshot);
		uint64_t all = counts_of(r.snapshot, "rounds").total_ns;
		assert_true(st->all_samples >= 1500);
		assert_true(fabs(st->accounted - 1) < 0.05);
		for (int k = 0; k < 3; k++)
			shares[w][k] =
			        (double)counts_of(r.snapshot, names[k]).total_ns / (double)all;
		run_end(&r);
	}
	for (int i = 0; i < PROGRAMS; i++)
		workload_end(pids[i]);
	/* Five standard errors of a share of 1 500 samples. */
	for (int k = 0; k < 3; k++)
		if (fabs(shares[0][k] - shares[1][k]) > 5 * sqrt(2 * 0.25 / 1500))
			fail_msg("%s: perf %.3f, ptrace %.3f", names[k], shares[0][k],
			         shares[1][k]);
}

/* The program is another one after the attach, and has threads that did not exist then. */
static void a_command_and_its_threads_are_followed(void **state)
{
	char path[1024];
	struct child *child;
	struct err e = {0};
	const char *build = getenv("CTOP_BUILD");
	(void)state;
	need_ptrace();
	snprintf(path, sizeof path, "%s/workloads/shares", build != NULL ? build : "build/gcc");
	char *argv[] = {path, NULL};
	assert_int_equal(child_spawn(&child, argv, CHILD_PASS, &e), CTOP_OK);
	pid_t pid = child_pid(child);
	struct session_config c = traced_of(&pid, 499);
	c.source.launched = true;
	struct session *s;
	assert_int_equal(session_start(&s, &c, &e), CTOP_OK);
	assert_int_equal(child_release(child, &e), CTOP_OK);
	uint64_t until = clock_now_ns() + 60 * CLOCK_NS_PER_SEC, main_ns = 0, other_ns = 0;
	struct snapshot *snap = NULL;
	while ((main_ns < CLOCK_NS_PER_SEC / 2 || other_ns < CLOCK_NS_PER_SEC / 2) &&
	       clock_now_ns() < until) {
		struct pollfd fd = {.fd = session_fd(s), .events = POLLIN};
		poll(&fd, 1, 100);
		session_ack(s);
		snapshot_unref(snap);
		snap = session_snapshot(s);
		main_ns = snap != NULL ? counts_of(snap, "main").total_ns : 0;
		other_ns = snap != NULL ? counts_of(snap, "other").total_ns : 0;
	}
	assert_true(main_ns >= CLOCK_NS_PER_SEC / 2 && other_ns >= CLOCK_NS_PER_SEC / 2);
	snapshot_unref(snap);
	kill(pid, SIGKILL);
	/* Its end is still told to who started it. */
	int status = 0;
	while (!child_reap(child, &status) && clock_now_ns() < until) {
		struct pollfd fd = {.fd = session_fd(s), .events = POLLIN};
		poll(&fd, 1, 10);
		session_ack(s);
	}
	assert_true(WIFSIGNALED(status));
	assert_int_equal(session_stop(s, &e), CTOP_OK);
	session_free(s);
	child_free(child);
}

/* --- what it does to the target ----------------------------------------------------------- */

static volatile sig_atomic_t *shared_count;

/* A number that children share, 0 at first. */
static void share_count(void)
{
	shared_count = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal((void *)(uintptr_t)shared_count, MAP_FAILED);
}

static void count_signal(int sig)
{
	(void)sig;
	++*shared_count;
}

/* Every signal arrives, once, while its target is stopped again and again. */
static void signals_are_passed_on(void **state)
{
	enum { SIGNALS = 300 };
	(void)state;
	need_ptrace();
	share_count();
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGUSR1, count_signal);
		*shared_count = 1;
		for (volatile unsigned long n = 0;; n++)
			continue;
	}
	uint64_t until = clock_now_ns() + 60 * CLOCK_NS_PER_SEC;
	while (*shared_count == 0 && clock_now_ns() < until)
		continue;
	struct session_config c = traced_of(&pid, 4999);
	struct session *s;
	struct err e = {0};
	assert_int_equal(session_start(&s, &c, &e), CTOP_OK);
	for (int i = 1; i <= SIGNALS; i++) {
		kill(pid, SIGUSR1);
		while (*shared_count == i && clock_now_ns() < until)
			continue;
		assert_int_equal(*shared_count, i + 1);
	}
	assert_int_equal(session_stop(s, &e), CTOP_OK);
	assert_int_equal(status_of(pid, "TracerPid:"), 0);
	session_free(s);
	workload_end(pid);
	munmap((void *)(uintptr_t)shared_count, 4096);
}

/* Children that are looked at when they end are still there for their parent to wait for. */
static void a_parent_of_short_lived_children_goes_on(void **state)
{
	enum { CHILDREN = 400 };
	(void)state;
	need_ptrace();
	share_count();
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;) {
			pid_t child = fork();
			if (child == 0) {
				/* Long enough to be found; then the end comes at any instant. */
				for (uint64_t until = clock_now_ns() + 30 * CLOCK_NS_PER_MS;
				     clock_now_ns() < until;)
					continue;
				_exit(0);
			}
			waitpid(child, NULL, 0);
			++*shared_count;
		}
	}
	struct session_config c = traced_of(&pid, 4999);
	struct session *s;
	struct err e = {0};
	assert_int_equal(session_start(&s, &c, &e), CTOP_OK);
	uint64_t until = clock_now_ns() + 60 * CLOCK_NS_PER_SEC;
	while (*shared_count < CHILDREN && clock_now_ns() < until) {
		struct pollfd fd = {.fd = session_fd(s), .events = POLLIN};
		poll(&fd, 1, 10);
		session_ack(s);
	}
	assert_true(*shared_count >= CHILDREN);
	assert_int_equal(session_stop(s, &e), CTOP_OK);
	session_free(s);
	workload_end(pid);
	munmap((void *)(uintptr_t)shared_count, 4096);
}

/* --- refusals --------------------------------------------------------------------------- */

static void a_traced_target_is_refused_by_name(void **state)
{
	struct session *s;
	struct err e = {0};
	(void)state;
	need_ptrace();
	pid_t pid = workload_start("shares", NULL);
	assert_int_equal(ptrace(PTRACE_SEIZE, pid, NULL, NULL), 0);
	struct session_config c = traced_of(&pid, 499);
	assert_int_not_equal(session_start(&s, &c, &e), CTOP_OK);
	char who[64];
	snprintf(who, sizeof who, "already traced by %d", getpid());
	if (strstr(e.text, who) == NULL)
		fail_msg("%s", e.text);
	workload_end(pid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(shares_and_seconds_are_those_of_perf),
	        cmocka_unit_test(twenty_threads_look_the_same_by_perf_and_ptrace),
	        cmocka_unit_test(a_command_and_its_threads_are_followed),
	        cmocka_unit_test(signals_are_passed_on),
	        cmocka_unit_test(a_parent_of_short_lived_children_goes_on),
	        cmocka_unit_test(a_traced_target_is_refused_by_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
