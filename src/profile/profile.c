/* profile: samples in, snapshots out; see profile.h. How they are counted stands in grouping.c and
 * recount.c, what happens when the memory is used up in folding.c.
 */
#include "ctop/clock.h"
#include "ctop/mem.h"
#include "ctop/vec.h"
#include "profile_state.h"
#include "snapshot_make.h"

#include <stdlib.h>
#include <string.h>

/* --- life ------------------------------------------------------------------------ */

struct profile *profile_new(const struct profile_config *config)
{
	struct profile *p = mem_zalloc(1, sizeof *p);
	p->c = *config;
	stacks_init(&p->stacks);
	history_init(&p->history, config->memory / 4);
	activity_init(&p->activity, config->start_ns);
	timeline_init(&p->timeline, config->start_ns);
	p->shown = generation_new(p, &config->query, 0);
	p->shown.tree = tree_new();
	p->shown.number = ++p->generations;
	p->shown.done.walked = SIZE_MAX;
	p->shown.done.summed = true;
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
	timeline_fini(&p->timeline);
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
	timeline_threads(&p->timeline, 1);
	return activity_thread(&p->activity, pid, tid, name);
}

void profile_thread_rename(struct profile *p, uint32_t thread, const char *name)
{
	activity_rename(&p->activity, thread, name);
}

void profile_thread_exit(struct profile *p, uint32_t thread)
{
	if (p->activity.threads[thread].alive)
		timeline_threads(&p->timeline, -1);
	p->activity.threads[thread].alive = false;
}

struct snapshot_stats *profile_stats(struct profile *p)
{
	return &p->stats;
}

const struct generation *profile_newest(const struct profile *p)
{
	return p->next.tree != NULL ? &p->next : &p->shown;
}

/* --- samples ----------------------------------------------------------------------- */

/* The totals entry of (stack, thread). */
size_t profile_total(struct profile *p, uint32_t stack, uint32_t thread)
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
	const uint32_t *funcs = grouping_funcs(p, p->stacks.loc[stack], &count);
	return funcs[count - 1];
}

/* `e`: its entry in the history, NULL for samples without a time. */
static void add_samples(struct profile *p, const struct history_entry *e, struct total sample,
                        bool complete)
{
	size_t i = profile_total(p, sample.stack, sample.thread);
	p->totals[i].weight_ns += sample.weight_ns;
	p->totals[i].n = saturating(p->totals[i].n, sample.n);
	p->stats.all_samples += sample.n;
	p->stats.all_weight_ns += sample.weight_ns;
	p->stats.complete += complete ? sample.n : 0;
	recount_add(p, i, e, &sample);
}

void profile_add(struct profile *p, uint64_t time_ns, uint32_t thread, uint32_t stack,
                 uint64_t weight_ns, bool complete)
{
	struct history_entry h = {time_ns, thread, stack, 0, 0};
	h.weight_ns = weight_ns < UINT32_MAX ? (uint32_t)weight_ns : UINT32_MAX;
	if (history_is_full(&p->history))
		recount_lose(p);
	history_push(&p->history, &h);
	timeline_add(&p->timeline, time_ns, weight_ns);
	activity_add(&p->activity, time_ns, thread, leaf_func(p, stack), weight_ns);
	add_samples(p, &h, (struct total){weight_ns, stack, thread, 1, 0}, complete);
}

void profile_add_counted(struct profile *p, uint32_t thread, uint32_t stack, uint64_t weight,
                         bool complete)
{
	uint64_t n = (weight + SNAPSHOT_ONE / 2) / SNAPSHOT_ONE;
	n = n == 0 ? 1 : n > UINT32_MAX ? UINT32_MAX : n;
	activity_add_untimed(&p->activity, thread, leaf_func(p, stack), weight);
	add_samples(p, NULL, (struct total){weight, stack, thread, (uint32_t)n, 0}, complete);
}

void profile_samples(struct profile *p, profile_sample_fn *fn, void *ctx)
{
	for (size_t i = 0; i < p->history.count; i++) {
		const struct history_entry *h = history_at(&p->history, i);
		uint32_t node;
		if (grouping_accepts_thread(p, &p->shown.query, h->thread) &&
		    grouping_find(p, &p->shown, h->stack, &node))
			fn(ctx, h->time_ns, node, h->weight_ns);
	}
}

/* --- queries ------------------------------------------------------------------------ */

void profile_set_query(struct profile *p, const struct profile_query *q, uint64_t command)
{
	struct generation *newest = p->next.tree != NULL ? &p->next : &p->shown;
	const struct profile_query *old = &newest->query;
	if (memcmp(q, old, sizeof *q) == 0) {
		newest->command = command;
		return;
	}
	if (q->group != old->group || q->hide_inlined != old->hide_inlined) {
		stacks_clear_funcs(&p->stacks);
		activity_forget_funcs(&p->activity);
	}
	recount_begin(p, q, command, false);
}

void profile_regroup(struct profile *p)
{
	struct profile_query q = profile_newest(p)->query;
	stacks_clear_funcs(&p->stacks);
	activity_forget_funcs(&p->activity);
	recount_begin(p, &q, profile_newest(p)->command, true);
}

