/* made_world: a screen on a profile that is made up; see made_world.h. */
#include "made_world.h"

#include "check.h"
#include "made_detail.h"

#include "ctop/clock.h"
#include "ctop/detail.h"
#include "ctop/strbuf.h"
#include "ctop/utf8.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[] = {"main",  "serve", "parse", "ExecScan",
                                    "reply", "hash",  "idle",  "walk"};
static const char *const processes[] = {"server", "worker", "logger"};

static size_t frames_of(void *ctx, const struct loc *loc, const struct profile_query *q,
                        uint32_t out[PROFILE_FRAMES])
{
	struct made_world *w = ctx;
	(void)q;
	out[0] = loc->kind == LOC_PROCESS ? (uint32_t)loc->addr
	                                  : funcs_add(w->funcs, names[loc->addr],
	                                              loc->addr == 5 ? "libc.so.6" : "server",
	                                              loc->addr == 5 ? FUNC_LIBRARY : FUNC_OWN);
	return 1;
}

static uint32_t process_of(uint32_t thread)
{
	return thread < 3 ? 0 : thread - 2;
}

void made_world_add(struct made_world *w, uint32_t thread, const char *path, int n)
{
	struct loc locs[64];
	size_t count = 1;
	locs[0] = (struct loc){
	        .addr = funcs_add(w->funcs, processes[process_of(thread)], "", FUNC_PROCESS),
	        .kind = LOC_PROCESS};
	for (; *path != '\0'; path++)
		locs[count++] = (struct loc){(uint64_t)(*path - 'a'), 1, LOC_RETURN};
	uint32_t stack = profile_stack(w->profile, locs, count);
	for (int i = 0; i < n; i++)
		profile_add(w->profile, w->time += CLOCK_NS_PER_MS, thread, stack, CLOCK_NS_PER_MS,
		            true);
}

void made_world_publish(struct made_world *w)
{
	struct snapshot_stats *st = profile_stats(w->profile);
	st->rate_hz = 499;
	st->way = "perf";
	st->accounted = 1;
	st->kernel_frames = true;
	st->cpu_percent = 100;
	st->elapsed_ns = w->time;
	while (profile_work(w->profile, CLOCK_NS_PER_SEC))
		continue;
	struct snapshot *s = profile_publish(w->profile, w->time, NULL, 0);
	screen_set_snapshot(w->screen, s);
	snapshot_unref(s);
}

static void add_threads(struct made_world *w, int count)
{
	static const char *const thread_names[] = {"server", "parser", "sender", "worker",
	                                           "logger"};
	for (uint32_t i = 0; i < MADE_THREADS; i++) {
		uint32_t pid = 100 * (process_of(i) + 1), tid = pid + (i < 3 ? i : 0);
		struct screen_thread *t = &w->threads[i];
		if (process_of(i) >= (uint32_t)count)
			continue;
		profile_thread_add(w->profile, pid, tid, thread_names[i]);
		*t = (struct screen_thread){pid, tid, 'R', "", ""};
		snprintf(t->name, sizeof t->name, "%s", thread_names[i]);
		w->facts.thread_count = i + 1;
	}
}

void made_world_init(struct made_world *w, int count)
{
	static const struct screen_options options = {0};
	*w = (struct made_world){
	        .funcs = funcs_new(), .screen = screen_new(&options), .rows = 24, .cols = 100};
	struct profile_config c = {
	        .memory = 64 << 20, .frames_of = frames_of, .ctx = w, .funcs = w->funcs};
	w->profile = profile_new(&c);
	w->facts = (struct screen_facts){.title = "server",
	                                 .pid = 100,
	                                 .more = (uint32_t)count - 1,
	                                 .threads = w->threads,
	                                 .threads_known = true,
	                                 .wait_status = -1};
	add_threads(w, count);
	made_world_add(w, 0, "abcd", 400);
	made_world_add(w, 0, "abcf", 100);
	made_world_add(w, 1, "abef", 200);
	made_world_add(w, 2, "ah", 50);
	made_world_add(w, 2, "ahhh", 30); /* walk calls itself */
	made_world_add(w, 2, "ahbhc", 20);
	for (int i = 1; i < count; i++)
		made_world_add(w, (uint32_t)i + 2, i == 1 ? "abg" : "ae", 100 / i);
	made_world_publish(w);
	free(made_world_draw(w));
}

void made_world_fini(struct made_world *w)
{
	screen_free(w->screen);
	surface_fini(&w->surface);
	profile_free(w->profile);
	funcs_free(w->funcs);
}

char *made_world_draw(struct made_world *w)
{
	struct strbuf b = {0};
	surface_resize(&w->surface, w->rows, w->cols);
	screen_draw(w->screen, &w->surface, &w->facts);
	for (int row = 0; row < w->rows; row++) {
		char *text = surface_row_text(&w->surface, row);
		strbuf_addf(&b, "%s\n", text);
		free(text);
	}
	return b.data;
}

static void answer(struct made_world *w, const struct action *a)
{
	if (a->kind > ACTION_HANDLED)
		w->last = *a;
	if (a->kind == ACTION_QUERY) {
		screen_set_command(w->screen, ++w->command);
		profile_set_query(w->profile, &a->query, w->command);
		made_world_publish(w);
	}
	if (a->kind == ACTION_DETAIL && a->func != 0) {
		struct detail *d =
		        made_detail(a->func, funcs_get(w->funcs, a->func)->name, w->time);
		screen_set_detail(w->screen, d);
		detail_unref(d);
	}
}

void made_world_key(struct made_world *w, key_code key)
{
	struct action a = screen_key(w->screen, key, &w->facts);
	answer(w, &a);
	free(made_world_draw(w));
}

void made_world_type(struct made_world *w, const char *keys)
{
	for (; *keys != '\0'; keys++)
		made_world_key(w, *keys == '\r'   ? (key_code)KEY_CODE_ENTER
		                  : *keys == '\b' ? (key_code)KEY_CODE_BACKSPACE
		                                  : (key_code)(unsigned char)*keys);
}

void made_world_press(struct made_world *w, int row, int col, enum mouse_button button, int count)
{
	struct mouse_event e = {.row = row, .col = col, .button = button, .count = count};
	struct action a = screen_mouse(w->screen, &e, &w->facts);
	answer(w, &a);
	free(made_world_draw(w));
}

void made_world_click(struct made_world *w, const char *text, int count)
{
	free(made_world_draw(w));
	for (int row = 0; row < w->rows; row++) {
		char *line = surface_row_text(&w->surface, row);
		char *at = strstr(line, text);
		if (at != NULL)
			*at = '\0';
		int col = at != NULL ? (int)utf8_str_width(line) : -1;
		free(line);
		for (int i = 1; col >= 0 && i <= count; i++)
			made_world_press(w, row, col, MOUSE_LEFT, i);
		if (col >= 0)
			return;
	}
	made_world_shows(w, text);
}

void made_world_shows(struct made_world *w, const char *text)
{
	char *screen = made_world_draw(w);
	if (strstr(screen, text) == NULL)
		fail_msg("no '%s' on:\n%s", text, screen);
	free(screen);
}

void made_world_hides(struct made_world *w, const char *text)
{
	char *screen = made_world_draw(w);
	if (strstr(screen, text) != NULL)
		fail_msg("'%s' on:\n%s", text, screen);
	free(screen);
}
