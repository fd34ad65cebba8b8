/* refusals: each cause for which ctop may not look into a process is made true, and ctop must name
 * it and what to do about it. What other people's rights need is tried as user nobody.
 */
#include "check.h"

#include "process.h"
#include "run_session.h"

#include "../../src/sample/refusal.h"
#include "ctop/broker.h"
#include "ctop/target.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECONDS = 30, NOBODY = 65534 };
enum { CAP_SYS_PTRACE_BIT = 19, CAP_SYS_ADMIN_BIT = 21, CAP_PERFMON_BIT = 38 };

static char directory[] = "/tmp/ctop-refusals-XXXXXX";

/* --- programs that everybody may run --------------------------------------------------------- */

static void copy_program(const char *from, const char *name)
{
	char to[256], buf[1 << 16];
	snprintf(to, sizeof to, "%s/%s", directory, name);
	char *path = process_path(from);
	int in = open(path, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_EXCL, 0755);
	assert_true(in >= 0 && out >= 0);
	for (ssize_t n; (n = read(in, buf, sizeof buf)) > 0;)
		assert_int_equal(write(out, buf, (size_t)n), n);
	close(in);
	close(out);
	free(path);
}

static char *path_of(const char *name)
{
	static char paths[4][256];
	static unsigned next;
	char *path = paths[next++ % 4];
	snprintf(path, sizeof paths[0], "%s/%s", directory, name);
	return path;
}

static int set_up(void **state)
{
	(void)state;
	if (mkdtemp(directory) == NULL || chmod(directory, 0755) != 0)
		return -1;
	copy_program("ctop", "ctop");
	copy_program("workloads/shares", "shares");
	copy_program("workloads/wide", "wide");
	return 0;
}

static int tear_down(void **state)
{
	char command[300];
	(void)state;
	snprintf(command, sizeof command, "rm -rf %s", directory);
	return system(command);
}

static void need_root(void)
{
	if (geteuid() != 0)
		check_skip("this cause can be made true by root only");
}

/* --- preparing the process that becomes ctop ---------------------------------------------------
 */

static void must(bool done)
{
	if (!done)
		_exit(99);
}

static void become_nobody(void)
{
	must(setgroups(0, NULL) == 0 && setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* changing users has dropped it */
}

/* As a container's filter does: these system calls are refused. */
static void refuse_calls(long one, long other)
{
	struct sock_filter code[] = {
	        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)one, 1, 0),
	        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)other, 0, 1),
	        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
	        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof code / sizeof code[0], code};
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	     prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static void refuse_perf(void)
{
	refuse_calls(SYS_perf_event_open, SYS_perf_event_open);
}

static void refuse_both(void)
{
	refuse_calls(SYS_perf_event_open, SYS_ptrace);
}

static void nobody_without_perf(void)
{
	become_nobody();
	refuse_perf();
}

static void drop_capabilities(void)
{
	must(prctl(PR_CAPBSET_DROP, CAP_SYS_PTRACE_BIT) == 0 &&
	     prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN_BIT) == 0 &&
	     prctl(PR_CAPBSET_DROP, CAP_PERFMON_BIT) == 0);
}

static void nobody_with_few_descriptors(void)
{
	/* 128 are kept for other things, the rest serves 20 threads on two CPUs. */
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	struct rlimit few = {128 + 40 * (rlim_t)cpus, 128 + 40 * (rlim_t)cpus};
	must(setrlimit(RLIMIT_NOFILE, &few) == 0);
	become_nobody();
}

static void nobody_with_little_memory_to_lock(void)
{
	struct rlimit none = {0, 0};
	must(setrlimit(RLIMIT_MEMLOCK, &none) == 0);
	become_nobody();
}

static void hide_processes(void)
{
	must(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	     mount("proc", "/proc", "proc", 0, "hidepid=1") == 0);
	become_nobody();
}

/* --- running it
 * ----------------------------------------------------------------------------------- */

