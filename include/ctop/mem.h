/* mem: allocation that does not fail.
 *
 * ctop's working memory is bounded by --memory, so a refused allocation is
 * the machine's emergency, not a case to carry through every caller: these
 * functions return memory or end the process, after running the hook that
 * puts the terminal back. Sizes that come from a target must be bounded by the
 * caller first. Thread-safe.
 */
#ifndef CTOP_MEM_H
#define CTOP_MEM_H

#include <stddef.h>

/* Uninitialised bytes; never NULL; size 0 gives a unique pointer. Free with free(). */
void *mem_alloc(size_t size) __attribute__((malloc, returns_nonnull));

/* n × size zeroed bytes; the product is checked. Free with free(). */
void *mem_zalloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull));

/* realloc() for n × size bytes; the product is checked; never NULL. */
void *mem_realloc(void *p, size_t n, size_t size) __attribute__((returns_nonnull));

/* A copy of `len` bytes with a NUL after them. */
char *mem_strndup(const char *s, size_t len) __attribute__((malloc, returns_nonnull));

/* A copy of a NUL-terminated string. */
char *mem_strdup(const char *s) __attribute__((malloc, returns_nonnull));

/* The hook run once before the process ends for want of memory (the terminal
 * layer restores the screen there). Must be async-signal-safe. NULL clears. */
void mem_set_die_hook(void (*hook)(void));

#endif
