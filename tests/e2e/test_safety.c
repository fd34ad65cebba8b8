/* safety: whatever happens to ctop, at whatever instant, its target goes on as if nothing had been.
 *
 * CTOP_CHAOS_ROUNDS sets how often ctop is killed (`make chaos`: 200), CTOP_STOP_ROUNDS how often
 * and CTOP_STOP_SECONDS for how long it is stopped; then the longest time a target stood still is
 * printed.
 */
#include "check.h"

#include "process.h"
#include "run_session.h"

#include "ctop/broker.h"
#include "ctop/clock.h"
#include "ctop/target.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECONDS = 60 };

static unsigned seed;

static int number_of(const char *name, int usual)
{
	const char *text = getenv(name);
	return text != NULL ? atoi(text) : usual;
}

/* --- targets and what they look like ------------------------------------------------------------
 */

struct checker {
	pid_t pid;
	int out; /* what it prints at its end */
};

static struct checker start_checker(const char *threads)
{
	int ends[2];
	char *path = process_path("workloads/checker"), word[16];
	struct checker c;
	snprintf(word, sizeof word, "%s", threads);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	c.pid = fork();
	if (c.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ends[1], 1);
		execl(path, path, word, (char *)NULL);
		_exit(127);
	}
	assert_true(c.pid > 0);
	close(ends[1]);
	c.out = ends[0];
	free(path);
	return c;
}

/* Ends it; every result of it must have been right. Returns its longest gap, µs. */
static unsigned long end_checker(const struct checker *c)
{
	char text[256];
	unsigned long rounds, wrong, gap;
	int signals, status;
	kill(c->pid, SIGTERM);
	ssize_t n = read(c->out, text, sizeof text - 1);
	text[n > 0 ? n : 0] = '\0';
	close(c->out);
	assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
	if (status != 0 || sscanf(text, "rounds %lu wrong %lu signals %d gap_us %lu", &rounds,
	                          &wrong, &signals, &gap) != 4)
		fail_msg("status %d: %s", status, text);
	assert_int_equal(wrong, 0);
	assert_true(rounds > 0 && signals > 0);
	return gap;
}

/* A number behind a line of a thread's status file, −1 when it cannot be read. */
static long status_of(struct broker *b, pid_t pid, pid_t tid, const char *line)
{
	char *text;
	size_t len;
	if (broker_read_proc(b, pid, tid, "status", &text, &len, NULL) != CTOP_OK)
		return -1;
	const char *at = strstr(text, line);
	long n = at != NULL ? atol(at + strlen(line)) : -1;
	free(text);
	return n;
}

/* Whether every thread is untraced and neither stopped nor in a trap. */
static bool is_free(struct broker *b, pid_t pid)
{
	pid_t *tids;
	size_t count;
	bool all = true;
	if (target_threads(b, pid, &tids, &count, NULL) != CTOP_OK)
		return false;
	for (size_t i = 0; i < count; i++) {
		struct target_info info;
		all = all && status_of(b, pid, tids[i], "\nTracerPid:") == 0 &&
		      target_read(b, pid, tids[i], &info, NULL) == CTOP_OK && info.state != 't' &&
		      info.state != 'T';
	}
	free(tids);
	return all;
}

/* Waits until all threads are free, and all of them use the CPU. */
static void assert_goes_on(pid_t pid)
{
	struct broker *b = broker_new_live();
	struct deadline d = deadline_in(SECONDS);
	pid_t *tids;
	size_t count;
	while (!is_free(b, pid))
		assert_false(deadline_over(&d));
	assert_int_equal(target_threads(b, pid, &tids, &count, NULL), CTOP_OK);
	for (size_t i = 0; i < count; i++) {
		uint64_t before, now;
		assert_true(target_cpu(b, pid, tids[i], &before));
		do {
			assert_true(target_cpu(b, pid, tids[i], &now));
			assert_false(deadline_over(&d));
		} while (now == before);
	}
	free(tids);
	broker_free(b);
}

/* --- profilers ---------------------------------------------------------------------------------
 */

static pid_t start_ctop(const char *const *words, pid_t target)
{
	enum { MOST = 16 };
	char *argv[MOST], number[16];
	size_t n = 0;
	char *path = process_path("ctop");
	argv[n++] = path;
	for (; *words != NULL; words++)
		argv[n++] = (char *)(intptr_t)*words;
	snprintf(number, sizeof number, "%d", target);
	argv[n++] = (char *)(intptr_t) "--pid";
	argv[n++] = number;
	argv[n] = NULL;
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(null, 1);
		dup2(null, 2);
		execv(path, argv);
		_exit(127);
	}
	assert_true(pid > 0);
	free(path);
	/* Until it is ctop: what is sent before meets a copy of this test, with its handlers. */
	close(ends[1]);
	assert_int_equal(read(ends[0], number, 1), 0);
	close(ends[0]);
	return pid;
}

