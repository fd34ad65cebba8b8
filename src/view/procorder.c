/* procorder: the order of a list of processes; see procorder.h. */
#include "procorder.h"

#include "ctop/mem.h"

#include <stdlib.h>
#include <string.h>

static const uint32_t NONE = UINT32_MAX;
enum { DEEPEST = 1000 };

struct sorting {
	const struct process *p;
	const struct procorder *o;
};

/* --- columns ----------------------------------------------------------------------------- */

typedef int compare_fn(const struct process *a, const struct process *b);

static int by_pid(const struct process *a, const struct process *b)
{
	return (a->pid > b->pid) - (a->pid < b->pid);
}

static int by_user(const struct process *a, const struct process *b)
{
	return strcmp(a->user, b->user);
}

/* The largest first. */
static int by_cpu(const struct process *a, const struct process *b)
{
	return (a->cpu < b->cpu) - (a->cpu > b->cpu);
}

static int by_memory(const struct process *a, const struct process *b)
{
	return (a->memory < b->memory) - (a->memory > b->memory);
}

static int by_threads(const struct process *a, const struct process *b)
{
	return (a->threads < b->threads) - (a->threads > b->threads);
}

static int by_state(const struct process *a, const struct process *b)
{
	static const char order[] = "RDStTZ"; /* the busiest first */
	const char *x = strchr(order, a->state), *y = strchr(order, b->state);
	size_t i = x != NULL ? (size_t)(x - order) : sizeof order;
	size_t j = y != NULL ? (size_t)(y - order) : sizeof order;
	return (i > j) - (i < j);
}

static int by_command(const struct process *a, const struct process *b)
{
	const char *x = a->command[0] != '\0' ? a->command : a->comm;
	const char *y = b->command[0] != '\0' ? b->command : b->comm;
	return strcmp(x, y);
}

static int compare(const void *va, const void *vb, void *ctx)
{
	static compare_fn *const by[PROCESS_COLUMNS] = {
	        [PROCESS_PID] = by_pid,         [PROCESS_USER] = by_user,
	        [PROCESS_CPU] = by_cpu,         [PROCESS_MEMORY] = by_memory,
	        [PROCESS_THREADS] = by_threads, [PROCESS_STATE] = by_state,
	        [PROCESS_COMMAND] = by_command,
	};
	const struct sorting *s = ctx;
	const struct process *a = &s->p[*(const uint32_t *)va], *b = &s->p[*(const uint32_t *)vb];
	if (s->o->own != 0 && !s->o->tree && (a->uid == s->o->own) != (b->uid == s->o->own))
		return a->uid == s->o->own ? -1 : 1;
	int c = by[s->o->column](a, b);
	/* Of many that do nothing, programs are what one looks for. */
	if (c == 0 && s->o->column != PROCESS_PID && a->kernel_thread != b->kernel_thread)
		return a->kernel_thread ? 1 : -1;
	if (c == 0)
		return by_pid(a, b);
	return s->o->inverted ? -c : c;
}

/* --- the tree ---------------------------------------------------------------------------- */

static uint32_t find(const struct process *p, size_t count, pid_t pid)
{
	size_t lo = 0, hi = count;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (p[mid].pid < pid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < count && p[lo].pid == pid ? (uint32_t)lo : NONE;
}

/* By process: its first child, the next of the same parent, its parent. */
struct links {
	uint32_t *child, *next, *parent;
};

static void link_up(const struct process *p, size_t count, const uint32_t *order,
                    const struct links *l)
{
	for (size_t i = 0; i < count; i++)
		l->child[i] = NONE;
	for (size_t i = count; i-- > 0;) {
		uint32_t at = order[i];
		uint32_t parent = p[at].ppid != p[at].pid ? find(p, count, p[at].ppid) : NONE;
		l->parent[at] = parent;
		l->next[at] = NONE;
		if (parent == NONE)
			continue;
		l->next[at] = l->child[parent];
		l->child[parent] = at;
	}
}

/* The sub-tree of a root in pre-order, by following links; returns how many rows. */
static size_t walk(const struct links *l, uint32_t root, struct procorder_row *out, bool *seen)
{
	size_t n = 0;
	uint16_t depth = 0;
	for (uint32_t at = root; at != NONE;) {
		out[n++] = (struct procorder_row){at, depth};
		seen[at] = true;
		if (l->child[at] != NONE) {
			at = l->child[at];
			depth += depth < DEEPEST;
			continue;
		}
		while (at != root && l->next[at] == NONE) {
			at = l->parent[at];
			depth -= depth > 0;
		}
		at = at == root ? NONE : l->next[at];
	}
	return n;
}

/* A look at /proc is not of one moment: parents could go round in a circle. Those have no root, and
 * stand alone at the end. */
static void make_tree(const struct process *p, size_t count, const uint32_t *order,
                      struct procorder_row *out)
{
	uint32_t *links = mem_alloc((3 * count + 1) * sizeof *links);
	const struct links l = {links, links + count, links + 2 * count};
	bool *seen = mem_zalloc(count + 1, sizeof *seen);
	size_t n = 0;
	link_up(p, count, order, &l);
	for (size_t i = 0; i < count; i++)
		if (l.parent[order[i]] == NONE)
			n += walk(&l, order[i], out + n, seen);
	for (size_t i = 0; i < count; i++)
		if (!seen[order[i]])
			out[n++] = (struct procorder_row){order[i], 0};
	free(links);
	free(seen);
}

void procorder_make(const struct process *p, size_t count, const struct procorder *o,
                    struct procorder_row *out)
{
	struct sorting s = {p, o};
	uint32_t *order = mem_alloc((count + 1) * sizeof *order);
	for (size_t i = 0; i < count; i++)
		order[i] = (uint32_t)i;
	qsort_r(order, count, sizeof *order, compare, &s);
	for (size_t i = 0; i < count && !o->tree; i++)
		out[i] = (struct procorder_row){order[i], 0};
	if (o->tree)
		make_tree(p, count, order, out);
	free(order);
}
