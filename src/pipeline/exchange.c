/* exchange: snapshots and commands between two threads; see exchange.h. */
#include "exchange.h"

#include "ctop/detail.h"
#include "ctop/dump.h"
#include "ctop/snapshot.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

int exchange_init(struct exchange *x)
{
	*x = (struct exchange){.owner_fd = -1, .analyzer_fd = -1};
	pthread_mutex_init(&x->lock, NULL);
	x->owner_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	x->analyzer_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (x->owner_fd >= 0 && x->analyzer_fd >= 0)
		return 0;
	int rc = errno;
	exchange_fini(x);
	return rc;
}

void exchange_fini(struct exchange *x)
{
	snapshot_unref(x->snapshot);
	dump_unref(x->dump);
	detail_unref(x->detail);
	x->snapshot = NULL;
	x->detail = NULL;
	x->dump = NULL;
	if (x->owner_fd >= 0)
		close(x->owner_fd);
	if (x->analyzer_fd >= 0)
		close(x->analyzer_fd);
	x->owner_fd = x->analyzer_fd = -1;
	pthread_mutex_destroy(&x->lock);
}

/* Fails only when the counter is full, and then it is readable. */
static void raise_fd(int fd)
{
	uint64_t one = 1;
	ssize_t n = write(fd, &one, sizeof one);
	(void)n;
}

void exchange_clear(int fd)
{
	uint64_t count;
	ssize_t n = read(fd, &count, sizeof count);
	(void)n;
}

void exchange_notify(struct exchange *x)
{
	raise_fd(x->owner_fd);
}

void exchange_publish(struct exchange *x, struct snapshot *s, bool ended)
{
	pthread_mutex_lock(&x->lock);
	struct snapshot *old = x->snapshot;
	x->snapshot = s;
	x->ended = ended;
	pthread_mutex_unlock(&x->lock);
	snapshot_unref(old);
	exchange_notify(x);
}

struct snapshot *exchange_snapshot(struct exchange *x)
{
	pthread_mutex_lock(&x->lock);
	struct snapshot *s = x->snapshot != NULL ? snapshot_ref(x->snapshot) : NULL;
	pthread_mutex_unlock(&x->lock);
	return s;
}

void exchange_publish_dump(struct exchange *x, struct dump *d)
{
	pthread_mutex_lock(&x->lock);
	struct dump *old = x->dump;
	x->dump = d;
	pthread_mutex_unlock(&x->lock);
	dump_unref(old);
	exchange_notify(x);
}

struct dump *exchange_dump(struct exchange *x)
{
	pthread_mutex_lock(&x->lock);
	struct dump *d = x->dump != NULL ? dump_ref(x->dump) : NULL;
	pthread_mutex_unlock(&x->lock);
	return d;
}

void exchange_publish_detail(struct exchange *x, struct detail *d)
{
	pthread_mutex_lock(&x->lock);
	struct detail *old = x->detail;
	x->detail = d;
	pthread_mutex_unlock(&x->lock);
	detail_unref(old);
	exchange_notify(x);
}

struct detail *exchange_detail(struct exchange *x)
{
	pthread_mutex_lock(&x->lock);
	struct detail *d = x->detail != NULL ? detail_ref(x->detail) : NULL;
	pthread_mutex_unlock(&x->lock);
	return d;
}

bool exchange_take(struct exchange *x, struct command *c)
{
	pthread_mutex_lock(&x->lock);
	bool any = x->count > 0;
	if (any) {
		*c = x->commands[x->first];
		x->first = (x->first + 1) % EXCHANGE_COMMANDS;
		x->count--;
	}
	pthread_mutex_unlock(&x->lock);
	return any;
}

/* The place a new command goes to. */
static struct command *slot_for(struct exchange *x, enum command_kind kind)
{
	if (x->count < EXCHANGE_COMMANDS)
		return &x->commands[(x->first + x->count++) % EXCHANGE_COMMANDS];
	for (unsigned i = x->count; i-- > 0;) {
		struct command *c = &x->commands[(x->first + i) % EXCHANGE_COMMANDS];
		if (c->kind == kind)
			return c;
	}
	return &x->commands[(x->first + x->count - 1) % EXCHANGE_COMMANDS];
}

uint64_t exchange_send(struct exchange *x, const struct command *c)
{
	pthread_mutex_lock(&x->lock);
	uint64_t number = ++x->last_number;
	struct command *slot = slot_for(x, c->kind);
	*slot = *c;
	slot->number = number;
	pthread_mutex_unlock(&x->lock);
	raise_fd(x->analyzer_fd);
	return number;
}

void exchange_end(struct exchange *x, bool at_once)
{
	pthread_mutex_lock(&x->lock);
	x->draining = true;
	x->quit = x->quit || at_once;
	pthread_mutex_unlock(&x->lock);
	raise_fd(x->analyzer_fd);
}

static bool read_flag(struct exchange *x, const bool *flag)
{
	pthread_mutex_lock(&x->lock);
	bool value = *flag;
	pthread_mutex_unlock(&x->lock);
	return value;
}

bool exchange_quitting(struct exchange *x)
{
	return read_flag(x, &x->quit);
}

bool exchange_draining(struct exchange *x)
{
	return read_flag(x, &x->draining);
}

bool exchange_ended(struct exchange *x)
{
	return read_flag(x, &x->ended);
}
