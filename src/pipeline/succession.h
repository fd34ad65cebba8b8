/* succession: how a session goes from a target that has ended to its successor. Belongs to the
 * owner of the session. Private to pipeline.
 */
#ifndef CTOP_PIPELINE_SUCCESSION_H
#define CTOP_PIPELINE_SUCCESSION_H

#include "ctop/session.h"
#include "replacement.h"

struct exchange;
struct follower;
struct sampler;
struct watcher;

struct succession {
	bool on;   /* there may be a successor */
	bool asks; /* --follow is not given: it is offered */
	struct replacement replacement;
	struct follower *follower;
	pid_t offered;
};

/* Follows the one target of the session; `config` is what its source was opened with. */
enum ctop_err succession_start(struct succession *s, struct broker *b, struct exchange *x,
                               enum source_choice choice, const struct source_config *config,
                               struct err *e);
void succession_stop(struct succession *s);

/* As session_succession(); *pid is set with SUCCESSION_GOES_ON, too. */
enum session_succession succession_look(struct succession *s, struct sampler *sampler, pid_t *pid,
                                        char *text, size_t cap);

/* Takes a process that was offered. */
void succession_take(struct succession *s, struct sampler *sampler, pid_t pid);

#endif
