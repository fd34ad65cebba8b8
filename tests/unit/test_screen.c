/* screen: the views as text, for profiles of known shape, in several sizes; keys.
 *
 * Golden screens stand in tests/golden; `make golden` rewrites them from what the
 * program draws now.
 */
#include "check.h"

#include "golden.h"
#include "made_detail.h"

#include "ctop/clock.h"
#include "ctop/detail.h"
#include "ctop/dump.h"
#include "ctop/funcs.h"
#include "ctop/mem.h"
#include "ctop/profile.h"
#include "ctop/screen.h"
#include "ctop/strbuf.h"
#include "ctop/surface.h"

#include <stdlib.h>
#include <string.h>

/* Names by address, so that a path of small numbers is a stack. */
static const char *const names[] = {
        "_start",        "main",           "exec_simple_query",     "ExecutorRun",
        "ExecScan",      "ExecInterpExpr", "memmove_avx_unaligned", "pg_plan_query",
        "query_planner", "do_syscall_64",  "copy_user_generic",     "std::vector<int>::push_back",
};

struct world {
	struct funcs *funcs;
	struct profile *profile;
	struct screen *screen;
	struct surface surface;
	struct screen_facts facts;
	struct screen_thread threads[3];
	uint64_t time;
};

static uint32_t func_of(void *ctx, const struct loc *loc)
{
	struct world *w = ctx;
	if (loc->kind == LOC_PROCESS)
		return funcs_add(w->funcs, "postgres", "", FUNC_PROCESS);
	enum func_kind kind = loc->kind == LOC_KERNEL ? FUNC_KERNEL : FUNC_OWN;
	return funcs_add(w->funcs, names[loc->addr],
	                 kind == FUNC_KERNEL ? "[kernel]"
	                 : loc->addr == 6    ? "libc.so.6"
	                                     : "postgres",
	                 kind);
}

static size_t frames_of(void *ctx, const struct loc *loc, const struct profile_query *q,
                        uint32_t out[PROFILE_FRAMES])
{
	(void)q;
	out[0] = func_of(ctx, loc);
	return 1;
}

/* `n` samples of a path of letters: 'a' is names[0]; upper case is the kernel. */
static void add(struct world *w, uint32_t thread, const char *path, int n)
{
	struct loc locs[16];
	size_t count = 0;
	locs[count++] = (struct loc){.kind = LOC_PROCESS};
	for (; *path != '\0'; path++) {
		bool kernel = *path < 'a';
		locs[count++] = (struct loc){(uint64_t)(*path - (kernel ? 'A' : 'a')), 1,
		                             kernel ? LOC_KERNEL : LOC_RETURN};
	}
	for (int i = 0; i < n; i++) {
		w->time += 2 * CLOCK_NS_PER_MS;
		profile_add(w->profile, w->time, thread, profile_stack(w->profile, locs, count),
		            2 * CLOCK_NS_PER_MS, true);
	}
}

enum { MODULES = 3 };

static struct snapshot_module *make_modules(void)
{
	static const struct snapshot_module modules[MODULES] = {
	        {.name = "postgres",
	         .path = "/usr/lib/postgresql/15/bin/postgres",
	         .loaded = true,
	         .tables = true,
	         .frames = {900, 0, 0, 0}},
	        {.name = "libcrypto.so.3",
	         .path = "/usr/lib/x86_64-linux-gnu/libcrypto.so.3",
	         .loaded = true,
	         .tables = true,
	         .frames = {90, 0, 8, 2},
	         .dead_ends = 12,
	         .package = "libssl3:amd64"},
	        {.name = "[kernel]", .path = "[kernel]", .kind = SNAPSHOT_KERNEL, .loaded = true},
	};
	struct snapshot_module *copy = mem_alloc(sizeof modules);
	memcpy(copy, modules, sizeof modules);
	return copy;
}

static void publish(struct world *w)
{
	struct snapshot_stats *st = profile_stats(w->profile);
	st->rate_hz = 499;
	st->way = "perf";
	st->kernel_frames = st->kernel_names = true;
	st->accounted = 1;
	st->cpu_percent = 187;
	st->ctop_percent = 0.6;
	st->elapsed_ns = w->time;
	while (profile_work(w->profile, CLOCK_NS_PER_SEC))
		continue;
	struct snapshot *s = profile_publish(w->profile, w->time, make_modules(), MODULES);
	screen_set_snapshot(w->screen, s);
	snapshot_unref(s);
}

