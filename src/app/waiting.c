/* waiting: --wait NAME: until there is a process of that name. */
#include "app.h"
#include "ctop/await.h"
#include "ctop/broker.h"
#include "ctop/clock.h"
#include "ctop/newcomers.h"
#include "ctop/options.h"

#include <poll.h>
#include <stdio.h>

void app_wait(struct options *o)
{
	struct broker *b = broker_new_live();
	struct await *w = await_new(b, o->wait);
	pid_t pid = await_look(w, clock_now_ns());
	if (pid == 0)
		fprintf(stderr, "ctop: waiting for a process named '%s' (Ctrl-C ends)\n", o->wait);
	while (pid == 0) {
		poll(NULL, 0, NEWCOMERS_MS);
		pid = await_look(w, clock_now_ns());
	}
	fprintf(stderr, "ctop: '%s' is process %d\n", o->wait, pid);
	o->pids[o->pid_count++] = pid;
	await_free(w);
	broker_free(b);
}
