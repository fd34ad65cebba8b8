/* mouse: reports of terminals are decoded; clicks and the wheel in every view and page. */
#include "check.h"

#include "../../src/ui/clicks.h"
#include "ctop/input.h"
#include "made_world.h"

#include <stdlib.h>
#include <string.h>

/* --- decoding ----------------------------------------------------------------------------- */

static void decode(const char *bytes, size_t len, struct input *in, key_code *keys, size_t *count)
{
	*in = (struct input){0};
	*count = 0;
	assert_int_equal(input_feed(in, bytes, len), len);
	while (*count < 16 && input_next(in, true, &keys[*count]))
		++*count;
}

static void presses_are_decoded_in_every_form(void **state)
{
	static const struct {
		const char *bytes;
		struct mouse_event e;
	} cases[] = {
	        {"\x1b[<0;1;1M", {0, 0, MOUSE_LEFT, 1, 0}},
	        {"\x1b[<0;200;60M", {59, 199, MOUSE_LEFT, 1, 0}},
	        {"\x1b[<2;5;7M", {6, 4, MOUSE_RIGHT, 1, 0}},
	        {"\x1b[<64;5;7M", {6, 4, MOUSE_WHEEL_UP, 1, 0}},
	        {"\x1b[<65;5;7M", {6, 4, MOUSE_WHEEL_DOWN, 1, 0}},
	        {"\x1b[<28;5;7M", {6, 4, MOUSE_LEFT, 1, MOUSE_SHIFT | MOUSE_ALT | MOUSE_CTRL}},
	        {"\x1b[32;5;7M", {6, 4, MOUSE_LEFT, 1, 0}},
	        {"\x1b[97;5;7M", {6, 4, MOUSE_WHEEL_DOWN, 1, 0}},
	        {"\x1b[M %'", {6, 4, MOUSE_LEFT, 1, 0}},
	        {"\x1b[Ma%'", {6, 4, MOUSE_WHEEL_DOWN, 1, 0}},
	        {"\x1b[M \xff\xff", {222, 222, MOUSE_LEFT, 1, 0}},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct input in;
		key_code keys[16];
		size_t n;
		decode(cases[i].bytes, strlen(cases[i].bytes), &in, keys, &n);
		assert_int_equal(n, 1);
		assert_int_equal(keys[0], KEY_CODE_MOUSE);
		assert_memory_equal(&in.mouse, &cases[i].e, sizeof in.mouse);
	}
}

static void other_reports_are_swallowed(void **state)
{
	static const char *const cases[] = {
	        "\x1b[<0;5;7m",   /* released */
	        "\x1b[<35;5;7M",  /* moved */
	        "\x1b[<128;5;7M", /* a further button */
	        "\x1b[<66;5;7M",  /* the wheel sideways */
	        "\x1b[<0;0;7M",   /* no such place */
	        "\x1b[<0;99999999999;7M", "\x1b[<0;7M", "\x1b[<0;7;7;7M", "\x1b[<;;M",
	        "\x1b[31;5;7M",           "\x1b[M#%'",
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct input in;
		key_code keys[16];
		size_t n;
		decode(cases[i], strlen(cases[i]), &in, keys, &n);
		if (n != 0)
			fail_msg("case %zu yields %zu keys", i, n);
	}
}

/* Byte by byte, with a key before and after. */
static void a_report_in_pieces_waits_for_the_rest(void **state)
{
	static const char bytes[] = "j\x1b[<0;12;3Mk";
	struct input in = {0};
	key_code keys[4] = {0}, key;
	size_t n = 0;
	(void)state;
	for (size_t i = 0; i < sizeof bytes - 1; i++) {
		input_feed(&in, bytes + i, 1);
		while (n < 4 && input_next(&in, false, &key))
			keys[n++] = key;
	}
	assert_int_equal(n, 3);
	assert_int_equal(keys[0], 'j');
	assert_int_equal(keys[1], KEY_CODE_MOUSE);
	assert_int_equal(keys[2], 'k');
	assert_int_equal(in.mouse.col, 11);
}

