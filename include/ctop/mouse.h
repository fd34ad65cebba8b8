/* mouse: one press of a mouse button, or one step of its wheel, as the terminal layer hands it on.
 * Releases and motion are no events.
 */
#ifndef CTOP_MOUSE_H
#define CTOP_MOUSE_H

enum mouse_button {
	MOUSE_LEFT,
	MOUSE_MIDDLE,
	MOUSE_RIGHT,
	MOUSE_WHEEL_UP,
	MOUSE_WHEEL_DOWN,
};

enum mouse_modifiers { MOUSE_SHIFT = 1, MOUSE_ALT = 2, MOUSE_CTRL = 4 };

struct mouse_event {
	int row, col; /* cells from the top left, from 0 */
	enum mouse_button button;
	int count;          /* presses in one place in quick succession: 2 is a double click */
	unsigned modifiers; /* enum mouse_modifiers */
};

#endif
