/* record: sampling without a screen; see the manual, "ctop record".
 *
 * One thread waits for whatever ends the recording: a signal, the duration, the
 * target's end, the launched command's end. Then everything sampled is
 * counted and written whole or not at all.
 */
#include "app.h"
#include "ctop/broker.h"
#include "ctop/child.h"
#include "ctop/clock.h"
#include "ctop/folded.h"
#include "ctop/options.h"
#include "ctop/quality.h"
#include "ctop/savefile.h"
#include "ctop/session.h"
#include "ctop/snapshot.h"
#include "ctop/strbuf.h"
#include "ctop/text.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { DRAIN_MS = 200, REFRESH_MS = 1000 };

struct recording {
	const struct options *o;
	struct session *session;
	struct child *child; /* or NULL */
	int signals;         /* signalfd */
	uint64_t start_ns;
	bool child_ended;
	int child_status;
	bool progress; /* standard error is a terminal */
};

static int open_signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static void show_progress(const struct recording *r)
{
	struct snapshot *s = session_snapshot(r->session);
	if (s == NULL)
		return;
	const struct snapshot_stats *st = snapshot_stats(s);
	fprintf(stderr, "\r\033[Kctop: %" PRIu64 " samples, %.1f s", st->all_samples,
	        (double)st->elapsed_ns / 1e9);
	snapshot_unref(s);
}

/* Milliseconds until the duration is over, at most `most`; 0 when it is. */
static int time_left(const struct recording *r, int most)
{
	if (r->o->duration_s <= 0)
		return most;
	double left = r->o->duration_s * 1e3 - (double)(clock_now_ns() - r->start_ns) / 1e6;
	return left <= 0 ? 0 : left < most ? (int)left + 1 : most;
}

/* A signal that ends the recording; SIGUSR1 sets a mark. */
static bool take_signal(const struct recording *r)
{
	struct signalfd_siginfo info;
	if (read(r->signals, &info, sizeof info) != sizeof info)
		return false;
	if (info.ssi_signo == SIGUSR1)
		session_command(r->session, &(struct command){.kind = COMMAND_MARK});
	return info.ssi_signo != SIGUSR1;
}

static void show_fetching(const struct recording *r)
{
	struct snapshot *s = session_snapshot(r->session);
	uint32_t n = 0;
	const struct snapshot_module *m = s != NULL ? snapshot_modules(s, &n) : NULL;
	for (uint32_t i = 0; i < n; i++) {
		char state[160];
		if (m[i].fetch != SNAPSHOT_FETCHING)
			continue;
		quality_fetch(&m[i], state, sizeof state);
		fprintf(stderr, "\r\033[Kctop: %s: %s (Ctrl-C goes on without)", m[i].name, state);
	}
	snapshot_unref(s);
}

/* Sampling is over: waits for the debug files that are still to come, until a signal. */
static void wait_for_files(struct recording *r)
{
	session_end_sampling(r->session);
	while (!session_ended(r->session)) {
		struct pollfd fds[] = {
		        {.fd = session_fd(r->session), .events = POLLIN},
		        {.fd = r->signals, .events = POLLIN},
		};
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return;
		if (fds[1].revents != 0 && take_signal(r)) {
			session_command(r->session, &(struct command){.kind = COMMAND_FETCH});
			return;
		}
		session_ack(r->session);
		if (r->progress)
			show_fetching(r);
	}
}

/* --follow: takes note of what goes on. */
static void follow(struct recording *r)
{
	char text[1024];
	pid_t pid;
	enum session_succession news = session_succession(r->session, &pid, text, sizeof text);
	if (news == SUCCESSION_GOES_ON || news == SUCCESSION_REFUSED)
		fprintf(stderr, "%sctop: %s\n", r->progress ? "\r\033[K" : "", text);
}

/* Waits until the recording is to end. */
static void wait_for_end(struct recording *r)
{
	for (;;) {
		struct pollfd fds[] = {
		        {.fd = session_fd(r->session), .events = POLLIN},
		        {.fd = r->signals, .events = POLLIN},
		        {.fd = r->child != NULL && !r->child_ended ? child_fd(r->child) : -1,
		         .events = POLLIN},
		};
		int ms = time_left(r, 500);
		if (ms == 0 || (poll(fds, 3, ms) < 0 && errno != EINTR))
			return;
		if (fds[1].revents != 0 && take_signal(r))
			return;
		if (fds[2].revents != 0)
			r->child_ended = child_reap(r->child, &r->child_status);
		session_ack(r->session);
		follow(r);
		if (session_ended(r->session))
			return;
		/* What the command started may go on; Ctrl-C ends that. */
		if (r->progress)
			show_progress(r);
	}
}

static void add_cause(struct strbuf *b, const struct quality_cause *c)
{
	if (c->count == 0)
		return;
	strbuf_addf(b, "%s%" PRIu64 " %s", b->len > 0 ? ", " : "", c->count, c->name);
	if (c->cure[0] != '\0')
		strbuf_addf(b, " (%s)", c->cure);
}

