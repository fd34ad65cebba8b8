/* join: rows of two snapshots; see join.h. */
#include "ctop/join.h"

#include "ctop/hash.h"
#include "ctop/intern.h"
#include "ctop/mem.h"
#include "ctop/vec.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MODULE_CAP = 256 };
static const char NAMELESS[] = "[code without a name]", SEVERAL[] = "(several)";

struct join {
	const struct snapshot *s[JOIN_SIDES];
	struct intern *strings;
	struct join_row *rows;
	size_t count, cap;
	struct hash_map index;        /* hash of (name, module, process) → row */
	struct hash_map bare;         /* interned names that lack a module somewhere */
	uint32_t *row_of[JOIN_SIDES]; /* by func id */
	uint32_t *stamp;              /* by row: the path it was seen on last */
	uint32_t path;
};

/* --- names ---------------------------------------------------------------------------- */

/* "-2.31" right before ".so", as libraries are called whose file bears the version. */
static size_t without_version(const char *name, size_t len)
{
	size_t n = len;
	while (n > 0 && (isdigit((unsigned char)name[n - 1]) || name[n - 1] == '.'))
		n--;
	return n < len && n > 1 && name[n - 1] == '-' ? n - 1 : len;
}

void join_module_name(const char *module, char *out, size_t cap)
{
	static const char so[] = ".so";
	const char *slash = module[0] != '[' ? strrchr(module, '/') : NULL;
	const char *name = slash != NULL && slash[1] != '\0' ? slash + 1 : module;
	const char *end = strstr(name, so);
	while (end != NULL && end[3] != '\0' && end[3] != '.' && end[3] != ' ')
		end = strstr(end + 3, so);
	if (strncmp(name, "[kernel", 7) == 0)
		snprintf(out, cap, "[kernel]");
	else if (end != NULL)
		snprintf(out, cap, "%.*s.so", (int)without_version(name, (size_t)(end - name)),
		         name);
	else
		snprintf(out, cap, "%.*s", (int)strcspn(name, " "), name);
}

static const char *keep(struct join *j, const char *s)
{
	return intern_str(j->strings, intern_adds(j->strings, s));
}

/* What a function is told by: its name, and its module as far as both sides know it. */
struct key {
	const char *name, *module; /* interned: equal when their addresses are */
	bool process;
};

static struct key key_of(struct join *j, const struct func *f)
{
	char module[MODULE_CAP];
	struct key k = {keep(j, f->nameless ? NAMELESS : f->name), "", f->kind == FUNC_PROCESS};
	join_module_name(f->module, module, sizeof module);
	k.module = keep(j, module);
	return k;
}

static bool is_bare(const struct join *j, const struct key *k)
{
	uint32_t unused;
	return hash_map_get(&j->bare, (uintptr_t)k->name, &unused, NULL);
}

static bool counts(const struct snapshot *s, uint32_t func)
{
	return func != 0 && snapshot_func_counts(s, func).total_n > 0;
}

/* Notes names of which some function has no module. */
static void find_bare(struct join *j, const struct snapshot *s)
{
	for (uint32_t i = 1; i < snapshot_func_count(s); i++) {
		const struct func *f = snapshot_func(s, i);
		if (!counts(s, i) || f->module[0] != '\0' || f->nameless || f->kind == FUNC_PROCESS)
			continue;
		struct key k = key_of(j, f);
		hash_map_set(&j->bare, (uintptr_t)k.name, 1);
	}
}

/* --- rows ------------------------------------------------------------------------------ */

