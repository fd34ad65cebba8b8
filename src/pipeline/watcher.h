/* watcher: what the targets' threads are doing, read from /proc once a second.
 *
 * A thread of its own, so that neither the analyzer nor the display ever waits for
 * /proc. Holds the newest table under a short mutex.
 */
#ifndef CTOP_PIPELINE_WATCHER_H
#define CTOP_PIPELINE_WATCHER_H

#include "ctop/err.h"
#include "ctop/session.h"

struct broker;
struct exchange;
struct watcher;

enum { WATCHER_THREADS_MAX = 4096 };

/* Watches `pids` (copied), and their children where `children`. The owner is
 * notified through `x` when a table changed. */
enum ctop_err watcher_start(struct watcher **out, struct broker *broker, const pid_t *pids,
                            size_t count, bool children, struct exchange *x, struct err *e);

/* Watches `pid`, and only it, from now on. NULL is allowed. */
void watcher_retarget(struct watcher *w, pid_t pid);

/* Ends the thread and frees. NULL is allowed. */
void watcher_stop(struct watcher *w);

/* A copy of the newest table, freed by the caller; false before the first. */
bool watcher_threads(struct watcher *w, struct session_thread **out, uint32_t *count);

#endif