/* What was lost, and which stacks are broken: whole lists, "" for none. */
static void list_causes(const struct snapshot *s, struct strbuf *lost, struct strbuf *broken)
{
	const struct snapshot_losses *l = &snapshot_stats(s)->losses;
	struct quality_cause lost_by[QUALITY_LOST], broken_by[QUALITY_BROKEN];
	quality_lost_by(s, lost_by);
	quality_broken_by(s, broken_by);
	for (size_t i = 0; i < QUALITY_LOST; i++)
		add_cause(lost, &lost_by[i]);
	for (size_t i = 0; i < QUALITY_BROKEN; i++)
		add_cause(broken, &broken_by[i]);
	add_cause(broken, &(struct quality_cause){"unwound before a file was read", "",
	                                          l->parked_too_long});
	add_cause(broken, &(struct quality_cause){"folded", "raise --memory", l->folded});
}

/* The modules that more than 1 % of the samples suffer from, and what to do about it. */
static void advise(const struct recording *r, const struct snapshot *s)
{
	enum { MOST = 3 };
	size_t count, n = 0;
	struct quality_row *rows = quality_rows(s, &count);
	struct broker_file files[MOST];
	while (n < count && n < MOST && quality_harm(s, &rows[n]) > 0.01) {
		files[n] = (struct broker_file){.path = rows[n].module->path};
		n++;
	}
	if (r->o->file == NULL && n > 0) {
		struct broker *broker = broker_new_live();
		broker_packages(broker, files, n);
		broker_free(broker);
	}
	for (size_t i = 0; i < n; i++) {
		char remedy[512];
		struct snapshot_module m = *rows[i].module;
		memcpy(m.package, files[i].package, sizeof m.package);
		quality_remedy(&(struct quality_row){&m, rows[i].nameless}, remedy, sizeof remedy);
		fprintf(stderr, "ctop: %.1f%% of samples suffer from %s: %s\n",
		        100 * quality_harm(s, &rows[i]), m.name, remedy);
	}
	free(rows);
}

/* What became of debug files that were asked for. */
static void tell_fetched(const struct snapshot *s)
{
	uint32_t n;
	const struct snapshot_module *m = snapshot_modules(s, &n);
	for (uint32_t i = 0; i < n; i++) {
		char state[160];
		quality_fetch(&m[i], state, sizeof state);
		if (state[0] != '\0')
			fprintf(stderr, "ctop: %s: %s\n", m[i].name, state);
	}
}

/* All there is to tell of a file of counts. */
static void summarize_file(const struct snapshot *s, const char *output)
{
	const struct snapshot_stats *st = snapshot_stats(s);
	fprintf(stderr, "ctop: %.*f samples, without time (%s)\n", st->fractions ? 2 : 0,
	        (double)st->all_weight_ns / (double)SNAPSHOT_ONE, st->way);
	if (st->losses.folded > 0)
		fprintf(stderr,
		        "ctop: %" PRIu64 " samples are in [folded] frames: raise --memory\n",
		        st->losses.folded);
	if (output != NULL)
		fprintf(stderr, "ctop: wrote %s\n", output);
}

static void summarize(const struct recording *r, const struct snapshot *s, const char *output)
{
	const struct snapshot_stats *st = snapshot_stats(s);
	struct strbuf lost = {0}, broken = {0};
	double seconds = (double)st->all_weight_ns / 1e9;
	if (st->unit == SNAPSHOT_COUNT) {
		summarize_file(s, output);
		return;
	}
	list_causes(s, &lost, &broken);
	if (r->progress)
		fputs("\r\033[K", stderr);
	fprintf(stderr,
	        "ctop: %" PRIu64 " samples, %.2f s of CPU in %.2f s (%s, %u Hz), %.1f%% accounted",
	        st->all_samples, seconds, (double)st->elapsed_ns / 1e9, st->way, st->rate_hz,
	        100 * st->accounted);
	if (st->event_ns > 0)
		fprintf(stderr, " (the events counted %.2f s)", (double)st->event_ns / 1e9);
	fprintf(stderr,
	        "\nctop: %.2f%% of stacks complete; %s%s; lost: %s; %.2f%% of samples without a "
	        "name\n",
	        st->all_samples > 0 ? 100.0 * (double)st->complete / (double)st->all_samples
	                            : 100.0,
	        broken.len > 0 ? "broken: " : "none broken", strbuf_str(&broken),
	        lost.len > 0 ? strbuf_str(&lost) : "none", 100 * quality_nameless(s));
	if (r->o->file == NULL) {
		double own = (double)(clock_process_cpu_ns() + st->cost.helper_ns);
		fprintf(stderr, "ctop: used %.3f s of CPU itself, %.1f µs a sample\n", own / 1e9,
		        st->all_samples > 0 ? own / 1e3 / (double)st->all_samples : 0.0);
	}
	for (const char *at = st->notes; *at != '\0';) {
		size_t len = strcspn(at, "\n");
		fprintf(stderr, "ctop: %.*s\n", (int)len, at);
		at += len + (at[len] == '\n');
	}
	tell_fetched(s);
	advise(r, s);
	if (st->stack_bytes > r->o->stack_bytes && r->o->file == NULL)
		fprintf(stderr,
		        "ctop: stacks deeper than %u KB were seen: %u KB a sample were copied from "
		        "then on\n",
		        r->o->stack_bytes / 1024, (st->stack_bytes + 512) / 1024);
	if (!st->kernel_names && st->kernel_frames)
		fputs("ctop: kernel symbols are hidden (kernel.kptr_restrict); run as root to see "
		      "them\n",
		      stderr);
	if (output != NULL)
		fprintf(stderr, "ctop: wrote %s\n", output);
	strbuf_fini(&lost);
	strbuf_fini(&broken);
}

