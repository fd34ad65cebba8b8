/* picker: the order of processes, the tree, search, what is drawn in every size. */
#include "check.h"

#include "../../src/view/procorder.h"
#include "ctop/attach.h"
#include "ctop/broker.h"
#include "ctop/picker.h"
#include "ctop/proclist.h"
#include "ctop/strbuf.h"
#include "ctop/successor.h"
#include "ctop/surface.h"
#include "ctop/typescript.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct process made[] = {
        {1, 0, 0, 1, 12 << 20, 1, 0.0f, 'S', false, "root", "init", "/sbin/init"},
        {2, 0, 0, 1, 0, 1, 0.0f, 'S', true, "root", "kthreadd", ""},
        {10, 2, 0, 2, 0, 1, 3.0f, 'I', true, "root", "kworker/0:1", ""},
        {20, 1, 1000, 9, 3 << 20, 1, 0.0f, 'S', false, "ann", "bash", "-bash"},
        {21, 20, 1000, 10, 900 << 20, 8, 97.5f, 'R', false, "ann", "postgres", "postgres -D /x"},
        {22, 20, 1000, 11, 2 << 20, 1, 1.0f, 'S', false, "ann", "vi", "vi a.c"},
        {30, 99, 0, 12, 1 << 20, 1, -1.0f, 'D', false, "root", "orphan", "/usr/bin/orphan"},
};
enum { MADE = sizeof made / sizeof made[0] };

static void order_is(const struct procorder *o, const char *expected)
{
	struct procorder_row rows[MADE];
	struct strbuf b = {0};
	procorder_make(made, MADE, o, rows);
	for (size_t i = 0; i < MADE; i++)
		strbuf_addf(&b, "%s%.*s%d", i > 0 ? " " : "", rows[i].depth, "...",
		            made[rows[i].index].pid);
	assert_string_equal(strbuf_str(&b), expected);
	strbuf_fini(&b);
}

static void columns_sort(void **state)
{
	(void)state;
	order_is(&(struct procorder){.column = PROCESS_CPU}, "21 10 22 1 20 2 30");
	order_is(&(struct procorder){.column = PROCESS_CPU, .inverted = true},
	         "30 1 20 2 22 10 21");
	order_is(&(struct procorder){.column = PROCESS_PID}, "1 2 10 20 21 22 30");
	order_is(&(struct procorder){.column = PROCESS_MEMORY}, "21 1 20 22 30 2 10");
	order_is(&(struct procorder){.column = PROCESS_STATE}, "21 30 1 20 22 2 10");
	order_is(&(struct procorder){.column = PROCESS_COMMAND}, "20 1 30 2 10 21 22");
	order_is(&(struct procorder){.column = PROCESS_USER}, "20 21 22 1 30 2 10");
	/* One's own come first; for root all are. */
	order_is(&(struct procorder){.column = PROCESS_CPU, .own = 1000}, "21 22 20 10 1 2 30");
}

static void the_tree_follows_parents(void **state)
{
	(void)state;
	order_is(&(struct procorder){.column = PROCESS_PID, .tree = true},
	         "1 .20 ..21 ..22 2 .10 30");
	order_is(&(struct procorder){.column = PROCESS_CPU, .tree = true, .own = 1000},
	         "1 .20 ..21 ..22 2 .10 30");
	order_is(&(struct procorder){.column = PROCESS_PID, .tree = true, .inverted = true},
	         "30 2 .10 1 .20 ..22 ..21");
}

/* A look is not of one moment: parents may go round in a circle, or be their own. */
static void a_circle_of_parents_ends(void **state)
{
	struct process p[3] = {{.pid = 5, .ppid = 6}, {.pid = 6, .ppid = 5}, {.pid = 7, .ppid = 7}};
	struct procorder_row rows[3];
	(void)state;
	procorder_make(p, 3, &(struct procorder){.tree = true}, rows);
	assert_int_equal(rows[0].index, 2);
	assert_int_equal(rows[1].index + rows[2].index, 1);
}

/* --- the picker -------------------------------------------------------------------------- */

static struct process *rows_of(size_t count)
{
	struct process *rows = malloc(sizeof made);
	memcpy(rows, made, count * sizeof *rows);
	return rows;
}

static void type(struct picker *p, const char *keys)
{
	for (const char *c = keys; *c != '\0'; c++)
		picker_key(p, *c == '\r' ? KEY_CODE_ENTER : (key_code)*c);
}

