/* monkey: random keys, clicks and sizes on a screen whose profile goes on, regroups, is reset; what
 * must hold is that nothing is drawn, read or freed where it must not be (the sanitizers see).
 */
#include "check.h"

#include "made_world.h"

#include <stdlib.h>
#include <string.h>

enum { STEPS = 20000 };

/* CTOP_MONKEY_STEPS, CTOP_MONKEY_SEED: another number, another run. */
static unsigned long setting(const char *name, unsigned long otherwise)
{
	const char *value = getenv(name);
	return value != NULL ? strtoul(value, NULL, 10) : otherwise;
}

static unsigned roll(unsigned *seed, unsigned sides)
{
	return (unsigned)rand_r(seed) % sides;
}

/* Mostly what means something. */
static key_code random_key(unsigned *seed)
{
	static const char often[] = "123456tfcPadD?:/nNjkHo*+-<>IKiyFrsMpgG\t\r\r\r\r\x1b\x1b ";
	switch (roll(seed, 6)) {
	case 0:
		return KEY_CODE_BASE + 1 + roll(seed, KEY_CODE_F12 - KEY_CODE_BASE);
	case 1:
		return roll(seed, 0x180);
	default: {
		key_code key = (unsigned char)often[roll(seed, sizeof often - 1)];
		return key == '\r' ? (key_code)KEY_CODE_ENTER : key;
	}
	}
}

static void type_command(struct made_world *w, unsigned *seed)
{
	static const char *const lines[] = {":view \t\t\r",      ":sort \t\r",    ":set \t \t\r",
	                                    ":set group \t\t\r", ":5\r",          ":99999\r",
	                                    ":thread \t\r",      ":process \t\r", ":search e\r",
	                                    ":qui\b\b\t",        "/e\r",          "/\\(\r",
	                                    ":set kernel of\r",  ":\t\t\t\t",     ":help\r",
	                                    "\x1b\x1b\x1b\x1b"};
	made_world_type(w, lines[roll(seed, sizeof lines / sizeof lines[0])]);
}

static void click_somewhere(struct made_world *w, unsigned *seed)
{
	int row = (int)roll(seed, (unsigned)w->rows + 2),
	    col = (int)roll(seed, (unsigned)w->cols + 2);
	enum mouse_button button = (enum mouse_button)roll(seed, MOUSE_WHEEL_DOWN + 1);
	if (roll(seed, 2) == 0)
		button = MOUSE_LEFT;
	int times = 1 + (int)roll(seed, 3);
	for (int i = 1; i <= times; i++)
		made_world_press(w, row, col, button, i);
}

static void change_size(struct made_world *w, unsigned *seed)
{
	static const int sizes[][2] = {{24, 80}, {10, 40}, {60, 200}, {1, 1}, {14, 100}, {3, 300}};
	size_t i = roll(seed, 8);
	bool known = i < sizeof sizes / sizeof sizes[0];
	w->rows = known ? sizes[i][0] : 1 + (int)roll(seed, 60);
	w->cols = known ? sizes[i][1] : 1 + (int)roll(seed, 200);
}

/* More samples, also of new paths. */
static void go_on(struct made_world *w, unsigned *seed)
{
	char path[40];
	size_t len = 1 + roll(seed, sizeof path - 2);
	for (size_t i = 0; i < len; i++)
		path[i] = (char)('a' + roll(seed, 8));
	path[len] = '\0';
	made_world_add(w, roll(seed, MADE_THREADS), path, 1 + (int)roll(seed, 20));
	made_world_publish(w);
}

/* Profile as the program does what was asked for last. */
static void obey(struct made_world *w)
{
	if (w->last.kind == ACTION_RESET) {
		profile_reset(w->profile, w->time, ++w->command);
		made_world_publish(w);
	}
	w->last.kind = ACTION_HANDLED;
}

static void step(struct made_world *w, unsigned *seed)
{
	unsigned what = roll(seed, 100);
	w->facts.now_ns += 10000000;
	if (what < 60)
		made_world_key(w, random_key(seed));
	else if (what < 85)
		click_somewhere(w, seed);
	else if (what < 92)
		type_command(w, seed);
	else if (what < 96)
		change_size(w, seed);
	else
		go_on(w, seed);
	obey(w);
}

static void run(int processes, unsigned long steps, unsigned seed)
{
	struct made_world w;
	made_world_init(&w, processes);
	for (unsigned long i = 0; i < steps; i++)
		step(&w, &seed);
	free(made_world_draw(&w));
	made_world_fini(&w);
}

static void any_keys_clicks_and_sizes_are_survived(void **state)
{
	unsigned long steps = setting("CTOP_MONKEY_STEPS", STEPS);
	unsigned seed = (unsigned)setting("CTOP_MONKEY_SEED", 1);
	(void)state;
	run(3, steps / 2, seed);
	run(1, steps / 2, seed + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(any_keys_clicks_and_sizes_are_survived)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
