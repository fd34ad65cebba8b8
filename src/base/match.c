/* match: a search pattern; see match.h.
 *
 * Plain text is looked for by the C library's string search; only letters beyond ASCII whose case
 * is ignored need an expression for that. Expressions that could cost a person minutes, by
 * references back or by repetitions of repetitions, are refused.
 */
#include "ctop/match.h"

#include "ctop/mem.h"
#include "ctop/strbuf.h"
#include "ctop/utf8.h"

#include <regex.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>

/* Copies of a part that repetitions may make, which regcomp() lays out one by one. */
enum { REPEATS_MOST = 1000 };

struct match {
	char *pattern;
	char complaint[160];
	bool ignore_case;
	bool by_regex, folded; /* which of these two are compiled */
	regex_t regex;         /* the pattern */
	regex_t plain;         /* its text, where string search cannot fold its letters */
};

/* Letters behind a backslash are no capitals: \W. */
static bool has_capital(const char *s)
{
	size_t len = strlen(s);
	for (size_t at = 0; at < len;) {
		uint32_t cp;
		if (s[at] == '\\' && at + 1 < len)
			at++;
		else if (utf8_decode(s + at, len - at, &cp) > 0 && iswupper((wint_t)cp))
			return true;
		at += utf8_decode(s + at, len - at, &cp);
	}
	return false;
}

static bool is_ascii(const char *s)
{
	while (*s != '\0' && (unsigned char)*s < 0x80)
		s++;
	return *s == '\0';
}

/* Why an expression is not even tried; NULL when it may be. */
static const char *dangerous(const char *s)
{
	unsigned long repeats = 1;
	for (; *s != '\0'; s++) {
		if (s[0] == '\\' && s[1] >= '1' && s[1] <= '9')
			return "references back are not supported";
		if (s[0] == '\\' && s[1] != '\0') {
			s++;
			continue;
		}
		if (s[0] != '{')
			continue;
		char *end;
		unsigned long least = strtoul(s + 1, &end, 10);
		unsigned long most = *end == ',' ? strtoul(end + 1, NULL, 10) : 0;
		unsigned long n = most > least ? most : least;
		repeats *= n > 1 ? n < REPEATS_MOST ? n : REPEATS_MOST + 1 : 1;
		if (repeats > REPEATS_MOST)
			return "it repeats too often";
	}
	return NULL;
}

static void compile(struct match *m, int flags)
{
	const char *why = dangerous(m->pattern);
	int rc = why == NULL ? regcomp(&m->regex, m->pattern, flags) : 0;
	m->by_regex = why == NULL && rc == 0;
	if (why != NULL)
		snprintf(m->complaint, sizeof m->complaint, "%s", why);
	else if (rc != 0)
		regerror(rc, &m->regex, m->complaint, sizeof m->complaint);
}

static void compile_plain(struct match *m, int flags)
{
	struct strbuf b = {0};
	for (const char *s = m->pattern; *s != '\0'; s++) {
		if (strchr("\\^$.|?*+()[]{}", *s) != NULL)
			strbuf_addc(&b, '\\');
		strbuf_addc(&b, *s);
	}
	m->folded = regcomp(&m->plain, strbuf_str(&b), flags) == 0;
	strbuf_fini(&b);
}

struct match *match_new(const char *pattern)
{
	struct match *m = mem_zalloc(1, sizeof *m);
	m->pattern = mem_strdup(pattern);
	m->ignore_case = !has_capital(pattern);
	int flags = REG_EXTENDED | (m->ignore_case ? REG_ICASE : 0);
	if (strpbrk(pattern, "\\^$.|?*+()[]{}") != NULL)
		compile(m, flags);
	if (m->ignore_case && !is_ascii(pattern))
		compile_plain(m, flags);
	return m;
}

void match_free(struct match *m)
{
	if (m == NULL)
		return;
	if (m->by_regex)
		regfree(&m->regex);
	if (m->folded)
		regfree(&m->plain);
	free(m->pattern);
	free(m);
}

const char *match_pattern(const struct match *m)
{
	return m->pattern;
}

const char *match_complaint(const struct match *m)
{
	return m->complaint;
}

/* The first match of an expression that is not empty. */
static bool find_regex(const regex_t *re, const char *text, size_t at, struct match_range *out)
{
	size_t len = strlen(text);
	while (at < len) {
		uint32_t cp;
		/* From `at` on, with what stands before it known: ^ means the text's beginning. */
		regmatch_t hit = {.rm_so = (regoff_t)at, .rm_eo = (regoff_t)len};
		if (regexec(re, text, 1, &hit, REG_STARTEND) != 0)
			return false;
		*out = (struct match_range){(size_t)hit.rm_so, (size_t)hit.rm_eo};
		if (out->to > out->from)
			return true;
		at = out->from;
		at += at < len ? utf8_decode(text + at, len - at, &cp) : 0;
	}
	return false;
}

static bool find_plain(const struct match *m, const char *text, size_t at, struct match_range *out)
{
	if (m->folded)
		return find_regex(&m->plain, text, at, out);
	const char *hit =
	        m->ignore_case ? strcasestr(text + at, m->pattern) : strstr(text + at, m->pattern);
	if (hit == NULL)
		return false;
	out->from = (size_t)(hit - text);
	out->to = out->from + strlen(m->pattern);
	return true;
}

bool match_next(const struct match *m, const char *text, size_t at, struct match_range *out)
{
	struct match_range a, b;
	if (m->pattern[0] == '\0' || at >= strlen(text))
		return false;
	bool plain = find_plain(m, text, at, &a);
	bool regex = m->by_regex && find_regex(&m->regex, text, at, &b);
	bool second = regex && (!plain || b.from < a.from || (b.from == a.from && b.to > a.to));
	*out = second ? b : a;
	return plain || regex;
}

bool match_has(const struct match *m, const char *text)
{
	struct match_range r;
	return match_next(m, text, 0, &r);
}
