/* stacker: a sample record → an interned stack, counted.
 *
 * Unwinds, puts kernel frames in front, marks what is not whole, and adds it to the
 * profile. A sample that needs an image still being loaded is parked with the
 * version of the maps it was taken under, bounded in bytes and time, and tried
 * again when the image is there. Belongs to the analyzer.
 */
#ifndef CTOP_PIPELINE_STACKER_H
#define CTOP_PIPELINE_STACKER_H

#include "ctop/unwind.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct funcs;
struct images;
struct loc;
struct modules;
struct procs;
struct profile;
struct record_sample;
struct stacker;

/* Called with every unwound user frame and kernel address, for a capture that
 * must know which addresses were touched. */
typedef void stacker_touch_fn(void *ctx, const struct loc *loc);

/* Called for every frame in code without a file, which `process` made and which has a name or
 * has none yet. */
typedef void stacker_jit_fn(void *ctx, uint32_t process, bool named);

/* Called with the stack of a look at a thread (RECORD_PEEK), which is not counted; borrowed. */
typedef void stacker_peek_fn(void *ctx, const struct record_sample *r, const struct loc *locs,
                             size_t count, enum unwind_end end);

/* All borrowed. */
struct stacker_config {
	struct profile *profile;
	struct procs *procs;
	struct images *images;
	struct funcs *funcs;
	struct modules *modules;
	uint32_t kernel;                /* id of the kernel's image */
	uint32_t stack_bytes;           /* size of dumps at the start */
	_Atomic uint32_t *stack_wanted; /* where to ask for more, or NULL */
	enum unwind_mode unwind;
	stacker_touch_fn *touch; /* or NULL */
	void *touch_ctx;
	stacker_jit_fn *jit;
	void *jit_ctx;
	stacker_peek_fn *peek;
	void *peek_ctx;
};

struct stacker *stacker_new(const struct stacker_config *c);
void stacker_free(struct stacker *s);

/* An image has got unwind tables it had not: what was learnt without them is forgotten. */
void stacker_forget_rows(struct stacker *s);

/* Counts one sample, or parks it when `may_park`. Returns false when it was
 * not done because an image is missing and it may not be parked: load it, try again. */
bool stacker_sample(struct stacker *s, const struct record_sample *r, uint64_t now_ns,
                    bool may_park);

/* Tries parked samples again; those whose time is over (or all, with `force`)
 * are counted with what is known. */
void stacker_retry(struct stacker *s, uint64_t now_ns, bool force);

/* Bytes of stack a sample that are asked for now. */
uint32_t stacker_stack_bytes(const struct stacker *s);

/* Samples parked now. */
uint32_t stacker_parked(const struct stacker *s);

/* Rows of call frame information held. */
size_t stacker_rows(const struct stacker *s);

/* Bytes held, rows and parked samples together. */
size_t stacker_bytes(const struct stacker *s);

#endif
