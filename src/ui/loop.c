/* loop: the display's thread; see loop.h. */
#include "ctop/loop.h"

#include "ctop/clock.h"
#include "ctop/detail.h"
#include "ctop/dump.h"
#include "ctop/input.h"
#include "ctop/screen.h"
#include "ctop/session.h"
#include "ctop/surface.h"
#include "ctop/term.h"
#include "signals.h"

#include "clicks.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TICK_MS = 1000, OUTPUT_MS = 100 };

struct loop {
	struct session *session;
	struct screen *screen;
	struct term *term;
	const struct loop_options *o;
	struct surface surface;
	struct screen_thread *threads; /* owned */
	uint32_t thread_count;
	bool threads_known;
	bool child_running;
	int wait_status;
	int signals; /* signalfd */
	bool dirty;  /* something is to be painted */
	uint64_t key_ns;
	struct clicks clicks;
	bool ended;
	enum loop_end end;
	int signal;
};

static struct screen_facts facts_of(const struct loop *l)
{
	const struct session_facts *f = session_facts(l->session);
	return (struct screen_facts){
	        .title = f->title,
	        .pid = f->pid,
	        .more = f->more,
	        .threads = l->threads,
	        .thread_count = l->thread_count,
	        .threads_known = l->threads_known,
	        .child_running = l->child_running,
	        .launched = l->o->output != NULL,
	        .wait_status = l->child_running ? -1 : l->wait_status,
	        .now_ns = clock_now_ns(),
	        .clock_offset_ns = (uint64_t)f->clock_offset_ns,
	        .doing = "waiting for the first sample",
	};
}

static void finish(struct loop *l, enum loop_end end)
{
	l->ended = true;
	l->end = end;
}

/* --- news ------------------------------------------------------------------------------ */

static void take_threads(struct loop *l)
{
	struct session_thread *rows;
	uint32_t count;
	if (!session_threads(l->session, &rows, &count))
		return;
	struct screen_thread *copy = calloc(count + 1, sizeof *copy);
	for (uint32_t i = 0; copy != NULL && i < count; i++) {
		copy[i] = (struct screen_thread){
		        .pid = rows[i].pid, .tid = rows[i].tid, .state = rows[i].state};
		memcpy(copy[i].name, rows[i].name, sizeof copy[i].name);
		memcpy(copy[i].wait, rows[i].wait, sizeof copy[i].wait);
	}
	free(rows);
	if (copy == NULL)
		return;
	free(l->threads);
	l->threads = copy;
	l->thread_count = count;
	l->threads_known = true;
}

static void take_succession(struct loop *l)
{
	char text[1024];
	pid_t pid;
	uint64_t now = clock_now_ns();
	enum session_succession news = session_succession(l->session, &pid, text, sizeof text);
	if (news == SUCCESSION_OFFERED)
		screen_offer(l->screen, pid, text);
	else if (news != SUCCESSION_NONE)
		screen_message(l->screen, now, news == SUCCESSION_REFUSED, text);
	if (news == SUCCESSION_GOES_ON)
		screen_offer(l->screen, 0, "");
}

static void take_news(struct loop *l)
{
	char path[1024], text[1100];
	bool ok;
	session_ack(l->session);
	struct snapshot *s = session_snapshot(l->session);
	if (s != NULL) {
		screen_set_snapshot(l->screen, s);
		snapshot_unref(s);
	}
	struct dump *d = session_dump(l->session);
	if (d != NULL) {
		screen_set_dump(l->screen, d, session_funcs(l->session));
		dump_unref(d);
	}
	struct detail *detail = session_detail(l->session);
	if (detail != NULL) {
		screen_set_detail(l->screen, detail);
		detail_unref(detail);
	}
	take_threads(l);
	take_succession(l);
	while (session_saved(l->session, &ok, path, sizeof path)) {
		snprintf(text, sizeof text, ok ? "saved %s" : "not saved: %s", path);
		screen_message(l->screen, clock_now_ns(), !ok, text);
	}
	l->dirty = true;
}