static const char *const by_ptrace[] = {"record", "--source", "ptrace",    "-F",
                                        "4999",   "-o",       "/dev/null", NULL};
static const char *const by_perf[] = {"record", "--source", "perf",      "-F",
                                      "4999",   "-o",       "/dev/null", NULL};
static const char *const by_dump[] = {"dump", NULL};

/* Waits for a random instant: the instant is what is being tried. */
static void until_some_instant(uint64_t most_ms)
{
	uint64_t end = clock_now_ns() + (uint64_t)rand_r(&seed) % (most_ms * CLOCK_NS_PER_MS);
	while (clock_now_ns() < end)
		continue;
}

/* Whether the helper of this ctop has the target, right now. */
static bool is_held_by(struct broker *b, pid_t target, pid_t profiler)
{
	long tracer = status_of(b, target, 0, "\nTracerPid:");
	return tracer > 0 && status_of(b, (pid_t)tracer, 0, "\nPPid:") == profiler;
}

static void wait_until_held(struct broker *b, pid_t target, pid_t profiler)
{
	struct deadline d = deadline_in(SECONDS);
	while (!is_held_by(b, target, profiler))
		assert_false(deadline_over(&d));
}

static bool may_trace(void)
{
	struct checker c = start_checker("1");
	bool may = ptrace(PTRACE_SEIZE, c.pid, NULL, NULL) == 0;
	workload_end(c.pid);
	close(c.out);
	return may;
}

/* --- killed --------------------------------------------------------------------------------------
 */

static void kill_again_and_again(const char *threads, int rounds)
{
	static const char *const *const ways[] = {by_ptrace, by_ptrace, by_perf, by_dump};
	static const int signals[] = {SIGKILL, SIGSEGV, SIGKILL, SIGTERM};
	struct checker c = start_checker(threads);
	for (int i = 0; i < rounds; i++) {
		pid_t profiler = start_ctop(ways[i % 4], c.pid);
		until_some_instant(i % 4 == 3 ? 40 : 150);
		kill(profiler, signals[i / 4 % 4]);
		waitpid(profiler, NULL, 0);
		assert_goes_on(c.pid);
	}
	end_checker(&c);
}

static void killed_at_any_instant(void **state)
{
	(void)state;
	int rounds = number_of("CTOP_CHAOS_ROUNDS", 24);
	if (!may_trace())
		check_skip("tracing is not allowed here");
	kill_again_and_again("1", rounds);
	kill_again_and_again("50", rounds);
}

/* The moment that matters most is sought: the target is held. */
static void killed_while_it_holds_the_target(void **state)
{
	enum { KILLS = 15 };
	(void)state;
	if (!may_trace())
		check_skip("tracing is not allowed here");
	struct checker c = start_checker("1");
	struct broker *b = broker_new_live();
	for (int i = 0; i < KILLS; i++) {
		pid_t profiler = start_ctop(by_ptrace, c.pid);
		wait_until_held(b, c.pid, profiler);
		workload_end(profiler);
		assert_goes_on(c.pid);
	}
	broker_free(b);
	end_checker(&c);
}

/* The child of ctop that does the tracing, another one than `before`. */
static pid_t wait_for_helper(struct broker *b, pid_t profiler, pid_t before)
{
	struct deadline d = deadline_in(SECONDS);
	for (;;) {
		pid_t *pids, found = 0;
		size_t count;
		assert_false(deadline_over(&d));
		assert_int_equal(broker_list(b, 0, &pids, &count, NULL), CTOP_OK);
		for (size_t i = 0; i < count; i++)
			if (pids[i] != before && status_of(b, pids[i], 0, "\nPPid:") == profiler)
				found = pids[i];
		free(pids);
		if (found != 0)
			return found;
	}
}

/* The helper alone is killed: the target goes on, and so does ctop, with another one. */
static void its_helper_killed(void **state)
{
	(void)state;
	if (!may_trace())
		check_skip("tracing is not allowed here");
	struct checker c = start_checker("4");
	struct broker *b = broker_new_live();
	pid_t profiler = start_ctop(by_ptrace, c.pid), helper = 0;
	for (int i = 0; i < 3; i++) {
		helper = wait_for_helper(b, profiler, helper);
		until_some_instant(30);
		kill(helper, SIGKILL);
		assert_goes_on(c.pid);
	}
	wait_for_helper(b, profiler, helper);
	int status;
	kill(profiler, SIGINT);
	assert_int_equal(waitpid(profiler, &status, 0), profiler);
	assert_int_equal(status, 0);
	broker_free(b);
	end_checker(&c);
}

/* --- stopped -------------------------------------------------------------------------------------
 */