static pid_t start_as_nobody(const char *name, const char *arg)
{
	char word[32];
	snprintf(word, sizeof word, "%s", arg != NULL ? arg : "");
	pid_t pid = fork();
	if (pid == 0) {
		become_nobody();
		execl(path_of(name), name, arg != NULL ? word : NULL, (char *)NULL);
		_exit(127);
	}
	assert_true(pid > 0);
	return pid;
}

/* `ctop record` of a process for a moment, with one more option and its value. */
static struct process_result record(pid_t pid, void (*prepare)(void), const char *option,
                                    const char *value)
{
	char number[32], words[2][32];
	snprintf(number, sizeof number, "%d", pid);
	snprintf(words[0], sizeof words[0], "%s", option != NULL ? option : "");
	snprintf(words[1], sizeof words[1], "%s", value != NULL ? value : "");
	struct process_result r =
	        process_run((char *[]){path_of("ctop"), "record", "-p", number, "-d", "1", "-f",
	                               "text", "-o", "-", option != NULL ? words[0] : NULL,
	                               value != NULL ? words[1] : NULL, NULL},
	                    prepare, SECONDS);
	if (r.code == 99)
		check_skip("this cause cannot be made true here");
	return r;
}

static struct process_result dump(pid_t pid, void (*prepare)(void))
{
	char number[32];
	snprintf(number, sizeof number, "%d", pid);
	struct process_result r = process_run(
	        (char *[]){path_of("ctop"), "dump", "-p", number, NULL}, prepare, SECONDS);
	if (r.code == 99)
		check_skip("this cause cannot be made true here");
	return r;
}

/* It must have failed, in one line, with both words. */
static void assert_refused(struct process_result r, const char *cause, const char *cure)
{
	size_t len = strlen(r.err);
	bool one_line = len > 0 && strchr(r.err, '\n') == r.err + len - 1;
	if (r.code != 1 || !one_line || strstr(r.err, cause) == NULL || strstr(r.err, cure) == NULL)
		fail_msg("code %d, not '%s … %s' in one line: %s", r.code, cause, cure, r.err);
	process_result_fini(&r);
}

/* It must have worked, and said why it could do no more. */
static void assert_served(struct process_result r, const char *function, const char *note)
{
	if (r.code != 0 || strstr(r.out, function) == NULL || strstr(r.err, note) == NULL)
		fail_msg("code %d, not %s with '%s': %s%s", r.code, function, note, r.out, r.err);
	process_result_fini(&r);
}

/* --- causes -------------------------------------------------------------------------------------
 */

static void no_such_process(void **state)
{
	(void)state;
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	assert_refused(record(pid, NULL, NULL, NULL), "no process", "pgrep");
	assert_refused(dump(pid, NULL), "no process", "pgrep");
}

static void a_zombie(void **state)
{
	(void)state;
	siginfo_t info;
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_refused(record(pid, NULL, NULL, NULL), "is a zombie", "its parent");
	assert_refused(dump(pid, NULL), "is a zombie", "its parent");
	waitpid(pid, NULL, 0);
}

static void a_kernel_thread(void **state)
{
	(void)state;
	struct broker *b = broker_new_live();
	struct target_info info = {0};
	enum ctop_err rc = target_read(b, 2, 0, &info, NULL);
	broker_free(b);
	if (rc != CTOP_OK || !info.kernel_thread)
		check_skip("no kernel thread is in sight");
	assert_refused(record(2, NULL, NULL, NULL), "is a kernel thread", "ctop -a");
	assert_refused(dump(2, NULL), "is a kernel thread", "ctop -a");
}

