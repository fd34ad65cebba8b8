/* dumptext: a dump of threads as text for people; see dumptext.h. */
#include "ctop/dumptext.h"

#include "ctop/dump.h"
#include "ctop/funcs.h"
#include "ctop/strbuf.h"
#include "ctop/utf8.h"

enum { NAME_CELLS = 44 };

const char *dumptext_missing(const struct dump_thread *t)
{
	if (t->state == 'Z' || t->state == 'X')
		return "";
	switch (t->how) {
	case DUMP_RUNNING:
		return t->state == 'R' ? "no stack: it runs, and was not to be stopped"
		                       : "no stack: it moved while it was read";
	case DUMP_LATE:
		return "no stack: it did not stop in time";
	case DUMP_REFUSED:
		return "no stack: the kernel does not let ctop look into it";
	case DUMP_STILL:
		if (t->wants_stop)
			return t->state == 'S' ? "the rest needs a stop"
			                       : "the rest needs a stop, which it does not allow";
		return "";
	default:
		return "";
	}
}

static void add_thread(const struct dump *d, const struct funcs *names, const struct dump_thread *t,
                       struct strbuf *out)
{
	const struct dump_frame *frames = dump_frames(d, t);
	const char *missing = dumptext_missing(t);
	strbuf_addf(out, "  thread %u %s: %s%s%s\n", t->tid, t->name, dump_state_name(t->state),
	            t->wait[0] != '\0' ? " in " : "", t->wait);
	for (uint32_t i = 0; i < t->count; i++) {
		const struct func *f = funcs_get(names, frames[i].func);
		int pad = NAME_CELLS - (int)utf8_str_width(f->name);
		if (f->kind == FUNC_MARK)
			strbuf_addf(out, "         %s\n", f->name);
		else
			strbuf_addf(out, "    #%-3u %s%*s  %s\n", i, f->name, pad > 0 ? pad : 0, "",
			            f->module);
	}
	if (missing[0] != '\0')
		strbuf_addf(out, "         (%s)\n", missing);
}

void dumptext_write(const struct dump *d, const struct funcs *names, struct strbuf *out)
{
	size_t count;
	const struct dump_thread *threads = dump_threads(d, &count);
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || threads[i].pid != threads[i - 1].pid)
			strbuf_addf(out, "%s%u %s\n", i > 0 ? "\n" : "", threads[i].pid,
			            threads[i].process);
		add_thread(d, names, &threads[i], out);
	}
}