static int set_up(void **state)
{
	static struct world w;
	static const struct screen_options options = {0};
	w = (struct world){.funcs = funcs_new(), .screen = screen_new(&options)};
	struct profile_config c = {
	        .memory = 64 << 20, .frames_of = frames_of, .ctx = &w, .funcs = w.funcs};
	w.profile = profile_new(&c);
	profile_thread_add(w.profile, 1234, 1234, "postgres");
	profile_thread_add(w.profile, 1234, 1240, "checkpointer");
	add(&w, 0, "abcdef", 310);
	add(&w, 0, "abcdeg", 120);
	add(&w, 0, "abcde", 81);
	add(&w, 0, "abchi", 90);
	add(&w, 1, "abJK", 44);
	add(&w, 0, "abcl", 5);
	w.threads[0] = (struct screen_thread){1234, 1234, 'R', "postgres", ""};
	w.threads[1] = (struct screen_thread){1234, 1240, 'S', "checkpointer", "ep_poll"};
	w.threads[2] = (struct screen_thread){1234, 1241, 'S', "walwriter", "futex_wait_queue"};
	w.facts = (struct screen_facts){.title = "postgres",
	                                .pid = 1234,
	                                .threads = w.threads,
	                                .thread_count = 3,
	                                .threads_known = true,
	                                .wait_status = -1};
	publish(&w);
	*state = &w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	screen_free(w->screen);
	surface_fini(&w->surface);
	profile_free(w->profile);
	funcs_free(w->funcs);
	return 0;
}

static char *draw(struct world *w, int rows, int cols)
{
	struct strbuf b = {0};
	surface_resize(&w->surface, rows, cols);
	screen_draw(w->screen, &w->surface, &w->facts);
	for (int row = 0; row < rows; row++) {
		char *text = surface_row_text(&w->surface, row);
		strbuf_addf(&b, "%s\n", text);
		free(text);
	}
	return b.data;
}

/* Two workers at one place, and a thread that a stop would tell more of. */
static void look(struct world *w)
{
	static const struct dump_thread threads[] = {
	        {1234, 1234, "postgres", "postgres", 'R', DUMP_RUNNING, -1, "", false, false, 0, 0},
	        {1234, 1240, "checkpointer", "postgres", 'S', DUMP_STILL, 232, "ep_poll", true,
	         false, 0, 3},
	        {1234, 1241, "walwriter", "postgres", 'S', DUMP_STILL, 202, "futex_wait_queue",
	         false, true, 3, 4},
	        {1234, 1242, "walsender", "postgres", 'S', DUMP_STILL, 202, "futex_wait_queue",
	         false, true, 7, 4},
	};
	const uint32_t ids[] = {
	        funcs_add(w->funcs, "ep_poll", "[kernel]", FUNC_KERNEL),
	        funcs_add(w->funcs, "epoll_wait", "libc.so.6", FUNC_LIBRARY),
	        funcs_add(w->funcs, "CheckpointerMain", "postgres", FUNC_OWN),
	        funcs_add(w->funcs, "futex_wait_queue", "[kernel]", FUNC_KERNEL),
	        funcs_add(w->funcs, "pthread_cond_wait", "libc.so.6", FUNC_LIBRARY),
	        funcs_add(w->funcs, "WalWriterMain", "postgres", FUNC_OWN),
	        funcs_add(w->funcs, "[registers not known without a stop]", "", FUNC_MARK),
	};
	static const unsigned at[] = {0, 1, 2, 3, 4, 5, 6, 3, 4, 5, 6};
	enum { FRAMES = sizeof at / sizeof at[0] };
	struct dump_thread *t = mem_alloc(sizeof threads);
	struct dump_frame *f = mem_alloc(FRAMES * sizeof *f);
	memcpy(t, threads, sizeof threads);
	for (size_t i = 0; i < FRAMES; i++)
		f[i] = (struct dump_frame){ids[at[i]], 0};
	struct dump *d = dump_new(1, w->facts.now_ns, t, sizeof threads / sizeof threads[0], f);
	screen_set_dump(w->screen, d, w->funcs);
	dump_unref(d);
}

static void answer_detail(struct world *w, uint32_t func)
{
	if (func == 0)
		return;
	const struct func *f = funcs_get(w->funcs, func);
	struct detail *d = made_detail(func, f->name, w->time);
	screen_set_detail(w->screen, d);
	detail_unref(d);
}

