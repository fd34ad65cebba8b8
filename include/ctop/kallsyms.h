/* kallsyms: the kernel's functions from the text of /proc/kallsyms. */
#ifndef CTOP_KALLSYMS_H
#define CTOP_KALLSYMS_H

#include "ctop/err.h"

#include <stdbool.h>

struct symtab;

/* Reads the whole text from `fd` (borrowed; at most 256 MB) into a finished
 * table. Module functions are named "func [module]". When every address is
 * zero (kptr_restrict without the right) *hidden is set and the table is empty. */
enum ctop_err kallsyms_read(int fd, struct symtab **out, bool *hidden, struct err *e);

#endif
