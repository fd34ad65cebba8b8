/* profile: samples in, snapshots out; see profile.h.
 *
 * A generation is a group tree with its counts, under one query. A recount makes
 * the next one beside it: it walks the totals in slices, and a sample that comes
 * meanwhile is added to it only when its entry has been passed already, so
 * nothing is lost or doubled. The raw stacks' group nodes belong to the newest
 * generation; the old one is published unchanged until the new one is complete.
 */
#include "ctop/profile.h"

#include "activity.h"
#include "ctop/clock.h"
#include "ctop/hash.h"
#include "ctop/history.h"
#include "ctop/mem.h"
#include "ctop/vec.h"
#include "snapshot_make.h"
#include "stacks.h"
#include "tree.h"

#include <stdlib.h>
#include <string.h>

/* Samples of one thread with one stack, since the start or the reset. */
struct total {
	uint64_t weight_ns;
	uint32_t stack, thread;
	uint32_t n;
	uint32_t reserved;
};

struct generation {
	struct profile_query query;
	uint64_t number, command;
	struct group_tree *tree;
	struct count_array nodes, by_func;
	uint64_t samples, weight_ns;
};

struct profile {
	struct profile_config c;
	struct stacks stacks;
	struct history history;
	struct activity activity;
	struct total *totals;
	size_t total_count, total_cap;
	struct hash_map total_index;   /* (stack, thread) → index */
	struct generation shown, next; /* next.tree is NULL unless a recount is on */
	size_t cursor;                 /* totals counted into `next` */
	uint64_t generations;
	struct snapshot_stats stats;
	uint32_t folded_loc;
};

enum { RECOUNT_BATCH = 256 };

/* --- life ------------------------------------------------------------------------ */

static struct generation generation_new(struct profile *p, const struct profile_query *q,
                                        uint64_t command)
{
	return (struct generation){
	        .query = *q, .number = ++p->generations, .command = command, .tree = tree_new()};
}

static void generation_fini(struct generation *g)
{
	count_array_fini(&g->nodes);
	count_array_fini(&g->by_func);
	tree_unref(g->tree);
	*g = (struct generation){0};
}

struct profile *profile_new(const struct profile_config *config)
{
	struct profile *p = mem_zalloc(1, sizeof *p);
	p->c = *config;
	stacks_init(&p->stacks);
	history_init(&p->history, config->memory / 4);
	activity_init(&p->activity, config->start_ns);
	p->shown = generation_new(p, &config->query, 0);
	struct loc folded = {.kind = LOC_MARK};
	folded.addr = funcs_add(config->funcs, "[folded]", "", FUNC_MARK);
	p->folded_loc = stacks_loc(&p->stacks, &folded);
	p->stats.wait_status = -1;
	return p;
}

void profile_free(struct profile *p)
{
	if (p == NULL)
		return;
	generation_fini(&p->shown);
	generation_fini(&p->next);
	stacks_fini(&p->stacks);
	history_fini(&p->history);
	activity_fini(&p->activity);
	free(p->totals);
	hash_map_fini(&p->total_index);
	free(p);
}

uint32_t profile_stack(struct profile *p, const struct loc *locs, size_t count)
{
	return stacks_chain(&p->stacks, locs, count);
}

uint32_t profile_thread_add(struct profile *p, uint32_t pid, uint32_t tid, const char *name)
{
	return activity_thread(&p->activity, pid, tid, name);
}

void profile_thread_rename(struct profile *p, uint32_t thread, const char *name)
{
	activity_rename(&p->activity, thread, name);
}

void profile_thread_exit(struct profile *p, uint32_t thread)
{
	p->activity.threads[thread].alive = false;
}

struct snapshot_stats *profile_stats(struct profile *p)
{
	return &p->stats;
}

/* --- grouping --------------------------------------------------------------------- */

/* The query and command that will be in force when pending work is done. */
static const struct generation *newest(const struct profile *p)
{
	return p->next.tree != NULL ? &p->next : &p->shown;
}