static void quick_presses_in_one_place_are_counted(void **state)
{
	static const uint64_t ms = 1000000;
	struct clicks c = {0};
	struct mouse_event e = {5, 10, MOUSE_LEFT, 1, 0};
	(void)state;
	clicks_count(&c, &e, 1000 * ms);
	assert_int_equal(e.count, 1);
	e.col = 11;
	clicks_count(&c, &e, 1200 * ms);
	assert_int_equal(e.count, 2);
	clicks_count(&c, &e, 1300 * ms);
	assert_int_equal(e.count, 3);
	clicks_count(&c, &e, 1900 * ms); /* too late */
	assert_int_equal(e.count, 1);
	e.row = 6; /* elsewhere */
	clicks_count(&c, &e, 1950 * ms);
	assert_int_equal(e.count, 1);
	e.button = MOUSE_RIGHT;
	clicks_count(&c, &e, 2000 * ms);
	assert_int_equal(e.count, 1);
}

/* --- views and pages ------------------------------------------------------------------------ */

static int set_up(void **state)
{
	static struct made_world w;
	made_world_init(&w, 1);
	*state = &w;
	return 0;
}

static int tear_down(void **state)
{
	made_world_fini(*state);
	return 0;
}

static void a_click_chooses_and_sorts_in_the_table(void **state)
{
	struct made_world *w = *state;
	made_world_click(w, " hash ", 1);
	made_world_shows(w, "\n hash · libc.so.6 · self");
	made_world_shows(w, "SELF%▼");
	made_world_click(w, "TOTAL%", 1);
	made_world_shows(w, "TOTAL%▼");
	made_world_click(w, "TOTAL%", 1);
	made_world_shows(w, "TOTAL%▲");
	made_world_shows(w, "\n hash · libc.so.6 · self"); /* the cursor went along */
	made_world_click(w, " SELF ", 1);                  /* the seconds */
	made_world_shows(w, "SELF%▼");
	made_world_click(w, "FUNCTION", 1);
	made_world_shows(w, "FUNCTION▼");
	made_world_click(w, "MODULE", 1);
	made_world_shows(w, "MODULE▼");
}

