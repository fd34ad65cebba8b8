/* wide THREADS [BUSY]: that many threads, of which 16 (or BUSY) work and the others sleep; until
 * killed. */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { BUSY = 16, STACK = 64 << 10 };

__attribute__((noinline)) static void *busy(void *arg)
{
	volatile uint64_t sum = 0;
	for (;;)
		sum += (uint64_t)(uintptr_t)arg;
	return arg;
}

static void *idle(void *arg)
{
	for (;;)
		pause();
	return arg;
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 500, work = argc > 2 ? atoi(argv[2]) : BUSY;
	pthread_attr_t attr;
	pthread_t t;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	for (int i = 1; i < count; i++)
		if (pthread_create(&t, &attr, i <= work ? busy : idle, NULL) != 0)
			return 1;
	idle(NULL);
}
