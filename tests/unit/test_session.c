/* session: the whole engine on real processes and on captures. */
#include "check.h"

#include "capture_walk.h"
#include "run_session.h"
#include "unwind_check.h"

#include "../../src/app/child.c"
#include "ctop/capture.h"
#include "ctop/clock.h"
#include "ctop/folded.h"
#include "ctop/query.h"
#include "ctop/record.h"
#include "ctop/strbuf.h"

#include <math.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>

static void need_perf(void)
{
	if (!may_sample())
		check_skip("perf_event_open is refused here");
}

/* Within max(1 point, 5 standard errors). */
static void assert_share(const char *what, uint64_t part, uint64_t whole, double n, double expected)
{
	double p = (double)part / (double)whole;
	double room = fmax(0.01, 5 * sqrt(expected * (1 - expected) / n));
	if (fabs(p - expected) > room)
		fail_msg("%s: n %.0f, p %.4f, expected %.4f ± %.4f", what, n, p, expected, room);
}

static void known_shares_are_right(void **state)
{
	(void)state;
	need_perf();
	pid_t pid = workload_start("shares", NULL);
	struct session_config c = session_of(&pid, 4999);
	struct run r = run_session(&c, 22000, 60);
	const struct snapshot *s = r.snapshot;
	workload_end(pid);
	double n = (double)snapshot_stats(s)->all_samples;
	assert_true(n >= 20000);
	uint64_t all = counts_of(s, "rounds").total_ns;
	assert_share("burn_half", counts_of(s, "burn_half").total_ns, all, n, 0.5);
	assert_share("burn_third", counts_of(s, "burn_third").total_ns, all, n, 0.3);
	/* Recursive: ten frames deep, counted once. */
	assert_share("burn_rest", counts_of(s, "burn_rest").total_ns, all, n, 0.2);
	assert_true(counts_of(s, "rounds").self_ns * 100 < all);
	/* Self times of all functions are the whole. */
	uint64_t self = 0;
	for (uint32_t f = 0; f < snapshot_func_count(s); f++)
		self += snapshot_func_counts(s, f).self_ns;
	assert_int_equal(self, snapshot_counts(s, NODE_ROOT).total_ns);
	assert_true(snapshot_stats(s)->complete * 1000 >= snapshot_stats(s)->all_samples * 998);
	assert_int_equal(snapshot_stats(s)->losses.kernel + snapshot_stats(s)->losses.ring, 0);
	run_end(&r);
}

static void assert_accounted(const struct snapshot *s)
{
	const struct snapshot_stats *st = snapshot_stats(s);
	if (fabs(st->accounted - 1) > 0.03)
		fail_msg("%.1f %% of the CPU time is accounted for (%s)", 100 * st->accounted,
		         st->way);
}

static void summed_weight_is_the_cpu_time(void **state)
{
	(void)state;
	need_perf();
	pid_t pid = workload_start("shares", NULL);
	struct session_config c = session_of(&pid, 999);
	struct run r = run_session(&c, UINT64_MAX, 2);
	workload_end(pid);
	assert_accounted(r.snapshot);
	run_end(&r);
}

static void deep_stacks_are_copied_deeper(void **state)
{
	(void)state;
	need_perf();
	for (int deepen = 0; deepen < 2; deepen++) {
		pid_t pid = workload_start("chains", "deep");
		struct session_config c = session_of(&pid, 1999);
		c.deepen = deepen != 0;
		struct run r = run_session(&c, 3000, 60);
		const struct snapshot_stats *st = snapshot_stats(r.snapshot);
		workload_end(pid);
		assert_true(st->losses.truncated > 0);
		assert_true(counts_of(r.snapshot, "[truncated at 16 KB]").total_n > 0);
		if (deepen) {
			assert_true(st->stack_bytes > 2 * c.source.stack_bytes);
			assert_true(st->complete * 10 > st->all_samples * 7);
			assert_accounted(r.snapshot);
		} else {
			assert_int_equal(st->stack_bytes, c.source.stack_bytes);
			assert_true(st->complete * 2 < st->all_samples);
		}
		run_end(&r);
	}
}

static void a_storm_of_threads_is_accounted_for(void **state)
{
	(void)state;
	need_perf();
	if (geteuid() != 0)
		check_skip("sampling by CPU needs root or CAP_PERFMON");
	pid_t pid = workload_start("storm", NULL);
	/* Fast, so that chance is well under the 3 % looked at. */
	struct session_config c = session_of(&pid, 4999);
	struct run r = run_session(&c, UINT64_MAX, 4);
	workload_end(pid);
	assert_accounted(r.snapshot);
	assert_true(counts_of(r.snapshot, "work").total_n > 500);
	run_end(&r);
}