static void the_cursor_stays_with_its_process(void **state)
{
	struct picker *p = picker_new(false, 0);
	(void)state;
	picker_set_rows(p, rows_of(MADE), MADE);
	assert_int_equal(picker_selected(p), 21);
	type(p, "jj");
	assert_int_equal(picker_selected(p), 22);
	struct process *rows = rows_of(MADE);
	rows[5].cpu = 99.9f;
	picker_set_rows(p, rows, MADE);
	assert_int_equal(picker_selected(p), 22);
	type(p, "t>>I");
	assert_int_equal(picker_selected(p), 22);
	picker_set_rows(p, rows_of(1), 1); /* it has ended */
	assert_int_equal(picker_selected(p), 1);
	picker_set_rows(p, rows_of(0), 0);
	assert_int_equal(picker_selected(p), 0);
	assert_int_equal(picker_key(p, KEY_CODE_ENTER), PICKER_HANDLED);
	assert_int_equal(picker_key(p, 'q'), PICKER_QUIT);
	picker_free(p);
}

static void search_goes_to_what_is_typed(void **state)
{
	struct picker *p = picker_new(false, 0);
	(void)state;
	picker_set_rows(p, rows_of(MADE), MADE);
	type(p, "/orph");
	assert_int_equal(picker_selected(p), 30);
	assert_int_equal(picker_key(p, KEY_CODE_ESC), PICKER_HANDLED);
	assert_int_equal(picker_selected(p), 21); /* where it was */
	type(p, "/ann\r");
	assert_int_equal(picker_selected(p), 21);
	type(p, "n");
	assert_int_equal(picker_selected(p), 22);
	type(p, "nn");
	assert_int_equal(picker_selected(p), 21); /* round */
	type(p, "N");
	assert_int_equal(picker_selected(p), 20);
	assert_int_equal(picker_key(p, KEY_CODE_ENTER), PICKER_ATTACH);
	assert_int_equal(picker_key(p, KEY_CODE_ESC), PICKER_HANDLED); /* ends highlighting */
	assert_int_equal(picker_key(p, KEY_CODE_ESC), PICKER_QUIT);
	/* What is pasted is no key. */
	picker_key(p, KEY_CODE_PASTE);
	assert_int_equal(picker_key(p, 'q'), PICKER_HANDLED);
	picker_key(p, KEY_CODE_PASTE_END);
	assert_int_equal(picker_key(p, 'q'), PICKER_QUIT);
	picker_free(p);
}

static bool shows(const struct surface *s, const char *text)
{
	bool found = false;
	for (int row = 0; row < s->rows; row++) {
		char *line = surface_row_text(s, row);
		found = found || strstr(line, text) != NULL;
		free(line);
	}
	return found;
}

static void it_is_drawn_in_every_size(void **state)
{
	struct surface s = {0};
	struct picker *p = picker_new(true, 1000);
	(void)state;
	picker_set_rows(p, rows_of(MADE), MADE);
	for (int rows = 1; rows < 70; rows += rows < 26 ? 1 : 20)
		for (int cols = 1; cols < 220; cols += cols < 100 ? 3 : 40) {
			surface_resize(&s, rows, cols);
			picker_draw(p, &s);
			if (rows >= 10 && cols >= 40)
				assert_true(shows(&s, "postgres -D /x"));
			type(p, "t");
		}
	surface_resize(&s, 10, 40);
	picker_set_why(p, 21, "21 (postgres) is already traced by 7 (gdb)");
	picker_draw(p, &s);
	assert_true(shows(&s, "already traced by 7"));
	type(p, "/xyz");
	picker_draw(p, &s);
	assert_true(shows(&s, "/xyz"));
	assert_true(shows(&s, "no match"));
	for (int row = 0; row < s.rows; row++) {
		char *line = surface_row_text(&s, row);
		for (const char *c = line; *c != '\0'; c++)
			assert_true((unsigned char)*c < 0x80);
		free(line);
	}
	surface_fini(&s);
	picker_free(p);
}

/* --- the machine's own ------------------------------------------------------------------- */