static void type(struct world *w, const char *keys)
{
	for (; *keys != '\0'; keys++) {
		key_code key = (unsigned char)*keys;
		struct action a =
		        screen_key(w->screen, key == '\r' ? KEY_CODE_ENTER : key, &w->facts);
		if (a.kind == ACTION_LOOK)
			look(w);
		if (a.kind == ACTION_DETAIL)
			answer_detail(w, a.func);
		if (a.kind == ACTION_STRIP)
			profile_set_strip(w->profile, a.from_ns, a.to_ns);
		if (a.kind == ACTION_HEAT)
			profile_set_heat(w->profile, 0, (uint32_t)a.from_ns, (uint32_t)a.to_ns);
		if (a.kind == ACTION_HEAT)
			publish(w);
		if (a.kind == ACTION_MARK)
			profile_mark(w->profile, a.from_ns != 0 ? a.from_ns : w->time / 2, a.name);
		if (a.kind == ACTION_MARK)
			publish(w);
		if (a.kind == ACTION_QUERY || a.kind == ACTION_STRIP) {
			profile_set_query(w->profile, &a.query, 1);
			publish(w);
		}
	}
}

/* The same with a line under each row in which something is highlighted. */
static char *draw_marked(struct world *w, int rows, int cols)
{
	struct strbuf b = {0};
	free(draw(w, rows, cols));
	for (int row = 0; row < rows; row++) {
		char *text = surface_row_text(&w->surface, row);
		strbuf_addf(&b, "%s\n", text);
		free(text);
		const struct cell *cells = &w->surface.cells[row * cols];
		int last = cols - 1;
		while (last >= 0 && (cells[last].style & STYLE_MASK) != STYLE_MATCH)
			last--;
		for (int col = 0; col <= last; col++)
			strbuf_addc(&b, (cells[col].style & STYLE_MASK) == STYLE_MATCH ? '~' : ' ');
		if (last >= 0)
			strbuf_addc(&b, '\n');
	}
	return b.data;
}

/* A screen after some keys. */
struct golden_case {
	const char *name, *keys;
	int rows, cols;
};

/* Each in a world of its own. */
static void assert_cases(void **state, const struct golden_case *cases, size_t count,
                         char *(*drawn)(struct world *w, int rows, int cols))
{
	for (size_t i = 0; i < count; i++) {
		struct world *w = *state;
		free(draw(w, cases[i].rows, cases[i].cols));
		type(w, cases[i].keys);
		assert_golden(cases[i].name, drawn(w, cases[i].rows, cases[i].cols));
		tear_down(state);
		set_up(state);
	}
}

static void every_view_is_as_drawn(void **state)
{
	static const struct golden_case cases[] = {
	        {"functions-100x24", "1", 24, 100},
	        {"functions-40x10", "1", 10, 40},
	        {"functions-200x60", "1", 60, 200},
	        {"tree-100x24", "2H", 24, 100},
	        {"tree-40x10", "2H", 10, 40},
	        {"bottomup-100x24", "3g\r", 24, 100},
	        {"flame-100x24", "4", 24, 100},
	        {"flame-flipped-80x24", "4f", 24, 80},
	        {"flame-40x10", "4", 10, 40},
	        {"threads-100x24", "5", 24, 100},
	        {"help-80x24", "?", 24, 80},
	        {"quality-100x24", "d", 24, 100},
	        {"quality-40x10", "dj", 10, 40},
	        {"places-100x24", "D", 24, 100},
	        {"places-40x10", "DG", 10, 40},
	        {"threads-looked-100x24", "5DD5", 24, 100},
	        {"timeline-100x24", "[", 24, 100},
	        {"timeline-40x10", "[", 10, 40},
	        {"timeline-marked-200x60", "mdeployed\r[+++", 60, 200},
	        {"timeline-kept-80x24", "[*[2", 24, 80},
	        {"filter-100x24", "1\\exec\r\\!sort\r", 24, 100},
	        {"filter-nothing-80x24", "1\\no such\r", 24, 80},
	        {"folded-module-80x24", "2Hx", 24, 80},
	        {"threshold-80x24", "1LLLL", 24, 80},
	        {"window-80x24", "1www", 24, 80},
	        {"heat-100x24", "e", 24, 100},
	        {"heat-40x10", "eg jj\r", 10, 40},
	        {"delta-functions-100x24", "[*[1b", 24, 100},
	        {"delta-functions-40x10", "[*[1b", 10, 40},
	        {"delta-tree-100x24", "[*[b2H", 24, 100},
	        {"delta-bottomup-100x24", "[*[b3", 24, 100},
	        {"delta-flame-200x60", "[*[b4", 60, 200},
	        {"delta-flame-80x24", "[*[b4", 24, 80},
	};
	assert_cases(state, cases, sizeof cases / sizeof cases[0], draw);
}

