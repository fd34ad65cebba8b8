/* unfold: reading folded stacks; see unfold.h.
 *
 * The format has no specification; this follows what flamegraph.pl reads and its
 * stackcollapse-*.pl write (github.com/brendangregg/FlameGraph): everything up to the last blank
 * is the stack.
 */
#include "ctop/unfold.h"

#include "ctop/utf8.h"
#include "ctop/vec.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_MAX = 48, SHOWN = 60 };
static const uint64_t SUM_MAX = UINT64_MAX / 2;

void unfold_init(struct unfold *u, const char *name, unfold_fn *fn, void *ctx)
{
	*u = (struct unfold){.name = name, .fn = fn, .ctx = ctx};
}

void unfold_fini(struct unfold *u)
{
	strbuf_fini(&u->held);
	free(u->frames);
	*u = (struct unfold){0};
}

/* --- errors ------------------------------------------------------------------------ */

/* A bad line: where, why, and how it begins. */
static enum ctop_err bad_line(const struct unfold *u, const char *why, const char *text, size_t len,
                              struct err *e)
{
	char clean[3 * SHOWN + 1];
	bool cut = len > SHOWN;
	utf8_clean(text, cut ? SHOWN : len, clean);
	return err_set(e, CTOP_EFORMAT, "%s, line %" PRIu64 ": %s: '%s%s'%s", u->name, u->line, why,
	               clean, cut ? "..." : "",
	               u->stacks == 0 ? " (neither a ctop capture nor folded stacks)" : "");
}

/* --- values ------------------------------------------------------------------------ */

static bool all_digits(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isdigit((unsigned char)text[i]))
			return false;
	return len > 0;
}

/* A whole number, exactly. */
static bool parse_whole(const char *text, size_t len, uint64_t *out)
{
	uint64_t n = 0;
	for (size_t i = 0; i < len; i++) {
		n = n * 10 + (uint64_t)(text[i] - '0');
		if (n > SUM_MAX / UNFOLD_ONE)
			return false;
	}
	*out = n * UNFOLD_ONE;
	return true;
}

/* A decimal number, to a millionth; what is smaller and not 0 counts one millionth. */
static bool parse_decimal(const char *text, size_t len, uint64_t *out)
{
	char copy[VALUE_MAX], *end;
	if (len >= sizeof copy || strspn(text, "0123456789.eE+-") < len || text[0] == '+' ||
	    text[0] == '-')
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	double d = strtod(copy, &end) * (double)UNFOLD_ONE;
	if (*end != '\0' || !isfinite(d) || d < 0 || d > (double)SUM_MAX)
		return false;
	*out = (uint64_t)llround(d);
	if (*out == 0 && d > 0)
		*out = 1;
	return true;
}

static const char *parse_value(const char *text, size_t len, uint64_t *out)
{
	if (all_digits(text, len))
		return parse_whole(text, len, out) ? NULL : "the count is too large";
	return parse_decimal(text, len, out) ? NULL : "no count stands at its end";
}

/* --- lines ------------------------------------------------------------------------- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Where the last word of a line begins. */
static size_t last_word(const char *line, size_t len)
{
	while (len > 0 && !is_blank(line[len - 1]))
		len--;
	return len;
}

/* Takes the stack apart; false when it has too many frames. */
static bool split(struct unfold *u, const char *stack, size_t len, size_t *count)
{
	const char *at = stack, *end = stack + len;
	*count = 0;
	for (;;) {
		const char *semicolon = memchr(at, ';', (size_t)(end - at));
		const char *stop = semicolon != NULL ? semicolon : end;
		if (*count == UNFOLD_FRAMES_MAX)
			return false;
		u->frames = vec_reserve(u->frames, &u->frame_cap, *count + 1, sizeof *u->frames);
		u->frames[(*count)++] = (struct unfold_frame){at, (size_t)(stop - at)};
		if (semicolon == NULL)
			return true;
		at = stop + 1;
	}
}

