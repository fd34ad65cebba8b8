/* offer: a process that could go on where the target has ended. */
#include "view.h"

#include <stdio.h>

void screen_offer(struct screen *s, int pid, const char *text)
{
	s->offer_pid = pid;
	snprintf(s->offer, sizeof s->offer, "%s", pid != 0 ? text : "");
}

struct action offer_key(struct screen *s, enum act act)
{
	int pid = s->offer_pid;
	if (s->offer[0] == '\0' || (act != ACT_ENTER && act != ACT_ESCAPE))
		return view_ignored();
	screen_offer(s, 0, "");
	if (act == ACT_ESCAPE)
		return view_handled();
	return (struct action){.kind = ACTION_SUCCEED, .pid = pid};
}
