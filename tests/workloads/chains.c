/* chains: known call chains, one a run: `chains NAME` spins in it until killed.
 * Built without frame pointers. Each ends in the function spin().
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone))

static volatile uint64_t sink;

NOINLINE void spin(void)
{
	for (int i = 0; i < 20000; i++)
		sink += (uint64_t)i * i;
}

NOINLINE void recurse(int n)
{
	if (n > 0)
		recurse(n - 1);
	else
		spin();
	sink++;
}

NOINLINE int compare(const void *a, const void *b)
{
	spin();
	return (*(const int *)a > *(const int *)b) - (*(const int *)a < *(const int *)b);
}

NOINLINE void sort_numbers(void)
{
	int numbers[16];
	for (int i = 0; i < 16; i++)
		numbers[i] = i * 7919 % 16;
	qsort(numbers, 16, sizeof numbers[0], compare);
}

NOINLINE void on_signal(int sig)
{
	(void)sig;
	spin();
	sink++;
}

NOINLINE void raise_signal(void)
{
	raise(SIGUSR1);
	sink++;
}

NOINLINE void grow_stack(size_t n)
{
	volatile char *room = __builtin_alloca(n);
	room[0] = 1;
	spin();
	sink += (uint64_t)room[0];
}

NOINLINE void align_stack(size_t n)
{
	_Alignas(64) volatile char room[64];
	room[n % 64] = 1;
	spin();
	sink += (uint64_t)room[n % 64];
}

__attribute__((noinline, noclone, optimize("no-omit-frame-pointer"))) void with_frame_pointer(void)
{
	spin();
	sink++;
}

NOINLINE void read_clock(void)
{
	struct timespec t;
	for (int i = 0; i < 1000; i++)
		clock_gettime(CLOCK_MONOTONIC, &t);
	sink += (uint64_t)t.tv_nsec;
}

static void run_recurse(void)
{
	recurse(60);
}

/* About 40 KB of stack in 2 500 frames. */
static void run_deep(void)
{
	recurse(2500);
}

static void run_alloca(void)
{
	grow_stack(sink % 100 + 8);
}

static void run_align(void)
{
	align_stack(sink);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} chains[] = {
	        {"recurse", run_recurse}, {"qsort", sort_numbers}, {"signal", raise_signal},
	        {"alloca", run_alloca},   {"align", run_align},    {"fp", with_frame_pointer},
	        {"vdso", read_clock},     {"deep", run_deep},
	};
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGUSR1, on_signal);
	for (size_t i = 0; argc == 2 && i < sizeof chains / sizeof chains[0]; i++)
		while (strcmp(argv[1], chains[i].name) == 0)
			chains[i].run();
	fprintf(stderr, "usage: chains recurse|qsort|signal|alloca|align|fp|vdso|deep\n");
	return 2;
}
