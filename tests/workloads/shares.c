/* shares: functions with known shares of the CPU.
 *
 * main calls half(), third() and rest() in a fixed pattern by its own CPU clock: each round
 * gives them 50, 30 and 20 units of 200 µs. Recursion is part of rest(). Two threads of
 * the same. Ends when killed or when its parent does.
 */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <time.h>

#define NOINLINE __attribute__((noinline, noclone))

static _Thread_local volatile uint64_t sink;

static uint64_t cpu_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

NOINLINE static void burn_half(uint64_t until)
{
	while (cpu_ns() < until)
		for (int i = 0; i < 2000; i++)
			sink += (uint64_t)i;
}

NOINLINE static void burn_third(uint64_t until)
{
	while (cpu_ns() < until)
		for (int i = 0; i < 3000; i++)
			sink += (uint64_t)i;
}

NOINLINE static void burn_rest(uint64_t until, int depth)
{
	if (depth > 0) {
		burn_rest(until, depth - 1);
		sink++;
		return;
	}
	while (cpu_ns() < until)
		for (int i = 0; i < 2000; i++)
			sink += (uint64_t)i;
}

NOINLINE static void rounds(void)
{
	uint64_t at = cpu_ns(), unit = 200000;
	for (;;) {
		burn_half(at += 50 * unit);
		burn_third(at += 30 * unit);
		burn_rest(at += 20 * unit, 10);
	}
}

static void *other(void *arg)
{
	rounds();
	return arg;
}

int main(void)
{
	pthread_t t;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pthread_create(&t, 0, other, 0);
	rounds();
	return 0;
}