/* The program's first bytes decide; one that runs where the kernel can run it. */
static void a_32_bit_program(void **state)
{
	unsigned char head[EI_NIDENT] = ELFMAG;
	struct err e = {0};
	(void)state;
	head[EI_CLASS] = ELFCLASS64;
	assert_int_equal(target_check_program(head, sizeof head, 12, "x", &e), CTOP_OK);
	head[EI_CLASS] = ELFCLASS32;
	assert_int_equal(target_check_program(head, sizeof head, 12, "x", &e), CTOP_EUNSUP);
	assert_non_null(strstr(e.text, "12 (x) is a 32-bit program"));
	char command[900];
	snprintf(command, sizeof command,
	         "cd %s && printf '.globl _start\\n_start: movl $29,%%%%eax\\nint $0x80\\njmp "
	         "_start\\n' > p.s && as --32 -o p.o p.s && ld -m elf_i386 -o p32 p.o",
	         directory);
	assert_int_equal(system(command), 0);
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(path_of("p32"), "p32", (char *)NULL);
		_exit(127);
	}
	char exe[64], link[300];
	snprintf(exe, sizeof exe, "/proc/%d/exe", pid);
	int status = 0;
	for (struct deadline d = deadline_in(SECONDS); !deadline_over(&d);) {
		ssize_t n = readlink(exe, link, sizeof link - 1);
		link[n > 0 ? n : 0] = '\0';
		if (strstr(link, "p32") != NULL || waitpid(pid, &status, WNOHANG) == pid)
			break;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		check_skip(
		        "this kernel runs no 32-bit programs (their refusal was tried on bytes)");
	assert_refused(record(pid, NULL, NULL, NULL), "is a 32-bit program", "perf record");
	assert_refused(record(pid, NULL, "--source", "ptrace"), "is a 32-bit program", "perf");
	assert_refused(dump(pid, NULL), "is a 32-bit program", "perf record");
	workload_end(pid);
}

static void another_users_process(void **state)
{
	(void)state;
	need_root();
	pid_t pid = workload_start("shares", NULL);
	assert_refused(record(pid, become_nobody, NULL, NULL), "it belongs to user root",
	               "run ctop as root, or once: sudo setcap");
	assert_refused(record(pid, become_nobody, "--source", "ptrace"), "it belongs to user root",
	               "run ctop as root");
	assert_refused(dump(pid, become_nobody), "it belongs to user root", "run ctop as root");
	workload_end(pid);
}

static void root_without_capabilities(void **state)
{
	(void)state;
	need_root();
	pid_t pid = start_as_nobody("shares", NULL);
	assert_refused(record(pid, drop_capabilities, NULL, NULL),
	               "lacks CAP_SYS_PTRACE and CAP_PERFMON", "--cap-add");
	assert_refused(dump(pid, drop_capabilities), "lacks CAP_SYS_PTRACE and CAP_PERFMON",
	               "--cap-add");
	workload_end(pid);
}

static void another_tracer(void **state)
{
	char who[64];
	(void)state;
	pid_t pid = workload_start("shares", NULL);
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) != 0)
		check_skip("tracing is not allowed here");
	snprintf(who, sizeof who, "already traced by %d (", getpid());
	assert_refused(record(pid, NULL, "--source", "ptrace"), who, "end that first");
	workload_end(pid);
}

static void a_filter_refuses_perf(void **state)
{
	(void)state;
	need_root();
	pid_t pid = start_as_nobody("shares", NULL);
	assert_refused(record(pid, nobody_without_perf, "--source", "perf"),
	               "a seccomp filter refuses perf_event_open", "--cap-add PERFMON");
	assert_served(record(pid, nobody_without_perf, NULL, NULL), "burn_half",
	              "sampling by ptrace, without kernel frames: a seccomp filter");
	workload_end(pid);
}

static void a_filter_refuses_both(void **state)
{
	(void)state;
	pid_t pid = workload_start("shares", NULL);
	assert_refused(record(pid, refuse_both, NULL, NULL),
	               "a seccomp filter refuses perf_event_open",
	               "a seccomp filter refuses ptrace");
	workload_end(pid);
}

static void an_ordinary_user_sees_own_processes(void **state)
{
	(void)state;
	need_root();
	pid_t pid = start_as_nobody("shares", NULL);
	struct process_result r = record(pid, become_nobody, NULL, NULL);
	if (r.code != 0 || strstr(r.out, "burn_half") == NULL)
		fail_msg("%d: %s%s", r.code, r.out, r.err);
	process_result_fini(&r);
	assert_served(record(pid, become_nobody, "--source", "ptrace"), "burn_half", "(ptrace, ");
	r = dump(pid, become_nobody);
	if (r.code != 0 || strstr(r.out, "rounds") == NULL)
		fail_msg("%d: %s%s", r.code, r.out, r.err);
	process_result_fini(&r);
	workload_end(pid);
}

