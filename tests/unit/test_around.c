/* around: callers and callees of a function, walked along; the view of processes; golden screens of
 * both and of the command line.
 */
#include "check.h"

#include "golden.h"
#include "made_world.h"

#include <stdlib.h>
#include <string.h>

static int set_up(void **state)
{
	static struct made_world w;
	made_world_init(&w, 3);
	*state = &w;
	return 0;
}

static int tear_down(void **state)
{
	made_world_fini(*state);
	return 0;
}

static void every_page_is_as_drawn(void **state)
{
	static const int sizes[][2] = {{24, 80}, {10, 40}, {60, 200}};
	static const struct {
		const char *name, *keys;
	} cases[] = {{"around", "1/walk\rc"},
	             {"processes", "Pj"},
	             {"processes-narrowed", "Pj\r1"},
	             {"command", ":s\t"}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
			struct made_world *w = *state;
			char name[64];
			w->rows = sizes[k][0];
			w->cols = sizes[k][1];
			free(made_world_draw(w));
			made_world_type(w, cases[i].keys);
			snprintf(name, sizeof name, "%s-%dx%d", cases[i].name, w->cols, w->rows);
			assert_golden(name, made_world_draw(w));
			tear_down(state);
			set_up(state);
		}
}

static void one_walks_along_the_calls_and_back(void **state)
{
	struct made_world *w = *state;
	made_world_type(w, "1/^serve\rc");
	made_world_shows(w, " serve · total 0.");
	made_world_shows(w, "CALLED BY 2"); /* main, and walk, which recurs */
	made_world_shows(w, "CALLS 4");
	made_world_type(w, "\r"); /* its hottest callee */
	made_world_shows(w, " parse · total 0.52s");
	made_world_shows(w, "CALLED BY 2");
	made_world_type(w, "\r");
	made_world_shows(w, " ExecScan · total 0.40s");
	made_world_shows(w, "it calls nothing that was sampled");
	made_world_type(w, "\r"); /* where there are no callees the cursor is on the callers */
	made_world_shows(w, " parse · total 0.52s");
	made_world_type(w, "\x1b\x1b\x1b");
	made_world_shows(w, " serve · total 0.");
	made_world_type(w, "\x1b");
	made_world_shows(w, "SELF%▼");
	made_world_shows(w, "\n serve · server · self");
	made_world_type(w, "c\r\rq"); /* out where the walk has ended */
	made_world_shows(w, "SELF%▼");
	made_world_shows(w, "\n ExecScan · server · self");
}

static void recursion_is_counted_once_and_said(void **state)
{
	struct made_world *w = *state;
	made_world_type(w, "1/^walk\rc");
	made_world_shows(w,
	                 " walk · total 0.10s (10.5% of all) · SHARE is of that · 80.0% in itself");
	made_world_shows(w, "100.0%    0.10s  main");
	made_world_shows(w, "30.0%    0.03s  walk (recursion)");
	made_world_shows(w, "20.0%    0.02s  serve");
	made_world_click(w, "walk (recursion)", 2);
	made_world_shows(w, "that is this function itself");
}

static void it_is_live_searched_and_clicked(void **state)
{
	struct made_world *w = *state;
	made_world_type(w, "1/^serve\rc/^id\r");
	made_world_shows(w, "\n idle · server · self");
	made_world_add(w, 0, "abg", 5000);
	made_world_publish(w);
	made_world_shows(w, "\n idle · server · self"); /* now the hottest: the cursor went along */
	made_world_shows(w, "5.10s  idle");
	made_world_click(w, "main", 1);
	made_world_shows(w, "\n main · server · self");
	made_world_click(w, "parse", 2);
	made_world_shows(w, " parse · total 0.52s");
	made_world_press(w, 10, 80, MOUSE_WHEEL_DOWN, 1);
	made_world_type(w, "\t\t");
	made_world_key(w, KEY_CODE_LEFT);
	made_world_key(w, KEY_CODE_RIGHT);
	made_world_type(w, "a");
	made_world_shows(w, "Esc closes");
	made_world_type(w, "c"); /* and from there */
	made_world_shows(w, "CALLED BY");
	made_world_type(w, "t");
	made_world_shows(w, "CALL TREE");
	made_world_type(w, "c?");
	made_world_shows(w, "choose a view");
	made_world_type(w, "\x1b:view flame\rc");
	made_world_shows(w, "CALLED BY");
}