static void stop_for(pid_t profiler, pid_t target, int seconds)
{
	int status;
	kill(profiler, SIGSTOP);
	assert_int_equal(waitpid(profiler, &status, WUNTRACED), profiler);
	assert_true(WIFSTOPPED(status));
	assert_goes_on(target);
	if (seconds > 0)
		poll(NULL, 0, 1000 * seconds);
	kill(profiler, SIGCONT);
}

/* As Ctrl-Z, a debugger or a machine that swaps do: at no instant is the target stopped with it. */
static void stopped_at_any_instant(void **state)
{
	(void)state;
	int rounds = number_of("CTOP_STOP_ROUNDS", 30);
	int seconds = number_of("CTOP_STOP_SECONDS", 0);
	if (!may_trace())
		check_skip("tracing is not allowed here");
	struct checker c = start_checker("1");
	struct broker *b = broker_new_live();
	pid_t profiler = start_ctop(by_ptrace, c.pid);
	wait_until_held(b, c.pid, profiler);
	for (int i = 0; i < rounds; i++) {
		until_some_instant(20);
		if (i % 2 == 0) /* the worst instant */
			wait_until_held(b, c.pid, profiler);
		stop_for(profiler, c.pid, seconds);
	}
	workload_end(profiler);
	broker_free(b);
	unsigned long gap = end_checker(&c);
	if (seconds > 0)
		printf("# stopped %d times for %d s: the target never stood still for longer than "
		       "%.1f ms\n",
		       rounds, seconds, (double)gap / 1000);
}

/* --- what happens to the target
 * ----------------------------------------------------------------------- */

/* A stop by job control is a stop, and its end is its end, for the parent too. */
static void a_stop_by_job_control_keeps_its_meaning(void **state)
{
	int status;
	(void)state;
	if (!may_trace())
		check_skip("tracing is not allowed here");
	struct checker c = start_checker("4");
	struct broker *b = broker_new_live();
	pid_t profiler = start_ctop(by_ptrace, c.pid);
	struct deadline d = deadline_in(SECONDS);
	for (int i = 0; i < 10; i++) {
		wait_until_held(b, c.pid, profiler);
		kill(c.pid, SIGSTOP);
		assert_int_equal(waitpid(c.pid, &status, WUNTRACED), c.pid);
		assert_true(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
		/* ctop looks on, and it stays stopped; a look that was under way may end. */
		for (int k = 0; k < 200;) {
			struct target_info info;
			assert_int_equal(target_read(b, c.pid, 0, &info, NULL), CTOP_OK);
			k = info.state == 'T' ? k + 1 : 0;
			assert_false(deadline_over(&d));
		}
		kill(c.pid, SIGCONT);
		assert_int_equal(waitpid(c.pid, &status, WCONTINUED), c.pid);
		assert_true(WIFCONTINUED(status));
		assert_goes_on(c.pid);
	}
	workload_end(profiler);
	/* Whoever wants to debug it can. */
	for (d = deadline_in(SECONDS); ptrace(PTRACE_SEIZE, c.pid, NULL, NULL) != 0;)
		assert_false(deadline_over(&d));
	assert_int_equal(ptrace(PTRACE_INTERRUPT, c.pid, NULL, NULL), 0);
	assert_int_equal(waitpid(c.pid, &status, __WALL), c.pid);
	assert_int_equal(ptrace(PTRACE_DETACH, c.pid, NULL, NULL), 0);
	broker_free(b);
	end_checker(&c);
}

/* Programs that fork, vfork and exec all the time end as they would alone. */
static void forks_and_execs_end_as_they_would(void **state)
{
	static char script[] = "i=0; while [ $i -lt 200 ]; do i=$((i+1)); /bin/true || exit 3; "
	                       "x=$(expr $i + 1) || exit 4; [ $x = $((i+1)) ] || exit 5; done; "
	                       "exec sh -c 'exit 7'";
	(void)state;
	if (!may_trace())
		check_skip("tracing is not allowed here");
	char *ctop = process_path("ctop");
	struct process_result r =
	        process_run((char *[]){ctop, "record", "--source", "ptrace", "-F", "4999", "-o",
	                               "/dev/null", "--", "sh", "-c", script, NULL},
	                    NULL, SECONDS);
	if (r.code != 7)
		fail_msg("code %d: %s", r.code, r.err);
	process_result_fini(&r);
	free(ctop);
}

static int set_up(void **state)
{
	(void)state;
	seed = (unsigned)clock_now_ns();
	fprintf(stderr, "seed %u\n", seed);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(killed_at_any_instant),
	        cmocka_unit_test(killed_while_it_holds_the_target),
	        cmocka_unit_test(its_helper_killed),
	        cmocka_unit_test(stopped_at_any_instant),
	        cmocka_unit_test(a_stop_by_job_control_keeps_its_meaning),
	        cmocka_unit_test(forks_and_execs_end_as_they_would),
	};
	return cmocka_run_group_tests(tests, set_up, NULL);
}
