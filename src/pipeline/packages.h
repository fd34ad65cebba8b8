/* packages: which Debian packages the files without symbols belong to, found by a worker when
 * somebody wants to see. Belongs to the analyzer.
 */
#ifndef CTOP_PIPELINE_PACKAGES_H
#define CTOP_PIPELINE_PACKAGES_H

#include <stdbool.h>

struct broker;
struct inbox;
struct job;
struct modules;
struct packages;
struct workers;

/* All borrowed. */
struct packages *packages_new(struct broker *broker, struct workers *workers, struct inbox *inbox);
void packages_free(struct packages *p);

/* Looks for the packages of the modules that lack symbols, a few at a time until all are
 * known. */
void packages_ask(struct packages *p, const struct modules *m);

bool packages_owns(const struct job *job);

/* Enters what a finished search has found. */
void packages_finish(struct packages *p, struct job *job, struct modules *m);

#endif
