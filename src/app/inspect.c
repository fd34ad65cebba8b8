/* inspect: one function of a recording in detail; see the manual, --annotate. */
#include "ctop/annotate.h"

#include "app.h"
#include "ctop/clock.h"
#include "ctop/detail.h"
#include "ctop/session.h"
#include "ctop/snapshot.h"
#include "ctop/strbuf.h"

#include <poll.h>
#include <string.h>

/* A server of source files that is silent is given up after 90 s. */
static const uint64_t WAIT_NS = 120 * CLOCK_NS_PER_SEC;

/* The function of a name, or the only one whose name holds it. Of several with the name, that with
 * the largest total. */
static enum ctop_err find(const struct snapshot *s, const char *name, uint32_t *out, struct err *e)
{
	uint32_t exact = 0, part = 0, parts = 0;
	for (uint32_t i = 1; i < snapshot_func_count(s); i++) {
		uint64_t total = snapshot_func_counts(s, i).total_ns;
		const char *have = snapshot_func(s, i)->name;
		if (total == 0 || strstr(have, name) == NULL)
			continue;
		if (strcmp(have, name) == 0 &&
		    (exact == 0 || total > snapshot_func_counts(s, exact).total_ns))
			exact = i;
		parts++;
		if (part == 0 || total > snapshot_func_counts(s, part).total_ns)
			part = i;
	}
	*out = exact != 0 ? exact : part;
	if (exact != 0 || parts == 1)
		return CTOP_OK;
	if (parts == 0)
		return err_set(e, CTOP_ENOENT, "no function '%s' was sampled", name);
	return err_set(e, CTOP_EINVAL,
	               "%u functions have '%s' in their names, such as '%.200s'; give one whole",
	               parts, name, snapshot_func(s, part)->name);
}

/* Waits until the answer to a command is complete; NULL when the time is over. */
static struct detail *wait_for(struct session *session, uint64_t number)
{
	uint64_t until = clock_now_ns() + WAIT_NS;
	while (clock_now_ns() < until) {
		struct pollfd fd = {.fd = session_fd(session), .events = POLLIN};
		struct detail *d = session_detail(session);
		if (d != NULL && d->number >= number && (d->listing != NULL || d->why != NULL))
			return d;
		detail_unref(d);
		poll(&fd, 1, 100);
		session_ack(session);
	}
	return NULL;
}

enum ctop_err app_annotate(struct session *session, const char *name, struct strbuf *out,
                           struct err *e)
{
	struct snapshot *s = session_snapshot(session);
	uint32_t func = 0;
	if (s == NULL)
		return err_set(e, CTOP_ENOENT, "nothing was sampled");
	enum ctop_err rc = find(s, name, &func, e);
	if (rc == CTOP_OK) {
		struct command c = {.kind = COMMAND_DETAIL, .func = func};
		struct detail *d = wait_for(session, session_command(session, &c));
		if (d != NULL)
			annotate_write(d, snapshot_func(s, func), out);
		else
			rc = err_set(e, CTOP_EAGAIN, "the code of '%s' could not be read in time",
			             name);
		detail_unref(d);
	}
	snapshot_unref(s);
	return rc;
}
