/* session: starts and stops the parts of a run in order; see session.h.
 *
 * Start: broker, source, ring, workers, analyzer, sampler, watcher. Stop in the
 * other direction: the sampler hands on what is left and ends with RECORD_END,
 * the analyzer counts it and settles, then the capture is completed.
 */
#include "ctop/session.h"

#include "analyzer.h"
#include "ctop/broker.h"
#include "ctop/capture.h"
#include "ctop/clock.h"
#include "ctop/folded.h"
#include "ctop/funcs.h"
#include "ctop/mem.h"
#include "ctop/ring.h"
#include "ctop/savefile.h"
#include "ctop/target.h"
#include "exchange.h"
#include "jobs.h"
#include "recorder.h"
#include "sampler.h"
#include "succession.h"
#include "watcher.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { WORKERS = 3 }; /* one of them for what is quick */
#define STDIN_NAME "standard input"
static const uint64_t RING_LEAST = UINT64_C(16) << 20;
static const uint64_t RING_MOST = UINT64_C(256) << 20;

struct session {
	struct session_config c;
	pid_t *pids; /* owned copy behind c.source.pids */
	struct session_facts facts;
	char title[64];
	struct broker *broker;
	struct capture_reader *reader; /* replay only */
	int folded_fd;                 /* a folded file, or −1 */
	bool from_stdin;
	struct source source; /* ops NULL until it is open */
	struct ring *ring;
	struct exchange exchange;
	struct inbox saves;
	struct workers *workers;
	struct funcs *funcs;
	struct recorder *recorder;
	struct analyzer *analyzer;
	struct sampler *sampler;
	_Atomic uint32_t stack_wanted; /* bytes of stack a sample: analyzer to sampler */
	struct peeker *peeker;         /* NULL where there is nothing to look at */
	uint64_t peeks;                /* asked for so far */
	struct watcher *watcher;
	struct succession succession;
	bool ending; /* sampling is to end */
	int fd;      /* epoll over what the owner waits for */
	bool joined; /* sampler and analyzer have ended */
};

/* --- starting ----------------------------------------------------------------- */

static enum ctop_err open_replay(struct session *s, int fd, struct err *e)
{
	enum ctop_err rc = capture_reader_open(&s->reader, fd, e);
	if (rc != CTOP_OK)
		return rc;
	const struct capture_info *info = capture_info(s->reader);
	if (info->arch != arch_elf_machine())
		return err_set(e, CTOP_EUNSUP,
		               "%s was recorded on another kind of machine (ELF machine %u); view "
		               "it with a ctop built for that",
		               s->c.input, info->arch);
	s->broker = broker_new_capture(s->reader);
	snprintf(s->title, sizeof s->title, "%s", info->name);
	s->facts.pid = info->pid;
	s->facts.start_ns = info->start_ns;
	s->facts.clock_offset_ns = info->realtime_offset;
	s->facts.capture_damage = capture_damage(s->reader);
	return source_open_replay(&s->source, s->reader, s->c.paced, e);
}

static void open_folded(struct session *s, int fd)
{
	const char *slash = strrchr(s->c.input, '/');
	s->folded_fd = fd;
	s->broker = broker_new_live(); /* never asked */
	s->facts.capture_damage = "";
	snprintf(s->title, sizeof s->title, "%s",
	         s->from_stdin   ? STDIN_NAME
	         : slash != NULL ? slash + 1
	                         : s->c.input);
	source_open_ended(&s->source, WAY_FOLDED);
}