static void a_command_is_profiled_from_its_first_instruction(void **state)
{
	struct child *child;
	struct err e = {0};
	int status = 0;
	(void)state;
	need_perf();
	char *argv[] = {
	        (char[]){"sh"}, (char[]){"-c"},
	        (char[]){"/bin/true; i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; exit 5"},
	        NULL};
	assert_int_equal(child_spawn(&child, argv, CHILD_PASS, &e), CTOP_OK);
	pid_t pid = child_pid(child);
	struct session_config c = session_of(&pid, 4999);
	c.source.launched = true;
	struct session *s;
	assert_int_equal(session_start(&s, &c, &e), CTOP_OK);
	assert_int_equal(child_release(child, &e), CTOP_OK);
	uint64_t until = clock_now_ns() + 60 * CLOCK_NS_PER_SEC;
	while (!session_ended(s) && clock_now_ns() < until) {
		struct pollfd fd = {.fd = session_fd(s), .events = POLLIN};
		poll(&fd, 1, 100);
		session_ack(s);
		child_reap(child, &status);
	}
	assert_true(session_ended(s));
	assert_true(child_reap(child, &status));
	assert_int_equal(child_exit_code(status), 5);
	assert_int_equal(session_stop(s, &e), CTOP_OK);
	struct snapshot *snap = session_snapshot(s);
	struct strbuf b = {0};
	folded_write(snap, &b);
	assert_non_null(strstr(b.data, "sh;"));
	/* The dynamic linker is the first user code of all; stripped, it is named by its module. */
	assert_true(strstr(b.data, "_dl_start") || strstr(b.data, "ld-linux"));
	strbuf_fini(&b);
	snapshot_unref(snap);
	session_free(s);
	child_free(child);
}

static void children_are_followed_or_not(void **state)
{
	(void)state;
	need_perf();
	for (int follow = 0; follow < 2; follow++) {
		pid_t pid = fork();
		if (pid == 0) {
			execlp("sh", "sh", "-c",
			       "while :; do sha256sum /proc/self/exe /bin/bash >/dev/null; done",
			       (char *)NULL);
			_exit(127);
		}
		struct session_config c = session_of(&pid, 999);
		c.source.follow_children = follow == 1;
		struct run r =
		        run_session(&c, follow == 1 ? 200 : UINT64_MAX, follow == 1 ? 30 : 1);
		workload_end(pid);
		uint32_t n = counts_of(r.snapshot, "sha256sum").total_n;
		if (follow == 1)
			assert_true(n > 0);
		else
			assert_int_equal(n, 0);
		run_end(&r);
	}
}

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
	        {"python3", "-c",
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
		if (apart && (unshare(CLONE_NEWPID | CLONE_NEWNS) != 0 ||
		              mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
		              mount("tmpfs", "/tmp", "tmpfs", 0, NULL) != 0))
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
	check_jit("dump", false);
}

static void jit_names_are_found_in_other_namespaces(void **state)
{
	(void)state;
	need_perf();
	if (geteuid() != 0)
		check_skip("namespaces of pids and mounts need root");
	check_jit("map", true);
	check_jit("dump", true);
}

static void a_killed_target_ends_the_session(void **state)
{
	struct session *s;
	struct err e = {0};
	(void)state;
	need_perf();
	pid_t pid = workload_start("shares", NULL);
	struct session_config c = session_of(&pid, 499);
	assert_int_equal(session_start(&s, &c, &e), CTOP_OK);
	workload_end(pid);
	uint64_t until = clock_now_ns() + 20 * CLOCK_NS_PER_SEC;
	while (!session_ended(s) && clock_now_ns() < until) {
		struct pollfd fd = {.fd = session_fd(s), .events = POLLIN};
		poll(&fd, 1, 100);
		session_ack(s);
	}
	assert_true(session_ended(s));
	struct snapshot *snap = session_snapshot(s);
	assert_int_equal(snapshot_stats(snap)->state, TARGET_EXITED);
	snapshot_unref(snap);
	session_free(s);
}

static void another_users_process_is_refused_with_cause_and_cure(void **state)
{
	(void)state;
	if (geteuid() != 0)
		check_skip("needs root to become somebody else");
	int out[2];
	char text[1024] = "";
	assert_int_equal(pipe(out), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct session *s;
		struct err e = {0};
		pid_t init = 1;
		struct session_config c = session_of(&init, 499);
		if (setgid(65534) != 0 || setuid(65534) != 0)
			_exit(9);
		enum ctop_err rc = session_start(&s, &c, &e);
		if (write(out[1], e.text, strlen(e.text)) < 0)
			_exit(8);
		_exit(rc == CTOP_EPERM ? 0 : 1);
	}
	int status;
	waitpid(pid, &status, 0);
	assert_true(read(out[0], text, sizeof text - 1) > 0);
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_non_null(strstr(text, "it belongs to user root"));
	assert_non_null(strstr(text, "setcap"));
	close(out[0]);
	close(out[1]);
}

/* --- captures -------------------------------------------------------------------------- */

static char *folded_of_capture(const char *path)
{
	struct session_config c = session_of(NULL, 0);
	struct strbuf b = {0};
	c.source.pid_count = 0;
	c.input = path;
	struct run r = run_session(&c, UINT64_MAX, 30);
	assert_true(session_ended(r.session));
	folded_write(r.snapshot, &b);
	run_end(&r);
	return b.data;
}

