/* kallsyms: the kernel's functions; see kallsyms.h.
 *
 * One line a symbol: "ffffffff81000000 T _text\t[module]".
 */
#include "ctop/kallsyms.h"

#include "ctop/symtab.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const size_t TEXT_MOST = (size_t)256 << 20;

static bool parse_hex(const char **at, const char *end, uint64_t *out)
{
	const char *p = *at;
	uint64_t v = 0;
	for (; p < end && *p != ' '; p++) {
		unsigned digit = *p >= '0' && *p <= '9'   ? (unsigned)(*p - '0')
		                 : *p >= 'a' && *p <= 'f' ? (unsigned)(*p - 'a' + 10)
		                                          : 16;
		if (digit > 15 || p - *at >= 16)
			return false;
		v = v << 4 | digit;
	}
	bool any = p > *at;
	*at = p;
	*out = v;
	return any;
}

static void add_line(struct symtab *t, const char *line, const char *end, bool *seen)
{
	uint64_t addr;
	if (!parse_hex(&line, end, &addr) || end - line < 4)
		return;
	char type = line[1];
	const char *name = line + 3;
	if (strchr("tTwW", type) == NULL)
		return;
	if (addr == 0)
		return;
	*seen = true;
	const char *tab = memchr(name, '\t', (size_t)(end - name));
	if (tab == NULL) {
		symtab_add(t, addr, 0, name, (size_t)(end - name));
		return;
	}
	char full[512];
	int n = snprintf(full, sizeof full, "%.*s %.*s", (int)(tab - name), name,
	                 (int)(end - tab - 1), tab + 1);
	if (n > 0 && (size_t)n < sizeof full)
		symtab_add(t, addr, 0, full, (size_t)n);
}

/* Adds the lines that are whole; returns the bytes they take. */
static size_t add_lines(struct symtab *t, const char *text, size_t len, bool last, bool *seen)
{
	size_t at = 0;
	while (at < len) {
		const char *nl = memchr(text + at, '\n', len - at);
		if (nl == NULL && !last)
			break;
		const char *end = nl != NULL ? nl : text + len;
		add_line(t, text + at, end, seen);
		at = (size_t)(end - text) + 1;
	}
	return at < len ? at : len;
}

/* The text is as large as all names together and read once: it passes through a buffer. */
static enum ctop_err read_lines(int fd, struct symtab *t, bool *seen, struct err *e)
{
	enum { BUFFER = 1 << 14 };
	char buf[BUFFER];
	size_t held = 0, total = 0;
	while (total < TEXT_MOST) {
		ssize_t n = read(fd, buf + held, BUFFER - held);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(e, CTOP_EIO, errno, "cannot read the kernel's symbols");
		held += (size_t)n;
		total += (size_t)n;
		size_t used = add_lines(t, buf, held, n == 0, seen);
		if (n == 0)
			break;
		if (used == 0 && held == BUFFER)
			used = held; /* no line of this file is as long */
		held -= used;
		memmove(buf, buf + used, held);
	}
	return CTOP_OK;
}

enum ctop_err kallsyms_read(int fd, struct symtab **out, bool *hidden, struct err *e)
{
	struct symtab *t = symtab_new();
	bool seen = false;
	enum ctop_err rc = read_lines(fd, t, &seen, e);
	if (rc != CTOP_OK) {
		symtab_free(t);
		return rc;
	}
	symtab_finish(t);
	*hidden = !seen;
	*out = t;
	return CTOP_OK;
}
