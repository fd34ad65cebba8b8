/* diff: two saved profiles compared; see the manual, "ctop diff".
 *
 * Each file is opened as a session of its own, so that captures and folded files may be mixed;
 * the sessions live until everything is written, as they own the names.
 */
#include "app.h"
#include "ctop/condition.h"
#include "ctop/difference.h"
#include "ctop/options.h"
#include "ctop/savefile.h"
#include "ctop/session.h"
#include "ctop/strbuf.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

struct side {
	struct session *session;
	struct snapshot *s;
};

/* Reads a file to its end. */
static enum ctop_err load(struct side *side, const struct options *o, const char *path,
                          struct err *e)
{
	struct session_config c = app_session_config(o);
	c.input = path;
	enum ctop_err rc = session_start(&side->session, &c, e);
	if (rc != CTOP_OK)
		return rc;
	while (!session_ended(side->session)) {
		struct pollfd fd = {.fd = session_fd(side->session), .events = POLLIN};
		poll(&fd, 1, 100);
		session_ack(side->session);
	}
	rc = session_stop(side->session, e);
	side->s = session_snapshot(side->session);
	const char *damage = session_facts(side->session)->capture_damage;
	if (damage != NULL && damage[0] != '\0')
		fprintf(stderr, "ctop: %s: %s\n", path, damage);
	if (rc == CTOP_OK && (side->s == NULL || snapshot_stats(side->s)->weight_ns == 0))
		rc = err_set(e, CTOP_ENOENT, "%s holds no samples: nothing to compare", path);
	return rc;
}

/* --- what is written -------------------------------------------------------------------- */

static bool ends_with(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);
	return n >= m && strcmp(s + n - m, suffix) == 0;
}

/* By -f, by the name of the file, folded for any other file. */
static enum options_format format_of(const struct options *o)
{
	if (o->format != FORMAT_DEFAULT)
		return o->format;
	if (o->output == NULL || strcmp(o->output, "-") == 0 || ends_with(o->output, ".txt"))
		return FORMAT_TEXT;
	return ends_with(o->output, ".json") ? FORMAT_JSON : FORMAT_FOLDED;
}

static enum ctop_err write_as(const struct difference *d, enum options_format format,
                              const char *to, struct err *e)
{
	struct strbuf text = {0};
	enum ctop_err rc = CTOP_OK;
	if (format == FORMAT_JSON)
		rc = difference_json(d, &text, e);
	else if (format == FORMAT_FOLDED)
		difference_folded(d, &text);
	else
		difference_text(d, &text);
	if (rc == CTOP_OK)
		rc = savefile_write(to, strbuf_str(&text), text.len, e);
	strbuf_fini(&text);
	return rc;
}

/* The page is printed always, unless something else goes to standard output. */
static enum ctop_err write_all(const struct options *o, const struct difference *d, struct err *e)
{
	enum options_format format = format_of(o);
	if (o->output == NULL || strcmp(o->output, "-") == 0)
		return write_as(d, format, "-", e);
	enum ctop_err rc = write_as(d, format, o->output, e);
	return rc == CTOP_OK ? write_as(d, FORMAT_TEXT, "-", e) : rc;
}

/* --- conditions ---------------------------------------------------------------------------- */

static void tell(const struct condition *c, const struct condition_result *r,
                 const struct difference *d)
{
	static const char *const notes[] = {[COMPARE_NOISE] = " (chance would do)",
	                                    [COMPARE_CHANGED] = "",
	                                    [COMPARE_TOO_LITTLE] = " (too little data to tell)"};
	const char *note = "";
	if (r->row != JOIN_NONE && d->judgement->method != COMPARE_UNTESTED)
		note = notes[(c->self ? d->judgement->self : d->judgement->total)[r->row].verdict];
	fprintf(stderr, "ctop: failed: %s: %.2f%% before, %.2f%% now, %+.2f points%s\n", c->text,
	        r->base, r->now, r->change, note);
}

/* Judges every condition; EXIT_CONDITION when one holds. */
static int judge_conditions(const struct options *o, const struct difference *d)
{
	int code = EXIT_DONE;
	for (size_t i = 0; i < o->condition_count; i++) {
		const struct condition *c = &o->conditions[i];
		struct condition_result r;
		struct err e = {0};
		if (condition_judge(c, d->join, &r, &e) != CTOP_OK)
			return app_fail(EXIT_FAILED, e.text);
		if (r.row == JOIN_NONE)
			fprintf(stderr,
			        "ctop: no function '%.*s' in either profile: it counts as 0%%\n",
			        (int)c->function_len, c->function);
		if (!r.holds)
			continue;
		tell(c, &r, d);
		code = EXIT_CONDITION;
	}
	return code;
}

/* --- the command -------------------------------------------------------------------------------
 */

static int compare(const struct options *o, struct side sides[JOIN_SIDES])
{
	const struct snapshot *s[JOIN_SIDES];
	struct profile *profiles[JOIN_SIDES];
	struct judgement judgement;
	struct err e = {0};
	for (int k = 0; k < JOIN_SIDES; k++) {
		bool timed = snapshot_stats(sides[k].s)->unit == SNAPSHOT_TIME;
		s[k] = sides[k].s;
		profiles[k] = timed ? session_profile(sides[k].session) : NULL;
	}
	struct join *j = join_new(s[JOIN_BASE], s[JOIN_NOW]);
	judge(&judgement, j, s, profiles);
	struct difference d = {.join = j,
	                       .judgement = &judgement,
	                       .s = {s[JOIN_BASE], s[JOIN_NOW]},
	                       .name = {o->file, o->file_now}};
	int code = write_all(o, &d, &e) == CTOP_OK ? EXIT_DONE : app_fail(EXIT_FAILED, e.text);
	if (code == EXIT_DONE)
		code = judge_conditions(o, &d);
	judgement_fini(&judgement);
	join_free(j);
	return code;
}

int app_diff(const struct options *o)
{
	struct side sides[JOIN_SIDES] = {{0}};
	struct err e = {0};
	enum ctop_err rc = load(&sides[JOIN_BASE], o, o->file, &e);
	if (rc == CTOP_OK)
		rc = load(&sides[JOIN_NOW], o, o->file_now, &e);
	int code = rc == CTOP_OK ? compare(o, sides) : app_fail(EXIT_FAILED, e.text);
	for (int k = 0; k < JOIN_SIDES; k++) {
		snapshot_unref(sides[k].s);
		session_free(sides[k].session);
	}
	return code;
}
