/* pick: the loop in which a process is picked: keys, news from the lister, signals. */
#ifndef CTOP_PICK_H
#define CTOP_PICK_H

#include <sys/types.h>

struct lister;
struct picker;
struct term;

enum pick_end {
	PICK_QUIT,
	PICK_ATTACH, /* to *pid */
	PICK_SIGNAL, /* SIGTERM, SIGINT, SIGHUP: *signal */
};

/* Runs until one of these. All borrowed; may be called again to go on. */
enum pick_end pick_run(struct picker *p, struct lister *l, struct term *t, pid_t *pid, int *signal);

#endif
