/* made_world: a screen on a profile that is made up: three processes with five threads, and a few
 * functions that call each other, also themselves. Keys, clicks and drawing as a person has them.
 */
#ifndef CTOP_TESTS_MADE_WORLD_H
#define CTOP_TESTS_MADE_WORLD_H

#include "ctop/mouse.h"
#include "ctop/profile.h"
#include "ctop/screen.h"
#include "ctop/surface.h"

#include <stdbool.h>

enum { MADE_THREADS = 5 };

struct made_world {
	struct funcs *funcs;
	struct profile *profile;
	struct screen *screen;
	struct surface surface;
	struct screen_facts facts;
	struct screen_thread threads[MADE_THREADS];
	uint64_t time, command;
	int rows, cols;
	struct action last; /* that was asked for, other than painting */
};

/* 24 × 100; `processes`: 1 or 3. */
void made_world_init(struct made_world *w, int processes);
void made_world_fini(struct made_world *w);

/* `n` samples of a stack of a thread, one letter a function: 'a' is "main" … 'h'. */
void made_world_add(struct made_world *w, uint32_t thread, const char *path, int n);
void made_world_publish(struct made_world *w);

/* The screen as text, in memory the caller frees. */
char *made_world_draw(struct made_world *w);

/* One key; what it asks for is done: queries are counted, functions answered. Then a drawing. */
void made_world_key(struct made_world *w, key_code key);

/* Keys; "\r" is Enter, "\b" Backspace. */
void made_world_type(struct made_world *w, const char *keys);

/* A press of the mouse, then a drawing. */
void made_world_press(struct made_world *w, int row, int col, enum mouse_button button, int count);

/* The same on the first place where a text is on the screen. */
void made_world_click(struct made_world *w, const char *text, int count);

/* Fails with the screen unless the text is on it, or is not. */
void made_world_shows(struct made_world *w, const char *text);
void made_world_hides(struct made_world *w, const char *text);

#endif
