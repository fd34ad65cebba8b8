/* odd: stacks that are hard to unwind, one kind a run, spinning until killed:
 *
 *   odd altstack   signal handlers on a stack of their own
 *   odd context    coroutines (makecontext) that take turns
 *   odd tail       functions that end in a jump to the next
 *   odd plt        calls through lazily bound stubs
 *   odd init       a constructor: called by the dynamic linker, before main
 */
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <ucontext.h>

#define NOINLINE __attribute__((noinline, noclone))
enum { STACK = 64 << 10 };

static volatile uint64_t sink;
static volatile double real = 1;

NOINLINE void spin(void)
{
	for (int i = 0; i < 20000; i++)
		sink += (uint64_t)i * i;
}

NOINLINE void on_signal(int sig)
{
	spin();
	sink += (uint64_t)sig;
}

static void run_altstack(void)
{
	raise(SIGUSR1);
	spin();
}

static ucontext_t back, coroutine;

NOINLINE void in_coroutine(int depth)
{
	if (depth > 0)
		in_coroutine(depth - 1);
	else
		spin();
	sink++;
}

static void coroutine_main(void)
{
	for (;;) {
		in_coroutine(5);
		swapcontext(&coroutine, &back);
	}
}

static void run_context(void)
{
	static char *stack;
	if (stack == NULL) {
		stack = malloc(STACK);
		getcontext(&coroutine);
		coroutine.uc_stack.ss_sp = stack;
		coroutine.uc_stack.ss_size = STACK;
		coroutine.uc_link = NULL;
		makecontext(&coroutine, coroutine_main, 0);
	}
	swapcontext(&back, &coroutine);
}

NOINLINE void tail_third(int n)
{
	sink += (uint64_t)n;
	spin();
}

NOINLINE void tail_second(int n)
{
	sink ^= (uint64_t)n;
	tail_third(n + 1);
}

NOINLINE void tail_first(int n)
{
	sink |= (uint64_t)n;
	tail_second(n + 1);
}

static void run_tail(void)
{
	tail_first((int)sink);
	sink++;
}

static void run_plt(void)
{
	for (int i = 0; i < 1000; i++)
		real = sin(real) + fmod(real, 3) + (double)labs((long)real);
}

static void forever(void (*run)(void))
{
	for (;;)
		run();
}

__attribute__((constructor)) static void start_early(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "init") == 0)
		forever(spin);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} kinds[] = {
	        {"altstack", run_altstack},
	        {"context", run_context},
	        {"tail", run_tail},
	        {"plt", run_plt},
	};
	stack_t alt = {.ss_sp = malloc(STACK), .ss_size = STACK};
	struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigaltstack(&alt, NULL);
	sigaction(SIGUSR1, &sa, NULL);
	for (size_t i = 0; argc == 2 && i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(argv[1], kinds[i].name) == 0)
			forever(kinds[i].run);
	fprintf(stderr, "usage: odd altstack|context|tail|plt|init\n");
	return 2;
}
