/* activity: CPU use of each thread over the last seconds. Private to the
 * profile layer; belongs to the analyzer.
 */
#ifndef CTOP_PROFILE_ACTIVITY_H
#define CTOP_PROFILE_ACTIVITY_H

#include "ctop/hash.h"
#include "ctop/snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SPARK_SECONDS = 30 };

/* One thread. */
struct thread_row {
	uint32_t pid, tid;
	char name[32];
	bool alive;
	uint64_t weight_ns;
	uint32_t hottest;
	uint64_t hottest_ns;
	uint64_t second;            /* that the newest bucket stands for */
	uint32_t us[SPARK_SECONDS]; /* CPU a second; ring, index second % SPARK_SECONDS */
};

struct activity {
	uint64_t start_ns;
	struct thread_row *threads;
	size_t thread_count, thread_cap;
	struct hash_map by_func; /* (thread, func) → index in weights */
	uint64_t *weights;
	size_t weight_count, weight_cap;
};

void activity_init(struct activity *a, uint64_t start_ns);
void activity_fini(struct activity *a);

uint32_t activity_thread(struct activity *a, uint32_t pid, uint32_t tid, const char *name);
void activity_rename(struct activity *a, uint32_t thread, const char *name);

/* Counts one sample whose leaf is `func`. */
void activity_add(struct activity *a, uint64_t time_ns, uint32_t thread, uint32_t func,
                  uint64_t weight_ns);

/* The same of samples of which it is not known when they were taken: no bucket gets them. */
void activity_add_untimed(struct activity *a, uint32_t thread, uint32_t func, uint64_t weight_ns);

/* Forgets what was counted; threads that ended are kept, as ids are dense. */
void activity_reset(struct activity *a, uint64_t now_ns);

/* Functions have got other ids: forgets which is the hottest. */
void activity_forget_funcs(struct activity *a);

/* Copies for a snapshot; owned by the caller. */
struct snapshot_thread *activity_threads(const struct activity *a, uint64_t now_ns,
                                         uint32_t *count);

size_t activity_bytes(const struct activity *a);

#endif
