/* analyzer: records in, snapshots out; see analyzer.h.
 *
 * The loop: commands, finished jobs, a slice of the ring, a slice of background
 * work, a snapshot when one is due; then it sleeps until there is more of any.
 * It lives on after the last record, so that the views can still be regrouped and
 * filtered, until its owner wants the end.
 */
#include "analyzer.h"

#include "ctop/clock.h"
#include "ctop/code.h"
#include "ctop/funcs.h"
#include "ctop/image.h"
#include "ctop/import.h"
#include "ctop/maps.h"
#include "ctop/mem.h"
#include "ctop/profile.h"
#include "ctop/record.h"
#include "ctop/ring.h"
#include "ctop/source.h"
#include "ctop/strbuf.h"
#include "ctop/utf8.h"
#include "details.h"
#include "dumps.h"
#include "exchange.h"
#include "fetcher.h"
#include "figures.h"
#include "inlines.h"
#include "jits.h"
#include "jobs.h"
#include "loader.h"
#include "modules.h"
#include "naming.h"
#include "packages.h"
#include "procs.h"
#include "recorder.h"
#include "stacker.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INLINES_PART = 4 }; /* of the memory, for line indexes */
static const uint64_t SLICE_NS = 2 * CLOCK_NS_PER_MS;
static const uint64_t FIRST_INTERVAL_NS = 16 * CLOCK_NS_PER_MS;

struct analyzer {
	struct analyzer_config c;
	pthread_t thread;
	struct inbox inbox;
	struct images *images;
	struct loader *loader;
	struct details *details;
	struct inlines *inlines;
	struct naming *naming;
	struct import *import; /* names what a folded file told, in place of naming; or NULL */
	struct profile *profile;
	struct procs *procs;
	struct stacker *stacker;
	struct jits *jits;
	struct modules *modules;
	struct packages *packages;
	struct fetcher *fetcher;
	struct dumps *dumps;
	struct figures figures;
	uint32_t kernel;      /* id of the kernel's image */
	uint64_t newest_ns;   /* time of the newest record */
	uint64_t interval_ns; /* between snapshots, 0 before the first */
	uint64_t published_ns;
	uint64_t event_ns,
	        event_before_ns; /* what events counted: of this source, of those before */
	uint32_t marks;          /* set without a name */
	uint64_t sampler_ns;     /* CPU time of the sampler's thread, as it said last */
	uint64_t now_ns;         /* our clock when the sample being counted was begun */
	bool nameless;           /* JIT code was counted that had no name */
	bool named;              /* JIT code has got names since */
	bool work_left;          /* profile_work() has more to do */
	bool source_ended;       /* RECORD_END was read */
	bool settled;            /* the last snapshot says so */
};

/* The display's clock: the capture's in a replay. */
static uint64_t now_of(const struct analyzer *a)
{
	return a->c.in_order ? a->newest_ns : clock_now_ns();
}

/* --- records ---------------------------------------------------------------- */

static void handle(struct analyzer *a, const struct record *r);

/* Whether a piece of code is known as it is told: some agents tell everything again and again. */
static bool is_told_again(struct analyzer *a, const struct record_code *c)
{
	const struct image *im = loader_anon(a->loader, procs_get(a->procs, c->h.pid));
	uint32_t id = im->data.code != NULL && c->moved_from == 0
	                      ? code_find(im->data.code, c->start, c->born)
	                      : CODE_NONE;
	if (id == CODE_NONE)
		return false;
	char clean[CODE_NAME_MAX];
	const struct code_object *o = code_get(im->data.code, id);
	code_clean_name(clean, c->name, strlen(c->name));
	return o->start == c->start && o->size == c->len && strcmp(o->name, clean) == 0;
}

/* What a JIT compiler has told goes the way of all records, into a capture too. */
static void take_code(struct analyzer *a, struct job *job)
{
	struct strbuf records = {0};
	jits_finish(a->jits, job, &records);
	for (size_t at = 0; at < records.len;) {
		const struct record *r = (const void *)(records.data + at);
		if (!is_told_again(a, (const struct record_code *)(const void *)r))
			handle(a, r);
		at += r->size;
	}
	strbuf_fini(&records);
}

/* Names that came late: counted anew under them; a recount under way is finished first, or a
 * compiler that never rests would keep every one from its end. */
