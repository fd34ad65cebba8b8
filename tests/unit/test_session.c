/* session: the whole engine on real processes and on captures. */
#include "check.h"

#include "run_session.h"

#include "../../src/app/child.c"
#include "ctop/capture.h"
#include "ctop/clock.h"
#include "ctop/folded.h"
#include "ctop/query.h"
#include "ctop/record.h"
#include "ctop/strbuf.h"

#include <math.h>
#include <sys/mman.h>
#include <sys/stat.h>

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
	struct session_config c = session_of(&pid, 999);
	struct run r = run_session(&c, UINT64_MAX, 8);
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
	        cmocka_unit_test(a_killed_target_ends_the_session),
	        cmocka_unit_test(another_users_process_is_refused_with_cause_and_cure),
	        cmocka_unit_test(replay_is_deterministic),
	        cmocka_unit_test(a_recording_replays_to_the_same_profile),
	        cmocka_unit_test(a_cut_capture_replays_up_to_the_cut),
	        cmocka_unit_test(a_damaged_capture_is_survived),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
