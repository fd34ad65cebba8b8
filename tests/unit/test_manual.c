/* manual: what man/ctop.1 says of keys and commands is what the tables say. */
#include "check.h"

#include "ctop/screen.h"
#include "ctop/strbuf.h"
#include "ctop/utf8.h"
#include "golden.h"

#include <stdlib.h>
#include <string.h>

static const char manual[] = "man/ctop.1";

/* As roff wants it. */
static void add_text(struct strbuf *b, const char *text)
{
	static const struct {
		uint32_t cp;
		const char *roff;
	} signs[] = {{'-', "\\-"},      {'\\', "\\e"},     {0x2190, "\\(<-"}, {0x2191, "\\(ua"},
	             {0x2192, "\\(->"}, {0x2193, "\\(da"}, {0x2026, "..."},   {'\'', "\\(aq"}};
	uint32_t cp;
	for (size_t at = 0, len = strlen(text), n; at < len; at += n) {
		size_t i = 0;
		n = utf8_decode(text + at, len - at, &cp);
		while (i < sizeof signs / sizeof signs[0] && signs[i].cp != cp)
			i++;
		if (i < sizeof signs / sizeof signs[0])
			strbuf_adds(b, signs[i].roff);
		else
			strbuf_addf(b, "%.*s", (int)n, text + at);
	}
}

static void add_row(struct strbuf *b, const char *left, const char *right)
{
	if (left[0] == '.' || left[0] == '\'')
		strbuf_adds(b, "\\&"); /* no request */
	add_text(b, left);
	strbuf_addc(b, '\t');
	add_text(b, right);
	strbuf_addc(b, '\n');
}

static void add_keys(struct strbuf *b)
{
	const char *keys, *what;
	for (unsigned i = 0; (what = screen_key_help(i, &keys)) != NULL; i++)
		add_row(b, keys, what);
}

static void add_commands(struct strbuf *b)
{
	char usage[64];
	const char *what;
	for (unsigned i = 0; (what = screen_command_help(i, usage, sizeof usage)) != NULL; i++)
		add_row(b, usage, what);
}

static char *read_manual(void)
{
	struct strbuf b = {0};
	char buf[65536];
	FILE *f = fopen(manual, "r");
	assert_non_null(f);
	for (size_t n; (n = fread(buf, 1, sizeof buf - 1, f)) > 0;) {
		buf[n] = '\0';
		strbuf_adds(&b, buf);
	}
	fclose(f);
	return b.data;
}

/* `text` with what stands between two marks made anew; both are freed or handed on. */
static char *replace(char *text, const char *name, void (*add)(struct strbuf *b))
{
	struct strbuf b = {0};
	char begin[64], end[64];
	snprintf(begin, sizeof begin, ".\\\" %s: made by make golden\n", name);
	snprintf(end, sizeof end, ".\\\" end of %s\n", name);
	char *from = strstr(text, begin), *to = strstr(text, end);
	if (from == NULL || to == NULL || to < from)
		fail_msg("%s lacks the marks of %s", manual, name);
	strbuf_addf(&b, "%.*s", (int)(from - text) + (int)strlen(begin), text);
	add(&b);
	strbuf_adds(&b, to);
	free(text);
	return b.data;
}

static void keys_and_commands_are_those_of_the_tables(void **state)
{
	(void)state;
	assert_same_file(manual, replace(replace(read_manual(), "keys", add_keys), "commands",
	                                 add_commands));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(keys_and_commands_are_those_of_the_tables)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