static void replay_is_deterministic(void **state)
{
	(void)state;
	char *first = folded_of_capture("tests/corpus/nginx.ctr");
	for (int i = 0; i < 3; i++) {
		char *again = folded_of_capture("tests/corpus/nginx.ctr");
		assert_string_equal(first, again);
		free(again);
	}
	assert_non_null(strstr(first, "nginx;"));
	assert_non_null(strstr(first, "do_syscall_64"));
	free(first);
}

static void a_recording_replays_to_the_same_profile(void **state)
{
	char path[] = "/tmp/ctop-test-XXXXXX";
	struct strbuf live = {0};
	(void)state;
	need_perf();
	pid_t pid = workload_start("chains", "recurse");
	struct session_config c = session_of(&pid, 499);
	int fd = mkstemp(path);
	close(fd);
	c.raw_output = path;
	struct run r = run_session(&c, 200, 30);
	workload_end(pid);
	folded_write(r.snapshot, &live);
	run_end(&r);
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(st.st_size < 300 * 1024);
	char *replayed = folded_of_capture(path);
	assert_string_equal(live.data, replayed);
	free(replayed);
	strbuf_fini(&live);
	unlink(path);
}

static char *read_whole(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	char *data = malloc(1 << 20);
	*len = fread(data, 1, 1 << 20, f);
	fclose(f);
	return data;
}

static struct capture_reader *open_bytes(const char *data, size_t len, enum ctop_err *rc)
{
	struct capture_reader *r = NULL;
	int fd = memfd_create("capture", MFD_CLOEXEC);
	if (write(fd, data, len) != (ssize_t)len)
		fail();
	*rc = capture_reader_open(&r, fd, NULL);
	return r;
}

static uint64_t count_records(struct capture_reader *r)
{
	uint64_t n = 0;
	while (capture_next(r) != NULL)
		n++;
	return n;
}

/* Cut anywhere a capture is refused, or gives a beginning of its records and says so. */
static void a_cut_capture_replays_up_to_the_cut(void **state)
{
	size_t len;
	enum ctop_err rc;
	char *data = read_whole("tests/fixtures/chain-alloca.ctr", &len);
	struct capture_reader *whole = open_bytes(data, len, &rc);
	(void)state;
	assert_int_equal(rc, CTOP_OK);
	assert_string_equal(capture_damage(whole), "");
	uint64_t all = count_records(whole), most = 0;
	capture_reader_free(whole);
	for (size_t cut = 0; cut < len; cut += cut < 1000 ? 1 : 97) {
		struct capture_reader *r = open_bytes(data, cut, &rc);
		if (rc != CTOP_OK) {
			assert_int_equal(rc, CTOP_EFORMAT);
			assert_int_equal(most, 0);
			continue;
		}
		uint64_t n = count_records(r);
		assert_true(n <= all && n >= most);
		assert_true(capture_damage(r)[0] != '\0');
		most = n;
		capture_reader_free(r);
	}
	assert_int_equal(most, all); /* cut in the files behind the records */
	free(data);
}

static void a_damaged_capture_is_survived(void **state)
{
	size_t len;
	unsigned seed = 5;
	char *data = read_whole("tests/fixtures/chain-alloca.ctr", &len);
	char *copy = malloc(len);
	(void)state;
	for (int i = 0; i < 300; i++) {
		enum ctop_err rc;
		memcpy(copy, data, len);
		for (int k = 0; k < 4; k++)
			copy[8 + (size_t)rand_r(&seed) % (i % 2 == 0 ? 800 : len - 8)] ^=
			        (char)(1 + rand_r(&seed) % 255);
		struct capture_reader *r = open_bytes(copy, len, &rc);
		if (rc != CTOP_OK)
			continue;
		count_records(r);
		void *file;
		size_t file_len;
		if (capture_find(r, CAPTURE_KALLSYMS, "", 0, &file, &file_len, NULL) == CTOP_OK)
			free(file);
		capture_reader_free(r);
	}
	free(copy);
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(known_shares_are_right),
	        cmocka_unit_test(summed_weight_is_the_cpu_time),
	        cmocka_unit_test(deep_stacks_are_copied_deeper),
	        cmocka_unit_test(a_storm_of_threads_is_accounted_for),
	        cmocka_unit_test(a_command_is_profiled_from_its_first_instruction),
	        cmocka_unit_test(children_are_followed_or_not),
	        cmocka_unit_test(stacks_agree_with_the_code),
	        cmocka_unit_test(deleted_replaced_and_memory_files_are_read),
	        cmocka_unit_test(libraries_that_take_turns_at_an_address_keep_their_names),
	        cmocka_unit_test(jit_code_has_names_and_old_samples_keep_theirs),
	        cmocka_unit_test(jit_names_are_found_in_other_namespaces),
	        cmocka_unit_test(a_killed_target_ends_the_session),
	        cmocka_unit_test(another_users_process_is_refused_with_cause_and_cure),
	        cmocka_unit_test(replay_is_deterministic),
	        cmocka_unit_test(a_recording_replays_to_the_same_profile),
	        cmocka_unit_test(a_cut_capture_replays_up_to_the_cut),
	        cmocka_unit_test(a_damaged_capture_is_survived),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
