/* intern: strings kept once, in an arena that never moves.
 *
 * Ids are dense, 4 bytes, given in order from 0 (id 0 is always ""); the bytes
 * of an id never move and are never freed before the table is, so a snapshot
 * may hand them to another thread. One writer; readers on other threads may
 * call intern_str() for ids they were given through a synchronised hand-over.
 */
#ifndef CTOP_INTERN_H
#define CTOP_INTERN_H

#include <stddef.h>
#include <stdint.h>

struct intern;

struct intern *intern_new(void);
void intern_free(struct intern *t);

/* The id of the string of `len` bytes (no NUL inside), adding it if new.
 * Writer only. */
uint32_t intern_add(struct intern *t, const char *s, size_t len);

/* The same for a NUL-terminated string. */
uint32_t intern_adds(struct intern *t, const char *s);

/* The NUL-terminated bytes of an id; "" for one out of range. Borrowed for the
 * life of the table. */
const char *intern_str(const struct intern *t, uint32_t id);

/* Bytes held. Writer only. */
size_t intern_bytes(const struct intern *t);

#endif