static void what_a_search_found_is_marked_in_views_and_pages(void **state)
{
	static const struct golden_case cases[] = {
	        {"search-functions-80x24", "1/exec\r", 24, 80},
	        {"search-typing-80x24", "1/^exec.*r", 24, 80},
	        {"search-tree-80x24", "2/query\r", 24, 80},
	        {"search-flame-100x24", "4/exec|query\r", 24, 100},
	        {"search-flame-40x10", "4/exec|query\r", 10, 40},
	        {"detail-source-80x24", "1/ExecScan\ra/execinterp\r", 24, 80},
	        {"detail-source-40x10", "1/ExecScan\ra/execinterp\r", 10, 40},
	        {"detail-source-200x60", "1/ExecScan\ra/execinterp\r", 60, 200},
	        {"detail-code-80x24", "1/ExecScan\raa/call.*Exec\r", 24, 80},
	        {"detail-code-40x10", "1/ExecScan\raa/call.*Exec\r", 10, 40},
	        {"detail-code-200x60", "1/ExecScan\raa/call.*Exec\r", 60, 200},
	};
	assert_cases(state, cases, sizeof cases / sizeof cases[0], draw_marked);
}

static void assert_shows(struct world *w, const char *text)
{
	char *screen = draw(w, 24, 100);
	if (strstr(screen, text) == NULL)
		fail_msg("no '%s' on:\n%s", text, screen);
	free(screen);
}

static void calls_are_followed_and_lead_back(void **state)
{
	struct world *w = *state;
	free(draw(w, 24, 100));
	type(w, "1/ExecScan\raa/_avx\r\r"); /* by its name, in another module */
	assert_shows(w, "TOTAL%  memmove_avx_unaligned · instructions");
	assert_shows(w, "Enter follows · Esc back");
	type(w, "\x1b");
	assert_shows(w, "TOTAL%  ExecScan · instructions");
	/* Back where it was: the next one is the call below. */
	type(w, "j\r");
	assert_shows(w, "this row is where the next instructions come from");
	type(w, "j\r");
	assert_shows(w, "the code does not tell where this leads: it is on none of the stacks");
	type(w, "/ExecProject>\r\r");
	assert_shows(w, "ExecProject has no samples: it is on none of the stacks");
	type(w,
	     "/je  *0x\r\r"); /* a jump: the cursor goes up to the loop's head, a call is below */
	type(w, "j\r");
	assert_shows(w, "TOTAL%  ExecInterpExpr · instructions");
	type(w, "\x1bk\r");
	assert_shows(w, "it leads nowhere");
	type(w, "a/while\r\r"); /* a line: its hottest call */
	assert_shows(w, "TOTAL%  ExecInterpExpr");
	type(w, "\x1bj\r");
	assert_shows(w, "line 7 calls nothing");
	type(w, "jj\r");
	assert_shows(w, "line 9 has samples");
	type(w, "\x1b"); /* from the first one, out */
	assert_shows(w, "SELF%▼");
}

/* What an indirect call leads to is known when only one callee is left that can be meant. */
static void an_indirect_call_is_followed_by_the_samples(void **state)
{
	struct world *w = *state;
	add(w, 0, "abcdei", 60); /* ExecScan calls query_planner, which its code does not name */
	publish(w);
	free(draw(w, 24, 100));
	type(w, "1/ExecScan\raa/\\*8\r\r");
	assert_shows(w, "TOTAL%  query_planner · instructions");
	assert_shows(w, "by the samples it is query_planner");
	type(w, "\x1b");
	add(w, 0, "abcdeh", 40);
	publish(w);
	type(w, "\r");
	assert_shows(w, "it may be query_planner, pg_plan_query");
	/* The way back is as long as the way there, and no longer than there is room. */
	for (int i = 0; i < 50; i++)
		type(w, "/planner\r\r");
	type(w, "q");
	assert_shows(w, "SELF%▼");
}

/* No size and no key sequence draws outside the surface or crashes (sanitizers see). */
static void any_keys_in_any_size_are_survived(void **state)
{
	static const char keys[] = "12345dDtf\t jkgG\r+-*HooIKr<>?p\x1b  aa\r\r/xe\rnN";
	struct world *w = *state;
	unsigned seed = 17;
	for (int i = 0; i < 3000; i++) {
		char key[2] = {keys[(size_t)rand_r(&seed) % (sizeof keys - 1)], '\0'};
		type(w, key);
		if (i % 3 == 0)
			free(draw(w, 1 + rand_r(&seed) % 60, 1 + rand_r(&seed) % 200));
		if (i % 50 == 0) {
			add(w, 0, "abcdefl", 3);
			publish(w);
		}
	}
}

