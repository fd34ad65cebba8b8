/* clock: the two clocks ctop uses. Thread-safe. */
#ifndef CTOP_CLOCK_H
#define CTOP_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define CLOCK_NS_PER_SEC UINT64_C(1000000000)
#define CLOCK_NS_PER_MS UINT64_C(1000000)

/* CLOCK_MONOTONIC in ns: the clock of every record and of the display. */
uint64_t clock_now_ns(void);

/* Offset in ns to add to CLOCK_MONOTONIC to get CLOCK_REALTIME, read now. */
int64_t clock_realtime_offset_ns(void);

/* CPU time in ns used by the calling thread. */
uint64_t clock_thread_cpu_ns(void);

/* CPU time in ns used by the calling process, all threads. */
uint64_t clock_process_cpu_ns(void);

/* CPU time in ns used by process `pid`, its exited threads included, through
 * the kernel's per-process CPU clock. False when the process is gone. */
bool clock_pid_cpu_ns(pid_t pid, uint64_t *ns);

#endif
