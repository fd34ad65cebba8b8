/* condition: one line about two profiles; see condition.h. */
#include "ctop/condition.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- reading --------------------------------------------------------------------------- */

static const char *skip_blanks(const char *at)
{
	while (*at == ' ' || *at == '\t')
		at++;
	return at;
}

static enum ctop_err bad(const char *text, struct err *e)
{
	return err_set(e, CTOP_EINVAL,
	               "'%s' is no condition; say one like 'total(parse) > +5%%' (grown by more "
	               "than 5 points) or 'self(memcpy) > 10%%' (more than 10 %% now)",
	               text);
}

static const char *take_word(struct condition *c, const char *at)
{
	c->self = strncmp(at, "self", 4) == 0;
	if (!c->self && strncmp(at, "total", 5) != 0)
		return NULL;
	at = skip_blanks(at + (c->self ? 4 : 5));
	return *at == '(' ? at + 1 : NULL;
}

/* "> +5%": the operator and the number, to the end. */
static bool take_limit(struct condition *c, const char *at)
{
	static const struct {
		const char *text;
		enum condition_order order;
	} orders[] = {{">=", CONDITION_FROM},
	              {">", CONDITION_OVER},
	              {"<=", CONDITION_TO},
	              {"<", CONDITION_UNDER}};
	size_t i = 0, count = sizeof orders / sizeof orders[0];
	at = skip_blanks(at);
	while (i < count && strncmp(at, orders[i].text, strlen(orders[i].text)) != 0)
		i++;
	if (i == count)
		return false;
	c->order = orders[i].order;
	at = skip_blanks(at + strlen(orders[i].text));
	c->change = *at == '+' || *at == '-';
	const char *digits = at + c->change;
	char *end;
	c->points = strtod(at, &end);
	if (!isdigit((unsigned char)*digits) || !isfinite(c->points) || fabs(c->points) > 100)
		return false;
	const char *percent = skip_blanks(end);
	return *percent == '%' && *skip_blanks(percent + 1) == '\0';
}

enum ctop_err condition_parse(struct condition *c, const char *text, struct err *e)
{
	*c = (struct condition){.text = text};
	const char *begin = take_word(c, skip_blanks(text));
	if (begin == NULL)
		return bad(text, e);
	/* Names hold parentheses and operators: the last that leaves a limit ends it. */
	for (const char *at = text + strlen(text); at > begin; at--) {
		if (*at != ')' || !take_limit(c, at + 1))
			continue;
		c->function = skip_blanks(begin);
		while (at > c->function && isblank((unsigned char)at[-1]))
			at--;
		c->function_len = at > c->function ? (size_t)(at - c->function) : 0;
		return c->function_len > 0 ? CTOP_OK : bad(text, e);
	}
	return bad(text, e);
}

/* --- judging ---------------------------------------------------------------------------- */

static double larger_total(const struct join *j, const struct join_row *r)
{
	return fmax(join_points(j, r->total, JOIN_BASE), join_points(j, r->total, JOIN_NOW));
}

/* The row of the name: exact ones before those that hold it. *parts: how many hold it. */
static uint32_t find(const struct condition *c, const struct join *j, bool *exact, uint32_t *parts)
{
	size_t count;
	const struct join_row *rows = join_rows(j, &count);
	uint32_t best = JOIN_NONE;
	*exact = false;
	*parts = 0;
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(rows[i].name);
		if (rows[i].process ||
		    memmem(rows[i].name, len, c->function, c->function_len) == NULL)
			continue;
		bool same = len == c->function_len;
		bool better = best == JOIN_NONE || (same && !*exact) ||
		              (same == *exact &&
		               larger_total(j, &rows[i]) > larger_total(j, &rows[best]));
		if (better)
			best = (uint32_t)i;
		*exact = *exact || same;
		++*parts;
	}
	return best;
}

static bool is_beyond(const struct condition *c, double value)
{
	const bool over[] = {[CONDITION_OVER] = value > c->points,
	                     [CONDITION_FROM] = value >= c->points,
	                     [CONDITION_UNDER] = value < c->points,
	                     [CONDITION_TO] = value <= c->points};
	return over[c->order];
}

enum ctop_err condition_judge(const struct condition *c, const struct join *j,
                              struct condition_result *out, struct err *e)
{
	size_t count;
	const struct join_row *rows = join_rows(j, &count);
	bool exact;
	uint32_t parts;
	*out = (struct condition_result){.row = find(c, j, &exact, &parts)};
	if (!exact && parts > 1)
		return err_set(
		        e, CTOP_EINVAL,
		        "%u functions have '%.*s' in their names, such as '%.200s'; give one "
		        "whole",
		        parts, (int)c->function_len, c->function, rows[out->row].name);
	if (out->row != JOIN_NONE) {
		const struct join_row *r = &rows[out->row];
		const uint64_t *weight = c->self ? r->self : r->total;
		out->base = join_points(j, weight, JOIN_BASE);
		out->now = join_points(j, weight, JOIN_NOW);
		out->change = out->now - out->base;
	}
	out->holds = is_beyond(c, c->change ? out->change : out->now);
	return CTOP_OK;
}
