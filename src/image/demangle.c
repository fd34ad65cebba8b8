/* demangle: readable names through libiberty; see demangle.h. */
#include "ctop/demangle.h"

#include "ctop/mem.h"
#include "ctop/utf8.h"

#include <libiberty/demangle.h>
#include <stdlib.h>
#include <string.h>

enum { MANGLED_MAX = 64 * 1024 };

/* Copies cleaned text, cut to `cap` at a character with "…" behind it. */
static size_t put(const char *text, size_t len, char *out, size_t cap)
{
	static const char dots[] = "…";
	char *clean = mem_alloc(3 * len + 1);
	size_t n = utf8_clean(text, len, clean);
	if (n >= cap) {
		n = cap - sizeof dots;
		while (n > 0 && ((unsigned char)clean[n] & 0xc0) == 0x80)
			n--;
		memcpy(out, clean, n);
		memcpy(out + n, dots, sizeof dots);
		n += sizeof dots - 1;
	} else {
		memcpy(out, clean, n + 1);
	}
	free(clean);
	return n;
}

/* "foo@@GLIBC_2.34" is foo; "foo@plt" is the stub that leads to it. */
static size_t without_version(const char *name, size_t len, const char **stub)
{
	const char *at = memchr(name, '@', len);
	*stub = at != NULL && strcmp(at, "@plt") == 0 ? at : "";
	return at != NULL && at != name ? (size_t)(at - name) : len;
}

static char *try_demangle(const char *name)
{
	if (name[0] != '_' || name[1] == '\0')
		return NULL;
	if (name[1] == 'D')
		return cplus_demangle(name, DMGL_DLANG);
	if (name[1] != 'Z' && name[1] != 'R' && name[1] != '_')
		return NULL;
	return cplus_demangle(name, DMGL_AUTO | DMGL_ANSI);
}

size_t demangle(const char *name, char *out, size_t cap)
{
	size_t len = strlen(name);
	if (len > MANGLED_MAX)
		return put(name, MANGLED_MAX, out, cap);
	const char *stub;
	len = without_version(name, len, &stub);
	char *plain = mem_strndup(name, len);
	char *nice = try_demangle(plain);
	const char *text = nice != NULL && nice[0] != '\0' ? nice : plain;
	size_t n = put(text, strlen(text), out, cap);
	if (n + strlen(stub) < cap)
		n += put(stub, strlen(stub), out + n, cap - n);
	free(nice);
	free(plain);
	return n;
}
