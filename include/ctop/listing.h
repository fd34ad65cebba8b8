/* listing: the instructions and the source of one function, as they stand in its files.
 *
 * Made by a worker from bytes and call-backs; immutable and counted from then on, so that any
 * thread may read one it holds a reference to. What is counted in it stands in detail.h.
 */
#ifndef CTOP_LISTING_H
#define CTOP_LISTING_H

#include "ctop/lines.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LISTING_CODE_MAX = 1 << 20 }; /* bytes of code that are taken apart */
#define LISTING_NO_FILE UINT32_MAX

/* One instruction. Strings live as long as the listing; "" for none. */
struct listing_insn {
	uint64_t addr;
	uint64_t target;         /* of a jump or call, 0: none or not known */
	const char *text;        /* mnemonic and operands, AT&T syntax */
	const char *target_name; /* of what is called or jumped to elsewhere */
	const char *inlined;     /* the innermost function inlined here, demangled */
	uint32_t file, line;     /* in the function itself: index in files, LISTING_NO_FILE */
	uint32_t inner_file, inner_line; /* in the innermost */
	uint8_t len;
	bool is_jump, is_call;
	bool is_target; /* a jump within the function leads here */
};

/* Whether two instructions come from the same line of the same function. */
static inline bool listing_same_place(const struct listing_insn *a, const struct listing_insn *b)
{
	return a->inner_file == b->inner_file && a->inner_line == b->inner_line &&
	       a->inlined == b->inlined;
}

/* One source file. */
struct listing_file {
	const char *path;   /* as the compiler was given it */
	const char *why;    /* it could not be read: what was tried; "" when it was */
	const char **lines; /* line 1 is lines[0]; without line ends, tabs expanded */
	uint32_t line_count;
};

struct listing {
	const char *function, *module; /* of the code */
	uint64_t start, end;           /* ELF addresses (of JIT code: in the process) */
	const char *why_no_code;       /* "" when there are instructions */
	struct listing_insn *insns;
	size_t insn_count;
	struct listing_file *files;
	uint32_t file_count;
	uint32_t main_file; /* of the function's own source, LISTING_NO_FILE */
};

/* What a listing is made of. Called on the worker. */
struct listing_request {
	const char *function, *module; /* copied */
	const unsigned char *code;     /* borrowed; NULL: there is none, for the reason `why` */
	size_t len;
	const char *why;
	uint64_t start;
	const char *source; /* file the function is in as far as the asker knows, or "" */
	/* The functions at an address, innermost first, as line_unit_find(). `own` is set to the
	 * index of that whose source is wanted. */
	size_t (*frames)(void *ctx, uint64_t addr, struct line_frame out[LINES_INLINE_MAX],
	                 size_t *own);
	/* The name of what is at an address outside of the code; false when it is not known. */
	bool (*name)(void *ctx, uint64_t addr, char *out, size_t cap);
	/* Opens a source file; −1 and the paths that were tried in `tried`. */
	int (*open)(void *ctx, const char *path, char *tried, size_t cap);
	void *ctx;
};

struct listing *listing_new(const struct listing_request *r);
struct listing *listing_ref(struct listing *l);
void listing_unref(struct listing *l); /* NULL is allowed; the last one frees */

/* The instruction that holds an address, or SIZE_MAX. */
size_t listing_at(const struct listing *l, uint64_t addr);

#endif