/* What a file is, is told by how it begins. */
static enum ctop_err open_input(struct session *s, struct err *e)
{
	s->from_stdin = strcmp(s->c.input, "-") == 0;
	int fd = s->from_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
	                       : open(s->c.input, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(e, err_from_errno(errno), errno, "cannot open %s",
		                 s->from_stdin ? STDIN_NAME : s->c.input);
	if (capture_is(fd))
		return open_replay(s, fd, e);
	open_folded(s, fd);
	return CTOP_OK;
}

static void name_targets(struct session *s)
{
	const struct source_config *c = &s->c.source;
	struct target_info info;
	if (c->whole_machine) {
		snprintf(s->title, sizeof s->title, "whole machine");
		return;
	}
	s->facts.pid = (uint32_t)c->pids[0];
	s->facts.more = (uint32_t)(c->pid_count - 1);
	if (s->c.name != NULL)
		snprintf(s->title, sizeof s->title, "%s", s->c.name);
	else if (target_read(s->broker, c->pids[0], 0, &info, NULL) == CTOP_OK)
		snprintf(s->title, sizeof s->title, "%s", info.comm);
}

static enum ctop_err open_live(struct session *s, struct err *e)
{
	s->broker = broker_new_live();
	s->facts.start_ns = clock_now_ns();
	s->facts.clock_offset_ns = clock_realtime_offset_ns();
	s->facts.capture_damage = "";
	name_targets(s);
	return source_open_live(&s->source, s->c.choice, s->broker, &s->c.source, e);
}

static enum ctop_err open_recorder(struct session *s, struct err *e)
{
	struct capture_info info = {
	        .source = s->source.info,
	        .arch = arch_elf_machine(),
	        .start_ns = s->facts.start_ns,
	        .realtime_offset = clock_realtime_offset_ns(),
	        .pid = s->facts.pid,
	};
	snprintf(info.name, sizeof info.name, "%s", s->title);
	return recorder_start(&s->recorder, s->c.raw_output, &info, e);
}

/* One second of the asked rate on every CPU with dumps half full (most stacks are far
 * shorter), within bounds. */
static uint64_t ring_bytes(const struct source_info *info)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t want = (uint64_t)info->rate_hz * (uint64_t)(cpus > 0 ? cpus : 1) *
	                (info->stack_bytes / 2 + 1024);
	return want < RING_LEAST ? RING_LEAST : want > RING_MOST ? RING_MOST : want;
}

static enum ctop_err start_threads(struct session *s, struct err *e)
{
	struct analyzer_config ac = {
	        .ring = s->ring,
	        .exchange = &s->exchange,
	        .broker = s->broker,
	        .workers = s->workers,
	        .funcs = s->funcs,
	        .recorder = s->recorder,
	        .source = &s->source.info,
	        .unwind = s->c.unwind,
	        .memory = s->c.memory,
	        .query = s->c.query,
	        .source_map = s->c.source_map,
	        .fetch = s->c.fetch,
	        .refresh_ms = s->c.refresh_ms,
	        .in_order = s->c.input != NULL,
	        .start_ns = s->facts.start_ns,
	        .stack_wanted = s->c.deepen ? &s->stack_wanted : NULL,
	        .folded_fd = s->folded_fd,
	        .folded_name = s->from_stdin ? STDIN_NAME : s->c.input,
	};
	atomic_init(&s->stack_wanted, s->source.info.stack_bytes);
	const struct source_config *sc = &s->c.source;
	bool has_targets = s->c.input == NULL && !sc->whole_machine;
	if (has_targets)
		s->peeker = peeker_new(s->broker, sc->pids, sc->pid_count, sc->follow_children,
		                       sc->kernel, sc->regs_mask);
	enum ctop_err rc = analyzer_start(&s->analyzer, &ac, e);
	bool one = has_targets && sc->pid_count == 1 && !sc->launched;
	s->succession.asks = !s->c.follow;
	if (rc == CTOP_OK && one && (s->c.watch || s->c.follow))
		rc = succession_start(&s->succession, s->broker, &s->exchange, s->c.choice, sc, e);
	if (rc == CTOP_OK)
		rc = sampler_start(&s->sampler, &s->source, s->ring, &s->stack_wanted, s->peeker,
		                   s->succession.on ? &s->succession.replacement : NULL, e);
	if (rc != CTOP_OK || !s->c.watch || !has_targets)
		return rc;
	return watcher_start(&s->watcher, s->broker, sc->pids, sc->pid_count, sc->follow_children,
	                     &s->exchange, e);
}

/* One descriptor for the owner: news from the exchange, and finished saves. */
static int open_events(struct session *s)
{
	struct epoll_event ev = {.events = EPOLLIN};
	int rc = exchange_init(&s->exchange);
	if (rc == 0)
		rc = inbox_init(&s->saves);
	if (rc != 0)
		return rc;
	s->fd = epoll_create1(EPOLL_CLOEXEC);
	if (s->fd < 0 || epoll_ctl(s->fd, EPOLL_CTL_ADD, s->exchange.owner_fd, &ev) != 0 ||
	    epoll_ctl(s->fd, EPOLL_CTL_ADD, s->saves.fd, &ev) != 0)
		return errno;
	return 0;
}

