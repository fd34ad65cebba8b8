/* churn LIB1 LIB2: loads one library, calls its churn_run() for 20 ms, unloads it, loads the
 * other, and so on, until killed: the same addresses hold one's code and then the other's.
 */
#include <dlfcn.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 1; argc == 3; i = 3 - i) {
		void *lib = dlopen(argv[i], RTLD_NOW);
		void *symbol = lib != NULL ? dlsym(lib, "churn_run") : NULL;
		void (*run)(void);
		if (symbol == NULL)
			return 1;
		memcpy(&run, &symbol, sizeof run);
		for (double end = now() + 0.02; now() < end;)
			run();
		dlclose(lib);
	}
	return 2;
}
