/* sourcetext: the lines of a source file; see listing_make.h. */
#include "listing_make.h"

#include "ctop/intern.h"
#include "ctop/mem.h"
#include "ctop/strbuf.h"
#include "ctop/utf8.h"
#include "ctop/vec.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TAB = 8 };

/* A line as it is shown: tabs expanded, cut, cleaned. */
static const char *line_text(const char *line, size_t len, struct intern *strings)
{
	char flat[SOURCE_LINE_MAX + TAB], clean[3 * sizeof flat + 1];
	size_t n = 0;
	for (size_t i = 0; i < len && n < SOURCE_LINE_MAX; i++) {
		if (line[i] != '\t') {
			flat[n++] = line[i];
			continue;
		}
		do
			flat[n++] = ' ';
		while (n % TAB != 0 && n < SOURCE_LINE_MAX);
	}
	while (n > 0 && (flat[n - 1] == ' ' || flat[n - 1] == '\r'))
		n--;
	size_t out = utf8_clean(flat, n, clean);
	return intern_str(strings, intern_add(strings, clean, out));
}

static void split(struct listing_file *f, const char *text, size_t len, struct intern *strings)
{
	size_t cap = 0;
	for (size_t at = 0; at < len;) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t n = end != NULL ? (size_t)(end - text) - at : len - at;
		f->lines = vec_reserve(f->lines, &cap, f->line_count + 1, sizeof *f->lines);
		f->lines[f->line_count++] = line_text(text + at, n, strings);
		at += n + 1;
	}
}

void source_read(struct listing_file *f, int fd, struct intern *strings)
{
	struct strbuf b = {0};
	char buf[1 << 16];
	ssize_t n;
	while (b.len < SOURCE_MAX && (n = read(fd, buf, sizeof buf)) > 0)
		strbuf_add(&b, buf, (size_t)n);
	close(fd);
	split(f, strbuf_str(&b), b.len, strings);
	strbuf_fini(&b);
}