static void take_names(struct analyzer *a)
{
	if (a->work_left)
		return;
	bool jit = a->nameless && a->named;
	if (inlines_due(a->inlines, clock_now_ns()) || jit) {
		profile_regroup(a->profile);
		a->work_left = true;
	}
	if (jit)
		a->nameless = false;
	a->named = false;
}

static void on_jit_frame(void *ctx, uint32_t process, bool named)
{
	struct analyzer *a = ctx;
	const struct proc *p = procs_at(a->procs, process);
	a->nameless = a->nameless || !named;
	if (!a->c.in_order)
		jits_ran(a->jits, p, named, a->now_ns);
}

/* A debug file has come: everything is counted anew under the names in it. */
static void take_fetched(struct analyzer *a, struct job *job)
{
	struct fetched got;
	a->published_ns = 0;
	if (!fetcher_finish(a->fetcher, job, &got))
		return;
	struct image *im = images_get(a->images, got.image);
	bool described = image_is_described(im);
	loader_replace(a->loader, got.image, &got.data, got.debug_fd);
	if (!described)
		stacker_forget_rows(a->stacker);
	inlines_renew(a->inlines, im);
	details_renew(a->details, im);
	profile_regroup(a->profile);
	a->work_left = true;
}

static void finish_jobs(struct analyzer *a)
{
	struct job *job;
	bool any = false, mended = false;
	while ((job = inbox_take(&a->inbox)) != NULL) {
		if (jits_owns(job)) {
			take_code(a, job);
			continue;
		}
		if (inlines_owns(job)) {
			inlines_finish(a->inlines, job);
			if (details_waiting(a->details))
				a->published_ns = 0;
			continue;
		}
		if (details_owns(job)) {
			details_finish(a->details, job);
			a->published_ns = 0;
			continue;
		}
		if (fetcher_owns(job)) {
			take_fetched(a, job);
			continue;
		}
		if (packages_owns(job)) {
			packages_finish(a->packages, job, a->modules);
			continue;
		}
		mended = loader_finish(a->loader, job) || mended;
		any = true;
	}
	if (!any)
		return;
	stacker_retry(a->stacker, clock_now_ns(), false);
	if (mended || profile_stats(a->profile)->losses.parked_too_long > 0)
		profile_regroup(a->profile); /* stacks counted before their names were known */
}

static void on_sample(struct analyzer *a, const struct record *r)
{
	const struct record_sample *s = (const struct record_sample *)(const void *)r;
	if (s->nr_kernel > 0)
		loader_load_kernel(a->loader);
	a->now_ns = clock_now_ns();
	while (!stacker_sample(a->stacker, s, a->now_ns, !a->c.in_order)) {
		struct pollfd fd = {.fd = a->inbox.fd, .events = POLLIN};
		poll(&fd, 1, -1);
		finish_jobs(a);
	}
}

static void on_mmap(struct analyzer *a, const struct record *r)
{
	const struct record_mmap *m = (const struct record_mmap *)(const void *)r;
	struct proc *p = procs_get(a->procs, r->pid);
	if (jits_is_dump(m->path)) {
		jits_dump(a->jits, p, m);
		return;
	}
	struct map_entry entry = {
	        .start = m->start,
	        .end = m->start + m->len,
	        .pgoff = m->pgoff,
	        .image = loader_map(a->loader, p, m),
	};
	p->user = true;
	p->maps = maps_insert(p->maps, &entry);
}

static void on_code(struct analyzer *a, const struct record *r)
{
	const struct record_code *c = (const struct record_code *)(const void *)r;
	struct image *im = loader_anon(a->loader, procs_get(a->procs, r->pid));
	const char *name = c->name;
	if (im->data.code == NULL)
		im->data.code = code_new();
	if (c->moved_from != 0) {
		uint32_t was = code_find(im->data.code, c->moved_from, c->born);
		name = was != CODE_NONE ? code_get(im->data.code, was)->name : "[moved code]";
	}
	code_add(im->data.code, c->start, c->len, c->born, name, strlen(name));
	a->named = true;
}

static void on_comm(struct analyzer *a, const struct record *r)
{
	const struct record_comm *c = (const struct record_comm *)(const void *)r;
	procs_comm(a->procs, r->pid, r->tid, c->name, (r->flags & RECORD_EXEC) != 0);
}

static void on_fork(struct analyzer *a, const struct record *r)
{
	const struct record_fork *f = (const struct record_fork *)(const void *)r;
	procs_fork(a->procs, r->pid, r->tid, f->ppid, f->start_ticks);
}

