/* live: the live view, of processes, of a launched command or of a capture. */
#include "app.h"
#include "ctop/child.h"
#include "ctop/log.h"
#include "ctop/loop.h"
#include "ctop/options.h"
#include "ctop/remote.h"
#include "ctop/savefile.h"
#include "ctop/screen.h"
#include "ctop/session.h"
#include "ctop/snapshot.h"
#include "ctop/term.h"

#include <stdio.h>
#include <string.h>

struct term_options app_term_options(const struct options *o)
{
	return (struct term_options){.no_color = o->color == COLOR_NEVER,
	                             .always_color = o->color == COLOR_ALWAYS};
}

struct live {
	struct session *session;
	struct child *child; /* or NULL */
	struct term *term;
	struct screen *screen;
	char saved[1024]; /* what SIGHUP has written, or why not */
	struct err no_fetch;
	uint64_t printed; /* bytes of the command's output that were read */
};

static bool reap(void *ctx, int *wait_status)
{
	struct live *l = ctx;
	return child_reap(l->child, wait_status);
}

static size_t output(void *ctx, char *buf, size_t cap)
{
	struct live *l = ctx;
	return child_output(l->child, &l->printed, buf, cap);
}

static void save_now(void *ctx, struct snapshot *s)
{
	struct live *l = ctx;
	struct err e = {0};
	char path[900];
	const struct session_facts *f = session_facts(l->session);
	if (savefile_snapshot(s, f->title, f->pid, path, sizeof path, &e) == CTOP_OK)
		snprintf(l->saved, sizeof l->saved, "saved %s", path);
	else
		snprintf(l->saved, sizeof l->saved, "%s", e.text);
}

static enum ctop_err spawn(struct live *l, const struct options *o, struct session_config *c,
                           pid_t *pid, struct err *e)
{
	if (o->launch == NULL)
		return CTOP_OK;
	enum ctop_err rc = child_spawn(&l->child, o->launch, CHILD_PTY, e);
	if (rc != CTOP_OK)
		return rc;
	*pid = child_pid(l->child);
	const char *slash = strrchr(o->launch[0], '/');
	c->source.pids = pid;
	c->source.pid_count = 1;
	c->source.launched = true;
	c->name = slash != NULL && slash[1] != '\0' ? slash + 1 : o->launch[0];
	return CTOP_OK;
}

static enum ctop_err start_session(struct live *l, const struct options *o, struct err *e)
{
	struct session_config c = app_session_config(o);
	pid_t pid;
	c.watch = true;
	enum ctop_err rc = spawn(l, o, &c, &pid, e);
	return rc == CTOP_OK ? session_start(&l->session, &c, e) : rc;
}

static void make_screen(struct live *l, const struct options *o)
{
	struct screen_options so = {
	        .ascii = o->ascii || term_is_ascii(l->term),
	        .replay = o->file != NULL,
	        .no_fetch = remote_possible(&l->no_fetch) != CTOP_OK ? l->no_fetch.text : NULL,
	        .query = o->query};
	l->screen = screen_new(&so);
	const char *damage = session_facts(l->session)->capture_damage;
	if (damage != NULL && damage[0] != '\0')
		screen_message(l->screen, 0, true, damage);
}

/* Starts everything in order; the terminal last, so that what goes wrong before
 * is printed as plain text. */
static int start(struct live *l, const struct options *o)
{
	struct term_options to = app_term_options(o);
	struct err e = {0};
	if (!term_possible(&e))
		return app_fail(EXIT_FAILED, e.text);
	loop_block_signals();
	if (start_session(l, o, &e) != CTOP_OK)
		return app_fail(EXIT_FAILED, e.text);
	if (l->child != NULL && child_release(l->child, &e) != CTOP_OK) {
		char text[1024];
		snprintf(text, sizeof text, "cannot start '%s': %s", o->launch[0], e.text);
		return app_fail(e.code == CTOP_ENOENT ? 127 : 126, text);
	}
	if (term_open(&l->term, &to, &e) != CTOP_OK)
		return app_fail(EXIT_FAILED, e.text);
	make_screen(l, o);
	return EXIT_DONE;
}

static int run(struct live *l)
{
	struct loop_options lo = {
	        .child_fd = l->child != NULL ? child_fd(l->child) : -1,
	        .child_reap = reap,
	        .output = l->child != NULL && child_keeps_output(l->child) ? output : NULL,
	        .save_now = save_now,
	        .ctx = l,
	};
	int sig = 0;
	log_hold();
	enum loop_end end = loop_run(l->session, l->screen, l->term, &lo, &sig);
	term_close(l->term);
	l->term = NULL;
	log_release();
	if (end == LOOP_CHILD_KILL)
		child_kill(l->child);
	if (l->saved[0] != '\0')
		fprintf(stderr, "ctop: %s\n", l->saved);
	return end == LOOP_SIGNAL ? 128 + sig : EXIT_DONE;
}

static void release(struct live *l)
{
	term_close(l->term);
	screen_free(l->screen);
	session_free(l->session);
	child_free(l->child);
}

int app_live(const struct options *o)
{
	struct live l = {0};
	int code = start(&l, o);
	if (code == EXIT_DONE)
		code = run(&l);
	release(&l);
	return code;
}

enum ctop_err app_live_in(const struct options *o, struct term *term, int *code, struct err *e)
{
	struct live l = {0};
	enum ctop_err rc = start_session(&l, o, e);
	if (rc == CTOP_OK) {
		l.term = term;
		make_screen(&l, o);
		*code = run(&l);
	}
	release(&l);
	return rc;
}
