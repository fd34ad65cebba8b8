/* jit: makes code at run time and tells perf of it. `jit map` writes /tmp/perf-PID.map, `jit anew`
 * the same but from its beginning each time, `jit dump` a jitdump file; in every case the function
 * "first" is replaced by "second" at the same address once a byte is read from standard input (or
 * its end). The functions keep a frame pointer.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

/* push %rbp; mov %rsp,%rbp; mov $40000,%ecx; 1: dec %ecx; jnz 1b; pop %rbp; ret */
static const unsigned char spin[] = {0x55, 0x48, 0x89, 0xe5, 0xb9, 0x40, 0x9c, 0x00,
                                     0x00, 0xff, 0xc9, 0x75, 0xfc, 0x5d, 0xc3};
static FILE *out;

static uint64_t now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void open_map(void)
{
	char path[64];
	snprintf(path, sizeof path, "/tmp/perf-%d.map", getpid());
	out = fopen(path, "w");
}

static void open_dump(void)
{
	char path[64];
	snprintf(path, sizeof path, "/tmp/jit-%d.dump", getpid());
	out = fopen(path, "w+");
	uint32_t head[6] = {0x4A695444, 1, 40, 62, 0, (uint32_t)getpid()};
	uint64_t tail[2] = {now(), 0};
	fwrite(head, sizeof head, 1, out);
	fwrite(tail, sizeof tail, 1, out);
	fflush(out);
	/* The mapping is the sign by which profilers find the file. */
	mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fileno(out), 0);
}

static void tell(int dump, const void *code, const char *name)
{
	if (!dump) {
		fprintf(out, "%lx %zx %s\n", (unsigned long)(uintptr_t)code, sizeof spin, name);
		fflush(out);
		return;
	}
	size_t len = strlen(name) + 1;
	uint32_t head[2] = {0, (uint32_t)(16 + 8 + 4 * 8 + len + sizeof spin)};
	uint64_t time = now(), at = (uint64_t)(uintptr_t)code;
	uint32_t ids[2] = {(uint32_t)getpid(), (uint32_t)getpid()};
	uint64_t rest[4] = {at, at, sizeof spin, 1};
	fwrite(head, sizeof head, 1, out);
	fwrite(&time, sizeof time, 1, out);
	fwrite(ids, sizeof ids, 1, out);
	fwrite(rest, sizeof rest, 1, out);
	fwrite(name, len, 1, out);
	fwrite(spin, sizeof spin, 1, out);
	fflush(out);
}

static int told(void)
{
	struct pollfd fd = {0, POLLIN, 0};
	return poll(&fd, 1, 0) > 0;
}

int main(int argc, char **argv)
{
	int dump = argc > 1 && strcmp(argv[1], "dump") == 0;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	void *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memcpy(code, spin, sizeof spin);
	(dump ? open_dump : open_map)();
	if (out == NULL || code == MAP_FAILED)
		return 1;
	void (*run)(void);
	memcpy(&run, &code, sizeof run);
	tell(dump, code, "first");
	while (!told())
		run();
	if (argc > 1 && strcmp(argv[1], "anew") == 0) {
		fclose(out);
		open_map();
	}
	if (out != NULL)
		tell(dump, code, "second");
	for (;;)
		run();
}
