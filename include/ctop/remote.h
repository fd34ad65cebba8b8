/* remote: debug files and source files by build id, from the servers in DEBUGINFOD_URLS.
 *
 * libdebuginfod does the work and keeps what it gets in its cache ($DEBUGINFOD_CACHE_PATH, or
 * ~/.cache/debuginfod_client), where the next run finds it. The library is loaded at the first
 * use: a whole HTTP client comes with it, which would cost every start some 20 ms. Thread-safe;
 * the calls below take as long as the network does, so they are for a thread that nobody waits for.
 */
#ifndef CTOP_REMOTE_H
#define CTOP_REMOTE_H

#include "ctop/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Called now and then, at least about once a second, while something is fetched, with the bytes
 * that have come and, once they are known, those that will come (else 0). False gives up. */
typedef bool remote_progress_fn(void *ctx, uint64_t done, uint64_t total);

/* What is fetched. All borrowed for the call. */
struct remote_request {
	const unsigned char *build_id;
	size_t build_id_len; /* 2–64 */
	const char *source;  /* absolute path of a source file; NULL: the debug file */
	remote_progress_fn *progress;
	void *ctx;
};

/* Whether there is anybody to ask; the error tells what to set. Reads the environment only. */
enum ctop_err remote_possible(struct err *e);

/* On success *fd is a descriptor of the file in the cache, which the caller closes. CTOP_ENOENT:
 * no server has it; CTOP_EAGAIN: given up by `progress`; CTOP_EUNSUP: the library is not there;
 * CTOP_EIO: servers cannot be reached, or refuse. */
enum ctop_err remote_fetch(const struct remote_request *r, int *fd, struct err *e);

#endif