/* Asks for the functions of a location, once. */
static uint32_t name(struct profile *p, uint32_t loc)
{
	struct stacks *s = &p->stacks;
	uint32_t ids[PROFILE_FRAMES];
	size_t n = p->c.frames_of(p->c.ctx, &s->locs[loc], &newest(p)->query, ids);
	if (n <= 1)
		return ids[0];
	uint32_t at = (uint32_t)s->list_count;
	s->lists = vec_reserve(s->lists, &s->list_cap, s->list_count + n + 1, sizeof *s->lists);
	s->lists[s->list_count++] = (uint32_t)n;
	memcpy(s->lists + s->list_count, ids, n * sizeof *ids);
	s->list_count += n;
	return FUNC_MANY | at;
}

/* The functions of a location, outermost first; how many in *count. */
static const uint32_t *funcs_of(struct profile *p, uint32_t loc, size_t *count)
{
	struct stacks *s = &p->stacks;
	if (s->func[loc] == FUNC_UNSET)
		s->func[loc] = name(p, loc);
	*count = 1;
	if ((s->func[loc] & FUNC_MANY) == 0)
		return &s->func[loc];
	const uint32_t *list = &s->lists[s->func[loc] & ~FUNC_MANY];
	*count = list[0];
	return list + 1;
}

static bool is_hidden(const struct profile_query *q, const struct loc *loc)
{
	return q->hide_kernel && (loc->kind == LOC_KERNEL || loc->kind == LOC_KERNEL_RETURN);
}

/* The node below `node` for the functions of a location. *fresh: `node` was made just now, and has
 * no children. Files and modules that follow one another are one frame. */
static uint32_t add_frames(struct profile *p, struct generation *g, uint32_t loc, uint32_t node,
                           bool *fresh)
{
	bool merged = g->query.group == GROUP_FILE || g->query.group == GROUP_MODULE;
	size_t count;
	const uint32_t *funcs = funcs_of(p, loc, &count);
	for (size_t i = 0; i < count; i++) {
		if (merged && tree_step(g->tree, node).func == funcs[i])
			continue;
		uint32_t before = tree_count(g->tree);
		node = *fresh ? tree_first_child(g->tree, node, funcs[i])
		              : tree_child(g->tree, node, funcs[i]);
		*fresh = tree_count(g->tree) > before;
	}
	return node;
}

/* The group node of a stack: set once for each of its nodes, from the root. */
static uint32_t group_of(struct profile *p, struct generation *g, uint32_t stack)
{
	struct stacks *s = &p->stacks;
	uint32_t path[PROFILE_DEPTH];
	size_t n = 0;
	uint32_t at = stack;
	while (at != STACK_ROOT && s->group[at] == GROUP_UNSET && n < PROFILE_DEPTH) {
		path[n++] = at;
		at = s->parent[at];
	}
	uint32_t node = at == STACK_ROOT || n == PROFILE_DEPTH ? NODE_ROOT : s->group[at];
	bool fresh = false; /* the node was made here: it has no children */
	while (n > 0) {
		at = path[--n];
		if (!is_hidden(&g->query, &s->locs[s->loc[at]]))
			node = add_frames(p, g, s->loc[at], node, &fresh);
		s->group[at] = node;
	}
	return node;
}

static uint32_t saturating(uint32_t a, uint32_t b)
{
	return a + b < a ? UINT32_MAX : a + b;
}

static void add_total(struct counts *c, uint64_t weight_ns, uint32_t n)
{
	c->total_ns += weight_ns;
	c->total_n = saturating(c->total_n, n);
}

static void add_self(struct counts *c, uint64_t weight_ns, uint32_t n)
{
	c->self_ns += weight_ns;
	c->self_n = saturating(c->self_n, n);
}

/* Adds weight along a path of the tree, and to the functions on it. */
static void count_path(struct generation *g, uint32_t node, uint64_t weight_ns, uint32_t n)
{
	add_self(count_array_at(&g->nodes, node), weight_ns, n);
	add_self(count_array_at(&g->by_func, tree_step(g->tree, node).func), weight_ns, n);
	while (node != NODE_NONE) {
		struct tree_step step = tree_step(g->tree, node);
		add_total(count_array_at(&g->nodes, node), weight_ns, n);
		if (step.outermost)
			add_total(count_array_at(&g->by_func, step.func), weight_ns, n);
		node = step.parent;
	}
	g->samples += n;
	g->weight_ns += weight_ns;
}

