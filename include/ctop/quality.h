/* quality: how good the data of a snapshot is, module by module, and what would mend it.
 * Pure; any thread.
 */
#ifndef CTOP_QUALITY_H
#define CTOP_QUALITY_H

#include "ctop/snapshot.h"

#include <stddef.h>
#include <stdint.h>

/* One module and the samples that suffer from it. */
struct quality_row {
	const struct snapshot_module *module;
	uint64_t nameless; /* samples whose leaf is code of it without a symbol; modules of one
	                    * name have them together, in the first one's row */
};

/* The modules stacks went through, those most samples suffer from first; the caller frees. */
struct quality_row *quality_rows(const struct snapshot *s, size_t *count);

/* Share of samples that suffer from the row's module, without a name or broken there; 0…1. */
double quality_harm(const struct snapshot *s, const struct quality_row *row);

/* Share of samples that no name was found for, of those lost, and of incomplete stacks; 0…1. */
double quality_nameless(const struct snapshot *s);
double quality_lost(const struct snapshot *s);
double quality_broken(const struct snapshot *s);

/* One way in which samples were lost or their stacks broken. */
struct quality_cause {
	const char *name; /* completes "12 …" */
	const char *cure; /* an option that helps; "" when there is none */
	uint64_t count;
};
enum { QUALITY_LOST = 4, QUALITY_BROKEN = 7 };

/* All causes, in a fixed order, with their counts. */
void quality_lost_by(const struct snapshot *s, struct quality_cause out[QUALITY_LOST]);
void quality_broken_by(const struct snapshot *s, struct quality_cause out[QUALITY_BROKEN]);

/* How the module's frames were unwound, in a few words: "unwind tables", "tables of Go",
 * "frame pointers", "tables, 3 % searched on the stack". */
void quality_way(const struct snapshot_module *m, char *out, size_t cap);

/* How it stands with fetching the module's debug file, a few words; "" when there is nothing to
 * tell. */
void quality_fetch(const struct snapshot_module *m, char *out, size_t cap);

/* What to install or pass so that the row gets better, one line; "" when all is well. */
void quality_remedy(const struct quality_row *row, char *out, size_t cap);

#endif
