/* packages: Debian packages of files; see packages.h. */
#include "packages.h"

#include "ctop/broker.h"
#include "ctop/mem.h"
#include "jobs.h"
#include "modules.h"

#include <stdint.h>
#include <stdlib.h>

enum { FILES = 16 }; /* a search */

struct search {
	struct job job;
	struct broker *broker;
	unsigned count;
	uint32_t images[FILES];
	struct broker_file files[FILES]; /* the paths are owned */
};

struct packages {
	struct broker *broker;
	struct workers *workers;
	struct inbox *inbox;
	bool busy;
};

struct packages *packages_new(struct broker *broker, struct workers *workers, struct inbox *inbox)
{
	struct packages *p = mem_zalloc(1, sizeof *p);
	*p = (struct packages){.broker = broker, .workers = workers, .inbox = inbox};
	return p;
}

void packages_free(struct packages *p)
{
	free(p);
}

/* On a worker. */
static void run(struct job *job)
{
	struct search *s = (struct search *)(void *)job;
	broker_packages(s->broker, s->files, s->count);
}

static void discard(struct job *job)
{
	struct search *s = (struct search *)(void *)job;
	for (unsigned i = 0; i < s->count; i++)
		free((void *)(uintptr_t)s->files[i].path);
	free(s);
}

static void add_file(void *ctx, uint32_t image, const char *path)
{
	struct search *s = ctx;
	if (s->count == FILES)
		return;
	s->images[s->count] = image;
	s->files[s->count++].path = mem_strdup(path);
}

void packages_ask(struct packages *p, const struct modules *m)
{
	if (p->busy)
		return;
	struct search *s = mem_zalloc(1, sizeof *s);
	s->job = (struct job){.run = run, .discard = discard, .reply = p->inbox};
	s->broker = p->broker;
	modules_lacking(m, add_file, s);
	if (s->count == 0) {
		discard(&s->job);
		return;
	}
	p->busy = true;
	workers_post(p->workers, &s->job);
}

bool packages_owns(const struct job *job)
{
	return job->run == run;
}

void packages_finish(struct packages *p, struct job *job, struct modules *m)
{
	struct search *s = (struct search *)(void *)job;
	for (unsigned i = 0; i < s->count; i++)
		modules_package(m, s->images[i],
		                s->files[i].package[0] != '\0' ? s->files[i].package : "?");
	p->busy = false;
	bool more = s->count == FILES;
	discard(job);
	if (more)
		packages_ask(p, m);
}
