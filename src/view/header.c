/* header: the line of facts, the time strip, the tabs; and what to say when
 * nothing runs.
 */
#include "ctop/clock.h"
#include "ctop/quality.h"
#include "ctop/strbuf.h"
#include "ctop/utf8.h"
#include "format.h"
#include "view.h"

#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

enum { SEGMENTS = 12, NARROWED = 110, NARROW = 60, LOW = 14 };
static const double DOUBT = 1.0; /* percent from which a figure warns */

/* One fact of the first line. The least worthy leave first when there is no room. */
struct segment {
	char text[96];
	int style;
	int worth;
	bool gone;
};

struct facts_line {
	struct segment seg[SEGMENTS];
	int count;
};

static void add(struct facts_line *l, int worth, int style, const char *fmt, ...)
        __attribute__((format(printf, 4, 5)));

static void add(struct facts_line *l, int worth, int style, const char *fmt, ...)
{
	va_list ap;
	struct segment *s = &l->seg[l->count++];
	*s = (struct segment){.style = style, .worth = worth};
	va_start(ap, fmt);
	vsnprintf(s->text, sizeof s->text, fmt, ap);
	va_end(ap);
}

static uint32_t alive_threads(const struct screen *s, const struct screen_facts *facts)
{
	uint32_t count, alive = 0;
	const struct snapshot_thread *t = snapshot_threads(s->shown, &count);
	if (facts->threads_known)
		return facts->thread_count;
	for (uint32_t i = 0; i < count; i++)
		alive += t[i].alive;
	return alive;
}

static void add_target(struct facts_line *l, const struct screen_facts *facts)
{
	if (facts->pid != 0 && facts->more > 0)
		add(l, 100, STYLE_TITLE, "%.40s %u +%u", facts->title, facts->pid, facts->more);
	else if (facts->pid != 0)
		add(l, 100, STYLE_TITLE, "%.40s %u", facts->title, facts->pid);
	else
		add(l, 100, STYLE_TITLE, "%.60s", facts->title);
}

static void add_quality(struct facts_line *l, const struct screen *s)
{
	const struct snapshot_stats *st = snapshot_stats(s->shown);
	const struct snapshot_losses *lost = &st->losses;
	uint64_t n = lost->kernel + lost->ring;
	double lost_share = 100 * quality_lost(s->shown);
	double broken = 100 * quality_broken(s->shown);
	char text[32];
	format_count(text, sizeof text, n);
	add(l, 85, lost_share > DOUBT ? STYLE_WARN : STYLE_TITLE, "lost %s", text);
	add(l, 60, broken > DOUBT ? STYLE_WARN : STYLE_TITLE, "broken %.1f%%", broken);
	bool doubtful = lost_share > DOUBT || broken > DOUBT || st->accounted < 0.97 ||
	                100 * quality_nameless(s->shown) > DOUBT;
	if (doubtful)
		add(l, 35, STYLE_WARN, "d: why");
	if (st->accounted < 0.97)
		add(l, 80, STYLE_WARN, "accounted %.0f%%", 100 * st->accounted);
	if (s->options.replay)
		return;
	add(l, 30, STYLE_TITLE, "ctop %.1f%%", st->ctop_percent);
}

/* Of counts there is nothing to tell but how many. */
static void add_counted(struct facts_line *l, const struct snapshot_stats *st)
{
	char text[32];
	if (st->fractions)
		snprintf(text, sizeof text, "%.2f", (double)st->weight_ns / (double)SNAPSHOT_ONE);
	else
		format_count(text, sizeof text, st->weight_ns / SNAPSHOT_ONE);
	add(l, 40, STYLE_TITLE, "%s", st->way);
	add(l, 70, STYLE_TITLE, "%s samples, without time", text);
}

static void fill_line(struct facts_line *l, const struct screen *s,
                      const struct screen_facts *facts)
{
	const struct snapshot_stats *st = snapshot_stats(s->shown);
	char text[256];
	l->count = 0;
	add_target(l, facts);
	if (st->unit == SNAPSHOT_COUNT) {
		add_counted(l, st);
		return;
	}
	uint32_t threads = alive_threads(s, facts);
	add(l, 50, STYLE_TITLE, "%u thread%s", threads, threads == 1 ? "" : "s");
	add(l, 90, STYLE_TITLE, "%.*f%% CPU", st->cpu_percent < 10 ? 1 : 0, st->cpu_percent);
	/* Who sees less than all should know it. */
	bool less = !st->kernel_frames && !s->options.replay;
	bool of_perf = strncmp(st->way, "perf", 4) == 0;
	add(l, less ? 75 : 40, STYLE_TITLE, "%s%s  %u Hz", st->way,
	    less && of_perf ? " user-only" : "", st->rate_hz);
	format_count(text, sizeof text, st->samples);
	add(l, 70, STYLE_TITLE, "%s sample%s", text, st->samples == 1 ? "" : "s");
	add_quality(l, s);
	if (fetching_progress(s->shown, text, sizeof text))
		add(l, 78, STYLE_TITLE, "%s", text);
}

