/* attach: whether a process could be sampled, by what is cheap to know. Any thread. */
#ifndef CTOP_ATTACH_H
#define CTOP_ATTACH_H

#include "ctop/err.h"

#include <sys/types.h>

struct broker;

/* CTOP_OK when nothing is known to forbid it; else one line with cause and cure, as attaching would
 * tell it. Nothing is opened for sampling, and nothing is stopped. */
enum ctop_err attach_check(struct broker *b, pid_t pid, struct err *e);

#endif
