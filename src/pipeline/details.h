/* details: one function as it is being looked at: finds its code, has a worker make its listing,
 * and counts in it. Belongs to the analyzer.
 */
#ifndef CTOP_PIPELINE_DETAILS_H
#define CTOP_PIPELINE_DETAILS_H

#include <stdbool.h>
#include <stdint.h>

struct broker;
struct detail;
struct details;
struct fetcher;
struct image;
struct inbox;
struct inlines;
struct job;
struct naming;
struct procs;
struct profile;
struct workers;

/* All borrowed. `source_map`: "FROM=TO", by which beginnings of paths of source files are replaced,
 * or NULL. */
struct details_config {
	struct profile *profile;
	struct naming *naming;
	struct inlines *inlines;
	struct procs *procs;
	struct broker *broker;
	struct workers *workers;
	struct fetcher *fetcher; /* of source files that are not here */
	struct inbox *inbox;
	const char *source_map;
	const char *refusal; /* why no function has code to show, or NULL */
};

struct details *details_new(const struct details_config *c);
/* After the workers have stopped. */
void details_free(struct details *d);

/* The function to show from now on, 0 for none; `number` of the command. */
void details_show(struct details *d, uint32_t func, uint64_t number);

/* More can be known of an image now (NULL: of any): the listing is made anew. */
void details_renew(struct details *d, const struct image *im);

bool details_owns(const struct job *job);
void details_finish(struct details *d, struct job *job);

/* Whether a function is shown, and whether its listing is still being made. */
bool details_open(const struct details *d);
bool details_waiting(const struct details *d);

/* What is known now, for the display; the caller owns the one reference. */
struct detail *details_make(struct details *d);

#endif