static void lists_above_each_other_are_one_way(void **state)
{
	struct made_world *w = *state;
	w->cols = 80;
	made_world_type(w, "1/^serve\rcg");
	made_world_shows(w, "\n parse · server · self");
	made_world_type(w, "k");
	made_world_shows(w, "\n walk · server · self");
	made_world_type(w, "k");
	made_world_shows(w, "\n main · server · self");
	made_world_type(w, "jj");
	made_world_shows(w, "\n parse · server · self");
}

/* --- processes ---------------------------------------------------------------------------- */

static void every_view_is_narrowed_to_a_process(void **state)
{
	struct made_world *w = *state;
	made_world_type(w, "P");
	made_world_shows(w, "6 Processes");
	made_world_shows(w, "100 server");
	made_world_shows(w, "CPU%▼");
	made_world_click(w, "worker", 2);
	assert_true(w->last.query.by_process);
	assert_int_equal(w->last.query.process, 200);
	made_world_shows(w, "only worker 200");
	made_world_type(w, "1");
	made_world_shows(w, "idle");
	made_world_hides(w, "ExecScan");
	made_world_type(w, "5");
	made_world_shows(w, "worker");
	made_world_hides(w, "parser");
	made_world_type(w, "\r"); /* a thread of it, and back in steps */
	assert_true(w->last.query.by_thread && w->last.query.by_process);
	made_world_type(w, "\x1b");
	assert_true(!w->last.query.by_thread && w->last.query.by_process);
	made_world_type(w, "\x1b");
	assert_false(w->last.query.by_process);
	made_world_type(w, "1");
	made_world_shows(w, "ExecScan");
	made_world_type(w, ":process 300\r");
	made_world_shows(w, "only logger 300");
	made_world_type(w, ":process \t\t\t\t\r");
	made_world_hides(w, "only logger");
	made_world_type(w, ":process 9\r");
	made_world_shows(w, "no process '9' has samples");
}

static void processes_are_sorted_and_searched(void **state)
{
	struct made_world *w = *state;
	made_world_type(w, "6");
	for (const char *c = "PID\0NAME\0THREADS\0SHARE\0CPU%\0"; *c != '\0'; c += strlen(c) + 1) {
		char text[32];
		made_world_click(w, c, 1);
		snprintf(text, sizeof text, "%s▼", c);
		made_world_shows(w, text);
		made_world_click(w, c, 1);
		snprintf(text, sizeof text, "%s▲", c);
		made_world_shows(w, text);
	}
	made_world_type(w, "/logg\r");
	made_world_shows(w, "\n process 300 · logger");
}

static void just_one_process_is_said(void **state)
{
	struct made_world *w = *state;
	tear_down(state);
	made_world_init(w, 1);
	made_world_hides(w, "6 Processes");
	made_world_type(w, "P");
	made_world_shows(w, "6 Processes");
	made_world_shows(w, "There is just this one");
}

#define SCREEN_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        SCREEN_TEST(every_page_is_as_drawn),
	        SCREEN_TEST(one_walks_along_the_calls_and_back),
	        SCREEN_TEST(recursion_is_counted_once_and_said),
	        SCREEN_TEST(it_is_live_searched_and_clicked),
	        SCREEN_TEST(lists_above_each_other_are_one_way),
	        SCREEN_TEST(every_view_is_narrowed_to_a_process),
	        SCREEN_TEST(processes_are_sorted_and_searched),
	        SCREEN_TEST(just_one_process_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