static void take_child(struct loop *l)
{
	if (l->o->child_reap(l->o->ctx, &l->wait_status))
		l->child_running = false;
	l->dirty = true;
}

static void take_signal(struct loop *l)
{
	int sig = signals_take(l->signals);
	l->dirty = true;
	switch (sig) {
	case 0:
		return;
	case SIGUSR1:
		session_command(l->session, &(struct command){.kind = COMMAND_MARK});
		return;
	case SIGWINCH:
	case SIGCONT:
		term_resize(l->term);
		return;
	case SIGTSTP:
		term_suspend(l->term);
		return;
	case SIGHUP:
		if (screen_snapshot(l->screen) != NULL)
			l->o->save_now(l->o->ctx, screen_snapshot(l->screen));
		break;
	default:
		break;
	}
	l->signal = sig;
	finish(l, LOOP_SIGNAL);
}

/* --- keys ------------------------------------------------------------------------------- */

static void send(struct loop *l, enum command_kind kind, const struct profile_query *q)
{
	struct command c = {.kind = kind};
	if (q != NULL)
		c.query = *q;
	screen_set_command(l->screen, session_command(l->session, &c));
}

static void send_mark(struct loop *l, const struct action *a)
{
	struct command c = {.kind = COMMAND_MARK, .from_ns = a->from_ns};
	memcpy(c.name, a->name, sizeof c.name);
	session_command(l->session, &c);
}

static void set_mouse(struct loop *l, bool on)
{
	if (!term_set_mouse(l->term, on))
		screen_message(l->screen, clock_now_ns(), false,
		               "this terminal reports no mouse, by its terminfo entry");
}

static void act(struct loop *l, const struct action *a)
{
	switch (a->kind) {
	case ACTION_QUIT:
		finish(l, LOOP_QUIT);
		break;
	case ACTION_CHILD_KILL:
		finish(l, LOOP_CHILD_KILL);
		break;
	case ACTION_CHILD_LEAVE:
		finish(l, LOOP_CHILD_LEAVE);
		break;
	case ACTION_SUSPEND:
		term_suspend(l->term);
		break;
	case ACTION_REDRAW:
		term_redraw(l->term);
		break;
	case ACTION_SAVE:
		session_save_as(l->session, screen_snapshot(l->screen), a->path);
		break;
	case ACTION_RESET:
		send(l, COMMAND_RESET, NULL);
		break;
	case ACTION_PACKAGES:
		session_command(l->session, &(struct command){.kind = COMMAND_PACKAGES});
		break;
	case ACTION_FETCH:
		session_command(l->session, &(struct command){.kind = COMMAND_FETCH, .on = a->on});
		break;
	case ACTION_MOUSE:
		set_mouse(l, a->on);
		break;
	case ACTION_LOOK:
		if (session_peek(l->session, PEEK_STOP_NONE, NULL, 0) == 0)
			screen_message(l->screen, clock_now_ns(), false,
			               "only threads of running processes given by --pid or "
			               "launched can be looked at");
		break;
	case ACTION_DETAIL:
		session_command(l->session,
		                &(struct command){.kind = COMMAND_DETAIL, .func = a->func});
		break;
	case ACTION_STRIP:
		session_command(l->session, &(struct command){.kind = COMMAND_STRIP,
		                                              .from_ns = a->from_ns,
		                                              .to_ns = a->to_ns});
		send(l, COMMAND_QUERY, &a->query);
		break;
	case ACTION_HEAT:
		session_command(l->session, &(struct command){.kind = COMMAND_HEAT,
		                                              .from_ns = a->from_ns,
		                                              .to_ns = a->to_ns});
		break;
	case ACTION_MARK:
		send_mark(l, a);
		break;
	case ACTION_QUERY:
		send(l, COMMAND_QUERY, &a->query);
		break;
	case ACTION_SUCCEED:
		session_succeed(l->session, a->pid);
		break;
	case ACTION_IGNORED:
	case ACTION_HANDLED:
		break;
	}
}

