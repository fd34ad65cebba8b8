/* commands: what is typed behind ':', its completion and its errors; the foot line; rows by number.
 */
#include "check.h"

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

static void every_command_does_what_it_says(void **state)
{
	struct made_world *w = *state;
	static const struct {
		const char *keys, *text;
	} cases[] = {
	        {":view tree\r", "CALL TREE"},
	        {":vi bot\r", "BOTTOM-UP"},
	        {":view functions\r", "SELF%▼"},
	        {":sort total\r", "TOTAL%▼"},
	        {":sort total\r", "TOTAL%▲"},
	        {":sort self\r", "SELF%▼"},
	        {":search has\r", "\n hash · libc.so.6 · self"},
	        {":2\r", "\n hash · libc.so.6 · self"},
	        {":goto 1\r", "\n ExecScan · server · self"},
	        {":goto 999\r", "· self 0.0% total"},
	        {":help\r", "choose a view"},
	        {":goto 20\r", "KEYS ·"},
	        {":view 2\r", "no view '2'; Tab shows what there is"},
	        {":view flame\r", "root on top"},
	        {":pause\r", "PAUSED"},
	        {":pause\r", "LIVE"},
	        {":set kernel off\r", "kernel hidden"},
	        {":set kernel on\r", "kernel frames shown"},
	        {":set inl off\r", "inlined hidden"},
	        {":set group module\r", "by module"},
	        {":set group function\r", "grouped by function"},
	        {":set mouse off\r", "mouse off"},
	        {":fetch\r", "fetching debug files"},
	        {":thread 101\r", "only parser 101"},
	        {":thread\r", "all threads"},
	        {":filter hash\r", "with hash"},
	        {":filter !hash\r", "without hash"},
	        {":filter\r", "no filters"},
	        {":window 30\r", "last 30 s"},
	        {":window 5 fading\r", "fading 5 s"},
	        {":window soon\r", "window wants all, or seconds"},
	        {":window all\r", "all that was sampled"},
	        {":mark here\r", "marked"},
	        {":compare off\r", "there is no base line"},
	        {":\r", "all threads"},
	};
	w->cols = 140;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		made_world_type(w, cases[i].keys);
		made_world_shows(w, cases[i].text);
	}
	made_world_type(w, ":reset\r");
	assert_int_equal(w->last.kind, ACTION_RESET);
	made_world_type(w, ":save\r");
	assert_int_equal(w->last.kind, ACTION_SAVE);
	assert_string_equal(w->last.path, "");
	made_world_type(w, ":save  a file.folded \r");
	assert_string_equal(w->last.path, "a file.folded");
	made_world_type(w, ":q\r");
	assert_int_equal(w->last.kind, ACTION_QUIT);
	w->last.kind = ACTION_HANDLED;
	made_world_type(w, "?:quit\r"); /* over a page, too */
	assert_int_equal(w->last.kind, ACTION_QUIT);
}