static void on_thread_exit(struct analyzer *a, const struct record *r)
{
	procs_exit(a->procs, r->pid, r->tid);
}

static void on_lost(struct analyzer *a, const struct record *r)
{
	const struct record_lost *l = (const struct record_lost *)(const void *)r;
	struct snapshot_losses *losses = &profile_stats(a->profile)->losses;
	uint64_t *const by_cause[LOST_CAUSES] = {
	        [LOST_KERNEL] = &losses->kernel,
	        [LOST_SIDEBAND] = &losses->sideband,
	        [LOST_RING] = &losses->ring,
	        [LOST_THROTTLE] = &losses->throttled,
	};
	if (l->cause < LOST_CAUSES)
		*by_cause[l->cause] += l->count;
	if (l->cause == LOST_KERNEL || l->cause == LOST_RING)
		profile_lost(a->profile, r->time, l->count);
}

static void on_resync(struct analyzer *a, const struct record *r)
{
	procs_forget_maps(a->procs, r->pid);
}

static void on_stats(struct analyzer *a, const struct record *r)
{
	const struct record_stats *s = (const struct record_stats *)(const void *)r;
	struct snapshot_stats *out = profile_stats(a->profile);
	figures_record(&a->figures, s);
	out->rate_hz = s->rate_hz;
	a->event_ns = s->event_ns;
	out->event_ns = a->event_before_ns + s->event_ns;
	bool apart = (r->flags & RECORD_APART) != 0;
	a->sampler_ns = a->c.in_order || apart ? 0 : s->sampler_cpu_ns;
	if (!a->c.in_order && s->way < WAYS)
		out->way = source_way_name((enum source_way)s->way);
}

static void add_notes(struct analyzer *a, const char *text)
{
	struct snapshot_stats *s = profile_stats(a->profile);
	size_t used = strlen(s->notes);
	snprintf(s->notes + used, sizeof s->notes - used, "%s", text);
}

static void on_note(struct analyzer *a, const struct record *r)
{
	enum { MOST = 255 };
	const struct record_note *n = (const struct record_note *)(const void *)r;
	char clean[3 * MOST + 1];
	utf8_clean(n->text, strnlen(n->text, MOST), clean);
	add_notes(a, clean);
	add_notes(a, "\n");
}

static void on_look(struct analyzer *a, const struct record *r)
{
	dumps_look(a->dumps, (const struct record_look *)(const void *)r);
}

static void on_thread(struct analyzer *a, const struct record *r)
{
	dumps_thread(a->dumps, (const struct record_thread *)(const void *)r,
	             procs_get(a->procs, r->pid)->name);
}

/* Another process goes on where a target has ended: nothing is over yet. */
static void go_on(struct analyzer *a)
{
	profile_stats(a->profile)->state = TARGET_RUNNING;
	a->source_ended = a->settled = false;
	a->event_before_ns += a->event_ns;
	a->event_ns = 0;
	figures_restart(&a->figures);
}

static void on_mark(struct analyzer *a, const struct record *r)
{
	const struct record_mark *m = (const struct record_mark *)(const void *)r;
	char clean[3 * RECORD_MARK_NAME + 1];
	utf8_clean(m->name, strnlen(m->name, RECORD_MARK_NAME - 1), clean);
	size_t fits = utf8_fit(clean, RECORD_MARK_NAME - 1, NULL);
	while (fits > RECORD_MARK_NAME - 1 || ((unsigned char)clean[fits] & 0xc0) == 0x80)
		fits--;
	clean[fits] = '\0';
	if ((r->flags & RECORD_RESTART) != 0)
		go_on(a);
	profile_mark(a->profile, r->time, clean);
}

static void on_end(struct analyzer *a, const struct record *r)
{
	const struct record_end *end = (const struct record_end *)(const void *)r;
	struct snapshot_stats *s = profile_stats(a->profile);
	s->wait_status = end->wait_status;
	s->state = a->c.in_order ? TARGET_REPLAYED : TARGET_EXITED;
	a->source_ended = true;
}

typedef void record_fn(struct analyzer *a, const struct record *r);