static struct action press(struct loop *l, key_code key, const struct screen_facts *facts)
{
	if (key != KEY_CODE_MOUSE)
		return screen_key(l->screen, key, facts);
	struct mouse_event e = term_mouse(l->term);
	clicks_count(&l->clicks, &e, facts->now_ns);
	return screen_mouse(l->screen, &e, facts);
}

static void take_keys(struct loop *l, bool expired)
{
	key_code key;
	while (!l->ended && term_key(l->term, expired, &key)) {
		struct screen_facts facts = facts_of(l);
		struct action a = press(l, key, &facts);
		if (l->key_ns == 0)
			l->key_ns = facts.now_ns;
		act(l, &a);
		l->dirty = true;
	}
}

static void take_input(struct loop *l)
{
	if (!term_read(l->term)) { /* the terminal is gone; SIGHUP may have told so already */
		if (screen_snapshot(l->screen) != NULL && !l->ended)
			l->o->save_now(l->o->ctx, screen_snapshot(l->screen));
		l->signal = SIGHUP;
		finish(l, LOOP_SIGNAL);
	}
	take_keys(l, false);
}

/* --- painting ----------------------------------------------------------------------------- */

/* What the command printed is fetched only while it is shown. */
static void take_output(struct loop *l)
{
	char buf[16384];
	size_t n;
	if (l->o->output == NULL || !screen_wants_output(l->screen))
		return;
	while ((n = l->o->output(l->o->ctx, buf, sizeof buf)) > 0)
		screen_output(l->screen, buf, n);
}

static int wait_ms(const struct loop *l)
{
	if (term_key_pending(l->term))
		return INPUT_ESCAPE_MS;
	return screen_wants_output(l->screen) ? OUTPUT_MS : TICK_MS;
}

static void paint(struct loop *l)
{
	int rows, cols;
	if (!l->dirty || term_busy(l->term))
		return;
	term_size(l->term, &rows, &cols);
	if (rows != l->surface.rows || cols != l->surface.cols)
		surface_resize(&l->surface, rows, cols);
	take_output(l);
	struct screen_facts facts = facts_of(l);
	screen_draw(l->screen, &l->surface, &facts);
	if (!term_draw(l->term, &l->surface))
		return;
	l->dirty = false;
	if (l->o->painted != NULL)
		l->o->painted(l->o->ctx, l->key_ns, clock_now_ns());
	l->key_ns = 0;
}

static void wait_and_take(struct loop *l)
{
	struct pollfd fds[] = {
	        {.fd = term_fd(l->term), .events = POLLIN},
	        {.fd = session_fd(l->session), .events = POLLIN},
	        {.fd = l->signals, .events = POLLIN},
	        {.fd = l->child_running ? l->o->child_fd : -1, .events = POLLIN},
	};
	if (term_busy(l->term))
		fds[0].events |= POLLOUT;
	int n = poll(fds, 4, wait_ms(l));
	if (n == 0) {
		take_keys(l, true);
		l->dirty = true; /* messages fade, clocks go on */
		return;
	}
	if (fds[2].revents != 0)
		take_signal(l);
	if ((fds[0].revents & POLLOUT) != 0)
		term_pump(l->term);
	if ((fds[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
		take_input(l);
	if (fds[1].revents != 0)
		take_news(l);
	if (fds[3].revents != 0)
		take_child(l);
}

enum loop_end loop_run(struct session *session, struct screen *screen, struct term *term,
                       const struct loop_options *o, int *signal_out)
{
	struct loop l = {
	        .session = session,
	        .screen = screen,
	        .term = term,
	        .o = o,
	        .child_running = o->child_fd >= 0,
	        .wait_status = -1,
	        .signals = signals_open(),
	        .dirty = true,
	};
	take_news(&l);
	while (!l.ended) {
		paint(&l);
		wait_and_take(&l);
	}
	close(l.signals);
	surface_fini(&l.surface);
	free(l.threads);
	*signal_out = l.signal;
	return l.end;
}
