/* kallsyms: the kernel's functions; see kallsyms.h.
 *
 * One line a symbol: "ffffffff81000000 T _text\t[module]".
 */
#include "ctop/kallsyms.h"

#include "ctop/strbuf.h"
#include "ctop/symtab.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const size_t TEXT_MOST = (size_t)256 << 20;

static enum ctop_err read_all(int fd, struct strbuf *b, struct err *e)
{
	static const size_t STEP = 1 << 16;
	char buf[1 << 16];
	while (b->len < TEXT_MOST) {
		ssize_t n = read(fd, buf, STEP);
		if (n == 0)
			return CTOP_OK;
		if (n < 0 && errno != EINTR)
			return err_errno(e, CTOP_EIO, errno, "cannot read the kernel's symbols");
		if (n > 0)
			strbuf_add(b, buf, (size_t)n);
	}
	return CTOP_OK;
}

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

enum ctop_err kallsyms_read(int fd, struct symtab **out, bool *hidden, struct err *e)
{
	struct strbuf text = {0};
	enum ctop_err rc = read_all(fd, &text, e);
	if (rc == CTOP_OK) {
		struct symtab *t = symtab_new();
		bool seen = false;
		const char *at = strbuf_str(&text), *stop = at + text.len;
		while (at < stop) {
			const char *nl = memchr(at, '\n', (size_t)(stop - at));
			const char *end = nl != NULL ? nl : stop;
			add_line(t, at, end, &seen);
			at = end + 1;
		}
		symtab_finish(t);
		*hidden = !seen;
		*out = t;
	}
	strbuf_fini(&text);
	return rc;
}