static bool accepts(const struct profile_query *q, uint32_t thread)
{
	return !q->by_thread || q->thread == thread;
}

static void count_into(struct profile *p, struct generation *g, uint32_t stack, uint32_t thread,
                       uint64_t weight_ns, uint32_t n)
{
	if (accepts(&g->query, thread))
		count_path(g, group_of(p, g, stack), weight_ns, n);
}

/* --- samples ----------------------------------------------------------------------- */

/* The totals entry of (stack, thread). */
static size_t total_of(struct profile *p, uint32_t stack, uint32_t thread)
{
	uint64_t key = ((uint64_t)stack << 32 | thread) + 1;
	uint32_t i;
	if (hash_map_get(&p->total_index, key, &i, NULL))
		return i;
	p->totals = vec_reserve(p->totals, &p->total_cap, p->total_count + 1, sizeof *p->totals);
	p->totals[p->total_count] = (struct total){.stack = stack, .thread = thread};
	hash_map_add(&p->total_index, key, (uint32_t)p->total_count);
	return p->total_count++;
}

static uint32_t leaf_func(struct profile *p, uint32_t stack)
{
	size_t count;
	const uint32_t *funcs = funcs_of(p, p->stacks.loc[stack], &count);
	return funcs[count - 1];
}

static void add_samples(struct profile *p, uint32_t thread, uint32_t stack, uint64_t weight_ns,
                        uint32_t n, bool complete)
{
	size_t i = total_of(p, stack, thread);
	p->totals[i].weight_ns += weight_ns;
	p->totals[i].n = saturating(p->totals[i].n, n);
	p->stats.all_samples += n;
	p->stats.all_weight_ns += weight_ns;
	p->stats.complete += complete ? n : 0;
	if (p->next.tree == NULL)
		count_into(p, &p->shown, stack, thread, weight_ns, n);
	else if (i < p->cursor)
		count_into(p, &p->next, stack, thread, weight_ns, n);
}

void profile_add(struct profile *p, uint64_t time_ns, uint32_t thread, uint32_t stack,
                 uint64_t weight_ns, bool complete)
{
	struct history_entry h = {time_ns, thread, stack, 0, 0};
	h.weight_ns = weight_ns < UINT32_MAX ? (uint32_t)weight_ns : UINT32_MAX;
	history_push(&p->history, &h);
	activity_add(&p->activity, time_ns, thread, leaf_func(p, stack), weight_ns);
	add_samples(p, thread, stack, weight_ns, 1, complete);
}

void profile_add_counted(struct profile *p, uint32_t thread, uint32_t stack, uint64_t weight,
                         bool complete)
{
	uint64_t n = (weight + SNAPSHOT_ONE / 2) / SNAPSHOT_ONE;
	n = n == 0 ? 1 : n > UINT32_MAX ? UINT32_MAX : n;
	activity_add_untimed(&p->activity, thread, leaf_func(p, stack), weight);
	add_samples(p, thread, stack, weight, (uint32_t)n, complete);
}

/* --- recounts ----------------------------------------------------------------------- */

static void begin_recount(struct profile *p, const struct profile_query *q, uint64_t command)
{
	generation_fini(&p->next);
	tree_seal(p->shown.tree); /* it is only shown from now on */
	p->next = generation_new(p, q, command);
	p->cursor = 0;
	stacks_clear_groups(&p->stacks);
}

void profile_set_query(struct profile *p, const struct profile_query *q, uint64_t command)
{
	const struct profile_query *old = &newest(p)->query;
	if (q->group != old->group || q->hide_inlined != old->hide_inlined) {
		stacks_clear_funcs(&p->stacks);
		activity_forget_funcs(&p->activity);
	}
	begin_recount(p, q, command);
}

void profile_regroup(struct profile *p)
{
	struct profile_query q = newest(p)->query;
	stacks_clear_funcs(&p->stacks);
	activity_forget_funcs(&p->activity);
	begin_recount(p, &q, newest(p)->command);
}