static void tabs_help_and_what_is_no_target(void **state)
{
	struct made_world *w = *state;
	static const char *const tabs[][2] = {{"2 Tree", "CALL TREE"},
	                                      {"3 Bottom-up", "BOTTOM-UP"},
	                                      {"4 Flame", "root on top"},
	                                      {"5 Threads", "HOTTEST FUNCTION"},
	                                      {"1 Functions", "SELF%▼"}};
	for (size_t i = 0; i < sizeof tabs / sizeof tabs[0]; i++) {
		made_world_click(w, tabs[i][0], 1);
		made_world_shows(w, tabs[i][1]);
	}
	made_world_click(w, "? help", 1);
	made_world_shows(w, "choose a view");
	made_world_click(w, "2 Tree", 1); /* out of the page */
	made_world_shows(w, "CALL TREE");
	made_world_type(w, "1/Exec\ra");
	made_world_click(w, "3 Bottom-up", 1);
	made_world_shows(w, "BOTTOM-UP");
	assert_int_equal(w->last.kind, ACTION_DETAIL);
	assert_int_equal(w->last.func, 0);
	made_world_type(w, "1g");
	char *before = made_world_draw(w);
	made_world_press(w, 0, 0, MOUSE_LEFT, 2);
	made_world_press(w, 20, 50, MOUSE_LEFT, 1);
	made_world_press(w, 20000, 5000, MOUSE_LEFT, 1);
	made_world_press(w, 5, 5, MOUSE_RIGHT, 1);
	char *after = made_world_draw(w);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static void a_double_click_opens_and_closes(void **state)
{
	struct made_world *w = *state;
	made_world_type(w, "2");
	made_world_shows(w, "▾ parse");
	made_world_click(w, "parse", 2);
	made_world_shows(w, "▸ parse");
	made_world_click(w, "parse", 2);
	made_world_shows(w, "▾ parse");
	made_world_type(w, "3");
	made_world_click(w, "▸ hash", 2);
	made_world_shows(w, "▾ hash");
	made_world_shows(w, "▸ reply");
	made_world_click(w, "SELF%", 1);
	made_world_shows(w, "this view has one order");
	made_world_type(w, "5");
	made_world_click(w, "parser", 2);
	assert_int_equal(w->last.kind, ACTION_QUERY);
	assert_true(w->last.query.by_thread);
	assert_int_equal(w->last.query.thread, 1);
	made_world_click(w, "NAME", 1);
	made_world_shows(w, "NAME▼");
	made_world_click(w, "NAME", 1);
	made_world_shows(w, "NAME▲");
}

static void frames_are_chosen_and_zoomed(void **state)
{
	struct made_world *w = *state;
	made_world_type(w, "4");
	made_world_click(w, "parse", 1);
	made_world_shows(w, "\n parse · server · here");
	made_world_click(w, "parse", 2);
	made_world_shows(w, "zoomed: 62.5% of all");
	made_world_click(w, "zoomed", 1); /* the heading leads back */
	made_world_shows(w, "zoomed: 87.5% of all");
}

static void the_detail_page_follows_a_double_click(void **state)
{
	struct made_world *w = *state;
	made_world_type(w, "1/ExecScan\raa");
	made_world_shows(w, "ExecScan · instructions");
	made_world_click(w, "pushq", 1);
	made_world_shows(w, "ExecScan · instructions");
	made_world_click(w, "pushq", 2);
	made_world_shows(w, "it leads nowhere");
	made_world_press(w, 12, 20, MOUSE_WHEEL_DOWN, 1);
	made_world_shows(w, "ExecScan · instructions");
}

/* The visible rows move by three; the cursor goes along at the edge only. */
static void the_wheel_scrolls(void **state)
{
	struct made_world *w = *state;
	w->rows = 16;
	for (int i = 0; i < 30; i++)
		made_world_add(w, 0, (char[]){'a', 'b', (char)('a' + i % 8), 'a', '\0'}, 1);
	made_world_publish(w);
	made_world_type(w, "2*");
	made_world_shows(w, "▾ server");
	made_world_press(w, 8, 5, MOUSE_WHEEL_DOWN, 1);
	made_world_hides(w, "▾ server");
	made_world_press(w, 8, 5, MOUSE_WHEEL_UP, 1);
	made_world_shows(w, "▾ server");
	made_world_type(w, "?");
	made_world_shows(w, "choose a view");
	made_world_press(w, 8, 5, MOUSE_WHEEL_DOWN, 1);
	made_world_hides(w, "choose a view");
	made_world_press(w, 8, 5, MOUSE_WHEEL_UP, 1);
	made_world_shows(w, "choose a view");
}

/* What was drawn is what is hit, though a snapshot of another generation came meanwhile. */
static void a_click_means_what_is_seen(void **state)
{
	struct made_world *w = *state;
	made_world_type(w, "2");
	struct profile_query q = {.by_thread = true, .thread = 1};
	profile_set_query(w->profile, &q, 0);
	char *seen = made_world_draw(w);
	made_world_publish(w);
	int row = 0;
	for (const char *at = seen; at < strstr(seen, "walk"); at++)
		row += *at == '\n';
	free(seen);
	made_world_press(w, row, 20, MOUSE_LEFT, 1); /* walk is gone */
	made_world_press(w, row, 20, MOUSE_LEFT, 2);
	made_world_shows(w, "CALL TREE");
	made_world_type(w, "4");
	q.by_thread = false;
	profile_set_query(w->profile, &q, 0);
	made_world_publish(w);
	made_world_press(w, row, 20, MOUSE_WHEEL_DOWN, 1);
	made_world_shows(w, "root on top");
}

static void a_click_does_not_disturb_typing(void **state)
{
	struct made_world *w = *state;
	made_world_type(w, "/ha");
	made_world_click(w, "2 Tree", 1);
	made_world_shows(w, "SELF%▼");
	made_world_shows(w, "/ha");
}

static void a_key_turns_it_off(void **state)
{
	struct made_world *w = *state;
	made_world_type(w, "M");
	assert_int_equal(w->last.kind, ACTION_MOUSE);
	assert_false(w->last.on);
	made_world_type(w, "M");
	assert_true(w->last.on);
}

#define SCREEN_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(presses_are_decoded_in_every_form),
	        cmocka_unit_test(other_reports_are_swallowed),
	        cmocka_unit_test(a_report_in_pieces_waits_for_the_rest),
	        cmocka_unit_test(quick_presses_in_one_place_are_counted),
	        SCREEN_TEST(a_click_chooses_and_sorts_in_the_table),
	        SCREEN_TEST(tabs_help_and_what_is_no_target),
	        SCREEN_TEST(a_double_click_opens_and_closes),
	        SCREEN_TEST(frames_are_chosen_and_zoomed),
	        SCREEN_TEST(the_detail_page_follows_a_double_click),
	        SCREEN_TEST(the_wheel_scrolls),
	        SCREEN_TEST(a_click_means_what_is_seen),
	        SCREEN_TEST(a_click_does_not_disturb_typing),
	        SCREEN_TEST(a_key_turns_it_off),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