static record_fn *const handlers[RECORD_KINDS] = {
        [RECORD_SAMPLE] = on_sample, [RECORD_MMAP] = on_mmap,        [RECORD_COMM] = on_comm,
        [RECORD_FORK] = on_fork,     [RECORD_EXIT] = on_thread_exit, [RECORD_LOST] = on_lost,
        [RECORD_RESYNC] = on_resync, [RECORD_STATS] = on_stats,      [RECORD_END] = on_end,
        [RECORD_CODE] = on_code,     [RECORD_NOTE] = on_note,        [RECORD_LOOK] = on_look,
        [RECORD_THREAD] = on_thread, [RECORD_MARK] = on_mark,
};

static void handle(struct analyzer *a, const struct record *r)
{
	if (a->c.recorder != NULL)
		recorder_add(a->c.recorder, r);
	if (r->time > a->newest_ns)
		a->newest_ns = r->time;
	if ((r->flags & RECORD_LATE) != 0)
		profile_stats(a->profile)->losses.late++;
	if (r->kind < RECORD_KINDS && handlers[r->kind] != NULL)
		handlers[r->kind](a, r);
}

/* Reads the ring for one slice of time. Returns false when it is empty. */
static bool read_ring(struct analyzer *a)
{
	uint64_t until = clock_now_ns() + SLICE_NS;
	const void *r;
	size_t len;
	for (unsigned n = 1; (r = ring_peek(a->c.ring, &len)) != NULL; n++) {
		handle(a, r);
		ring_pop(a->c.ring);
		if (n % 8 == 0 && clock_now_ns() >= until)
			return true;
	}
	return false;
}

/* --- commands and snapshots --------------------------------------------------- */

/* As a record, so that a capture has it, too. */
static void set_mark(struct analyzer *a, const struct command *c)
{
	struct record_mark m = {
	        .h = {sizeof m, RECORD_MARK, 0, c->from_ns != 0 ? c->from_ns : now_of(a), 0, 0}};
	if (c->name[0] != '\0')
		snprintf(m.name, sizeof m.name, "%s", c->name);
	else
		snprintf(m.name, sizeof m.name, "mark %u", ++a->marks);
	handle(a, &m.h);
}

static void take_commands(struct analyzer *a)
{
	struct command c;
	while (exchange_take(a->c.exchange, &c)) {
		switch (c.kind) {
		case COMMAND_QUERY:
			profile_set_query(a->profile, &c.query, c.number);
			break;
		case COMMAND_RESET:
			profile_reset(a->profile, now_of(a), c.number);
			figures_reset(&a->figures, now_of(a));
			modules_reset(a->modules);
			break;
		case COMMAND_DETAIL:
			details_show(a->details, c.func, c.number);
			break;
		case COMMAND_FETCH:
			fetcher_turn(a->fetcher, c.on);
			if (c.on)
				details_renew(a->details, NULL);
			break;
		case COMMAND_STRIP:
			profile_set_strip(a->profile, c.from_ns, c.to_ns);
			break;
		case COMMAND_HEAT:
			profile_set_heat(a->profile, 0, (uint32_t)c.from_ns, (uint32_t)c.to_ns);
			break;
		case COMMAND_MARK:
			set_mark(a, &c);
			break;
		case COMMAND_PACKAGES:
			packages_ask(a->packages, a->modules);
			continue; /* answered when they are known */
		}
		a->published_ns = 0; /* the answer is due as soon as it is there */
		a->work_left = true;
	}
}

static void fill_cost(struct analyzer *a, struct snapshot_cost *out)
{
	out->cpu_ns = a->c.in_order ? 0 : figures_own_cpu(&a->figures);
	out->helper_ns = a->figures.helpers_ns + a->figures.helper_ns;
	out->sampler_ns = a->sampler_ns + out->helper_ns;
	out->analyzer_ns = a->c.in_order ? 0 : clock_thread_cpu_ns();
	out->profile_bytes = profile_bytes(a->profile);
	out->name_bytes = naming_bytes(a->naming) + funcs_bytes(a->c.funcs);
	out->name_bytes += a->import != NULL ? import_bytes(a->import) : 0;
	out->image_bytes = images_bytes(a->images);
	out->line_bytes = inlines_bytes(a->inlines);
	out->units_left_out = inlines_left_out(a->inlines);
	out->unwind_bytes = stacker_bytes(a->stacker);
	out->rows = stacker_rows(a->stacker);
	out->names = funcs_count(a->c.funcs);
}