void profile_reset(struct profile *p, uint64_t now_ns, uint64_t command)
{
	struct profile_query q = profile_newest(p)->query;
	p->total_count = 0;
	hash_map_clear(&p->total_index);
	history_clear(&p->history);
	activity_reset(&p->activity, now_ns);
	timeline_reset(&p->timeline, now_ns);
	p->stats.all_samples = p->stats.all_weight_ns = p->stats.complete = 0;
	p->stats.losses = (struct snapshot_losses){0};
	recount_begin(p, &q, command, true);
}

/* --- the time line --------------------------------------------------------------------- */

void profile_set_strip(struct profile *p, uint64_t from_ns, uint64_t to_ns)
{
	p->timeline.from_ns = from_ns;
	p->timeline.to_ns = to_ns;
}

void profile_set_heat(struct profile *p, uint64_t from_ns, uint32_t seconds, uint32_t rows)
{
	p->timeline.heat_from_ns = from_ns;
	p->timeline.heat_seconds = seconds < PROFILE_HEAT_SECONDS ? seconds : PROFILE_HEAT_SECONDS;
	p->timeline.heat_rows = rows < PROFILE_HEAT_ROWS ? rows : PROFILE_HEAT_ROWS;
}

void profile_lost(struct profile *p, uint64_t time_ns, uint64_t samples)
{
	timeline_lost(&p->timeline, time_ns, samples);
}

void profile_mark(struct profile *p, uint64_t time_ns, const char *name)
{
	timeline_mark(&p->timeline, time_ns, name);
}

const struct profile_query *profile_query(const struct profile *p)
{
	return &p->shown.query;
}

uint64_t profile_weight(const struct profile *p)
{
	return p->shown.now.weight_ns;
}

/* --- memory --------------------------------------------------------------------------- */

static size_t tally_bytes(const struct tally *t)
{
	return count_array_bytes(&t->nodes) + count_array_bytes(&t->by_func);
}

size_t profile_bytes(const struct profile *p)
{
	size_t bytes = stacks_bytes(&p->stacks) + p->history.cap * sizeof *p->history.ring +
	               activity_bytes(&p->activity) + timeline_bytes(&p->timeline) +
	               p->total_cap * sizeof *p->totals + hash_map_bytes(&p->total_index);
	const struct generation *both[] = {&p->shown, &p->next};
	for (size_t i = 0; i < 2; i++)
		if (both[i]->tree != NULL)
			bytes += tree_bytes(both[i]->tree) + tally_bytes(&both[i]->now) +
			         tally_bytes(&both[i]->base) +
			         (both[i]->done.sum_cap + both[i]->base_done.sum_cap) *
			                 sizeof(struct stack_sum);
	return bytes;
}

bool profile_work(struct profile *p, uint64_t budget_ns)
{
	uint64_t until = clock_now_ns() + budget_ns;
	/* Tables double, and a recount needs a second tree: the rest is for that. */
	if (p->next.tree == NULL && profile_bytes(p) > p->c.memory / 100 * 45)
		folding_run(p);
	while (p->next.tree != NULL && clock_now_ns() < until)
		recount_batch(p);
	return p->next.tree != NULL;
}

/* --- publishing ------------------------------------------------------------------------ */

static void publish_base(struct profile *p, struct generation *g, struct snapshot *s)
{
	const struct profile_query *q = &g->query;
	if (!q->compare)
		return;
	s->base = (struct snapshot_base){.on = true,
	                                 .samples = g->base.samples,
	                                 .weight_ns = g->base.weight_ns,
	                                 .from_ns = q->base_from_ns,
	                                 .to_ns = q->base_to_ns};
	s->base_nodes = count_array_share(&g->base.nodes);
	s->base_node_chunks = g->base.nodes.count;
	s->base_by_func = count_array_share(&g->base.by_func);
	s->base_func_chunks = g->base.by_func.count;
	s->verdicts = verdicts_copy(p, g, &s->verdict_count, &s->base.judged);
}

struct snapshot *profile_publish(struct profile *p, uint64_t now_ns,
                                 struct snapshot_module *modules, uint32_t module_count)
{
	struct generation *g = &p->shown;
	recount_slide(p, now_ns);
	struct snapshot *s = mem_zalloc(1, sizeof *s);
	atomic_init(&s->refs, 1);
	s->generation = g->number;
	s->command = g->command;
	s->funcs = p->c.funcs;
	s->tree = tree_ref(g->tree);
	s->node_count = tree_count(g->tree);
	s->func_count = funcs_count(p->c.funcs);
	s->nodes = count_array_share(&g->now.nodes);
	s->node_chunks = g->now.nodes.count;
	s->by_func = count_array_share(&g->now.by_func);
	s->func_chunks = g->now.by_func.count;
	publish_base(p, g, s);
	s->stats = p->stats;
	s->stats.samples = g->now.samples;
	s->stats.weight_ns = g->now.weight_ns;
	s->threads = activity_threads(&p->activity, now_ns, &s->thread_count);
	s->modules = modules;
	s->module_count = module_count;
	timeline_strip(&p->timeline, &p->history, now_ns, &s->strip);
	timeline_heat(&p->timeline, &p->history, now_ns, &s->heat);
	s->marks = timeline_marks(&p->timeline, &s->mark_count);
	return s;
}
