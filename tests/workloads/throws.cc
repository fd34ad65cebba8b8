// throws: exceptions being thrown through a few frames and caught, until killed.
#include <csignal>
#include <stdexcept>
#include <string>
#include <sys/prctl.h>

static volatile unsigned long sink;

__attribute__((noinline)) static void thrower(int depth)
{
	std::string local(40, 'x'); // something to destroy on the way
	if (depth == 0)
		throw std::runtime_error(local);
	thrower(depth - 1);
	sink += local.size();
}

__attribute__((noinline)) static void catcher()
{
	try {
		thrower(8);
	} catch (const std::exception &e) {
		sink += e.what()[0];
	}
}

int main()
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		catcher();
}
