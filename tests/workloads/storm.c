/* storm: two threads that each create and join some 600 short threads a second, each of which
 * works for 600 µs, and work a little themselves in between. Nothing sleeps on a timer: a sleeper
 * wakes with the sampler's own timer and would be missed by it. Ends when killed or when its
 * parent does.
 */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <time.h>

static void spin_for(long ns)
{
	volatile uint64_t sum = 0;
	struct timespec a, b;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
	do {
		for (int i = 0; i < 1000; i++)
			sum += (uint64_t)i;
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
	} while ((b.tv_sec - a.tv_sec) * 1000000000 + b.tv_nsec - a.tv_nsec < ns);
}

static void *work(void *arg)
{
	spin_for(600000);
	return arg;
}

static void *breed(void *arg)
{
	for (;;) {
		pthread_t t;
		if (pthread_create(&t, 0, work, 0) == 0)
			pthread_join(t, 0);
		spin_for(300000);
	}
	return arg;
}

int main(void)
{
	pthread_t t;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pthread_create(&t, 0, breed, 0);
	breed(0);
	return 0;
}