static int line_width(const struct facts_line *l)
{
	int width = 6, shown = 0;
	for (int i = 0; i < l->count; i++)
		if (!l->seg[i].gone)
			width += (int)utf8_str_width(l->seg[i].text) + (shown++ > 0 ? 3 : 0);
	return width;
}

static void drop_least(struct facts_line *l)
{
	int least = -1;
	for (int i = 0; i < l->count; i++)
		if (!l->seg[i].gone && (least < 0 || l->seg[i].worth < l->seg[least].worth))
			least = i;
	if (least >= 0)
		l->seg[least].gone = true;
}

void header_state(const struct screen *s, char *out, size_t cap, int *style)
{
	const struct snapshot_stats *st = s->shown != NULL ? snapshot_stats(s->shown) : NULL;
	*style = STYLE_TITLE;
	if (st != NULL && s->command > snapshot_command(s->shown)) {
		snprintf(out, cap, "working…");
	} else if (s->paused) {
		*style = STYLE_WARN;
		snprintf(out, cap, "PAUSED");
	} else if (st != NULL && s->query.window.kind == WINDOW_RANGE) {
		*style = STYLE_WARN;
		snprintf(out, cap, s->query.compare ? "DIFF" : "RANGE");
	} else if (st == NULL || st->state == TARGET_RUNNING) {
		snprintf(out, cap, s->options.replay ? "REPLAY" : "LIVE");
	} else if (st->unit == SNAPSHOT_COUNT) {
		snprintf(out, cap, "FILE");
	} else if (st->state == TARGET_REPLAYED) {
		snprintf(out, cap, "REPLAY");
	} else if (s->wait_status < 0) {
		*style = STYLE_WARN;
		snprintf(out, cap, "EXITED");
	} else {
		*style = STYLE_WARN;
		if (WIFSIGNALED(s->wait_status))
			snprintf(out, cap, "EXITED by SIG%s",
			         sigabbrev_np(WTERMSIG(s->wait_status)));
		else
			snprintf(out, cap, "EXITED %d", WEXITSTATUS(s->wait_status));
	}
}

static void draw_facts(struct screen *s, struct surface *out, const struct screen_facts *facts,
                       bool with_state)
{
	struct facts_line l;
	char state[32];
	int style, width = out->cols;
	fill_line(&l, s, facts);
	header_state(s, state, sizeof state, &style);
	surface_fill(out, 0, 0, out->cols, STYLE_TITLE, " ");
	if (with_state) {
		int w = (int)utf8_str_width(state);
		surface_right(out, 0, out->cols - w, w, style | STYLE_BOLD, state);
		width -= w + 1;
	}
	while (line_width(&l) > width && line_width(&l) > 7)
		drop_least(&l);
	int col = surface_text(out, 0, 0, width, STYLE_TITLE | STYLE_BOLD, "ctop  ");
	for (int i = 0, shown = 0; i < l.count; i++) {
		if (l.seg[i].gone)
			continue;
		if (shown++ > 0)
			col += surface_text(out, 0, col, width - col, STYLE_TITLE, " · ");
		int bold = i == 0 ? STYLE_BOLD : 0;
		col += surface_text(out, 0, col, width - col, l.seg[i].style | bold, l.seg[i].text);
	}
}

/* The key for help, or, where there is no room for the scope, that not all is counted. */
static void draw_corner(struct screen *s, struct surface *out, int row, bool narrowed)
{
	char text[32] = "? help ";
	if (narrowed)
		snprintf(text, sizeof text, s->query.by_thread ? "1 thread " : "only %u ",
		         s->query.process);
	int width = (int)strlen(text), col = out->cols - width;
	surface_right(out, row, col, width, narrowed ? STYLE_WARN : STYLE_KEY, text);
	hits_add(&s->hits, row, col, width - 1, HIT_KEY, narrowed ? KEY_CODE_ESC : '?');
}

