/* proclist: all processes; see proclist.h. */
#include "ctop/proclist.h"

#include "ctop/broker.h"
#include "ctop/clock.h"
#include "ctop/mem.h"
#include "ctop/utf8.h"
#include "ctop/vec.h"

#include <ctype.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	KTHREAD_FLAG = 0x00200000, /* PF_KTHREAD */
	YOUNG_TICKS = 300,         /* what a process is may change soon after it was made */
	TURNS = 16,                /* every so many looks what is old is described again */
	STAT_MOST = 1024,
	COMMAND_MOST = 255, /* bytes of a command line */
	USERS = 32,
};

/* What a look has to remember of a process. */
struct known {
	uint64_t cpu_ticks;
	bool described;
};

struct user {
	uid_t uid;
	char name[20];
};

struct proclist {
	struct broker *broker;
	struct process *rows, *old_rows; /* of this look and the one before; in order of pids */
	struct known *known, *old_known;
	size_t count, old_count, cap, known_cap, old_cap, old_known_cap;
	uint64_t now_ns, before_ns, newest_ticks;
	unsigned turn;
	struct user users[USERS];
	size_t user_count;
};

struct proclist *proclist_new(struct broker *b)
{
	struct proclist *l = mem_zalloc(1, sizeof *l);
	l->broker = b;
	return l;
}

void proclist_free(struct proclist *l)
{
	if (l == NULL)
		return;
	free(l->rows);
	free(l->old_rows);
	free(l->known);
	free(l->old_known);
	free(l);
}

const struct process *proclist_rows(const struct proclist *l, size_t *count)
{
	*count = l->count;
	return l->rows;
}

/* --- reading ----------------------------------------------------------------------------- */

/* The beginning of a file of /proc/PID, NUL-terminated; how much, −1 when it is gone. */
static ssize_t read_some(struct proclist *l, pid_t pid, const char *name, char *buf, size_t cap)
{
	int fd = broker_open_proc(l->broker, pid, 0, name);
	if (fd < 0)
		return -1;
	ssize_t n = pread(fd, buf, cap - 1, 0);
	close(fd);
	buf[n > 0 ? n : 0] = '\0';
	return n;
}

static void copy_clean(char *out, size_t cap, const char *text, size_t len)
{
	char clean[3 * COMMAND_MOST + 1];
	utf8_clean(text, len < COMMAND_MOST ? len : COMMAND_MOST, clean);
	size_t fits = strlen(clean);
	if (fits >= cap)
		fits = cap - 1;
	while (fits > 0 && fits < strlen(clean) && ((unsigned char)clean[fits] & 0xc0) == 0x80)
		fits--;
	memcpy(out, clean, fits);
	out[fits] = '\0';
}

/* Fields of stat behind the name, proc_pid_stat(5), from 3 on: here index 0. */
enum { AT_PPID = 1, AT_FLAGS = 6, AT_USER = 11, AT_SYSTEM = 12, AT_THREADS = 17, AT_START = 19 };
enum { AT_PAGES = 21, FIELDS };

static bool parse_stat(const char *text, struct process *p, uint64_t *cpu_ticks)
{
	uint64_t f[FIELDS] = {0};
	const char *open = strchr(text, '('), *close = strrchr(text, ')');
	if (open == NULL || close == NULL || close[1] != ' ' || close[2] == '\0')
		return false;
	p->state = close[2];
	char *at = (char *)(uintptr_t)close + 3;
	for (int i = AT_PPID; i < FIELDS; i++)
		f[i] = strtoull(at, &at, 10);
	p->ppid = (pid_t)f[AT_PPID];
	p->kernel_thread = (f[AT_FLAGS] & KTHREAD_FLAG) != 0;
	p->threads = (uint32_t)f[AT_THREADS];
	p->start_ticks = f[AT_START];
	p->memory = f[AT_PAGES] * (uint64_t)sysconf(_SC_PAGESIZE);
	*cpu_ticks = f[AT_USER] + f[AT_SYSTEM];
	copy_clean(p->comm, sizeof p->comm, open + 1, (size_t)(close - open - 1));
	return true;
}

static bool read_one(struct proclist *l, pid_t pid, struct process *p, struct known *k)
{
	char text[STAT_MOST];
	*p = (struct process){.pid = pid, .cpu = -1};
	*k = (struct known){0};
	return read_some(l, pid, "stat", text, sizeof text) > 0 &&
	       parse_stat(text, p, &k->cpu_ticks);
}

/* --- a look ------------------------------------------------------------------------------ */

static int by_number(const void *va, const void *vb)
{
	pid_t a = *(const pid_t *)va, b = *(const pid_t *)vb;
	return (a > b) - (a < b);
}

