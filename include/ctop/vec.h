/* vec: the growth step of a dynamic array.
 *
 * An array is a plain pointer with a count and a capacity, kept by its owner;
 * vec_reserve() is the one place that decides how it grows (by half, at least
 * 16 elements). No thread affinity.
 */
#ifndef CTOP_VEC_H
#define CTOP_VEC_H

#include <stddef.h>

/* Returns `data`, possibly moved, with room for at least `need` elements of
 * `size` bytes, and updates *cap (in elements). New bytes are uninitialised. */
void *vec_reserve(void *data, size_t *cap, size_t need, size_t size)
        __attribute__((returns_nonnull));

#endif