static void the_list_has_this_process(void **state)
{
	struct broker *b = broker_new_live();
	struct proclist *l = proclist_new(b);
	const struct process *me = NULL;
	size_t count;
	(void)state;
	for (uint64_t now = 1; now < 3; now++) {
		assert_int_equal(proclist_look(l, now * 1000000000, NULL), CTOP_OK);
		proclist_describe(l);
	}
	const struct process *p = proclist_rows(l, &count);
	for (size_t i = 0; i < count; i++) {
		assert_true(i == 0 || p[i - 1].pid < p[i].pid);
		if (p[i].pid == getpid())
			me = &p[i];
	}
	assert_non_null(me);
	assert_int_equal(me->ppid, getppid());
	assert_int_equal(me->uid, getuid());
	assert_true(me->cpu >= 0 && me->memory > 100000 && me->threads >= 1);
	assert_non_null(strstr(me->command, "picker"));
	proclist_free(l);
	broker_free(b);
}

static void what_forbids_attaching_is_told(void **state)
{
	struct broker *b = broker_new_live();
	struct err e = {0};
	(void)state;
	assert_int_equal(attach_check(b, 2, &e), CTOP_EINVAL);
	assert_non_null(strstr(e.text, "kernel thread"));
	assert_int_equal(attach_check(b, getpid(), &e), CTOP_EINVAL);
	assert_non_null(strstr(e.text, "ctop itself"));
	assert_int_equal(attach_check(b, 999999999, &e), CTOP_ENOENT);
	broker_free(b);
}

/* --- successors ------------------------------------------------------------------------ */

static void a_successor_is_the_same_program_started_later(void **state)
{
	const struct identity gone = {
	        10, 5, 100, "postgres", "/usr/bin/postgres", "0::/system.slice/pg.service"};
	struct identity next = gone;
	(void)state;
	next.pid = 20;
	next.start_ticks = 200;
	assert_int_equal(successor_score(&gone, &next, 150), 3);
	assert_int_equal(successor_score(&gone, &next, 201), -1); /* it ran before */
	next.ppid = 6;
	assert_int_equal(successor_score(&gone, &next, 150), 1);
	next.cgroup[0] = '\0';
	assert_int_equal(successor_score(&gone, &next, 150), 0);
	strcpy(next.comm, "pg");
	assert_int_equal(successor_score(&gone, &next, 150), -1);
	next = gone;
	next.start_ticks = 200; /* the pid was used again */
	assert_int_equal(successor_score(&gone, &next, 150), 3);
	strcpy(next.program, "/usr/local/bin/postgres");
	assert_int_equal(successor_score(&gone, &next, 150), -1);
}

/* --- output of commands ----------------------------------------------------------------- */

static void output_becomes_plain_lines(void **state)
{
	static const char *const cases[][2] = {
	        {"one\rtw\n", "twe"},
	        {"abc\b\bX\n", "aXc"},
	        {"\033[1;31mred\033[0m\n", "red"},
	        {"50%\r\033[K100%\n", "100%"},
	        {"\033]0;title\007x\n", "x"},
	        {"\033]0;title\033\\y\n", "y"},
	        {"a\tb\n", "a       b"},
	        {"\xc3\xa9\xff\xc2\x9bz\n", "\xc3\xa9\xef\xbf\xbd?z"},
	        {"ab\033[2Dcd\n", "cd"},
	        {"\033(Bq\033[?25lr\n", "qr"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct typescript *t = typescript_new();
		for (const char *c = cases[i][0]; *c != '\0'; c++)
			typescript_feed(t, c, 1);
		assert_int_equal(typescript_count(t), 1);
		assert_string_equal(typescript_line(t, 0), cases[i][1]);
		typescript_free(t);
	}
	struct typescript *t = typescript_new();
	for (int i = 0; i < 100000; i++)
		typescript_feed(t, "x\n", 2);
	assert_in_range(typescript_count(t), 10000, 20000);
	typescript_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(columns_sort),
	        cmocka_unit_test(the_tree_follows_parents),
	        cmocka_unit_test(a_circle_of_parents_ends),
	        cmocka_unit_test(the_cursor_stays_with_its_process),
	        cmocka_unit_test(search_goes_to_what_is_typed),
	        cmocka_unit_test(it_is_drawn_in_every_size),
	        cmocka_unit_test(the_list_has_this_process),
	        cmocka_unit_test(what_forbids_attaching_is_told),
	        cmocka_unit_test(output_becomes_plain_lines),
	        cmocka_unit_test(a_successor_is_the_same_program_started_later),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