static uint32_t row_of_key(struct join *j, struct key k)
{
	bool bare = !k.process && is_bare(j, &k);
	const char *module = bare ? intern_str(j->strings, 0) : k.module;
	uint64_t hash = hash_pair((uintptr_t)k.name, (uintptr_t)module ^ k.process) | 1;
	uint32_t id;
	size_t pos;
	bool found = hash_map_get(&j->index, hash, &id, &pos);
	for (; found; found = hash_map_next(&j->index, hash, &id, &pos)) {
		struct join_row *r = &j->rows[id];
		if (r->name != k.name || r->process != k.process || (!bare && r->module != module))
			continue;
		/* For people: the module that is known, where it is one. */
		if (r->module[0] == '\0')
			r->module = k.module;
		else if (k.module[0] != '\0' && k.module != r->module)
			r->module = SEVERAL;
		return id;
	}
	j->rows = vec_reserve(j->rows, &j->cap, j->count + 1, sizeof *j->rows);
	id = (uint32_t)j->count++;
	j->rows[id] = (struct join_row){.name = k.name, .module = k.module, .process = k.process};
	hash_map_add(&j->index, hash, id);
	return id;
}

static void map_functions(struct join *j, enum join_side side)
{
	const struct snapshot *s = j->s[side];
	uint32_t n = snapshot_func_count(s);
	j->row_of[side] = mem_alloc((n + 1) * sizeof *j->row_of[side]);
	for (uint32_t i = 0; i < n; i++)
		j->row_of[side][i] =
		        counts(s, i) ? row_of_key(j, key_of(j, snapshot_func(s, i))) : JOIN_NONE;
}

void join_path(struct join *j, enum join_side side, uint32_t node, join_fn *fn, void *ctx)
{
	bool self = true;
	j->path++;
	for (; node != NODE_NONE; self = false) {
		struct node_info info = snapshot_node(j->s[side], node);
		uint32_t row = join_row_of(j, side, info.func);
		if (row != JOIN_NONE && j->stamp[row] != j->path) {
			j->stamp[row] = j->path;
			fn(ctx, row, self);
		}
		node = info.parent;
	}
}

struct weighing {
	struct join *j;
	enum join_side side;
	uint64_t weight;
};

static void weigh(void *ctx, uint32_t row, bool self)
{
	const struct weighing *w = ctx;
	struct join_row *r = &w->j->rows[row];
	r->total[w->side] += w->weight;
	r->self[w->side] += self ? w->weight : 0;
}

static void count_side(struct join *j, enum join_side side)
{
	for (uint32_t node = 0; node < snapshot_node_count(j->s[side]); node++) {
		struct weighing w = {j, side, snapshot_counts(j->s[side], node).self_ns};
		if (w.weight > 0)
			join_path(j, side, node, weigh, &w);
	}
}

struct join *join_new(const struct snapshot *base, const struct snapshot *now)
{
	struct join *j = mem_zalloc(1, sizeof *j);
	j->s[JOIN_BASE] = base;
	j->s[JOIN_NOW] = now;
	j->strings = intern_new();
	find_bare(j, base);
	find_bare(j, now);
	map_functions(j, JOIN_BASE);
	map_functions(j, JOIN_NOW);
	j->stamp = mem_zalloc(j->count + 1, sizeof *j->stamp);
	count_side(j, JOIN_BASE);
	count_side(j, JOIN_NOW);
	return j;
}

void join_free(struct join *j)
{
	if (j == NULL)
		return;
	for (int side = 0; side < JOIN_SIDES; side++)
		free(j->row_of[side]);
	intern_free(j->strings);
	hash_map_fini(&j->index);
	hash_map_fini(&j->bare);
	free(j->rows);
	free(j->stamp);
	free(j);
}

const struct join_row *join_rows(const struct join *j, size_t *count)
{
	*count = j->count;
	return j->rows;
}

uint64_t join_whole(const struct join *j, enum join_side side)
{
	return snapshot_counts(j->s[side], NODE_ROOT).total_ns;
}

uint32_t join_row_of(const struct join *j, enum join_side side, uint32_t func)
{
	return func < snapshot_func_count(j->s[side]) ? j->row_of[side][func] : JOIN_NONE;
}

double join_points(const struct join *j, const uint64_t weight[JOIN_SIDES], enum join_side side)
{
	uint64_t whole = join_whole(j, side);
	return whole > 0 ? 100.0 * (double)weight[side] / (double)whole : 0;
}

double join_delta(const struct join *j, const uint64_t weight[JOIN_SIDES])
{
	return join_points(j, weight, JOIN_NOW) - join_points(j, weight, JOIN_BASE);
}