void profile_reset(struct profile *p, uint64_t now_ns, uint64_t command)
{
	struct profile_query q = newest(p)->query;
	p->total_count = 0;
	hash_map_clear(&p->total_index);
	history_clear(&p->history);
	activity_reset(&p->activity, now_ns);
	p->stats.all_samples = p->stats.all_weight_ns = p->stats.complete = 0;
	p->stats.losses = (struct snapshot_losses){0};
	begin_recount(p, &q, command);
}

static void recount_batch(struct profile *p)
{
	size_t end = p->cursor + RECOUNT_BATCH;
	if (end > p->total_count)
		end = p->total_count;
	for (; p->cursor < end; p->cursor++) {
		const struct total *t = &p->totals[p->cursor];
		count_into(p, &p->next, t->stack, t->thread, t->weight_ns, t->n);
	}
	if (p->cursor < p->total_count)
		return;
	generation_fini(&p->shown);
	p->shown = p->next;
	p->next = (struct generation){0};
}

/* --- one function -------------------------------------------------------------------------- */

/* Fills in which locations belong to a function, and their numbers, one more, in `index`. */
static struct profile_location *find_locations(struct profile *p, uint32_t func, uint32_t *index,
                                               size_t *count)
{
	struct profile_location *out = NULL;
	size_t cap = 0;
	*count = 0;
	for (uint32_t loc = 0; loc < p->stacks.loc_count; loc++) {
		size_t n;
		const uint32_t *funcs = funcs_of(p, loc, &n);
		for (size_t i = 0; i < n; i++) {
			if (funcs[i] != func)
				continue;
			out = vec_reserve(out, &cap, *count + 1, sizeof *out);
			out[(*count)++] = (struct profile_location){
			        .loc = p->stacks.locs[loc], .innermost = funcs[n - 1] == func};
			index[loc] = (uint32_t)*count;
			break;
		}
	}
	return out;
}

static void count_locations(const struct profile *p, const struct total *t, const uint32_t *index,
                            struct profile_location *out, size_t *seen, size_t stamp)
{
	const struct stacks *s = &p->stacks;
	const struct profile_query *q = &p->shown.query;
	bool leaf = true;
	for (uint32_t at = t->stack; at != STACK_ROOT; at = s->parent[at]) {
		if (is_hidden(q, &s->locs[s->loc[at]]))
			continue;
		uint32_t i = index[s->loc[at]];
		if (i != 0 && leaf)
			out[i - 1].leaf_ns += t->weight_ns;
		if (i != 0 && seen[i - 1] != stamp) {
			out[i - 1].total_ns += t->weight_ns;
			seen[i - 1] = stamp;
		}
		leaf = false;
	}
}

const struct profile_query *profile_query(const struct profile *p)
{
	return &p->shown.query;
}

uint64_t profile_weight(const struct profile *p)
{
	return p->shown.weight_ns;
}

struct profile_location *profile_locations(struct profile *p, uint32_t func, size_t *count)
{
	uint32_t *index = mem_zalloc(p->stacks.loc_count + 1, sizeof *index);
	struct profile_location *out = find_locations(p, func, index, count);
	size_t *seen = mem_zalloc(*count + 1, sizeof *seen);
	for (size_t i = 0; i<p->total_count && * count> 0; i++)
		if (accepts(&p->shown.query, p->totals[i].thread))
			count_locations(p, &p->totals[i], index, out, seen, i + 1);
	free(seen);
	free(index);
	return out;
}

void profile_samples(struct profile *p, profile_sample_fn *fn, void *ctx)
{
	for (size_t i = 0; i < p->history.count; i++) {
		const struct history_entry *h = history_at(&p->history, i);
		if (accepts(&p->shown.query, h->thread))
			fn(ctx, h->time_ns, group_of(p, &p->shown, h->stack), h->weight_ns);
	}
}

/* --- memory --------------------------------------------------------------------------- */

size_t profile_bytes(const struct profile *p)
{
	size_t bytes = stacks_bytes(&p->stacks) + p->history.cap * sizeof *p->history.ring +
	               activity_bytes(&p->activity) + p->total_cap * sizeof *p->totals +
	               hash_map_bytes(&p->total_index);
	const struct generation *both[] = {&p->shown, &p->next};
	for (size_t i = 0; i < 2; i++)
		if (both[i]->tree != NULL)
			bytes += tree_bytes(both[i]->tree) + count_array_bytes(&both[i]->nodes) +
			         count_array_bytes(&both[i]->by_func);
	return bytes;
}

