/* succession: from one target to the next; see succession.h. */
#include "succession.h"

#include "follower.h"
#include "sampler.h"

#include <stdio.h>

enum ctop_err succession_start(struct succession *s, struct broker *b, struct exchange *x,
                               enum source_choice choice, const struct source_config *config,
                               struct err *e)
{
	struct replacement *r = &s->replacement;
	*r = (struct replacement){.broker = b, .exchange = x, .choice = choice, .config = *config};
	pthread_mutex_init(&r->lock, NULL);
	s->on = true;
	return follower_start(&s->follower, b, config->pids[0], x, e);
}

void succession_stop(struct succession *s)
{
	follower_stop(s->follower);
	s->follower = NULL;
	if (s->on)
		pthread_mutex_destroy(&s->replacement.lock);
	s->on = false;
}

void succession_take(struct succession *s, struct sampler *sampler, pid_t pid)
{
	if (!s->on || !atomic_load(&s->replacement.idle))
		return;
	atomic_store(&s->replacement.wanted, pid);
	sampler_wake(sampler);
}

enum session_succession succession_look(struct succession *s, struct sampler *sampler, pid_t *pid,
                                        char *text, size_t cap)
{
	struct identity gone, next;
	struct err why;
	if (!s->on)
		return SUCCESSION_NONE;
	if (replacement_answer(&s->replacement, pid, &why)) {
		if (why.code != CTOP_OK) {
			snprintf(text, cap, "%s", why.text);
			return SUCCESSION_REFUSED;
		}
		follower_take(s->follower, *pid);
		snprintf(text, cap, "process %d has taken over", *pid);
		return SUCCESSION_GOES_ON;
	}
	if (!atomic_load(&s->replacement.idle) || !follower_found(s->follower, &gone, &next) ||
	    next.pid == s->offered)
		return SUCCESSION_NONE;
	*pid = s->offered = next.pid;
	snprintf(text, cap, "%s %d has exited; %d is a successor: Enter attaches", gone.comm,
	         gone.pid, next.pid);
	if (s->asks)
		return SUCCESSION_OFFERED;
	succession_take(s, sampler, next.pid);
	return SUCCESSION_NONE;
}
