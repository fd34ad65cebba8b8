/* format: numbers as people read them, and styles of names. Private to view. */
#ifndef CTOP_VIEW_FORMAT_H
#define CTOP_VIEW_FORMAT_H

#include "ctop/snapshot.h"

#include <stddef.h>
#include <stdint.h>

/* "31.2%", "100%" when four cells are all there is. */
void format_percent(char *out, size_t cap, uint64_t part, uint64_t whole);

/* Weight in at most eight cells: seconds, "7.72s", "103.2s", "1234s"; or a count, "12345", "0.25",
 * "12.35M". */
void format_weight(char *out, size_t cap, enum snapshot_unit unit, uint64_t weight);

/* 12345 as "12 345", with a thin gap. */
void format_count(char *out, size_t cap, uint64_t n);

/* "00:13", "1:02:03". */
void format_clock(char *out, size_t cap, uint64_t ns);

/* One of the eight levels of a spark line for a share in 0…1; " " for nothing. */
const char *format_spark(double share);

/* The style names of a kind are drawn in (enum style). */
int format_style(enum func_kind kind);

/* A function as it is called on the screen: one that was inlined says so. In `buf`, or borrowed. */
enum { FORMAT_NAME_MAX = 4096 };
const char *format_name(const struct func *f, char buf[FORMAT_NAME_MAX]);

/* The flame colour of a function: the same in every snapshot. */
int format_hue(const char *name);

#endif
