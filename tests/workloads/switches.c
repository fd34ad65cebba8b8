/* switches: targets that change threads fast, each a way to make sampling miss time.
 *
 *   switches futex   two threads hand a futex to and fro
 *   switches pipe    two processes hand a byte to and fro
 *   switches 200     one thread computes for 200 µs, then sleeps for 200 µs (any number)
 */
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static _Atomic uint32_t turn;

static void hand_on(uint32_t me)
{
	for (;;) {
		uint32_t now = turn;
		if (now != me) {
			syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, now, NULL, NULL, 0);
			continue;
		}
		turn = !me;
		syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	}
}

static void *second(void *arg)
{
	(void)arg;
	hand_on(1);
	return NULL;
}

static void futexes(void)
{
	pthread_t other;
	if (pthread_create(&other, NULL, second, NULL) == 0)
		hand_on(0);
}

static void echo(int in, int out)
{
	char byte = 0;
	while (read(in, &byte, 1) == 1 && write(out, &byte, 1) == 1)
		;
}

static void pipes(void)
{
	int there[2], back[2];
	if (pipe(there) != 0 || pipe(back) != 0)
		return;
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		echo(there[0], back[1]);
		_exit(0);
	}
	if (write(there[1], "", 1) == 1)
		echo(back[0], there[1]);
}

static uint64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void naps(uint64_t ns)
{
	struct timespec nap = {.tv_nsec = (long)ns};
	for (;;) {
		for (uint64_t until = now_ns() + ns; now_ns() < until;)
			;
		nanosleep(&nap, NULL);
	}
}

int main(int argc, char **argv)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (argc == 2 && strcmp(argv[1], "futex") == 0)
		futexes();
	else if (argc == 2 && strcmp(argv[1], "pipe") == 0)
		pipes();
	else if (argc == 2 && atoi(argv[1]) > 0 && atoi(argv[1]) < 1000000)
		naps((uint64_t)atoi(argv[1]) * 1000);
	return 1;
}
