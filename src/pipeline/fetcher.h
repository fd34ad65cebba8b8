/* fetcher: debug files of modules without symbols or lines, from debuginfod servers.
 *
 * Only while the user wants it. One file at a time, of the module with the largest share first, on
 * a thread of its own, so that a slow server keeps nobody waiting; what came is loaded there too.
 * Belongs to the analyzer, but for the jobs' run functions.
 */
#ifndef CTOP_PIPELINE_FETCHER_H
#define CTOP_PIPELINE_FETCHER_H

#include "ctop/image.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct broker;
struct fetcher;
struct inbox;
struct job;
struct modules;
struct workers;

/* All borrowed. */
struct fetcher *fetcher_new(struct images *images, struct modules *modules, struct broker *broker,
                            struct inbox *inbox);

/* Gives up what is under way and waits for it: about a second at most. NULL is allowed. */
void fetcher_free(struct fetcher *f);

/* Starts or stops fetching. What failed before is tried again after a new start. */
void fetcher_turn(struct fetcher *f, bool on);

/* Asks for the next file when none is under way. */
void fetcher_work(struct fetcher *f);

bool fetcher_owns(const struct job *job);

/* An image loaded anew with its debug file. `data` and `debug_fd` (of the debug file) are handed
 * over by fetcher_finish(). */
struct fetched {
	uint32_t image;
	struct image_data data;
	int debug_fd;
};

/* A finished job; false when it has brought nothing. */
bool fetcher_finish(struct fetcher *f, struct job *job, struct fetched *out);

bool fetcher_on(const struct fetcher *f);

/* Whether a file is under way, or could be asked for right now. */
bool fetcher_busy(const struct fetcher *f);

/* Where jobs that fetch source files run while the user wants that; NULL when not. They must give
 * up when fetcher_given_up() says so (any thread). */
struct workers *fetcher_workers(const struct fetcher *f);
bool fetcher_given_up(const struct fetcher *f);

#endif