static void publish(struct analyzer *a, uint64_t now, bool ended)
{
	struct snapshot_stats *s = profile_stats(a->profile);
	figures_fill(&a->figures, now_of(a), s);
	fetcher_work(a->fetcher);
	s->stack_bytes = stacker_stack_bytes(a->stacker);
	s->fetching = fetcher_on(a->fetcher);
	s->kernel_names = !images_get(a->images, a->kernel)->data.names_hidden;
	fill_cost(a, &s->cost);
	uint32_t count;
	struct snapshot_module *modules = modules_table(a->modules, &count);
	exchange_publish(a->c.exchange, profile_publish(a->profile, now_of(a), modules, count),
	                 ended);
	if (details_open(a->details))
		exchange_publish_detail(a->c.exchange, details_make(a->details));
	uint64_t longest = a->c.refresh_ms * CLOCK_NS_PER_MS;
	a->interval_ns = a->interval_ns == 0 ? FIRST_INTERVAL_NS : a->interval_ns * 2;
	if (a->interval_ns > longest)
		a->interval_ns = longest;
	a->published_ns = now;
}

static bool publish_due(const struct analyzer *a, uint64_t now)
{
	if (a->interval_ns == 0)
		return profile_stats(a->profile)->all_samples > 0 ||
		       now - a->published_ns >= CLOCK_NS_PER_SEC / 4;
	return now - a->published_ns >= a->interval_ns;
}

/* All that was sampled is counted, named and grouped. */
static bool is_settled(const struct analyzer *a)
{
	return a->source_ended && !a->work_left && stacker_parked(a->stacker) == 0 &&
	       jits_waiting(a->jits) == 0 && !(a->nameless && a->named) &&
	       inlines_settled(a->inlines) && !details_waiting(a->details) &&
	       !fetcher_busy(a->fetcher) && (!a->c.in_order || loader_waiting(a->loader) == 0);
}

static void publish_if_due(struct analyzer *a)
{
	uint64_t now = clock_now_ns();
	bool settling = !a->settled && is_settled(a);
	if (settling || publish_due(a, now))
		publish(a, now, a->settled || settling);
	a->settled = a->settled || settling;
}

/* Hands a dump over when all stacks of its look have been unwound. */
static void give_dump(struct analyzer *a)
{
	if (dumps_ready(a->dumps) && stacker_parked(a->stacker) == 0)
		exchange_publish_dump(a->c.exchange, dumps_take(a->dumps));
}

/* --- the thread ----------------------------------------------------------------- */

static void sleep_until_work(struct analyzer *a)
{
	struct pollfd fds[] = {
	        {.fd = ring_fd(a->c.ring), .events = POLLIN},
	        {.fd = a->inbox.fd, .events = POLLIN},
	        {.fd = a->c.exchange->analyzer_fd, .events = POLLIN},
	};
	if (!ring_sleep(a->c.ring))
		return;
	uint64_t wait = a->interval_ns != 0 ? a->interval_ns : FIRST_INTERVAL_NS;
	int n = poll(fds, 3, (int)(wait / CLOCK_NS_PER_MS) + 1);
	ring_awake(a->c.ring, n > 0 && fds[0].revents != 0);
	if (n > 0 && fds[2].revents != 0)
		exchange_clear(a->c.exchange->analyzer_fd);
}

static void *run(void *arg)
{
	struct analyzer *a = arg;
	struct exchange *x = a->c.exchange;
	while (!exchange_quitting(x) && !(a->settled && exchange_draining(x))) {
		take_commands(a);
		finish_jobs(a);
		bool more = read_ring(a);
		stacker_retry(a->stacker, clock_now_ns(), false);
		give_dump(a);
		take_names(a);
		a->work_left = profile_work(a->profile, SLICE_NS);
		publish_if_due(a);
		if (!more && !a->work_left)
			sleep_until_work(a);
	}
	return NULL;
}