/* --- settings of the whole machine ------------------------------------------------------------ */

struct setting {
	const char *path;
	char before[32];
};

static bool set(struct setting *s, const char *value)
{
	FILE *f = fopen(s->path, "r");
	if (f == NULL || fgets(s->before, sizeof s->before, f) == NULL) {
		if (f != NULL)
			fclose(f);
		return false;
	}
	fclose(f);
	f = fopen(s->path, "w");
	bool ok = f != NULL && fputs(value, f) >= 0;
	return f != NULL && fclose(f) == 0 && ok;
}

static void restore(const struct setting *s)
{
	FILE *f = fopen(s->path, "w");
	if (f != NULL) {
		fputs(s->before, f);
		fclose(f);
	}
}

static void perf_event_paranoid(void **state)
{
	(void)state;
	need_root();
	struct setting paranoid = {.path = "/proc/sys/kernel/perf_event_paranoid"};
	if (!set(&paranoid, "2\n"))
		check_skip("kernel.perf_event_paranoid cannot be set here");
	pid_t pid = start_as_nobody("shares", NULL);
	struct process_result at_two = record(pid, become_nobody, "--source", "perf");
	struct process_result machine = process_run(
	        (char *[]){path_of("ctop"), "record", "-a", "-d", "1", "-o", "/dev/null", NULL},
	        become_nobody, SECONDS);
	struct setting again = paranoid;
	set(&again, "1\n");
	struct process_result at_one = record(pid, become_nobody, "--source", "perf");
	restore(&paranoid);
	workload_end(pid);
	assert_served(at_two, "burn_half",
	              "no kernel frames, and time in the kernel is not sampled: "
	              "kernel.perf_event_paranoid is 2 or more");
	assert_refused(machine, "kernel.perf_event_paranoid is 2", "run it as root");
	if (at_one.code != 0 || strstr(at_one.err, "no kernel frames") != NULL)
		fail_msg("%s", at_one.err);
	process_result_fini(&at_one);
}

static void kptr_restrict(void **state)
{
	(void)state;
	need_root();
	struct setting paranoid = {.path = "/proc/sys/kernel/perf_event_paranoid"};
	struct setting kptr = {.path = "/proc/sys/kernel/kptr_restrict"};
	if (!set(&paranoid, "1\n") || !set(&kptr, "1\n")) {
		restore(&paranoid);
		check_skip("kernel.kptr_restrict cannot be set here");
	}
	pid_t pid = start_as_nobody("shares", NULL);
	struct process_result r = record(pid, become_nobody, "--source", "perf");
	restore(&kptr);
	restore(&paranoid);
	workload_end(pid);
	assert_served(r, "burn_half", "kernel symbols are hidden (kernel.kptr_restrict)");
}

/* --- limits --------------------------------------------------------------------------------------
 */

static double accounted_in(const char *text)
{
	const char *at = strstr(text, "% accounted");
	while (at != NULL && at > text && at[-1] != ' ')
		at--;
	return at != NULL ? atof(at) : 0;
}

static void few_descriptors(void **state)
{
	(void)state;
	need_root();
	pid_t pid = start_as_nobody("wide", "300");
	struct process_result r = record(pid, nobody_with_few_descriptors, "--source", "perf");
	workload_end(pid);
	/* 16 of the threads work. By chance few of the first 20 would be among them. */
	if (accounted_in(r.err) < 80)
		fail_msg("%s", r.err);
	assert_served(r, "busy", "only those that use most of the CPU are sampled; raise ulimit");
}

static void little_memory_to_lock(void **state)
{
	(void)state;
	need_root();
	pid_t pid = start_as_nobody("shares", NULL);
	struct process_result r =
	        record(pid, nobody_with_little_memory_to_lock, "--source", "perf");
	workload_end(pid);
	if (strstr(r.err, "the locked-memory limit is low; raise ulimit -l") == NULL && r.code == 0)
		check_skip("kernel.perf_event_mlock_kb allows enough by itself");
	assert_served(r, "burn_half", "small perf rings");
}

