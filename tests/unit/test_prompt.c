/* prompt: the line editor: every key, history, pasted text, drawing in little room. */
#include "check.h"

#include "../../src/view/prompt.h"
#include "ctop/surface.h"
#include "ctop/utf8.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

static enum prompt_event type(struct prompt *p, const char *text)
{
	enum prompt_event e = PROMPT_MOVED;
	for (size_t at = 0, len = strlen(text); at < len;) {
		uint32_t cp;
		at += utf8_decode(text + at, len - at, &cp);
		e = prompt_key(p,
		               cp == '\r'   ? (key_code)KEY_CODE_ENTER
		               : cp == '\b' ? (key_code)KEY_CODE_BACKSPACE
		                            : cp,
		               false);
	}
	return e;
}

static void press(struct prompt *p, key_code key, const char *text, size_t at)
{
	prompt_key(p, key, false);
	assert_string_equal(p->text, text);
	assert_int_equal(p->len, strlen(text));
	assert_int_equal(p->at, at);
}

static void every_key_edits(void **state)
{
	struct prompt p = {0};
	(void)state;
	assert_false(prompt_is_open(&p));
	prompt_open(&p, "/", NULL);
	assert_true(prompt_is_open(&p));
	assert_int_equal(type(&p, "größe von x"), PROMPT_EDITED);
	press(&p, KEY_CODE_CTRL('W'), "größe von ", 12);
	press(&p, KEY_CODE_BACKSPACE, "größe von", 11);
	press(&p, KEY_CODE_CTRL('W'), "größe ", 8);
	press(&p, KEY_CODE_LEFT, "größe ", 7);
	press(&p, KEY_CODE_LEFT, "größe ", 6);
	press(&p, KEY_CODE_BACKSPACE, "gröe ", 4);
	press(&p, KEY_CODE_LEFT, "gröe ", 2);
	press(&p, KEY_CODE_DELETE, "gre ", 2);
	press(&p, KEY_CODE_HOME, "gre ", 0);
	press(&p, KEY_CODE_LEFT, "gre ", 0);
	press(&p, KEY_CODE_RIGHT, "gre ", 1);
	press(&p, KEY_CODE_CTRL('U'), "re ", 0);
	press(&p, KEY_CODE_END, "re ", 3);
	press(&p, KEY_CODE_RIGHT, "re ", 3);
	press(&p, KEY_CODE_HOME, "re ", 0);
	press(&p, 0x4e00, "\xe4\xb8\x80re ", 3);
	press(&p, KEY_CODE_CTRL('K'), "\xe4\xb8\x80", 3);
	/* Neither controls nor what turns text around are taken. */
	press(&p, KEY_CODE_TAB, "\xe4\xb8\x80", 3);
	press(&p, 0x202e, "\xe4\xb8\x80", 3);
	press(&p, KEY_CODE_F0 + 3, "\xe4\xb8\x80", 3);
	assert_int_equal(prompt_key(&p, KEY_CODE_CTRL('Z'), false), PROMPT_IGNORED);
	assert_int_equal(prompt_key(&p, KEY_CODE_BACKSPACE, false), PROMPT_EDITED);
	assert_int_equal(prompt_key(&p, KEY_CODE_BACKSPACE, false), PROMPT_CANCELLED);
	assert_false(prompt_is_open(&p));
}

static void history_gives_lines_back(void **state)
{
	struct prompt_history h = {0};
	struct prompt p;
	char line[32];
	(void)state;
	static const char *const lines[] = {"one", "two", "one", ""};
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		prompt_open(&p, "/", &h);
		type(&p, lines[i]);
		assert_int_equal(type(&p, "\r"), PROMPT_ACCEPTED);
		assert_string_equal(p.text, lines[i]);
	}
	assert_int_equal(h.count, 2);
	prompt_open(&p, "/", &h);
	type(&p, "thr");
	press(&p, KEY_CODE_UP, "one", 3);
	press(&p, KEY_CODE_UP, "two", 3);
	press(&p, KEY_CODE_UP, "two", 3);
	press(&p, KEY_CODE_DOWN, "one", 3);
	press(&p, KEY_CODE_DOWN, "thr", 3);
	press(&p, KEY_CODE_DOWN, "thr", 3);
	assert_int_equal(type(&p, "\x1b"), PROMPT_CANCELLED);
	for (int i = 0; i < 3 * PROMPT_LINES; i++) {
		snprintf(line, sizeof line, "line %d", i);
		prompt_history_add(&h, line);
	}
	assert_int_equal(h.count, PROMPT_LINES);
	assert_string_equal(h.lines[PROMPT_LINES - 1], "line 299");
	assert_string_equal(h.lines[0], "line 200");
	prompt_history_fini(&h);
}

static void pasted_lines_are_text_and_too_much_is_cut(void **state)
{
	struct prompt p;
	(void)state;
	prompt_open(&p, "/", NULL);
	for (const char *c = "main\r\x1bq\x15"; *c != '\0'; c++)
		prompt_key(&p, *c == '\r' ? (key_code)KEY_CODE_ENTER : (key_code)*c, true);
	assert_true(prompt_is_open(&p));
	assert_string_equal(p.text, "mainq");
	for (int i = 0; i < 3 * PROMPT_MOST; i++)
		prompt_key(&p, 0xfc, true);
	assert_true(p.len < PROMPT_MOST);
	assert_int_equal(p.len, strlen(p.text));
	assert_int_equal((p.len - 5) % 2, 0); /* whole characters */
}

static void it_is_drawn_in_any_room(void **state)
{
	struct surface s = {0};
	struct prompt p;
	(void)state;
	surface_resize(&s, 1, 20);
	prompt_open(&p, "/", NULL);
	snprintf(p.note, sizeof p.note, "not found");
	type(&p, "abc");
	prompt_draw(&p, &s, 0);
	char *row = surface_row_text(&s, 0);
	assert_string_equal(row, "/abc       not found");
	assert_true((s.cells[4].style & STYLE_REVERSE) != 0);
	free(row);
	type(&p, "defghijklmnopqrstuvwxyz");
	prompt_draw(&p, &s, 0);
	row = surface_row_text(&s, 0);
	assert_string_equal(row, "/ijklmnopqrstuvwxyz");
	assert_true((s.cells[19].style & STYLE_REVERSE) != 0);
	free(row);
	for (int cols = 1; cols < 5; cols++) {
		surface_resize(&s, 1, cols);
		prompt_draw(&p, &s, 0);
		prompt_draw(&p, &s, 3);
	}
	surface_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(every_key_edits),
	        cmocka_unit_test(history_gives_lines_back),
	        cmocka_unit_test(pasted_lines_are_text_and_too_much_is_cut),
	        cmocka_unit_test(it_is_drawn_in_any_room),
	};
	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
