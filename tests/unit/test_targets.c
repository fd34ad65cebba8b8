/* targets: programs that are hard to find, to name or to unwind, sampled as they run. */
#include "check.h"

#include "capture_walk.h"
#include "run_session.h"
#include "unwind_check.h"

#include "ctop/broker.h"
#include "ctop/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- stacks against the code -------------------------------------------------------------- */

static void record_program(char *const *argv, const char *path)
{
	int null = open("/dev/null", O_RDWR);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (int fd = 0; fd < 3; fd++)
			dup2(null, fd);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(null);
	struct session_config c = session_of(&pid, 999);
	c.raw_output = path;
	c.source.kernel = false;
	struct run r = run_session(&c, 1500, 60);
	workload_end(pid);
	run_end(&r);
}

/* Programs of Debian that the tests need anyway, recorded now, with their files at hand: every
 * stack against libunwind, every return address against the bytes before it, every direct call
 * against the function below. */
static void stacks_agree_with_the_code(void **state)
{
	static char *const programs[][5] = {
	        {"/usr/bin/python3", "-c",
	         "import hashlib\nwhile True: sorted(str(i) for i in range(999)); "
	         "hashlib.sha256(b'x' * 99999).digest()",
	         NULL},
	        {"openssl", "speed", "-seconds", "30", NULL},
	        {"sqlite3", ":memory:",
	         "with recursive c(x) as (select 1 union all select x+1 from c limit 99999999) "
	         "select count(distinct x*7%1000003) from c;",
	         NULL},
	};
	(void)state;
	need_perf();
	for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
		char path[] = "/tmp/ctop-edges-XXXXXX";
		struct unwind_tally t;
		close(mkstemp(path));
		record_program(programs[i], path);
		struct capture_walk *w = capture_walk_open(path, true);
		assert_non_null(w);
		unwind_check(w, true, 3, &t);
		capture_walk_close(w);
		unlink(path);
		fprintf(stderr, "%s: %llu samples, %llu complete, %llu of %llu direct calls\n",
		        programs[i][0], (unsigned long long)t.samples,
		        (unsigned long long)t.complete, (unsigned long long)t.agree,
		        (unsigned long long)t.direct);
		assert_true(t.samples > 1000 && t.direct > 3000);
		assert_true((t.equal + t.oracle_short) * 1000 >= t.samples * 999);
		assert_true(t.calls * 1000 >= t.returns * 999);
		assert_true(t.agree * 1000 >= t.direct * 999);
	}
}

/* --- any layout of code ------------------------------------------------------------------- */

static void copy_file(const char *from, const char *to)
{
	char command[2200];
	snprintf(command, sizeof command, "cp '%s' '%s'", from, to);
	assert_int_equal(system(command), 0);
}

static void workload_path(char *out, size_t cap, const char *name)
{
	const char *build = getenv("CTOP_BUILD");
	snprintf(out, cap, "%s/workloads/%s", build != NULL ? build : "build/gcc", name);
}

/* Samples a process until it has 300 samples; asserts that `name` is on nearly all stacks. */
static void assert_runs(pid_t pid, const char *name)
{
	struct session_config c = session_of(&pid, 999);
	struct run r = run_session(&c, 300, 60);
	uint64_t through = counts_of(r.snapshot, name).total_n;
	const struct snapshot_stats *st = snapshot_stats(r.snapshot);
	if (through * 10 < st->samples * 9 || st->complete * 100 < st->all_samples * 97)
		fail_msg("%llu of %llu samples through %s, %llu complete",
		         (unsigned long long)through, (unsigned long long)st->samples, name,
		         (unsigned long long)st->complete);
	run_end(&r);
}

static pid_t start_file(const char *path, const char *arg, int memfd)
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		char *argv[] = {(char[]){"chains"}, (char *)(uintptr_t)arg, NULL};
		if (memfd >= 0)
			fexecve(memfd, argv, environ);
		else
			execv(path, argv);
		_exit(127);
	}
	return pid;
}

/* Waits until the process has exec'ed: its name is no longer the test's. */
static void await_exec(pid_t pid)
{
	char path[64], comm[64] = "", own[64];
	uint64_t until = clock_now_ns() + 20 * CLOCK_NS_PER_SEC;
	snprintf(path, sizeof path, "/proc/%d/comm", pid);
	snprintf(own, sizeof own, "%s\n", program_invocation_short_name);
	while (clock_now_ns() < until && (comm[0] == '\0' || strcmp(comm, own) == 0)) {
		FILE *f = fopen(path, "r");
		if (f == NULL || fgets(comm, sizeof comm, f) == NULL)
			comm[0] = '\0';
		if (f != NULL)
			fclose(f);
	}
}