/* What the last look knew of this process goes on. */
static void take_over(struct proclist *l, struct process *p, struct known *k, size_t *old)
{
	while (*old < l->old_count && l->old_rows[*old].pid < p->pid)
		++*old;
	if (*old == l->old_count || l->old_rows[*old].pid != p->pid ||
	    l->old_rows[*old].start_ticks != p->start_ticks)
		return;
	const struct process *o = &l->old_rows[*old];
	double seconds = (double)(l->now_ns - l->before_ns) / 1e9;
	uint64_t ticks = k->cpu_ticks - l->old_known[*old].cpu_ticks;
	if (seconds > 0 && k->cpu_ticks >= l->old_known[*old].cpu_ticks)
		p->cpu = (float)(100.0 * (double)ticks / (double)sysconf(_SC_CLK_TCK) / seconds);
	k->described = l->old_known[*old].described && strcmp(o->comm, p->comm) == 0;
	p->uid = o->uid;
	memcpy(p->user, o->user, sizeof p->user);
	memcpy(p->command, o->command, sizeof p->command);
}

#define SWAP(type, a, b)            \
	do {                        \
		type swapped = (a); \
		(a) = (b);          \
		(b) = swapped;      \
	} while (0)

static void begin(struct proclist *l, uint64_t now_ns)
{
	SWAP(struct process *, l->rows, l->old_rows);
	SWAP(struct known *, l->known, l->old_known);
	SWAP(size_t, l->cap, l->old_cap);
	SWAP(size_t, l->known_cap, l->old_known_cap);
	l->old_count = l->count;
	l->count = 0;
	l->before_ns = l->now_ns;
	l->now_ns = now_ns;
	l->turn++;
}

enum ctop_err proclist_look(struct proclist *l, uint64_t now_ns, struct err *e)
{
	pid_t *pids = NULL;
	size_t n = 0, old = 0;
	enum ctop_err rc = broker_list(l->broker, 0, &pids, &n, e);
	if (rc != CTOP_OK)
		return rc;
	qsort(pids, n, sizeof *pids, by_number);
	begin(l, now_ns);
	l->rows = vec_reserve(l->rows, &l->cap, n + 1, sizeof *l->rows);
	l->known = vec_reserve(l->known, &l->known_cap, n + 1, sizeof *l->known);
	for (size_t i = 0; i < n; i++) {
		struct process *p = &l->rows[l->count];
		struct known *k = &l->known[l->count];
		if (!read_one(l, pids[i], p, k))
			continue;
		take_over(l, p, k, &old);
		if (p->start_ticks > l->newest_ticks)
			l->newest_ticks = p->start_ticks;
		l->count++;
	}
	free(pids);
	return CTOP_OK;
}

/* --- users and command lines ------------------------------------------------------------- */

static void name_user(struct proclist *l, uid_t uid, char *out, size_t cap)
{
	char buf[4096];
	struct passwd pw, *found = NULL;
	size_t i = 0;
	while (i < l->user_count && l->users[i].uid != uid)
		i++;
	if (i == l->user_count) {
		i = l->user_count < USERS ? l->user_count++ : uid % USERS;
		l->users[i].uid = uid;
		if (getpwuid_r(uid, &pw, buf, sizeof buf, &found) == 0 && found != NULL)
			copy_clean(l->users[i].name, sizeof l->users[i].name, pw.pw_name,
			           strlen(pw.pw_name));
		else
			snprintf(l->users[i].name, sizeof l->users[i].name, "%u", uid);
	}
	snprintf(out, cap, "%s", l->users[i].name);
}

static void describe(struct proclist *l, struct process *p)
{
	char text[4096];
	ssize_t n = read_some(l, p->pid, "status", text, sizeof text);
	const char *uid = n > 0 ? strstr(text, "\nUid:") : NULL;
	if (uid != NULL) {
		p->uid = (uid_t)strtoul(uid + 5, NULL, 10);
		name_user(l, p->uid, p->user, sizeof p->user);
	}
	p->command[0] = '\0';
	if (p->kernel_thread)
		return;
	n = read_some(l, p->pid, "cmdline", text, COMMAND_MOST + 1);
	while (n > 0 && (text[n - 1] == '\0' || text[n - 1] == ' '))
		n--;
	for (ssize_t i = 0; i < n; i++)
		if (text[i] == '\0' || isspace((unsigned char)text[i]))
			text[i] = ' ';
	copy_clean(p->command, sizeof p->command, text, n > 0 ? (size_t)n : 0);
}

void proclist_describe(struct proclist *l)
{
	for (size_t i = 0; i < l->count; i++) {
		struct process *p = &l->rows[i];
		bool young = p->start_ticks + YOUNG_TICKS > l->newest_ticks;
		if (l->known[i].described && !young && (size_t)p->pid % TURNS != l->turn % TURNS)
			continue;
		describe(l, p);
		l->known[i].described = true;
	}
}
