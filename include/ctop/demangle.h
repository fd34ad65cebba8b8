/* demangle: C++ (Itanium), Rust (legacy and v0) and D names through libiberty. */
#ifndef CTOP_DEMANGLE_H
#define CTOP_DEMANGLE_H

#include <stddef.h>

/* Writes a readable, cleaned (utf8_clean) form of `name` into `out` (cap ≥ 64,
 * truncated at a character boundary with "…"): demangled without parameters where it
 * is mangled, symbol versions ("@GLIBC_2.34", "@@…") stripped. Input longer than
 * 64 KB is only cleaned. Returns the length. Any thread; libiberty's recursion
 * limit is kept on. */
size_t demangle(const char *name, char *out, size_t cap);

#endif
