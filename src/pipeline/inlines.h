/* inlines: the line indexes (lines.h) of a session's images: has workers open debug information and
 * index units when an address in them is first asked for, and keeps what they made.
 *
 * The asker never waits: what is not known yet is asked again when inlines_due() says so. Belongs
 * to the analyzer.
 */
#ifndef CTOP_PIPELINE_INLINES_H
#define CTOP_PIPELINE_INLINES_H

#include "ctop/lines.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct image;
struct inbox;
struct inlines;
struct job;
struct workers;

/* Borrows both; indexes take at most about `memory` bytes. */
struct inlines *inlines_new(struct workers *workers, struct inbox *inbox, size_t memory);
/* After the workers have stopped. */
void inlines_free(struct inlines *n);

/* The functions at an ELF address of a loaded image, as line_unit_find(); 0 when nothing is known,
 * (yet). The strings live as long as `n`. */
size_t inlines_find(struct inlines *n, struct image *im, uint64_t vaddr,
                    struct line_frame out[LINES_INLINE_MAX]);

/* The index of the unit that has an address, NULL when there is none (yet). Lives as long as `n`.
 */
const struct line_unit *inlines_unit(struct inlines *n, struct image *im, uint64_t vaddr);

/* Whether that index is being made, or it is not known yet which it is. */
bool inlines_pending(struct inlines *n, struct image *im, uint64_t vaddr);

/* The image has been loaded anew: what could not be found out about it is asked again. */
void inlines_renew(struct inlines *n, const struct image *im);

bool inlines_owns(const struct job *job);
void inlines_finish(struct inlines *n, struct job *job);

/* Whether something was learnt since the last call, and either nothing is being waited for or the
 * last time it was true lies back for long enough. */
bool inlines_due(struct inlines *n, uint64_t now_ns);

/* Whether all that was asked for has been answered, and told by inlines_due(). */
bool inlines_settled(const struct inlines *n);

size_t inlines_bytes(const struct inlines *n);

/* Units that were not indexed, because the memory was used up. */
uint32_t inlines_left_out(const struct inlines *n);

#endif
