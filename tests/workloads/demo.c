/* demo: something worth looking at in a profiler.
 *
 * Six threads with names. Two painters draw the Mandelbrot set, a cook alternates every
 * four seconds between parsing arithmetic (recursive descent) and joining tables
 * through a hash table, a clerk writes and reads a pipe (kernel time), and two
 * sleepers wait. Ends after ten minutes, or when its parent does.
 */
#include <ctype.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))

enum { MINUTES = 10, PHASE_SECONDS = 4, WIDTH = 320, HEIGHT = 200, ROWS = 1 << 14 };

static volatile uint64_t sink; /* keeps results alive */

static void rest_ms(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};
	nanosleep(&t, NULL);
}

/* --- painters ------------------------------------------------------------------- */

static NOINLINE int iterate_point(double cr, double ci)
{
	double r = 0, i = 0;
	int n = 0;
	for (; n < 400 && r * r + i * i < 4; n++) {
		double t = r * r - i * i + cr;
		i = 2 * r * i + ci;
		r = t;
	}
	return n;
}

static NOINLINE uint64_t paint_line(int y, double zoom)
{
	uint64_t sum = 0;
	for (int x = 0; x < WIDTH; x++)
		sum += (uint64_t)iterate_point((x - 220) * zoom / 100, (y - 100) * zoom / 100);
	return sum;
}

static NOINLINE void paint_picture(double zoom)
{
	uint64_t sum = 0;
	for (int y = 0; y < HEIGHT; y++)
		sum += paint_line(y, zoom);
	sink += sum;
}

static void *painter(void *arg)
{
	for (double zoom = 1;; zoom = zoom > 0.2 ? zoom * 0.9 : 1) {
		paint_picture(zoom);
		rest_ms(20 + (long)(intptr_t)arg * 30);
	}
	return NULL;
}

/* --- the cook: a parser … --------------------------------------------------------- */

static NOINLINE long parse_sum(const char **at);

static NOINLINE long parse_number(const char **at)
{
	long n = 0;
	while (isdigit((unsigned char)**at))
		n = n * 10 + (*(*at)++ - '0');
	return n;
}

static NOINLINE long parse_factor(const char **at)
{
	long n;
	if (**at != '(')
		return parse_number(at);
	(*at)++;
	n = parse_sum(at);
	(*at)++;
	return n;
}

static NOINLINE long parse_product(const char **at)
{
	long n = parse_factor(at);
	while (**at == '*') {
		(*at)++;
		n = n * parse_factor(at) % 1000003;
	}
	return n;
}

static NOINLINE long parse_sum(const char **at)
{
	long n = parse_product(at);
	while (**at == '+') {
		(*at)++;
		n += parse_product(at);
	}
	return n;
}

static NOINLINE void parse_expressions(void)
{
	char text[1024] = "7";
	for (int depth = 0; depth < 24; depth++) {
		char more[1024];
		snprintf(more, sizeof more, "(%.800s*%d+%d)", text, depth + 2, depth * 31);
		memcpy(text, more, sizeof text);
	}
	for (int i = 0; i < 200; i++) {
		const char *at = text;
		sink += (uint64_t)parse_sum(&at);
	}
}

/* --- … and a hash join ------------------------------------------------------------- */

static uint32_t keys[ROWS], buckets[2 * ROWS];

static NOINLINE uint32_t hash_key(uint32_t key)
{
	key ^= key >> 16;
	key *= 0x7feb352du;
	key ^= key >> 15;
	key *= 0x846ca68bu;
	return key ^ key >> 16;
}

static NOINLINE void build_table(uint32_t seed)
{
	memset(buckets, 0, sizeof buckets);
	for (uint32_t i = 0; i < ROWS; i++) {
		keys[i] = hash_key(i ^ seed) | 1;
		uint32_t at = hash_key(keys[i]) % (2 * ROWS);
		while (buckets[at] != 0)
			at = (at + 1) % (2 * ROWS);
		buckets[at] = keys[i];
	}
}

static NOINLINE uint64_t probe_table(uint32_t key)
{
	uint32_t at = hash_key(key) % (2 * ROWS);
	uint64_t steps = 0;
	for (; buckets[at] != 0 && buckets[at] != key; steps++)
		at = (at + 1) % (2 * ROWS);
	return steps;
}

static NOINLINE int compare_keys(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

static NOINLINE void join_tables(uint32_t seed)
{
	build_table(seed);
	for (uint32_t i = 0; i < 4 * ROWS; i++)
		sink += probe_table(keys[i % ROWS] + i);
	qsort(keys, ROWS, sizeof keys[0], compare_keys);
}

static void *cook(void *arg)
{
	(void)arg;
	for (uint32_t round = 0;; round++) {
		if (time(NULL) / PHASE_SECONDS % 2 == 0)
			parse_expressions();
		else
			join_tables(round);
	}
	return NULL;
}

/* --- the clerk and the sleepers -------------------------------------------------------- */

static NOINLINE void copy_pages(int fds[2])
{
	char page[4096];
	memset(page, 'x', sizeof page);
	for (int i = 0; i < 64; i++)
		if (write(fds[1], page, sizeof page) > 0)
			sink += (uint64_t)read(fds[0], page, sizeof page);
}

static void *clerk(void *arg)
{
	int fds[2];
	(void)arg;
	if (pipe(fds) != 0)
		return NULL;
	for (;;) {
		copy_pages(fds);
		rest_ms(1);
	}
	return NULL;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;

static void *sleeper(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&lock);
	for (;;)
		pthread_cond_wait(&never, &lock);
	return NULL;
}

static void start(const char *name, void *(*run)(void *), intptr_t arg)
{
	pthread_t t;
	if (pthread_create(&t, NULL, run, (void *)arg) == 0)
		pthread_setname_np(t, name);
}

int main(void)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	start("painter-1", painter, 0);
	start("painter-2", painter, 2);
	start("cook", cook, 0);
	start("clerk", clerk, 0);
	start("sleeper-1", sleeper, 0);
	start("sleeper-2", sleeper, 0);
	for (int i = 0; i < MINUTES * 60; i++)
		rest_ms(1000);
	return 0;
}
