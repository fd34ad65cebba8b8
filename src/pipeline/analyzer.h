/* analyzer: the thread between the byte ring and the snapshots.
 *
 * The sole writer of processes, maps, images, unwinder, symbols and profile; no
 * locks inside. It looks at the ring and at commands at least every 2 ms, also in
 * the middle of a recount, and publishes snapshots: the first with the first
 * sample, then at intervals that double up to the refresh time.
 */
#ifndef CTOP_PIPELINE_ANALYZER_H
#define CTOP_PIPELINE_ANALYZER_H

#include "ctop/err.h"
#include "ctop/profile.h"
#include "ctop/unwind.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct analyzer;
struct broker;
struct exchange;
struct funcs;
struct profile;
struct recorder;
struct ring;
struct source_info;
struct workers;

/* All borrowed until analyzer_free(). */
struct analyzer_config {
	struct ring *ring;
	struct exchange *exchange;
	struct broker *broker;
	struct workers *workers;
	struct funcs *funcs;
	struct recorder *recorder; /* or NULL */
	const struct source_info *source;
	enum unwind_mode unwind;
	struct profile_query query; /* to begin with */
	const char *source_map;     /* as details.h has it, or NULL */
	bool fetch;                 /* fetch debug files from the start */
	size_t memory;              /* bytes */
	uint32_t refresh_ms;
	bool in_order; /* replay: wait for images instead of parking */
	uint64_t start_ns;
	_Atomic uint32_t *stack_wanted; /* where to ask for deeper copies (depth.h), or NULL */
	int folded_fd;                  /* a folded file to count before all else, or −1 */
	const char *folded_name;        /* what errors call it */
};

enum ctop_err analyzer_start(struct analyzer **out, const struct analyzer_config *c, struct err *e);

/* Waits for its end: RECORD_END counted, or exchange_end(at_once). */
void analyzer_join(struct analyzer *a);

/* After the join: what a capture needs of it. */
struct images *analyzer_images(const struct analyzer *a);
const struct loaded_file *analyzer_files(const struct analyzer *a, size_t *count);

/* After the join: all that was counted. */
struct profile *analyzer_profile(const struct analyzer *a);

/* After the join. NULL is allowed. */
void analyzer_free(struct analyzer *a);

#endif
