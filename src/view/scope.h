/* scope: which part of the profile is looked at: filters, modules, window of time, threshold.
 * Private to view.
 */
#ifndef CTOP_VIEW_SCOPE_H
#define CTOP_VIEW_SCOPE_H

#include "keymap.h"
#include "prompt.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct action;
struct screen;

struct scope {
	struct prompt_history filters; /* typed before */
	unsigned threshold;            /* index of the share under which rows are hidden */
	unsigned window;               /* index of the last window that w chose */
};

void scope_fini(struct scope *c);

/* The keys that change it; ACTION_IGNORED for others. */
struct action scope_key(struct screen *s, enum act act);

/* As typed: "text" keeps stacks with it, "!text" those without, "" drops all filters. */
struct action scope_filter(struct screen *s, const char *text);

/* Counts under another window. */
struct profile_window;
struct action scope_window(struct screen *s, const struct profile_window *w, const char *said);

/* Drops the newest part of it (Esc); ACTION_IGNORED when there is nothing to drop. */
struct action scope_drop(struct screen *s);

/* Whether it is less than everything. */
bool scope_is_narrow(const struct screen *s);

/* What is looked at, in words, in at most `room` cells: the least needed words leave first. */
void scope_text(const struct screen *s, char *out, size_t cap, int room);

/* Whether a row with that total is under the threshold. */
bool scope_hides(const struct screen *s, uint64_t total_ns);

/* Counts the range from now on, or (both 0) all again. */
struct action scope_range(struct screen *s, uint64_t from_ns, uint64_t to_ns);

#endif
