/* helper: a small process of ctop's own, which does what must not be interrupted in the middle: it
 * stops threads of others and lets them go. Private to the sample layer.
 *
 * What stops or debugs ctop does not stop it, it has no files of ctop's and no terminal, and it
 * dies with the thread that started it, whereupon the kernel lets go of what it held.
 */
#ifndef CTOP_SAMPLE_HELPER_H
#define CTOP_SAMPLE_HELPER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Starts run(arg) in a process called `name`, with all signals blocked; what is shared with it is
 * mapped before. Its pid, or −1. */
pid_t helper_start(const char *name, void (*run)(void *arg), void *arg);

/* Ends one that was started, at once. 0 is allowed. */
void helper_end(pid_t pid);

/* Whether it has ended by itself; then its pid is nobody's any more. */
bool helper_has_ended(pid_t pid);

/* Waits, but no longer than `ns`, while *word is `seen`; futex(2), in memory that is shared. */
void helper_wait(_Atomic uint32_t *word, uint32_t seen, uint64_t ns);

/* Changes *word and wakes who waits for that. */
void helper_tell(_Atomic uint32_t *word, uint32_t now);

/* Memory that stays shared with helpers, zeroed, or NULL. */
void *helper_map(size_t size);
void helper_unmap(void *memory, size_t size);

#endif
