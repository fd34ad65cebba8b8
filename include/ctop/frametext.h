/* frametext: what the text of one frame of a folded file tells.
 *
 * Understands what ctop writes ("name", "name (file.c:12)", "module+0x1234", "[truncated at 16
 * KB]") and what others do: kinds behind names ("_[k]", "_[i]", "_[j]", "_[0]", "_[1]":
 * stackcollapse-perf.pl --all, async-profiler ann), modules and places in parentheses
 * ("memcpy (libc.so.6)", "main (app.py:12)": perf script, py-spy), modules in brackets for code
 * without a name ("[libc.so.6]", "[unknown]": stackcollapse-perf.pl). Pure; any thread.
 */
#ifndef CTOP_FRAMETEXT_H
#define CTOP_FRAMETEXT_H

#include "ctop/funcs.h"

#include <stdbool.h>
#include <stddef.h>

/* A piece of the text; empty where it tells nothing. Borrowed from it. */
struct frametext_part {
	const char *at;
	size_t len;
};

struct frametext {
	struct frametext_part name;   /* of the function, as it is shown when grouped by function */
	struct frametext_part line;   /* the same with file and line: without its kind only */
	struct frametext_part file;   /* its source, as the file has it */
	struct frametext_part module; /* its library or script */
	enum func_kind kind;
	bool nameless; /* code without a symbol */
};

/* Takes a text apart. Any bytes are safe. */
struct frametext frametext_of(const char *text, size_t len);

/* Whether the first frame of a stack is the function a thread began with and no process: by how it
 * is written, longer than the kernel lets a process's name be, or known. */
bool frametext_is_thread_root(const char *text, size_t len);

#endif