static void build(struct analyzer *a)
{
	a->images = images_new();
	a->loader =
	        loader_new(a->images, a->c.broker, a->c.workers, &a->inbox, a->c.recorder != NULL);
	a->modules = modules_new(a->images);
	a->packages = packages_new(a->c.broker, a->c.workers, &a->inbox);
	a->fetcher = fetcher_new(a->images, a->modules, a->c.broker, &a->inbox);
	fetcher_turn(a->fetcher, a->c.fetch);
	a->kernel = loader_kernel(a->loader);
	a->inlines = inlines_new(a->c.workers, &a->inbox, a->c.memory / INLINES_PART);
	a->naming = naming_new(a->images, a->c.funcs, a->kernel, a->inlines);
	if (a->c.folded_fd >= 0)
		a->import = import_new(a->c.funcs, a->c.memory);
	struct profile_config pc = {
	        .memory = a->c.memory,
	        .query = a->c.query,
	        .frames_of = a->import != NULL ? import_frames : naming_frames,
	        .ctx = a->import != NULL ? (void *)a->import : a->naming,
	        .funcs = a->c.funcs,
	        .start_ns = a->c.start_ns,
	};
	a->profile = profile_new(&pc);
	a->procs = procs_new(a->profile, a->c.funcs);
	a->jits = jits_new(a->c.broker, a->c.workers, &a->inbox, a->procs);
	struct details_config dc = {
	        .profile = a->profile,
	        .naming = a->naming,
	        .inlines = a->inlines,
	        .procs = a->procs,
	        .broker = a->c.broker,
	        .workers = a->c.workers,
	        .fetcher = a->fetcher,
	        .inbox = &a->inbox,
	        .source_map = a->c.source_map,
	        .refusal = a->import != NULL ? "a folded file does not tell where code is" : NULL,
	};
	a->details = details_new(&dc);
	a->dumps = dumps_new(a->naming, a->c.funcs);
	struct stacker_config sc = {
	        .profile = a->profile,
	        .procs = a->procs,
	        .images = a->images,
	        .funcs = a->c.funcs,
	        .modules = a->modules,
	        .kernel = a->kernel,
	        .stack_bytes = a->c.source->stack_bytes,
	        .stack_wanted = a->c.stack_wanted,
	        .unwind = a->c.unwind,
	        .touch = a->c.recorder != NULL ? recorder_touch : NULL,
	        .touch_ctx = a->c.recorder,
	        .jit = on_jit_frame,
	        .jit_ctx = a,
	        .peek = dumps_stack,
	        .peek_ctx = a->dumps,
	};
	a->stacker = stacker_new(&sc);
	figures_init(&a->figures, a->c.start_ns, a->c.in_order);
	struct snapshot_stats *s = profile_stats(a->profile);
	s->rate_hz = a->c.source->rate_hz;
	s->stack_bytes = a->c.source->stack_bytes;
	s->kernel_frames = a->c.source->kernel;
	s->way = source_way_name(a->c.source->way);
	s->wait_status = -1;
	add_notes(a, a->c.source->notes);
}

enum ctop_err analyzer_start(struct analyzer **out, const struct analyzer_config *c, struct err *e)
{
	struct analyzer *a = mem_zalloc(1, sizeof *a);
	a->c = *c;
	a->newest_ns = c->start_ns;
	a->published_ns = clock_now_ns();
	int rc = inbox_init(&a->inbox);
	if (rc != 0) {
		free(a);
		return err_errno(e, CTOP_ELIMIT, rc, "cannot make the analyzer's inbox");
	}
	build(a);
	if (a->import != NULL &&
	    import_fd(a->import, a->profile, c->folded_fd, c->folded_name, e) != CTOP_OK) {
		analyzer_free(a);
		return e != NULL ? e->code : CTOP_EFORMAT;
	}
	rc = pthread_create(&a->thread, NULL, run, a);
	if (rc != 0) {
		analyzer_free(a);
		return err_errno(e, CTOP_ELIMIT, rc, "cannot start the analyzer's thread");
	}
	*out = a;
	return CTOP_OK;
}

void analyzer_join(struct analyzer *a)
{
	pthread_join(a->thread, NULL);
}

struct images *analyzer_images(const struct analyzer *a)
{
	return a->images;
}

struct profile *analyzer_profile(const struct analyzer *a)
{
	return a->profile;
}

const struct loaded_file *analyzer_files(const struct analyzer *a, size_t *count)
{
	return loader_files(a->loader, count);
}

void analyzer_free(struct analyzer *a)
{
	if (a == NULL)
		return;
	fetcher_free(a->fetcher); /* its threads use what follows */
	stacker_free(a->stacker);
	procs_free(a->procs);
	profile_free(a->profile);
	import_free(a->import);
	naming_free(a->naming);
	inlines_free(a->inlines);
	inbox_fini(&a->inbox);
	loader_free(a->loader);
	jits_free(a->jits);
	packages_free(a->packages);
	modules_free(a->modules);
	dumps_free(a->dumps);
	details_free(a->details);
	images_free(a->images);
	free(a);
}
