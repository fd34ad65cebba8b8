/* difference_json: a comparison as JSON; see difference.h. Shares and changes are in percent and
 * points. */
#include "ctop/difference.h"

#include "ctop/snapshot.h"
#include "ctop/strbuf.h"

#include <json.h>
#include <stdlib.h>

static void add_string(struct json_object *o, const char *key, const char *value)
{
	json_object_object_add(o, key, json_object_new_string(value));
}

static void add_double(struct json_object *o, const char *key, double value)
{
	json_object_object_add(o, key, json_object_new_double(value));
}

static struct json_object *side_object(const struct difference *d, enum join_side side)
{
	const struct snapshot_stats *st = snapshot_stats(d->s[side]);
	struct json_object *o = json_object_new_object();
	add_string(o, "file", d->name[side]);
	if (st->unit == SNAPSHOT_TIME) {
		json_object_object_add(o, "samples", json_object_new_int64((int64_t)st->samples));
		add_double(o, "cpu_seconds", (double)st->weight_ns / 1e9);
		add_double(o, "seconds", (double)st->elapsed_ns / 1e9);
	} else {
		add_double(o, "samples", (double)st->weight_ns / (double)SNAPSHOT_ONE);
	}
	return o;
}

static struct json_object *change_object(const struct compare_row *r, enum compare_method method)
{
	static const char *const verdicts[] = {[COMPARE_NOISE] = "noise",
	                                       [COMPARE_CHANGED] = "changed",
	                                       [COMPARE_TOO_LITTLE] = "too little data"};
	struct json_object *o = json_object_new_object();
	add_double(o, "before", 100 * r->share[JOIN_BASE]);
	add_double(o, "now", 100 * r->share[JOIN_NOW]);
	add_double(o, "change", 100 * r->delta);
	if (method != COMPARE_UNTESTED)
		add_string(o, "verdict", verdicts[r->verdict]);
	return o;
}

static struct json_object *row_object(const struct difference *d, uint32_t i)
{
	size_t count;
	const struct join_row *r = &join_rows(d->join, &count)[i];
	struct json_object *o = json_object_new_object();
	add_string(o, "function", r->name);
	add_string(o, "module", r->module);
	if (r->process)
		json_object_object_add(o, "process", json_object_new_boolean(1));
	json_object_object_add(o, "total",
	                       change_object(&d->judgement->total[i], d->judgement->method));
	json_object_object_add(o, "self",
	                       change_object(&d->judgement->self[i], d->judgement->method));
	return o;
}

enum ctop_err difference_json(const struct difference *d, struct strbuf *out, struct err *e)
{
	static const char *const methods[] = {[COMPARE_BY_BLOCKS] = "variation in time",
	                                      [COMPARE_INDEPENDENT] = "independent samples",
	                                      [COMPARE_UNTESTED] = "none"};
	struct json_object *top = json_object_new_object(), *list = json_object_new_array();
	size_t count;
	uint32_t *order = difference_order(d, &count);
	json_object_object_add(top, "before", side_object(d, JOIN_BASE));
	json_object_object_add(top, "now", side_object(d, JOIN_NOW));
	add_string(top, "chance", methods[d->judgement->method]);
	for (size_t i = 0; i < count; i++)
		json_object_array_add(list, row_object(d, order[i]));
	json_object_object_add(top, "functions", list);
	const char *text = json_object_to_json_string_ext(
	        top, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text != NULL)
		strbuf_addf(out, "%s\n", text);
	json_object_put(top);
	free(order);
	return text != NULL ? CTOP_OK : err_set(e, CTOP_ELIMIT, "no memory left for the JSON");
}
