/* utf8: decoding, display width and cleaning of text that comes from a
 * target. Pure functions; any thread. */
#ifndef CTOP_UTF8_H
#define CTOP_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Decodes one code point from at most `len` bytes (len > 0). Stores it in *cp
 * and returns the bytes used (1–4). A malformed sequence gives U+FFFD and 1.
 * RFC 3629: overlong forms, surrogates and values over U+10FFFF are malformed. */
size_t utf8_decode(const char *s, size_t len, uint32_t *cp);

/* Encodes `cp` into at most 4 bytes at `out`; returns the bytes written. */
size_t utf8_encode(uint32_t cp, char out[4]);

/* Terminal cells a code point takes: 0 (combining, zero width), 1 or 2.
 * Control characters count 1: they are drawn as a replacement. */
int utf8_width(uint32_t cp);

/* Cells of a NUL-terminated string. */
size_t utf8_str_width(const char *s);

/* Bytes of the longest prefix of `s` that fits `cells`; *used gets its width. */
size_t utf8_fit(const char *s, size_t cells, size_t *used);

/* Copies `len` bytes to `out` (at least `len` × 3 + 1 bytes), replacing control
 * characters (C0, DEL, C1) by '?', malformed bytes and bidirectional overrides
 * by U+FFFD, so that the result is safe on a terminal and in a line-based file.
 * Returns the length written; NUL-terminated. */
size_t utf8_clean(const char *s, size_t len, char *out);

#endif
