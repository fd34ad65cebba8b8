/* log: diagnostics that never garble the screen; see log.h. */
#include "ctop/log.h"

#include "ctop/strbuf.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { KEPT = 64 * 1024 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct strbuf kept;
static bool held;
static int level;

static void put(const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(STDERR_FILENO, text, len);
		if (n <= 0)
			return;
		text += n;
		len -= (size_t)n;
	}
}

/* Keeps the newest KEPT bytes; the oldest go first. */
static void keep(const char *text, size_t len)
{
	if (kept.len + len > KEPT && kept.len > 0) {
		size_t drop = kept.len < KEPT / 2 ? kept.len : KEPT / 2;
		memmove(kept.data, kept.data + drop, kept.len - drop);
		kept.len -= drop;
	}
	strbuf_add(&kept, text, len);
}

static void say(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

static void say(const char *fmt, va_list ap)
{
	char line[1024] = "ctop: ";
	size_t at = strlen(line);
	vsnprintf(line + at, sizeof line - at - 1, fmt, ap);
	size_t len = strlen(line);
	line[len++] = '\n';
	pthread_mutex_lock(&lock);
	if (held)
		keep(line, len);
	else
		put(line, len);
	pthread_mutex_unlock(&lock);
}

void log_set_level(int new_level)
{
	pthread_mutex_lock(&lock);
	level = new_level;
	pthread_mutex_unlock(&lock);
}

void log_hold(void)
{
	pthread_mutex_lock(&lock);
	held = true;
	pthread_mutex_unlock(&lock);
}

void log_release(void)
{
	pthread_mutex_lock(&lock);
	held = false;
	put(strbuf_str(&kept), kept.len);
	strbuf_fini(&kept);
	pthread_mutex_unlock(&lock);
}

void log_warn(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
}

void log_info(const char *fmt, ...)
{
	pthread_mutex_lock(&lock);
	int now = level;
	pthread_mutex_unlock(&lock);
	if (now < 1)
		return;
	va_list ap;
	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
}
