/* checker THREADS: threads that work and check their own results, under a timer of 1 ms, until
 * SIGTERM; then one line: "rounds N wrong N signals N gap_us N", where the gap is the longest time
 * the first thread stood still. Ends with 1 when a result was wrong.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { STEPS = 20000 };

static volatile sig_atomic_t done, signals;
static atomic_ulong rounds, wrong;
static uint64_t expected;

static void on_alarm(int sig)
{
	(void)sig;
	signals++;
}

static void on_term(int sig)
{
	(void)sig;
	done = 1;
}

static uint64_t now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* In registers and in memory, integer and floating point. */
__attribute__((noinline)) static uint64_t work(void)
{
	volatile uint64_t memory[16] = {0};
	uint64_t x = 88172645463325252u;
	double f = 1;
	for (int i = 0; i < STEPS; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		memory[i % 16] += x;
		f = f * 0.75 + (double)(x % 1000);
	}
	for (int i = 0; i < 16; i++)
		x += memory[i];
	return x + (uint64_t)(f * 1000);
}

static void check(void)
{
	if (work() != expected)
		atomic_fetch_add(&wrong, 1);
	atomic_fetch_add(&rounds, 1);
}

static void *run(void *arg)
{
	while (!done)
		check();
	return arg;
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 1;
	pthread_t t[256];
	sigset_t both;
	if (count < 1 || count > 256)
		return 2;
	expected = work();
	sigemptyset(&both);
	sigaddset(&both, SIGALRM);
	sigaddset(&both, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &both, NULL); /* both for the first thread only */
	for (int i = 1; i < count; i++)
		if (pthread_create(&t[i], NULL, run, NULL) != 0)
			return 2;
	signal(SIGALRM, on_alarm);
	signal(SIGTERM, on_term);
	pthread_sigmask(SIG_UNBLOCK, &both, NULL);
	struct itimerval often = {{0, 1000}, {0, 1000}};
	setitimer(ITIMER_REAL, &often, NULL);
	uint64_t gap = 0, last = now_us();
	while (!done) {
		check();
		uint64_t now = now_us();
		gap = now - last > gap ? now - last : gap;
		last = now;
	}
	for (int i = 1; i < count; i++)
		pthread_join(t[i], NULL);
	printf("rounds %lu wrong %lu signals %d gap_us %lu\n", atomic_load(&rounds),
	       atomic_load(&wrong), (int)signals, (unsigned long)gap);
	return atomic_load(&wrong) != 0;
}
