/* made_detail: the detail of a made-up function, as the analyzer would publish it.
 *
 * ExecScan has source, a loop, something inlined, and four calls: of ExecInterpExpr, of
 * memmove_avx_unaligned in another module, through a pointer, and of ExecProject. Any other
 * function is a return instruction without source.
 */
#ifndef CTOP_TESTS_MADE_DETAIL_H
#define CTOP_TESTS_MADE_DETAIL_H

#include <stdint.h>

struct detail;

/* One reference. `whole_ns` is what 100 % is. */
struct detail *made_detail(uint32_t func, const char *name, uint64_t whole_ns);

#endif
