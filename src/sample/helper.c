/* helper: a small process of ctop's own; see helper.h. */
#include "helper.h"

#include "ctop/clock.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Asks the scheduler for short turns (sched_setattr(2), struct sched_attr of its first version):
 * since Linux 6.12 one that wakes up is served before one in a longer turn, where it waited for the
 * next tick. Older kernels ignore it. */
static void ask_for_short_turns(void)
{
	struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime, deadline, period;
	} a = {.size = sizeof a, .policy = SCHED_OTHER, .runtime = CLOCK_NS_PER_MS / 10};
	a.nice = getpriority(PRIO_PROCESS, 0);
	syscall(SYS_sched_setattr, 0, &a, 0);
}

/* What ctop has open is not kept open; the first three are there, as nothing. */
static void close_files(void)
{
	enum { STANDARD = 3 };
	int null = open("/dev/null", O_RDWR);
	for (int fd = 0; fd < STANDARD && null >= 0; fd++)
		dup2(null, fd);
	syscall(SYS_close_range, null >= 0 ? STANDARD : 0, ~0u, 0);
}

pid_t helper_start(const char *name, void (*run)(void *arg), void *arg)
{
	pid_t parent = getpid(), pid = fork();
	if (pid != 0)
		return pid;
	sigset_t all;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, name);
	if (getppid() != parent)
		_exit(0);
	setsid();
	ask_for_short_turns();
	close_files();
	run(arg);
	_exit(0);
}

void helper_end(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

bool helper_has_ended(pid_t pid)
{
	return waitpid(pid, NULL, WNOHANG) != 0;
}

void helper_wait(_Atomic uint32_t *word, uint32_t seen, uint64_t ns)
{
	struct timespec most = {(time_t)(ns / CLOCK_NS_PER_SEC), (long)(ns % CLOCK_NS_PER_SEC)};
	syscall(SYS_futex, word, FUTEX_WAIT, seen, &most, NULL, 0);
}

void helper_tell(_Atomic uint32_t *word, uint32_t now)
{
	atomic_store(word, now);
	syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

void *helper_map(size_t size)
{
	void *m = mmap(NULL, size, PROT_READ | PROT_WRITE,
	               MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return m != MAP_FAILED ? m : NULL;
}

void helper_unmap(void *memory, size_t size)
{
	if (memory != NULL)
		munmap(memory, size);
}