static void draw_tabs(struct screen *s, struct surface *out, int row)
{
	int col = 0, cols = out->cols;
	char text[256];
	surface_fill(out, row, 0, cols, STYLE_TAB, " ");
	/* What is left out of the count is worth more than the names of other views. */
	bool narrowed = s->query.by_thread || s->query.by_process;
	int named = narrowed ? NARROWED : NARROW;
	for (int i = 0; i < VIEWS; i++) {
		bool on = s->view == (enum view_id)i;
		if (i == VIEW_PROCESSES && !on && !processes_several(s))
			continue;
		if (cols >= named || on)
			snprintf(text, sizeof text, " %d %s ", i + 1, view_table[i]->name);
		else
			snprintf(text, sizeof text, " %d ", i + 1);
		int w = surface_text(out, row, col, cols - col, on ? STYLE_TAB_ON : STYLE_TAB,
		                     text);
		hits_add(&s->hits, row, col, w, HIT_KEY, (uint32_t)('1' + i));
		col += w;
	}
	draw_corner(s, out, row, narrowed && cols < NARROW);
	if (s->shown == NULL)
		return;
	int room = cols - 8 - col - 3;
	scope_text(s, text, sizeof text, room);
	if ((int)utf8_str_width(text) <= room) {
		surface_text(out, row, col + 1, 1, STYLE_TAB, "│");
		surface_text(out, row, col + 3, room, STYLE_TAB, text);
	}
}

int header_draw(struct screen *s, struct surface *out, const struct screen_facts *facts)
{
	bool low = out->rows < LOW || out->cols < NARROW;
	if (s->shown == NULL) {
		surface_fill(out, 0, 0, out->cols, STYLE_TITLE, " ");
		surface_printf(out, 0, 0, out->cols, STYLE_TITLE | STYLE_BOLD, "ctop  %s %u",
		               facts->title, facts->pid);
	} else {
		draw_facts(s, out, facts, low);
	}
	int tabs = 1;
	if (s->shown != NULL && low && s->strip.focused)
		strip_draw(s, out, 0);
	else if (!low)
		tabs += s->shown != NULL ? strip_draw(s, out, 1) : 1;
	draw_tabs(s, out, tabs);
	return tabs + 1;
}

/* --- nothing runs ----------------------------------------------------------------------- */

/* "4 futex_wait, 1 ep_poll": how many wait where, the most first. */
static void add_waits(struct strbuf *b, const struct screen_facts *facts)
{
	bool counted[64] = {false};
	uint32_t most = facts->thread_count < 64 ? facts->thread_count : 64;
	for (int shown = 0; shown < 4; shown++) {
		uint32_t best = 0, times = 0;
		for (uint32_t i = 0; i < most; i++) {
			uint32_t n = 0;
			for (uint32_t k = 0; !counted[i] && k < most; k++)
				n += strcmp(facts->threads[i].wait, facts->threads[k].wait) == 0;
			if (n > times && facts->threads[i].wait[0] != '\0') {
				times = n;
				best = i;
			}
		}
		if (times == 0)
			return;
		const char *wait = facts->threads[best].wait;
		strbuf_addf(b, "%s%u %s", shown == 0 ? ": " : ", ", times, wait);
		for (uint32_t k = 0; k < most; k++)
			counted[k] = counted[k] || strcmp(wait, facts->threads[k].wait) == 0;
	}
}

bool header_idle(struct screen *s, const struct screen_facts *facts, char *out, size_t cap)
{
	const struct snapshot_strip *strip = snapshot_strip(s->shown);
	const struct snapshot_stats *st = snapshot_stats(s->shown);
	uint64_t span = strip->recent_ns;
	if (st->state != TARGET_RUNNING || s->options.replay ||
	    st->elapsed_ns < 2 * CLOCK_NS_PER_SEC)
		return false;
	double percent = 100e3 * (double)strip->recent_us / (double)span;
	if (span == 0 || percent >= 0.5)
		return false;
	struct strbuf b = {0};
	strbuf_addf(&b, "%.1f %% CPU over the last %" PRIu64 " s", percent,
	            span / CLOCK_NS_PER_SEC);
	if (facts->threads_known) {
		uint32_t asleep = 0;
		for (uint32_t i = 0; i < facts->thread_count; i++)
			asleep += facts->threads[i].state != 'R';
		strbuf_addf(&b, ": %u thread%s asleep", asleep, asleep == 1 ? "" : "s");
		add_waits(&b, facts);
	}
	strbuf_adds(&b, " (D shows where)");
	snprintf(out, cap, "%s", strbuf_str(&b));
	strbuf_fini(&b);
	return true;
}
