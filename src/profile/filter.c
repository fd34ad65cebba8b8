/* filter: rules about stacks and frames; see filter.h.
 *
 * A function is asked once for each query: a pattern costs as much as there are functions, however
 * many samples come.
 */
#include "filter.h"

#include "ctop/match.h"
#include "ctop/mem.h"

#include <stdlib.h>
#include <string.h>

enum { ASKED = 1 << 8 };

void filters_init(struct filters *f, const struct profile_query *q)
{
	*f = (struct filters){.count = q->filter_count};
	for (uint32_t i = 0; i < f->count; i++) {
		uint8_t bit = (uint8_t)(1 << i);
		f->of[i] = q->filters[i];
		switch (f->of[i].kind) {
		case FILTER_DROP:
			f->drop |= bit;
			break;
		case FILTER_HIDE_MODULE:
			f->hide |= bit;
			break;
		case FILTER_FOLD_MODULE:
			f->fold |= bit;
			break;
		default:
			f->keep |= bit;
			break;
		}
		if (f->of[i].kind == FILTER_KEEP || f->of[i].kind == FILTER_DROP)
			f->match[i] = match_new(f->of[i].text);
	}
}

void filters_fini(struct filters *f)
{
	for (uint32_t i = 0; i < f->count; i++)
		match_free(f->match[i]);
	free(f->verdicts);
	*f = (struct filters){0};
}

static bool fulfils(const struct filters *f, uint32_t i, const struct func *fn)
{
	switch (f->of[i].kind) {
	case FILTER_KEEP:
	case FILTER_DROP:
		return match_has(f->match[i], fn->name);
	case FILTER_KEEP_FUNCTION:
		return strcmp(fn->name, f->of[i].text) == 0;
	default:
		return strcmp(fn->module, f->of[i].text) == 0;
	}
}

uint8_t filters_ask(struct filters *f, const struct funcs *funcs, uint32_t func)
{
	if (f->count == 0)
		return 0;
	if (func >= f->cap) {
		size_t cap = func + func / 2 + 256;
		f->verdicts = mem_realloc(f->verdicts, cap, sizeof *f->verdicts);
		memset(f->verdicts + f->cap, 0, (cap - f->cap) * sizeof *f->verdicts);
		f->cap = cap;
	}
	if (f->verdicts[func] == 0) {
		unsigned seen = ASKED;
		for (uint32_t i = 0; i < f->count; i++)
			seen |= (unsigned)fulfils(f, i, funcs_get(funcs, func)) << i;
		f->verdicts[func] = (uint16_t)seen;
	}
	return (uint8_t)f->verdicts[func];
}
