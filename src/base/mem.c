/* mem: allocation that does not fail; see mem.h. */
#include "ctop/mem.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Atomic(void (*)(void)) die_hook;

void mem_set_die_hook(void (*hook)(void))
{
	atomic_store(&die_hook, hook);
}

static _Noreturn void die(void)
{
	static const char text[] = "ctop: out of memory; lower --memory or "
	                           "give the machine more\n";
	void (*hook)(void) = atomic_exchange(&die_hook, NULL);
	if (hook != NULL)
		hook();
	if (write(STDERR_FILENO, text, sizeof text - 1) < 0)
		_exit(70);
	_exit(70);
}

void *mem_alloc(size_t size)
{
	void *p = malloc(size != 0 ? size : 1);
	if (p == NULL)
		die();
	return p;
}

void *mem_zalloc(size_t n, size_t size)
{
	void *p = calloc(n != 0 ? n : 1, size != 0 ? size : 1);
	if (p == NULL)
		die();
	return p;
}

void *mem_realloc(void *p, size_t n, size_t size)
{
	if (size != 0 && n > SIZE_MAX / size)
		die();
	size_t bytes = n * size;
	void *q = realloc(p, bytes != 0 ? bytes : 1);
	if (q == NULL)
		die();
	return q;
}

char *mem_strndup(const char *s, size_t len)
{
	char *p = mem_alloc(len + 1);
	memcpy(p, s, len);
	p[len] = '\0';
	return p;
}

char *mem_strdup(const char *s)
{
	return mem_strndup(s, strlen(s));
}
