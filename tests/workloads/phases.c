/* phases: spends its time in alpha() until standard input has something to read, or is at its end,
 * and in beta() from then on; gamma() has a fifth of either phase. The functions differ, or the
 * compiler would make them one.
 */
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>

#define NOINLINE __attribute__((noinline, noclone))

static volatile uint64_t sink;

NOINLINE static void spin(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		sink += i;
}

NOINLINE static void alpha(void)
{
	spin(400000);
	sink++;
}

NOINLINE static void beta(void)
{
	spin(400000);
	sink += 2;
}

NOINLINE static void gamma_ray(void)
{
	spin(100000);
	sink += 3;
}

int main(void)
{
	struct pollfd in = {.fd = 0, .events = POLLIN};
	int later = 0;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		later = later || poll(&in, 1, 0) > 0;
		if (later)
			beta();
		else
			alpha();
		gamma_ray();
	}
}
