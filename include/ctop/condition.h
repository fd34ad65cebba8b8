/* condition: what two profiles must not show, in a line: "total(parse) > +5%".
 *
 *   CONDITION = ("total" | "self") "(" FUNCTION ")" (">" | ">=" | "<" | "<=") [SIGN] NUMBER "%"
 *
 * With a sign, "+" or "-", the number is a change of the share in points, now − before; without,
 * it is the share now. FUNCTION is everything up to the last ")" before the operator: names may
 * hold any character. Pure; any thread.
 */
#ifndef CTOP_CONDITION_H
#define CTOP_CONDITION_H

#include "ctop/err.h"
#include "ctop/join.h"

#include <stdbool.h>
#include <stddef.h>

enum condition_order { CONDITION_OVER, CONDITION_FROM, CONDITION_UNDER, CONDITION_TO };

struct condition {
	const char *text;     /* as it was given; borrowed */
	const char *function; /* in it */
	size_t function_len;
	bool self;   /* self, or total */
	bool change; /* of the share, or the share now */
	enum condition_order order;
	double points;
};

/* Reads one; the error says what is wanted. */
enum ctop_err condition_parse(struct condition *c, const char *text, struct err *e);

/* What it is about, and whether it holds. */
struct condition_result {
	uint32_t row; /* JOIN_NONE: neither profile has the function; it counts as 0 % then */
	double base, now, change; /* points */
	bool holds;
};

/* Judges it. The function is the one of that name (of several, the one with the larger total), or
 * the only one whose name holds it; several of those are an error. */
enum ctop_err condition_judge(const struct condition *c, const struct join *j,
                              struct condition_result *out, struct err *e);

#endif