static enum ctop_err start(struct session *s, struct err *e)
{
	int rc_errno = open_events(s);
	if (rc_errno != 0)
		return err_errno(e, CTOP_ELIMIT, rc_errno, "cannot make an event descriptor");
	enum ctop_err rc = s->c.input != NULL ? open_input(s, e) : open_live(s, e);
	if (rc != CTOP_OK)
		return rc;
	s->facts.source = s->source.info;
	s->ring = ring_new(ring_bytes(&s->source.info));
	s->workers = workers_new(WORKERS);
	s->funcs = funcs_new();
	if (s->ring == NULL || s->workers == NULL)
		return err_set(e, CTOP_ELIMIT,
		               "no memory or threads left for the sample ring; lower --rate or "
		               "--stack-size");
	if (s->c.raw_output != NULL && (rc = open_recorder(s, e)) != CTOP_OK)
		return rc;
	return start_threads(s, e);
}

enum ctop_err session_start(struct session **out, const struct session_config *c, struct err *e)
{
	struct session *s = mem_zalloc(1, sizeof *s);
	size_t n = c->source.pid_count;
	s->c = *c;
	s->pids = mem_alloc((n + 1) * sizeof *s->pids);
	if (n > 0)
		memcpy(s->pids, c->source.pids, n * sizeof *s->pids);
	s->c.source.pids = s->pids;
	s->c.source.regs_mask = arch_perf_mask();
	s->c.source.sp_slot = arch_perf_sp();
	s->facts.title = s->title;
	s->exchange.owner_fd = s->exchange.analyzer_fd = s->saves.fd = s->fd = -1;
	s->folded_fd = -1;
	enum ctop_err rc = start(s, e);
	if (rc == CTOP_OK)
		*out = s;
	else
		session_free(s);
	return rc;
}

/* --- stopping ----------------------------------------------------------------- */

static void join(struct session *s)
{
	if (s->joined)
		return;
	s->joined = true;
	if (s->sampler == NULL)
		exchange_end(&s->exchange, true);
	sampler_join(s->sampler);
	s->sampler = NULL;
	if (s->analyzer != NULL)
		analyzer_join(s->analyzer);
}

void session_end_sampling(struct session *s)
{
	s->ending = true;
	if (s->sampler != NULL)
		sampler_stop(s->sampler);
}

enum ctop_err session_stop(struct session *s, struct err *e)
{
	session_end_sampling(s);
	exchange_end(&s->exchange, false);
	join(s);
	if (s->recorder == NULL)
		return CTOP_OK;
	size_t count;
	const struct loaded_file *files = analyzer_files(s->analyzer, &count);
	struct recorder *r = s->recorder;
	s->recorder = NULL;
	return recorder_finish(r, files, count, analyzer_images(s->analyzer), e);
}

void session_free(struct session *s)
{
	if (s == NULL)
		return;
	if (!s->joined && s->sampler != NULL)
		sampler_abort(s->sampler);
	if (s->exchange.analyzer_fd >= 0)
		exchange_end(&s->exchange, true);
	watcher_stop(s->watcher);
	join(s);
	succession_stop(&s->succession);
	workers_free(s->workers);
	recorder_abandon(s->recorder);
	analyzer_free(s->analyzer);
	if (s->source.ops != NULL)
		s->source.ops->close(s->source.self);
	peeker_free(s->peeker);
	if (s->saves.fd >= 0)
		inbox_fini(&s->saves);
	if (s->exchange.analyzer_fd >= 0)
		exchange_fini(&s->exchange);
	if (s->fd >= 0)
		close(s->fd);
	ring_free(s->ring);
	broker_free(s->broker);
	capture_reader_free(s->reader);
	if (s->folded_fd >= 0)
		close(s->folded_fd);
	funcs_free(s->funcs);
	free(s->pids);
	free(s);
}

/* --- running ------------------------------------------------------------------ */

int session_fd(const struct session *s)
{
	return s->fd;
}

void session_ack(struct session *s)
{
	exchange_clear(s->exchange.owner_fd);
}

struct snapshot *session_snapshot(struct session *s)
{
	return exchange_snapshot(&s->exchange);
}