static enum ctop_err write_output(const struct recording *r, const struct snapshot *s, char *path,
                                  size_t cap, struct err *e)
{
	const struct session_facts *f = session_facts(r->session);
	struct strbuf text = {0};
	if (r->o->output == NULL && r->o->format != FORMAT_TEXT)
		return savefile_snapshot(s, f->title, f->pid, path, cap, e);
	const char *to = r->o->output != NULL ? r->o->output : "-";
	if (r->o->format == FORMAT_TEXT)
		text_write(s, f->title, &text);
	else
		folded_write(s, &text);
	snprintf(path, cap, "%s", strcmp(to, "-") == 0 ? "" : to);
	enum ctop_err rc = savefile_write(to, strbuf_str(&text), text.len, e);
	strbuf_fini(&text);
	return rc;
}

/* Counts the rest, writes, tells. */
static int finish(struct recording *r)
{
	struct err e = {0};
	char path[1024] = "";
	enum ctop_err rc = session_stop(r->session, &e);
	struct snapshot *s = session_snapshot(r->session);
	if (rc == CTOP_OK && !r->o->raw)
		rc = write_output(r, s, path, sizeof path, &e);
	else if (rc == CTOP_OK)
		snprintf(path, sizeof path, "%s", r->o->output);
	summarize(r, s, rc == CTOP_OK && path[0] != '\0' ? path : NULL);
	snapshot_unref(s);
	if (rc != CTOP_OK)
		return app_fail(EXIT_FAILED, e.text);
	if (r->o->raw)
		fputs("ctop: the capture holds parts of the target's memory; it is readable by its "
		      "owner only\n",
		      stderr);
	if (r->child != NULL && (r->child_ended || child_reap(r->child, &r->child_status)))
		return child_exit_code(r->child_status);
	return EXIT_DONE;
}

/* One function in detail, in place of the whole profile. */
static int finish_annotated(struct recording *r)
{
	struct err e = {0};
	struct strbuf text = {0};
	const char *to = r->o->output != NULL ? r->o->output : "-";
	enum ctop_err rc = app_annotate(r->session, r->o->annotate, &text, &e);
	if (rc == CTOP_OK)
		rc = savefile_write(to, strbuf_str(&text), text.len, &e);
	strbuf_fini(&text);
	return rc == CTOP_OK ? EXIT_DONE : app_fail(EXIT_FAILED, e.text);
}

static int start_session(struct recording *r, struct session_config *c)
{
	struct err e = {0};
	pid_t pid;
	if (r->o->launch != NULL) {
		if (child_spawn(&r->child, r->o->launch, CHILD_PASS, &e) != CTOP_OK)
			return app_fail(EXIT_FAILED, e.text);
		pid = child_pid(r->child);
		c->source.pids = &pid;
		c->source.pid_count = 1;
		c->source.launched = true;
		c->name = r->o->launch[0];
	}
	if (session_start(&r->session, c, &e) != CTOP_OK)
		return app_fail(EXIT_FAILED, e.text);
	r->start_ns = clock_now_ns();
	if (r->child == NULL || child_release(r->child, &e) == CTOP_OK)
		return EXIT_DONE;
	char text[1024];
	snprintf(text, sizeof text, "cannot start '%s': %s", r->o->launch[0], e.text);
	return app_fail(e.code == CTOP_ENOENT ? 127 : 126, text);
}

int app_record(const struct options *o)
{
	struct recording r = {.o = o, .progress = isatty(STDERR_FILENO)};
	struct session_config c = app_session_config(o);
	/* Nobody watches: fewer wake-ups cost less. */
	c.source.drain_ms = DRAIN_MS;
	c.refresh_ms = REFRESH_MS;
	r.signals = open_signals();
	int code = start_session(&r, &c);
	if (code == EXIT_DONE) {
		wait_for_end(&r);
		if (o->fetch)
			wait_for_files(&r);
		code = o->annotate != NULL ? finish_annotated(&r) : finish(&r);
	}
	session_free(r.session);
	child_free(r.child);
	close(r.signals);
	return code;
}