static int by_value(const void *va, const void *vb)
{
	uint64_t a = *(const uint64_t *)va, b = *(const uint64_t *)vb;
	return (a > b) - (a < b);
}

/* The weight that two thirds of the nodes stay under, from a sample of them. */
static uint64_t fold_limit(const uint64_t *weight, size_t count)
{
	enum { SAMPLE = 4096 };
	uint64_t sample[SAMPLE];
	size_t n = count < SAMPLE ? count : SAMPLE;
	for (size_t i = 0; i < n; i++)
		sample[i] = weight[i * (count / n)];
	qsort(sample, n, sizeof *sample, by_value);
	return sample[n * 2 / 3];
}

/* Moves everything that names a stack over to the folded ones. */
static void remap(struct profile *p, const uint32_t *map, const bool *keep)
{
	struct total *old = p->totals;
	size_t count = p->total_count;
	p->totals = NULL;
	p->total_count = p->total_cap = 0;
	hash_map_fini(&p->total_index);
	for (size_t i = 0; i < count; i++) {
		size_t at = total_of(p, map[old[i].stack], old[i].thread);
		struct total *t = &p->totals[at];
		t->weight_ns += old[i].weight_ns;
		t->n = saturating(t->n, old[i].n);
		if (!keep[old[i].stack])
			p->stats.losses.folded += old[i].n;
	}
	free(old);
	for (size_t i = 0; i < p->history.count; i++) {
		struct history_entry *h = history_at(&p->history, i);
		h->stack = map[h->stack];
	}
}

/* Folds the coldest sub-trees into "[folded]" nodes. A node is kept when its
 * sub-tree weighs more than the limit; then so do all above it. */
static void fold(struct profile *p)
{
	size_t n = p->stacks.count;
	uint64_t *weight = mem_zalloc(n, sizeof *weight);
	bool *keep = mem_zalloc(n, sizeof *keep);
	for (size_t i = 0; i < p->total_count; i++)
		weight[p->totals[i].stack] += p->totals[i].weight_ns;
	for (size_t i = n; i-- > 1;)
		weight[p->stacks.parent[i]] += weight[i];
	uint64_t limit = fold_limit(weight, n);
	for (size_t i = 1; i < n; i++)
		keep[i] = weight[i] > limit;
	uint32_t *map = stacks_fold(&p->stacks, keep, p->folded_loc);
	remap(p, map, keep);
	free(map);
	free(keep);
	free(weight);
	struct profile_query q = newest(p)->query;
	begin_recount(p, &q, newest(p)->command);
}

bool profile_work(struct profile *p, uint64_t budget_ns)
{
	uint64_t until = clock_now_ns() + budget_ns;
	/* Tables double, and a recount needs a second tree: the rest is for that. */
	if (p->next.tree == NULL && profile_bytes(p) > p->c.memory / 100 * 45)
		fold(p);
	while (p->next.tree != NULL && clock_now_ns() < until)
		recount_batch(p);
	return p->next.tree != NULL;
}

/* --- publishing ------------------------------------------------------------------------ */

struct snapshot *profile_publish(struct profile *p, uint64_t now_ns,
                                 struct snapshot_module *modules, uint32_t module_count)
{
	struct generation *g = &p->shown;
	struct snapshot *s = mem_zalloc(1, sizeof *s);
	atomic_init(&s->refs, 1);
	s->generation = g->number;
	s->command = g->command;
	s->funcs = p->c.funcs;
	s->tree = tree_ref(g->tree);
	s->node_count = tree_count(g->tree);
	s->func_count = funcs_count(p->c.funcs);
	s->nodes = count_array_share(&g->nodes);
	s->node_chunks = g->nodes.count;
	s->by_func = count_array_share(&g->by_func);
	s->func_chunks = g->by_func.count;
	s->stats = p->stats;
	s->stats.samples = g->samples;
	s->stats.weight_ns = g->weight_ns;
	s->threads = activity_threads(&p->activity, now_ns, &s->thread_count);
	s->modules = modules;
	s->module_count = module_count;
	s->strip_us = activity_strip(&p->activity, now_ns, &s->strip);
	return s;
}
