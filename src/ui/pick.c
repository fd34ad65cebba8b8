/* pick: the loop in which a process is picked; see pick.h. */
#include "ctop/pick.h"

#include "ctop/input.h"
#include "ctop/lister.h"
#include "ctop/picker.h"
#include "ctop/surface.h"
#include "ctop/term.h"
#include "signals.h"

#include <poll.h>
#include <stdbool.h>
#include <unistd.h>

struct pick {
	struct picker *picker;
	struct lister *lister;
	struct term *term;
	struct surface surface;
	int signals, signal;
	pid_t asked; /* the lister, why it could not be attached to */
	bool dirty, ended;
	enum pick_end end;
};

static void finish(struct pick *k, enum pick_end end)
{
	k->ended = true;
	k->end = end;
}

static void paint(struct pick *k)
{
	int rows, cols;
	if (!k->dirty || term_busy(k->term))
		return;
	term_size(k->term, &rows, &cols);
	if (rows != k->surface.rows || cols != k->surface.cols)
		surface_resize(&k->surface, rows, cols);
	picker_draw(k->picker, &k->surface);
	k->dirty = !term_draw(k->term, &k->surface);
}

static void ask(struct pick *k)
{
	pid_t pid = picker_selected(k->picker);
	if (pid == k->asked)
		return;
	k->asked = pid;
	if (pid != 0)
		lister_ask(k->lister, pid);
}

static void take_news(struct pick *k)
{
	struct process *rows;
	size_t count;
	struct err why;
	lister_ack(k->lister);
	if (lister_answer(k->lister, k->asked, &why))
		picker_set_why(k->picker, k->asked, why.text);
	if (lister_take(k->lister, &rows, &count)) {
		picker_set_rows(k->picker, rows, count);
		k->asked = 0; /* what forbids it may have changed */
	}
	k->dirty = true;
}

static void take_keys(struct pick *k, bool expired)
{
	key_code key;
	while (!k->ended && term_key(k->term, expired, &key)) {
		k->dirty = true;
		switch (picker_key(k->picker, key)) {
		case PICKER_ATTACH:
			finish(k, PICK_ATTACH);
			break;
		case PICKER_QUIT:
			finish(k, PICK_QUIT);
			break;
		case PICKER_SUSPEND:
			term_suspend(k->term);
			break;
		case PICKER_REDRAW:
			term_redraw(k->term);
			break;
		case PICKER_HANDLED:
			break;
		}
	}
}

static void take_signal(struct pick *k)
{
	int sig = signals_take(k->signals);
	k->dirty = true;
	if (sig == SIGWINCH || sig == SIGCONT)
		term_resize(k->term);
	else if (sig == SIGTSTP)
		term_suspend(k->term);
	else if (sig != 0 && sig != SIGUSR1) {
		k->signal = sig;
		finish(k, PICK_SIGNAL);
	}
}

static void take_input(struct pick *k)
{
	if (!term_read(k->term)) { /* the terminal is gone */
		k->signal = SIGHUP;
		finish(k, PICK_SIGNAL);
	}
	take_keys(k, false);
}

static void wait_and_take(struct pick *k)
{
	struct pollfd fds[] = {
	        {.fd = term_fd(k->term), .events = POLLIN},
	        {.fd = lister_fd(k->lister), .events = POLLIN},
	        {.fd = k->signals, .events = POLLIN},
	};
	if (term_busy(k->term))
		fds[0].events |= POLLOUT;
	int n = poll(fds, 3, term_key_pending(k->term) ? INPUT_ESCAPE_MS : -1);
	if (n == 0)
		take_keys(k, true);
	if (n <= 0)
		return;
	if (fds[2].revents != 0)
		take_signal(k);
	if ((fds[0].revents & POLLOUT) != 0)
		term_pump(k->term);
	if ((fds[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
		take_input(k);
	if (fds[1].revents != 0)
		take_news(k);
}

enum pick_end pick_run(struct picker *p, struct lister *l, struct term *t, pid_t *pid, int *signal)
{
	struct pick k = {
	        .picker = p, .lister = l, .term = t, .signals = signals_open(), .dirty = true};
	while (!k.ended) {
		ask(&k);
		paint(&k);
		wait_and_take(&k);
	}
	close(k.signals);
	surface_fini(&k.surface);
	*pid = picker_selected(p);
	*signal = k.signal;
	return k.end;
}