/* --- namespaces
 * ------------------------------------------------------------------------------------ */

static void processes_are_hidden(void **state)
{
	(void)state;
	need_root();
	pid_t pid = workload_start("shares", NULL);
	assert_refused(record(pid, hide_processes, NULL, NULL), "hidepid", "run ctop as root");
	workload_end(pid);
}

/* Inside a container of one's own: other pids, other mounts, perf refused. */
static void run_inside(const char *flags, void (*prepare)(void), const char *way,
                       const char *without)
{
	char script[1024];
	snprintf(script, sizeof script,
	         "%s/shares & %s/ctop record -p $! -d 1 -f text -o - --source %s; rc=$?; "
	         "%s/ctop dump -p $! | grep -q burn_ || rc=9; kill $!; exit $rc",
	         directory, directory, way, directory);
	char words[64], bounds[64];
	snprintf(words, sizeof words, "%s", flags);
	snprintf(bounds, sizeof bounds, "--bounding-set=%s", without);
	struct process_result r =
	        process_run((char *[]){"unshare", words, "--mount-proc", "setpriv", bounds, "sh",
	                               "-c", script, NULL},
	                    prepare, SECONDS);
	bool refused = strstr(r.err, "unshare") != NULL;
	if (refused || r.code == 99)
		check_skip("namespaces cannot be made here: %s", r.err);
	assert_served(r, "burn_half", "accounted");
}

static void inside_a_container_as_root(void **state)
{
	(void)state;
	need_root();
	run_inside("-pf", NULL, "auto", "+all");
	run_inside("-pf", NULL, "ptrace", "+all");
}

static void inside_a_container_of_a_users_own(void **state)
{
	(void)state;
	need_root();
	run_inside("-Urpf", become_nobody, "auto", "+all");
	run_inside("-Urpf", nobody_without_perf, "auto", "+all");
}

/* From outside: a process of user and pid namespaces of its own, whose files are named as seen
 * there. */
static pid_t start_in_namespaces(pid_t *keeper)
{
	int ends[2];
	pid_t inner = -1;
	assert_int_equal(pipe(ends), 0);
	*keeper = fork();
	if (*keeper == 0) {
		become_nobody();
		if (unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS) == 0) {
			inner = fork();
			if (inner == 0) {
				prctl(PR_SET_PDEATHSIG, SIGKILL);
				execl(path_of("shares"), "shares", (char *)NULL);
				_exit(127);
			}
		}
		must(write(ends[1], &inner, sizeof inner) == sizeof inner);
		pause();
	}
	assert_int_equal(read(ends[0], &inner, sizeof inner), sizeof inner);
	close(ends[0]);
	close(ends[1]);
	return inner;
}

static void from_the_host_into_a_container(void **state)
{
	pid_t keeper;
	(void)state;
	need_root();
	pid_t pid = start_in_namespaces(&keeper);
	if (pid < 0) {
		workload_end(keeper);
		check_skip("user namespaces cannot be made here");
	}
	assert_served(record(pid, NULL, NULL, NULL), "burn_half", "accounted");
	assert_served(record(pid, NULL, "--source", "ptrace"), "burn_half", "(ptrace, ");
	struct process_result r = dump(pid, NULL);
	if (r.code != 0 || strstr(r.out, "rounds") == NULL)
		fail_msg("%d: %s%s", r.code, r.out, r.err);
	process_result_fini(&r);
	/* Its owner, outside, owns it all the same, but it has rights there that ctop has not. */
	r = dump(pid, become_nobody);
	assert_true(r.code == 0 || strstr(r.err, "cannot trace") != NULL);
	process_result_fini(&r);
	workload_end(keeper);
}