static void deleted_replaced_and_memory_files_are_read(void **state)
{
	char from[1024], path[] = "/tmp/ctop-layout-XXXXXX";
	(void)state;
	need_perf();
	workload_path(from, sizeof from, "chains");
	close(mkstemp(path));
	copy_file(from, path);
	chmod(path, 0755);
	pid_t pid = start_file(path, "recurse", -1);
	await_exec(pid);
	unlink(path);
	assert_runs(pid, "recurse"); /* deleted */
	copy_file("/bin/true", path);
	assert_runs(pid, "recurse"); /* and another file is there now */
	unlink(path);
	workload_end(pid);
	int fd = memfd_create("chains", 0), in = open(from, O_RDONLY);
	char buf[65536];
	for (ssize_t n; (n = read(in, buf, sizeof buf)) > 0;)
		assert_int_equal(write(fd, buf, (size_t)n), n);
	close(in);
	pid = start_file("", "recurse", fd);
	close(fd);
	await_exec(pid);
	assert_runs(pid, "recurse");
	workload_end(pid);
}

static void make_library(const char *path, const char *function)
{
	char command[1024];
	snprintf(command, sizeof command,
	         "printf 'static volatile unsigned long s; __attribute__((noinline)) void %s(void) "
	         "{ "
	         "for (int i = 0; i < 20000; i++) s += i; } void churn_run(void) { %s(); s++; }' | "
	         "gcc -O2 -g -fPIC -shared -fno-optimize-sibling-calls -x c -o %s -",
	         function, function, path);
	assert_int_equal(system(command), 0);
}

static void libraries_that_take_turns_at_an_address_keep_their_names(void **state)
{
	char one[] = "/tmp/ctop-one-XXXXXX", two[] = "/tmp/ctop-two-XXXXXX", path[1024];
	(void)state;
	need_perf();
	close(mkstemp(one));
	close(mkstemp(two));
	make_library(one, "work_of_one");
	make_library(two, "work_of_two");
	workload_path(path, sizeof path, "churn");
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		execl(path, path, one, two, (char *)NULL);
		_exit(127);
	}
	await_exec(pid);
	struct session_config c = session_of(&pid, 1999);
	struct run r = run_session(&c, 3000, 60);
	workload_end(pid);
	unlink(one);
	unlink(two);
	uint64_t a = counts_of(r.snapshot, "work_of_one").total_n;
	uint64_t b = counts_of(r.snapshot, "work_of_two").total_n;
	uint64_t all = counts_of(r.snapshot, "churn_run").total_n;
	/* They ran equally long, and nothing else ran below churn_run. */
	assert_true(all > 2000 && a + b >= all * 98 / 100 && a + b <= all);
	assert_true(a * 10 > all * 4 && b * 10 > all * 4);
	run_end(&r);
}

/* --- code made at run time -------------------------------------------------------------- */

/* Into namespaces of pids and mounts, with a /tmp of its own; what is mounted there must not be
 * seen outside. */
static bool set_apart(void)
{
	return unshare(CLONE_NEWPID | CLONE_NEWNS) == 0 &&
	       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("tmpfs", "/tmp", "tmpfs", 0, NULL) == 0;
}

