/* code: code without a file, as a JIT compiler names it; one table a process.
 *
 * Every piece is an object of its own that is never changed: when an address is used again, a
 * new object is made, and a sample taken before keeps the old one's name. Ids are dense.
 * Belongs to the analyzer.
 */
#ifndef CTOP_CODE_H
#define CTOP_CODE_H

#include <stddef.h>
#include <stdint.h>

struct code;

#define CODE_NONE UINT32_MAX

/* One object; `name` is borrowed for the life of the table. */
struct code_object {
	uint64_t start, size; /* addresses in the process */
	uint64_t born;        /* CLOCK_MONOTONIC, ns: not there before */
	const char *name;     /* cleaned */
};

struct code *code_new(void);
void code_free(struct code *c);

/* A name as it is kept: cleaned, at most so many bytes. */
enum { CODE_NAME_MAX = 3 * 4096 + 1 };
void code_clean_name(char out[CODE_NAME_MAX], const char *name, size_t len);

/* Enters an object (at most 4 M; more are ignored). `name` need not be terminated. */
void code_add(struct code *c, uint64_t start, uint64_t size, uint64_t born, const char *name,
              size_t len);

/* The object that held `addr` at `time`: the last one born by then, or the first of all when
 * none was (its name has come late). CODE_NONE when there is none. */
uint32_t code_find(struct code *c, uint64_t addr, uint64_t time);

const struct code_object *code_get(const struct code *c, uint32_t id);

uint32_t code_count(const struct code *c);
size_t code_bytes(const struct code *c);

#endif
