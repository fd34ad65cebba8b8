/* record: checking records that come from a file, handing on those made here; see record.h. */
#include "ctop/record.h"

#include "ctop/ring.h"
#include "ctop/strbuf.h"

#include <stddef.h>
#include <string.h>

/* Whether a NUL stands in the bytes from `from` to the record's end. */
static bool has_text(const struct record *r, size_t from)
{
	return r->size > from && memchr((const char *)r + from, '\0', r->size - from) != NULL;
}

static bool check_sample(const struct record *r)
{
	const struct record_sample *s = (const struct record_sample *)(const void *)r;
	if (r->size < sizeof *s || s->nr_kernel > RECORD_KERNEL_MAX ||
	    s->nr_regs > RECORD_REGS_MAX || s->stack_len > RECORD_STACK_MAX)
		return false;
	size_t need =
	        sizeof *s + 8 * ((size_t)s->nr_kernel + s->nr_regs) + record_pad(s->stack_len);
	return r->size == need;
}

bool record_check(const void *bytes, size_t len)
{
	const struct record *r = bytes;
	if (len < sizeof *r || r->size != len || len % 8 != 0)
		return false;
	switch (r->kind) {
	case RECORD_SAMPLE:
		return check_sample(r);
	case RECORD_MMAP:
		return has_text(r, sizeof(struct record_mmap));
	case RECORD_COMM:
		return has_text(r, sizeof(struct record_comm));
	case RECORD_CODE:
		return has_text(r, sizeof(struct record_code));
	case RECORD_NOTE:
		return has_text(r, sizeof(struct record_note));
	case RECORD_THREAD:
		return has_text(r, sizeof(struct record_thread)) &&
		       ((const struct record_thread *)bytes)->how < HOWS;
	case RECORD_MARK:
		return len == sizeof(struct record_mark) &&
		       has_text(r, offsetof(struct record_mark, name));
	case RECORD_LOOK:
		return len == sizeof(struct record_look);
	case RECORD_FORK:
		return len == sizeof(struct record_fork);
	case RECORD_EXIT:
	case RECORD_RESYNC:
		return len == sizeof *r;
	case RECORD_LOST:
		return len == sizeof(struct record_lost);
	case RECORD_STATS:
		return len == sizeof(struct record_stats);
	case RECORD_END:
		return len == sizeof(struct record_end);
	default:
		return false;
	}
}

bool record_put(struct ring *out, const void *record)
{
	const struct record *r = record;
	void *room = ring_reserve(out, r->size, true);
	if (room == NULL)
		return false;
	memcpy(room, record, r->size);
	ring_commit(out);
	return true;
}

bool record_put_all(struct ring *out, struct strbuf *records, size_t *at)
{
	while (*at < records->len) {
		const struct record *r = (const void *)(records->data + *at);
		if (!record_put(out, r))
			return false;
		*at += r->size;
	}
	strbuf_clear(records);
	*at = 0;
	return true;
}
