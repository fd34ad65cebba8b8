/* describe: the state of a process as records; see describe.h. */
#include "describe.h"

#include "ctop/broker.h"
#include "ctop/record.h"
#include "ctop/strbuf.h"
#include "ctop/target.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Text behind a record's fixed part, padded as records are. */
static void add_text(struct strbuf *out, const char *text, size_t len)
{
	strbuf_add(out, text, len);
	strbuf_add(out, "\0\0\0\0\0\0\0", record_pad(len + 1) - len);
}

void describe_thread(struct strbuf *out, const struct target_info *info, uint64_t time)
{
	size_t len = strlen(info->comm);
	struct record_comm c = {
	        .h = {(uint32_t)(sizeof c + record_pad(len + 1)), RECORD_COMM, RECORD_INITIAL, time,
	              (uint32_t)info->pid, (uint32_t)info->tid},
	};
	struct record_fork f = {
	        .h = {sizeof f, RECORD_FORK, RECORD_INITIAL, time, (uint32_t)info->pid,
	              (uint32_t)info->tid},
	        .ppid = (uint32_t)info->pid,
	        .ptid = (uint32_t)info->pid,
	        .start_ticks = info->tid == info->pid ? info->start_ticks : 0,
	};
	strbuf_add(out, &f, sizeof f);
	strbuf_add(out, &c, sizeof c);
	add_text(out, info->comm, len);
}

/* One line of /proc/PID/maps, if it is executable. */
static void describe_mapping(struct strbuf *out, pid_t pid, uint64_t time, char *line)
{
	struct record_mmap m = {0};
	uint64_t end;
	char perms[5];
	int at = 0;
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 " %n", &m.start,
	           &end, perms, &m.pgoff, &m.dev_major, &m.dev_minor, &m.inode, &at) < 7 ||
	    perms[2] != 'x')
		return;
	static char anonymous[] = "//anon";
	char *path = line + at;
	size_t len = strlen(path);
	static const char deleted[] = " (deleted)";
	if (len >= sizeof deleted && strcmp(path + len - (sizeof deleted - 1), deleted) == 0)
		path[len -= sizeof deleted - 1] = '\0';
	if (len == 0)
		len = strlen(path = anonymous);
	m.h = (struct record){(uint32_t)(sizeof m + record_pad(len + 1)),
	                      RECORD_MMAP,
	                      RECORD_INITIAL,
	                      time,
	                      (uint32_t)pid,
	                      (uint32_t)pid};
	m.len = end - m.start;
	m.prot = PROT_READ | PROT_EXEC;
	strbuf_add(out, &m, sizeof m);
	add_text(out, path, len);
}

void describe_maps(struct strbuf *out, char *text, pid_t pid, uint64_t time)
{
	char *save = NULL;
	for (char *line = strtok_r(text, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save))
		describe_mapping(out, pid, time, line);
}

void describe_process(struct broker *b, struct strbuf *out, pid_t pid, uint64_t time, bool threads)
{
	struct target_info info;
	if (target_read(b, pid, 0, &info, NULL) != CTOP_OK)
		return;
	describe_thread(out, &info, time);
	pid_t *tids = NULL;
	size_t count = 0;
	if (threads)
		target_threads(b, pid, &tids, &count, NULL);
	for (size_t i = 0; i < count; i++)
		if (tids[i] != pid && target_read(b, pid, tids[i], &info, NULL) == CTOP_OK)
			describe_thread(out, &info, time);
	free(tids);
	char *text;
	size_t len;
	if (info.kernel_thread || broker_read_proc(b, pid, 0, "maps", &text, &len, NULL) != CTOP_OK)
		return;
	describe_maps(out, text, pid, time);
	free(text);
}
