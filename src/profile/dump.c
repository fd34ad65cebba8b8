/* dump: where every thread was at one moment; see dump.h. */
#include "ctop/dump.h"

#include "ctop/mem.h"

#include <stdatomic.h>
#include <stdlib.h>

struct dump {
	atomic_uint refs;
	uint64_t number, time_ns;
	struct dump_thread *threads;
	size_t thread_count;
	struct dump_frame *frames;
};

struct dump *dump_new(uint64_t number, uint64_t time_ns, struct dump_thread *threads,
                      size_t thread_count, struct dump_frame *frames)
{
	struct dump *d = mem_zalloc(1, sizeof *d);
	atomic_init(&d->refs, 1);
	d->number = number;
	d->time_ns = time_ns;
	d->threads = threads;
	d->thread_count = thread_count;
	d->frames = frames;
	return d;
}

struct dump *dump_ref(struct dump *d)
{
	atomic_fetch_add_explicit(&d->refs, 1, memory_order_relaxed);
	return d;
}

void dump_unref(struct dump *d)
{
	if (d == NULL || atomic_fetch_sub_explicit(&d->refs, 1, memory_order_acq_rel) != 1)
		return;
	free(d->threads);
	free(d->frames);
	free(d);
}

uint64_t dump_number(const struct dump *d)
{
	return d->number;
}

uint64_t dump_time(const struct dump *d)
{
	return d->time_ns;
}

const struct dump_thread *dump_threads(const struct dump *d, size_t *count)
{
	*count = d->thread_count;
	return d->threads;
}

const struct dump_frame *dump_frames(const struct dump *d, const struct dump_thread *t)
{
	return d->frames + t->first;
}

const char *dump_state_name(char state)
{
	static const struct {
		char state;
		const char *name;
	} names[] = {{'R', "running"}, {'S', "asleep"}, {'D', "asleep, uninterruptibly"},
	             {'T', "stopped"}, {'t', "traced"}, {'Z', "ended"},
	             {'X', "ended"},   {'I', "idle"}};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i].state == state)
			return names[i].name;
	return "in an unknown state";
}