/* Whether this process could: not without root, nor where / is no mount (a chroot). */
static bool may_set_apart(void)
{
	int status = 1;
	pid_t pid = fork();
	if (pid == 0)
		_exit(set_apart() ? 0 : 1);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* Starts `jit KIND` with a pipe as its input; `apart`: in pid and mount namespaces of its own,
 * with a /tmp of its own. */
static pid_t start_jit(const char *kind, bool apart, int *input)
{
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		char path[1024];
		const char *build = getenv("CTOP_BUILD");
		snprintf(path, sizeof path, "%s/workloads/jit",
		         build != NULL ? build : "build/gcc");
		dup2(ends[0], 0);
		close(ends[1]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (apart && !set_apart())
			_exit(99);
		pid_t inner = apart ? fork() : 0;
		if (inner == 0)
			execl(path, path, kind, (char *)NULL);
		waitpid(inner, NULL, 0);
		_exit(127);
	}
	close(ends[0]);
	*input = ends[1];
	return pid;
}

static void check_jit(const char *kind, bool apart)
{
	int input;
	pid_t pid = start_jit(kind, apart, &input);
	struct session_config c = session_of(&pid, 999);
	struct session *s;
	struct snapshot *snap = NULL;
	struct err e = {0};
	c.source.follow_children = true;
	assert_int_equal(session_start(&s, &c, &e), CTOP_OK);
	uint64_t until = clock_now_ns() + 60 * CLOCK_NS_PER_SEC, first = 0, second = 0;
	while ((first < 200 || second < 200) && clock_now_ns() < until) {
		struct pollfd fd = {.fd = session_fd(s), .events = POLLIN};
		poll(&fd, 1, 100);
		session_ack(s);
		snapshot_unref(snap);
		snap = session_snapshot(s);
		first = snap != NULL ? counts_of(snap, "first").self_n : 0;
		second = snap != NULL ? counts_of(snap, "second").self_n : 0;
		if (first >= 200 && input >= 0) {
			close(input);
			input = -1;
		}
	}
	if (first < 200 || second < 200)
		fail_msg("%s: %llu samples of the first function, %llu of the second", kind,
		         (unsigned long long)first, (unsigned long long)second);
	/* The new name did not take the old one's samples with it. */
	assert_true(snapshot_stats(snap)->complete * 100 >= snapshot_stats(snap)->all_samples * 97);
	snapshot_unref(snap);
	session_free(s);
	workload_end(pid);
	char path[64];
	snprintf(path, sizeof path, "/tmp/perf-%d.map", pid);
	unlink(path);
	snprintf(path, sizeof path, "/tmp/jit-%d.dump", pid);
	unlink(path);
}

static void jit_code_has_names_and_old_samples_keep_theirs(void **state)
{
	(void)state;
	need_perf();
	check_jit("map", false);
	check_jit("anew", false);
	check_jit("dump", false);
}

static void jit_names_are_found_in_other_namespaces(void **state)
{
	(void)state;
	need_perf();
	if (!may_set_apart())
		check_skip("namespaces of pids and mounts need root, and a / that is a mount");
	check_jit("map", true);
	check_jit("dump", true);
}

/* --- the way of sampling ------------------------------------------------------------------ */

/* A new cgroup in the hierarchy of version 2; false where none can be made. */
static bool make_cgroup(char *out, size_t cap)
{
	static const char *const mounts[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
	for (size_t i = 0; i < 2; i++) {
		char procs[128];
		snprintf(procs, sizeof procs, "%s/cgroup.procs", mounts[i]);
		snprintf(out, cap, "%s/ctop-test-%d", mounts[i], getpid());
		if (access(procs, W_OK) == 0 && mkdir(out, 0755) == 0)
			return true;
	}
	return false;
}

/* Whether this kernel samples by such a cgroup. */
static bool may_sample_cgroup(const char *cgroup)
{
	struct perf_event_attr a = {
	        .size = sizeof a, .type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_CPU_CLOCK};
	struct broker *b = broker_new_live();
	int dir = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = broker_perf_event(b, &a, dir, 0, -1, PERF_FLAG_PID_CGROUP);
	broker_free(b);
	close(dir);
	if (fd >= 0)
		close(fd);
	return fd >= 0 && system("grep -q perf_event /proc/self/cgroup") != 0;
}

/* Moves a process into the cgroup. */
static bool join_cgroup(const char *cgroup, pid_t pid)
{
	char path[160];
	snprintf(path, sizeof path, "%s/cgroup.procs", cgroup);
	FILE *f = fopen(path, "w");
	return f != NULL && fprintf(f, "%d\n", pid) > 0 && fclose(f) == 0;
}

/* Targets that have a cgroup to themselves are sampled by it, whatever they do; others are not. */
static void a_cgroup_of_its_own_is_sampled_as_one(void **state)
{
	char cgroup[128];
	(void)state;
	need_perf();
	if (geteuid() != 0 || !make_cgroup(cgroup, sizeof cgroup))
		check_skip("a new cgroup needs root and a writable hierarchy of version 2");
	if (!may_sample_cgroup(cgroup)) {
		rmdir(cgroup);
		check_skip("this kernel does not sample by cgroups of version 2");
	}
	pid_t storm = workload_start("storm", NULL);
	bool joined = join_cgroup(cgroup, storm);
	struct session_config c = session_of(&storm, 999);
	struct run r = run_session(&c, 3000, 60);
	const struct snapshot_stats *st = snapshot_stats(r.snapshot);
	bool by_cgroup = strcmp(st->way, "perf cgroup") == 0;
	if (joined && by_cgroup) {
		assert_true(st->accounted > 0.97 && st->accounted < 1.03);
		assert_true(counts_of(r.snapshot, "work").total_n > 500);
	}
	run_end(&r);

	pid_t other = workload_start("storm", NULL);
	joined = joined && join_cgroup(cgroup, other);
	r = run_session(&c, 100, 60);
	bool shared = strcmp(snapshot_stats(r.snapshot)->way, "perf cgroup") == 0;
	run_end(&r);
	workload_end(storm);
	workload_end(other);
	rmdir(cgroup);
	if (!joined)
		check_skip("a process may not be moved into a new cgroup here");
	assert_true(by_cgroup);
	assert_false(shared);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(stacks_agree_with_the_code),
	        cmocka_unit_test(deleted_replaced_and_memory_files_are_read),
	        cmocka_unit_test(libraries_that_take_turns_at_an_address_keep_their_names),
	        cmocka_unit_test(jit_code_has_names_and_old_samples_keep_theirs),
	        cmocka_unit_test(jit_names_are_found_in_other_namespaces),
	        cmocka_unit_test(a_cgroup_of_its_own_is_sampled_as_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