/* As containers mostly are: root, but neither CAP_SYS_PTRACE nor CAP_PERFMON. */
static void inside_without_sys_ptrace(void **state)
{
	(void)state;
	need_root();
	run_inside("-pf", NULL, "auto", "-sys_ptrace,-perfmon,-sys_admin");
	run_inside("-pf", refuse_perf, "auto", "-sys_ptrace,-perfmon,-sys_admin");
}

/* --- what cannot be made true everywhere
 * ------------------------------------------------------------ */

/* Every rule, on facts as they would be read. */
static void each_rule_names_its_cause(void **state)
{
	static const struct {
		struct refusal_facts f;
		uid_t owner;
		int why;
		bool perf;
		const char *cause, *cure;
	} cases[] = {
	        {{.uid = 7, .yama = 1},
	         7,
	         EPERM,
	         false,
	         "yama.ptrace_scope is 1",
	         "ctop -- COMMAND"},
	        {{.uid = 7, .yama = 2},
	         7,
	         EACCES,
	         false,
	         "yama.ptrace_scope is 2",
	         "run ctop as root"},
	        {{.uid = 0, .trace = true, .yama = 3},
	         7,
	         EPERM,
	         false,
	         "yama.ptrace_scope is 3",
	         "until the next boot"},
	        {{.uid = 7, .seccomp = true},
	         7,
	         EPERM,
	         false,
	         "a seccomp filter refuses ptrace",
	         "--cap-add SYS_PTRACE"},
	        {{.uid = 7}, 7, EPERM, false, "rights of its own", "run ctop as root"},
	        {{.uid = 0, .trace = true},
	         0,
	         EPERM,
	         false,
	         "though ctop runs as root",
	         "on the host"},
	        {{.uid = 7, .paranoid = 3},
	         7,
	         EACCES,
	         true,
	         "perf_event_paranoid is 3",
	         "sysctl kernel.perf_event_paranoid=2"},
	        {{.uid = 7, .paranoid = 2, .seccomp = true},
	         7,
	         EPERM,
	         true,
	         "a seccomp filter",
	         "--cap-add PERFMON"},
	        {{.uid = 7, .paranoid = 2},
	         7,
	         EACCES,
	         true,
	         "rights of its own",
	         "run ctop as root"},
	        {{.uid = 7, .paranoid = 2}, 7, ENOSYS, true, "CONFIG_PERF_EVENTS", "allow"},
	        {{.uid = 7, .paranoid = 2}, 7, EMFILE, true, "file descriptors", "ulimit -n"},
	        {{.uid = 7, .paranoid = 2}, 7, ESRCH, true, "ended while", "attaching"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct target_info t = {.pid = 12, .tid = 12, .uid = cases[i].owner, .comm = "x"};
		struct err e = {0};
		if (cases[i].perf)
			refusal_perf(&cases[i].f, &t, cases[i].why, &e);
		else
			refusal_ptrace(&cases[i].f, &t, cases[i].why, &e);
		if (strstr(e.text, cases[i].cause) == NULL || strstr(e.text, cases[i].cure) == NULL)
			fail_msg("case %zu: %s", i, e.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(no_such_process),
	        cmocka_unit_test(a_zombie),
	        cmocka_unit_test(a_kernel_thread),
	        cmocka_unit_test(a_32_bit_program),
	        cmocka_unit_test(another_users_process),
	        cmocka_unit_test(root_without_capabilities),
	        cmocka_unit_test(another_tracer),
	        cmocka_unit_test(a_filter_refuses_perf),
	        cmocka_unit_test(a_filter_refuses_both),
	        cmocka_unit_test(an_ordinary_user_sees_own_processes),
	        cmocka_unit_test(perf_event_paranoid),
	        cmocka_unit_test(kptr_restrict),
	        cmocka_unit_test(few_descriptors),
	        cmocka_unit_test(little_memory_to_lock),
	        cmocka_unit_test(processes_are_hidden),
	        cmocka_unit_test(inside_a_container_as_root),
	        cmocka_unit_test(inside_a_container_of_a_users_own),
	        cmocka_unit_test(inside_without_sys_ptrace),
	        cmocka_unit_test(from_the_host_into_a_container),
	        cmocka_unit_test(each_rule_names_its_cause),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
