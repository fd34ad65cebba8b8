/* dumpjson: a dump of threads as JSON; see dumpjson.h. */
#include "ctop/dumpjson.h"

#include "ctop/dump.h"
#include "ctop/dumptext.h"
#include "ctop/funcs.h"
#include "ctop/strbuf.h"

#include <inttypes.h>
#include <json.h>
#include <stdio.h>

static void add_string(struct json_object *o, const char *key, const char *value)
{
	json_object_object_add(o, key, json_object_new_string(value));
}

static void add_number(struct json_object *o, const char *key, int64_t value)
{
	json_object_object_add(o, key, json_object_new_int64(value));
}

static struct json_object *frame_object(const struct dump_frame *frame, const struct funcs *names)
{
	const struct func *f = funcs_get(names, frame->func);
	struct json_object *o = json_object_new_object();
	char text[32];
	add_string(o, "function", f->name);
	add_string(o, "module", f->module);
	if (frame->addr != 0) {
		snprintf(text, sizeof text, "0x%" PRIx64, frame->addr);
		add_string(o, "address", text);
	}
	return o;
}

static struct json_object *thread_object(const struct dump *d, const struct funcs *names,
                                         const struct dump_thread *t)
{
	const struct dump_frame *frames = dump_frames(d, t);
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();
	const char *missing = dumptext_missing(t);
	add_number(o, "tid", t->tid);
	add_string(o, "name", t->name);
	add_string(o, "state", (char[]){t->state, '\0'});
	if (t->wait[0] != '\0')
		add_string(o, "wait", t->wait);
	if (t->syscall >= 0)
		add_number(o, "syscall", t->syscall);
	json_object_object_add(o, "stopped", json_object_new_boolean(t->how == DUMP_STOPPED));
	json_object_object_add(o, "complete", json_object_new_boolean(t->complete));
	/* A mark at the end says what is missing. */
	uint32_t count = t->count;
	if (count > 0 && funcs_get(names, frames[count - 1].func)->kind == FUNC_MARK)
		add_string(o, "missing", funcs_get(names, frames[--count].func)->name);
	else if (missing[0] != '\0')
		add_string(o, "missing", missing);
	for (uint32_t i = 0; i < count; i++)
		json_object_array_add(list, frame_object(&frames[i], names));
	json_object_object_add(o, "frames", list);
	return o;
}

enum ctop_err dumpjson_write(const struct dump *d, const struct funcs *names, struct strbuf *out,
                             struct err *e)
{
	size_t count;
	const struct dump_thread *threads = dump_threads(d, &count);
	struct json_object *top = json_object_new_object(), *processes = json_object_new_array();
	struct json_object *list = NULL;
	json_object_object_add(top, "processes", processes);
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || threads[i].pid != threads[i - 1].pid) {
			struct json_object *p = json_object_new_object();
			list = json_object_new_array();
			add_number(p, "pid", threads[i].pid);
			add_string(p, "name", threads[i].process);
			json_object_object_add(p, "threads", list);
			json_object_array_add(processes, p);
		}
		json_object_array_add(list, thread_object(d, names, &threads[i]));
	}
	const char *text = json_object_to_json_string_ext(
	        top, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text != NULL)
		strbuf_addf(out, "%s\n", text);
	json_object_put(top);
	return text != NULL ? CTOP_OK : err_set(e, CTOP_ELIMIT, "no memory left for the JSON");
}