/* Whether a leaf looks like what stands before the second count of a differential file. */
static bool has_two_counts(const struct unfold_frame *leaf)
{
	size_t word = last_word(leaf->text, leaf->len);
	return word > 1 && all_digits(leaf->text + word, leaf->len - word);
}

static enum ctop_err take_stack(struct unfold *u, const char *line, size_t len, uint64_t value,
                                struct err *e)
{
	size_t count;
	if (!split(u, line, len, &count))
		return bad_line(u, "it has more than 8192 frames", line, len, e);
	u->stacks++;
	u->pairs += has_two_counts(&u->frames[count - 1]);
	if (value > SUM_MAX - u->sum)
		return bad_line(u, "the counts add up to too much", line, len, e);
	u->sum += value;
	if (value == 0)
		return CTOP_OK;
	return u->fn(u->ctx, &(struct unfold_stack){u->frames, count, value}, e);
}

static enum ctop_err take_line(struct unfold *u, const char *line, size_t len, struct err *e)
{
	static const char mark[] = "\xef\xbb\xbf"; /* a byte order mark, as Windows' editors put */
	uint64_t value = 0;
	u->line++;
	if (u->line == 1 && len >= 3 && memcmp(line, mark, 3) == 0) {
		line += 3;
		len -= 3;
	}
	while (len > 0 && is_blank(line[len - 1]))
		len--;
	if (len == 0 || (len >= 2 && line[0] == '#' && line[1] == ' '))
		return CTOP_OK;
	if (memchr(line, '\0', len) != NULL)
		return bad_line(u, "it holds bytes that are not text", line, len, e);
	size_t word = last_word(line, len);
	const char *why = parse_value(line + word, len - word, &value);
	u->decimal = u->decimal || !all_digits(line + word, len - word);
	if (why != NULL)
		return bad_line(u, why, line, len, e);
	while (word > 0 && is_blank(line[word - 1]))
		word--;
	if (word == 0)
		return bad_line(u, "no stack stands before the count", line, len, e);
	return take_stack(u, line, word, value, e);
}

/* Keeps the beginning of a line until its end comes. */
static enum ctop_err hold(struct unfold *u, const char *bytes, size_t len, struct err *e)
{
	if (len > UNFOLD_LINE_MAX - u->held.len) {
		u->line++;
		return bad_line(u, "it is longer than 1 MB", u->held.len > 0 ? u->held.data : bytes,
		                u->held.len > 0 ? u->held.len : len, e);
	}
	strbuf_add(&u->held, bytes, len);
	return CTOP_OK;
}

enum ctop_err unfold_feed(struct unfold *u, const void *bytes, size_t len, struct err *e)
{
	const char *at = bytes, *end = at + len;
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		enum ctop_err rc;
		if (newline == NULL)
			return hold(u, at, (size_t)(end - at), e);
		if (u->held.len > 0 || newline - at > UNFOLD_LINE_MAX) {
			rc = hold(u, at, (size_t)(newline - at), e);
			if (rc == CTOP_OK)
				rc = take_line(u, u->held.data, u->held.len, e);
			strbuf_clear(&u->held);
		} else {
			rc = take_line(u, at, (size_t)(newline - at), e);
		}
		if (rc != CTOP_OK)
			return rc;
		at = newline + 1;
	}
	return CTOP_OK;
}

enum ctop_err unfold_end(struct unfold *u, struct err *e)
{
	enum ctop_err rc = CTOP_OK;
	if (u->held.len > 0)
		rc = take_line(u, u->held.data, u->held.len, e);
	strbuf_clear(&u->held);
	if (rc == CTOP_OK && u->stacks > 1 && u->pairs == u->stacks)
		rc = err_set(
		        e, CTOP_EFORMAT,
		        "%s has two counts a line, as a differential file has; give one of the "
		        "two profiles it was made from",
		        u->name);
	return rc;
}
