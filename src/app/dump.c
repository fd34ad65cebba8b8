/* dump: every thread's stack once; see the manual, "ctop dump".
 *
 * A session without samples looks at all threads; those whose stacks need a stop are then asked for
 * again, by a stop. Whatever does not answer within a deadline is told as it is known by then.
 */
#include "ctop/dump.h"
#include "app.h"
#include "ctop/clock.h"
#include "ctop/dumpjson.h"
#include "ctop/dumptext.h"
#include "ctop/mem.h"
#include "ctop/options.h"
#include "ctop/savefile.h"
#include "ctop/session.h"
#include "ctop/strbuf.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const uint64_t DEADLINE_NS = 5 * CLOCK_NS_PER_SEC;

/* The answer to request `number`, or NULL when it does not come in time. */
static struct dump *wait_for(struct session *s, uint64_t number)
{
	uint64_t until = clock_now_ns() + DEADLINE_NS, now;
	while ((now = clock_now_ns()) < until) {
		struct dump *d = session_dump(s);
		if (d != NULL && dump_number(d) >= number)
			return d;
		dump_unref(d);
		struct pollfd fd = {.fd = session_fd(s), .events = POLLIN};
		poll(&fd, 1, (int)((until - now) / CLOCK_NS_PER_MS) + 1);
		session_ack(s);
	}
	return NULL;
}

/* The threads that a stop would tell more of; the caller frees them. */
static size_t incomplete(const struct dump *d, pid_t **tids)
{
	size_t count, n = 0;
	const struct dump_thread *t = dump_threads(d, &count);
	*tids = mem_alloc((count + 1) * sizeof **tids);
	for (size_t i = 0; i < count; i++)
		if (t[i].wants_stop || (t[i].how == DUMP_RUNNING && t[i].state != 'Z'))
			(*tids)[n++] = (pid_t)t[i].tid;
	return n;
}

static struct dump *look(struct session *s, bool no_stop)
{
	pid_t *tids;
	enum peek_stop stop = no_stop ? PEEK_STOP_NONE : PEEK_STOP_RUNNING;
	struct dump *d = wait_for(s, session_peek(s, stop, NULL, 0));
	if (d == NULL || no_stop)
		return d;
	size_t count = incomplete(d, &tids);
	struct dump *more = NULL;
	if (count > 0)
		more = wait_for(s, session_peek(s, PEEK_STOP_ALL, tids, count));
	free(tids);
	if (more == NULL)
		return d;
	dump_unref(d);
	return more;
}

static enum ctop_err write_dump(const struct options *o, const struct session *s,
                                const struct dump *d, struct err *e)
{
	struct strbuf text = {0};
	enum ctop_err rc = CTOP_OK;
	if (o->format == FORMAT_JSON)
		rc = dumpjson_write(d, session_funcs(s), &text, e);
	else
		dumptext_write(d, session_funcs(s), &text);
	if (rc == CTOP_OK)
		rc = savefile_write(o->output != NULL ? o->output : "-", strbuf_str(&text),
		                    text.len, e);
	strbuf_fini(&text);
	return rc;
}

int app_dump(const struct options *o)
{
	struct session_config c = app_session_config(o);
	struct session *s = NULL;
	struct err e = {0};
	c.choice = SOURCE_STILL;
	if (session_start(&s, &c, &e) != CTOP_OK)
		return app_fail(EXIT_FAILED, e.text);
	struct dump *d = look(s, o->no_stop);
	if (d == NULL) {
		fflush(NULL);
		app_fail(EXIT_FAILED,
		         "a thread of the target does not let its memory be read: it hangs in the "
		         "kernel (ps -o pid,stat,wchan -L -p PID shows where)");
		/* The look may hang as long as it does: nobody waits for that. */
		_exit(EXIT_FAILED);
	}
	size_t count;
	dump_threads(d, &count);
	enum ctop_err rc = count > 0 ? write_dump(o, s, d, &e)
	                             : err_set(&e, CTOP_ENOENT, "the target ended meanwhile");
	dump_unref(d);
	session_free(s);
	return rc == CTOP_OK ? EXIT_DONE : app_fail(EXIT_FAILED, e.text);
}
