/* fetching: debug files on their way from a server, as the screen tells of them. */
#include "ctop/quality.h"

#include "view.h"

#include <stdio.h>
#include <string.h>

static const struct snapshot_module *find(const struct snapshot *s, enum snapshot_fetch state)
{
	uint32_t n;
	const struct snapshot_module *m = snapshot_modules(s, &n);
	for (uint32_t i = 0; i < n; i++)
		if (m[i].fetch == state)
			return &m[i];
	return NULL;
}

bool fetching_progress(const struct snapshot *s, char *out, size_t cap)
{
	const struct snapshot_module *m = find(s, SNAPSHOT_FETCHING);
	char state[160];
	if (m == NULL)
		return false;
	quality_fetch(m, state, sizeof state);
	snprintf(out, cap, "%.40s: %s", m->name, state);
	return true;
}

struct action fetching_key(struct screen *s)
{
	if (s->options.no_fetch != NULL) {
		screen_message(s, s->now_ns, true, s->options.no_fetch);
		return view_handled();
	}
	bool on = s->shown != NULL && snapshot_stats(s->shown)->fetching;
	view_say(s,
	         on ? "no more debug files are fetched"
	            : "fetching debug files, of the largest module first; F stops, d shows more");
	return (struct action){.kind = ACTION_FETCH, .on = !on};
}

void fetching_news(struct screen *s, const struct snapshot *before, const struct snapshot *now)
{
	const struct snapshot_module *m = find(now, SNAPSHOT_FETCH_FAILED);
	char text[256];
	if (before == NULL || m == NULL || snapshot_stats(now)->fetching ||
	    !snapshot_stats(before)->fetching)
		return;
	snprintf(text, sizeof text, "%s: %s; F tries again", m->name, m->fetch_why);
	screen_message(s, s->now_ns, true, text);
}