static void errors_name_the_nearest(void **state)
{
	struct made_world *w = *state;
	static const char *const cases[][2] = {
	        {":veiw tree\r", "no command 'veiw': did you mean 'view'?"},
	        {":xyzzy\r", "no command 'xyzzy'; Tab shows what there is"},
	        {":s\r", "'s' may be search, sort, set, save"},
	        {":view trea\r", "no view 'trea': did you mean 'Tree'?"},
	        {":view\r", "which view? Functions, Tree"},
	        {":set\r", "which option? mouse, kernel, inlined, group"},
	        {":set colour on\r", "no option 'colour'"},
	        {":set mouse of\r", "mouse off"},
	        {":set mouse o\r", "'o' may be off, on"},
	        {":set mouse\r", "which value? off, on"},
	        {":sort slef\r", "no column 'slef': did you mean 'self'?"},
	        {":quit now\r", "quit takes no argument"},
	        {":goto x\r", "goto wants the number of a row"},
	        {":goto 0\r", "goto wants the number of a row"},
	        {":12x\r", "goto wants the number of a row"},
	        {":thread 7\r", "no thread '7' has samples"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		made_world_type(w, cases[i][0]);
		made_world_shows(w, cases[i][1]);
	}
	made_world_type(w, "3:sort self\r");
	made_world_shows(w, "this view has one order");
	made_world_type(w, "4:3\r");
	made_world_shows(w, "this view has no rows");
}

static void tab_completes_and_shows_what_there_is(void **state)
{
	struct made_world *w = *state;
	made_world_type(w, ":");
	made_world_shows(w, "quit help view goto search sort set");
	made_world_type(w, "s");
	made_world_shows(w, "search sort set save");
	made_world_type(w, "\t");
	made_world_shows(w, "\n:search ");
	made_world_shows(w, "[search] sort set save");
	made_world_type(w, "\t\t");
	made_world_shows(w, "\n:set");
	made_world_key(w, KEY_CODE_BACKTAB);
	made_world_shows(w, "\n:sort");
	made_world_type(w, "\b\bt\t"); /* "sot": nothing */
	made_world_shows(w, "\n:sot");
	made_world_type(w, "\x15vi\tt\t");
	made_world_shows(w, "\n:view Tree");
	made_world_shows(w, "[Tree] Threads");
	made_world_type(w, "\t\r");
	made_world_shows(w, "HOTTEST FUNCTION");
	made_world_type(w, ":set gr\tm\t\r");
	made_world_shows(w, "by module");
	made_world_type(w, ":thread 10\t");
	made_world_shows(w, "[100] 101 102");
	made_world_type(w, "\x1b:goto");
	made_world_shows(w, "goto N: go to row N");
	made_world_type(w, "\x1b:");
	made_world_key(w, KEY_CODE_UP); /* the history */
	made_world_shows(w, "\n:set group module");
	made_world_type(w, "\x1b");
	w->cols = 40;
	w->rows = 10;
	made_world_type(w, ":\t\t\t\t\t\t\t\t");
	made_world_shows(w, "\n:thread"); /* its place in the list is shown in little room, too */
	made_world_shows(w, "[thread]");
}

static void half_pages_and_rows_by_number(void **state)
{
	struct made_world *w = *state;
	w->rows = 12; /* 8 rows of 9 */
	made_world_type(w, "1g");
	made_world_shows(w, "SELF%▼");
	made_world_key(w, KEY_CODE_CTRL('D'));
	made_world_key(w, KEY_CODE_CTRL('U'));
	made_world_type(w, "d");
	made_world_shows(w, "DATA QUALITY");
	made_world_key(w, KEY_CODE_CTRL('D'));
	made_world_shows(w, "DATA QUALITY");
	made_world_hides(w, " samples     ");
}

static void foot_is(struct made_world *w, int cols, const char *wanted)
{
	w->cols = cols;
	free(made_world_draw(w));
	char *text = surface_row_text(&w->surface, w->rows - 1);
	assert_string_equal(text, wanted);
	free(text);
}

static void the_foot_line_shows_what_applies_in_any_width(void **state)
{
	struct made_world *w = *state;
	made_world_type(w, "2");
	foot_is(w, 80,
	        " F1 help F2 cmd F3 find F4 filt F5 b-up F6 sort F7 flame F8 src F9 save F10 quit");
	made_world_type(w, "?");
	foot_is(w, 80, " F2 command  F3 search  Esc close");
	made_world_type(w, "\x1b");
	made_world_click(w, "F5", 1);
	made_world_shows(w, "BOTTOM-UP");
	made_world_click(w, "F7", 1);
	made_world_shows(w, "root on top");
	made_world_click(w, "F7", 1);
	made_world_shows(w, "root below");
	made_world_click(w, "F2", 1);
	made_world_shows(w, "\n:");
	made_world_type(w, "\x1b");
	made_world_click(w, "F10", 1);
	assert_int_equal(w->last.kind, ACTION_QUIT);
}

#define SCREEN_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        SCREEN_TEST(every_command_does_what_it_says),
	        SCREEN_TEST(errors_name_the_nearest),
	        SCREEN_TEST(tab_completes_and_shows_what_there_is),
	        SCREEN_TEST(half_pages_and_rows_by_number),
	        SCREEN_TEST(the_foot_line_shows_what_applies_in_any_width),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
