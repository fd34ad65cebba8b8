/* picking: a process is picked from a list, then shown live in the same terminal. */
#include "ctop/pick.h"

#include "app.h"
#include "ctop/lister.h"
#include "ctop/loop.h"
#include "ctop/options.h"
#include "ctop/picker.h"
#include "ctop/term.h"

#include <unistd.h>

/* Picks once. The lister ends with it: in the live view nobody looks at its rows. */
static enum pick_end pick_once(struct picker *p, struct term *t, pid_t *pid, int *code)
{
	struct lister *l = NULL;
	struct err e = {0};
	int sig = 0;
	if (lister_start(&l, &e) != CTOP_OK) {
		*code = app_fail(EXIT_FAILED, e.text);
		return PICK_QUIT;
	}
	enum pick_end end = pick_run(p, l, t, pid, &sig);
	lister_stop(l);
	*code = end == PICK_SIGNAL ? 128 + sig : EXIT_DONE;
	return end;
}

/* Until one could be attached to and its view was left, or none is wanted. */
static int pick(const struct options *o, struct picker *p, struct term **term)
{
	struct options with = *o;
	int code = EXIT_DONE;
	with.command = OPTIONS_LIVE;
	with.pid_count = 1;
	while (pick_once(p, *term, &with.pids[0], &code) == PICK_ATTACH) {
		struct err e = {0};
		if (app_live_in(&with, *term, &code, &e) == CTOP_OK) {
			*term = NULL;
			return code;
		}
		picker_message(p, e.text);
	}
	return code;
}

int app_pick(const struct options *o)
{
	struct term_options to = app_term_options(o);
	struct term *term = NULL;
	struct err e = {0};
	if (!term_possible(NULL))
		return app_fail(EXIT_USAGE, options_no_target);
	loop_block_signals();
	if (term_open(&term, &to, &e) != CTOP_OK)
		return app_fail(EXIT_FAILED, e.text);
	struct picker *p = picker_new(o->ascii || term_is_ascii(term), geteuid());
	int code = pick(o, p, &term);
	term_close(term);
	picker_free(p);
	return code;
}