uint64_t session_command(struct session *s, const struct command *c)
{
	return exchange_send(&s->exchange, c);
}

uint64_t session_peek(struct session *s, enum peek_stop stop, const pid_t *tids, size_t count)
{
	if (s->peeker == NULL || s->sampler == NULL)
		return 0;
	struct peek_request *r = mem_zalloc(1, sizeof *r);
	*r = (struct peek_request){.number = ++s->peeks, .stop = stop, .tid_count = count};
	if (count > 0)
		r->tids = memcpy(mem_alloc(count * sizeof *tids), tids, count * sizeof *tids);
	sampler_peek(s->sampler, r);
	return s->peeks;
}

struct dump *session_dump(struct session *s)
{
	return exchange_dump(&s->exchange);
}

struct detail *session_detail(struct session *s)
{
	return exchange_detail(&s->exchange);
}

const struct funcs *session_funcs(const struct session *s)
{
	return s->funcs;
}

struct profile *session_profile(const struct session *s)
{
	return s->joined && s->analyzer != NULL ? analyzer_profile(s->analyzer) : NULL;
}

enum session_succession session_succession(struct session *s, pid_t *pid, char *text, size_t cap)
{
	enum session_succession news = succession_look(&s->succession, s->sampler, pid, text, cap);
	struct target_info info;
	if (news != SUCCESSION_GOES_ON)
		return news;
	s->facts.pid = (uint32_t)*pid;
	if (target_read(s->broker, *pid, 0, &info, NULL) == CTOP_OK)
		snprintf(s->title, sizeof s->title, "%s", info.comm);
	watcher_retarget(s->watcher, *pid);
	return news;
}

void session_succeed(struct session *s, pid_t pid)
{
	succession_take(&s->succession, s->sampler, pid);
}

bool session_ended(struct session *s)
{
	/* A successor may still come. */
	if (s->c.follow && s->succession.on && !s->ending)
		return false;
	return exchange_ended(&s->exchange);
}

const struct session_facts *session_facts(const struct session *s)
{
	return &s->facts;
}

bool session_threads(struct session *s, struct session_thread **out, uint32_t *count)
{
	return s->watcher != NULL && watcher_threads(s->watcher, out, count);
}

/* --- saving ------------------------------------------------------------------- */

struct save_job {
	struct job job;
	struct snapshot *snapshot; /* one reference */
	char name[64], path[512];  /* path: "" for one of its own */
	uint32_t pid;
	bool ok;
	char text[1024];
};

static void save_discard(struct job *job)
{
	struct save_job *j = (struct save_job *)(void *)job;
	snapshot_unref(j->snapshot);
	free(j);
}

/* On a worker. */
static void save_run(struct job *job)
{
	struct save_job *j = (struct save_job *)(void *)job;
	struct err e = {0};
	if (j->path[0] != '\0')
		j->ok = savefile_snapshot_as(j->snapshot, j->path, &e) == CTOP_OK;
	else
		j->ok = savefile_snapshot(j->snapshot, j->name, j->pid, j->text, sizeof j->text,
		                          &e) == CTOP_OK;
	if (j->ok && j->path[0] != '\0')
		snprintf(j->text, sizeof j->text, "%s", j->path);
	if (!j->ok)
		snprintf(j->text, sizeof j->text, "%s", e.text);
}

void session_save(struct session *s, struct snapshot *snap)
{
	session_save_as(s, snap, "");
}

void session_save_as(struct session *s, struct snapshot *snap, const char *path)
{
	struct save_job *j = mem_zalloc(1, sizeof *j);
	j->job = (struct job){.run = save_run, .discard = save_discard, .reply = &s->saves};
	j->snapshot = snapshot_ref(snap);
	j->pid = s->facts.pid;
	snprintf(j->name, sizeof j->name, "%s", s->title);
	snprintf(j->path, sizeof j->path, "%s", path);
	workers_post(s->workers, &j->job);
}

bool session_saved(struct session *s, bool *ok, char *text, size_t cap)
{
	struct job *job = inbox_take(&s->saves);
	if (job == NULL)
		return false;
	struct save_job *j = (struct save_job *)(void *)job;
	*ok = j->ok;
	snprintf(text, cap, "%s", j->text);
	save_discard(job);
	return true;
}