static void a_selection_survives_a_change_of_view(void **state)
{
	struct world *w = *state;
	free(draw(w, 24, 100));
	type(w, "1jj"); /* the third function by self time */
	char *functions = draw(w, 24, 100);
	assert_non_null(strstr(functions, "query_planner · postgres · self"));
	type(w, "t");
	char *tree = draw(w, 24, 100);
	assert_non_null(strstr(tree, "query_planner · postgres · here"));
	type(w, "t");
	char *bottomup = draw(w, 24, 100);
	assert_non_null(strstr(bottomup, "query_planner · postgres · self"));
	type(w, "f");
	char *flame = draw(w, 24, 100);
	assert_non_null(strstr(flame, "query_planner · postgres · here"));
	free(functions);
	free(tree);
	free(bottomup);
	free(flame);
}

static void open_rows_survive_another_generation(void **state)
{
	struct world *w = *state;
	free(draw(w, 24, 100));
	type(w, "2H");
	char *before = draw(w, 24, 100);
	assert_non_null(strstr(before, "ExecInterpExpr"));
	type(w, "K");
	char *after = draw(w, 24, 100);
	assert_non_null(strstr(after, "ExecInterpExpr"));
	assert_null(strstr(after, "copy_user_generic"));
	assert_non_null(strstr(after, "kernel hidden"));
	free(before);
	free(after);
}

static void pausing_holds_the_picture(void **state)
{
	struct world *w = *state;
	free(draw(w, 24, 100));
	type(w, "1 ");
	char *before = draw(w, 24, 100);
	assert_non_null(strstr(before, "PAUSED"));
	add(w, 0, "abl", 1000);
	publish(w);
	char *during = draw(w, 24, 100);
	assert_string_equal(before, during);
	type(w, " ");
	char *after = draw(w, 24, 100);
	assert_non_null(strstr(after, "push_back"));
	free(before);
	free(during);
	free(after);
}

static void ascii_draws_seven_bits_only(void **state)
{
	struct world *w = *state;
	struct screen_options o = {.ascii = true};
	screen_free(w->screen);
	w->screen = screen_new(&o);
	publish(w);
	for (const char *view = "12345"; *view != '\0'; view++) {
		type(w, (char[]){*view, '\0'});
		char *text = draw(w, 24, 100);
		for (const char *c = text; *c != '\0'; c++)
			assert_true((unsigned char)*c < 0x80);
		free(text);
	}
}

static void quitting_asks_only_about_a_running_command(void **state)
{
	struct world *w = *state;
	assert_int_equal(screen_key(w->screen, 'q', &w->facts).kind, ACTION_QUIT);
	w->facts.child_running = true;
	assert_int_equal(screen_key(w->screen, 'q', &w->facts).kind, ACTION_HANDLED);
	char *text = draw(w, 24, 80);
	assert_non_null(strstr(text, "k kill it"));
	free(text);
	assert_int_equal(screen_key(w->screen, 'x', &w->facts).kind, ACTION_HANDLED);
	assert_int_equal(screen_key(w->screen, 'q', &w->facts).kind, ACTION_HANDLED);
	assert_int_equal(screen_key(w->screen, 'l', &w->facts).kind, ACTION_CHILD_LEAVE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(every_view_is_as_drawn, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(what_a_search_found_is_marked_in_views_and_pages,
	                                        set_up, tear_down),
	        cmocka_unit_test_setup_teardown(calls_are_followed_and_lead_back, set_up,
	                                        tear_down),
	        cmocka_unit_test_setup_teardown(an_indirect_call_is_followed_by_the_samples, set_up,
	                                        tear_down),
	        cmocka_unit_test_setup_teardown(any_keys_in_any_size_are_survived, set_up,
	                                        tear_down),
	        cmocka_unit_test_setup_teardown(a_selection_survives_a_change_of_view, set_up,
	                                        tear_down),
	        cmocka_unit_test_setup_teardown(open_rows_survive_another_generation, set_up,
	                                        tear_down),
	        cmocka_unit_test_setup_teardown(pausing_holds_the_picture, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(ascii_draws_seven_bits_only, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(quitting_asks_only_about_a_running_command, set_up,
	                                        tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
