/* lines: the units of one file's DWARF, and looking up in the index of one; see lines.h. */
#include "ctop/lines.h"

#include "ctop/mem.h"
#include "ctop/vec.h"
#include "lines_aranges.h"
#include "lines_file.h"

#include <dwarf.h>
#include <pthread.h>
#include <stdlib.h>

enum { UNITS_MOST = 1 << 20, RANGES_MOST = 1 << 24 };

/* Where a part of a unit lies; sorted by `lo`. */
struct place {
	uint64_t lo, hi;
	uint32_t unit;
};

struct lines {
	pthread_mutex_t lock; /* of the handles: libdw's are one thread's at a time */
	struct lines_file main, alt;
	uint64_t shift;
	Dwarf_Off *units; /* of their DIEs */
	uint64_t *keys;   /* of the places: their `lo` */
	struct place *places;
	size_t unit_count, unit_cap, place_count, place_cap;
};

static void add_place(void *ctx, uint64_t lo, uint64_t hi)
{
	struct lines *l = ctx;
	if (l->place_count >= RANGES_MOST)
		return;
	l->places = vec_reserve(l->places, &l->place_cap, l->place_count + 1, sizeof *l->places);
	l->places[l->place_count++] =
	        (struct place){lo + l->shift, hi + l->shift, (uint32_t)l->unit_count - 1};
}

static int by_place(const void *va, const void *vb)
{
	const struct place *a = va, *b = vb;
	if (a->lo != b->lo)
		return (a->lo > b->lo) - (a->lo < b->lo);
	return (a->unit > b->unit) - (a->unit < b->unit);
}

/* Asks the unit itself, which takes libdw much longer than a table does. */
static void ask_unit(struct lines *l, struct unit_source *s, Dwarf_Off die)
{
	uint8_t type;
	if (dwarf_offdie(l->main.dwarf, die, &s->die) == NULL ||
	    dwarf_cu_info(s->die.cu, NULL, &type, NULL, NULL, NULL, NULL, NULL) != 0 ||
	    (type != DW_UT_compile && type != DW_UT_skeleton))
		return;
	s->split = s->die;
	line_unit_ranges(s, add_place, l);
}

static void sort_places(struct lines *l)
{
	if (l->place_count > 0)
		qsort(l->places, l->place_count, sizeof *l->places, by_place);
	l->keys = mem_zalloc(l->place_count, sizeof *l->keys);
	for (size_t i = 0; i < l->place_count; i++)
		l->keys[i] = l->places[i].lo;
}

/* A unit without addresses is none for us. */
static void find_units(struct lines *l)
{
	struct unit_source s = {.shift = l->shift};
	struct lines_aranges table;
	Dwarf_Off at = 0, next;
	size_t head;
	uint64_t start = clock_now_ns();
	lines_file_give(&l->main, &s);
	lines_aranges_init(&table, s.sections[DWARF_ARANGES]);
	while (l->unit_count < UNITS_MOST && !lines_is_late(start) &&
	       dwarf_next_unit(l->main.dwarf, at, &next, &head, NULL, NULL, NULL, NULL, NULL,
	                       NULL) == 0 &&
	       next > at) {
		size_t before = l->place_count;
		l->units = vec_reserve(l->units, &l->unit_cap, l->unit_count + 1, sizeof *l->units);
		l->units[l->unit_count++] = at + head;
		if (!lines_aranges_of(&table, at, add_place, l))
			ask_unit(l, &s, at + head);
		if (l->place_count == before)
			l->unit_count--;
		at = next;
	}
	lines_aranges_fini(&table);
	sort_places(l);
}

enum ctop_err lines_open(struct lines **out, int fd, int alt_fd, uint64_t shift, struct err *e)
{
	struct lines *l = mem_zalloc(1, sizeof *l);
	pthread_mutex_init(&l->lock, NULL);
	l->alt.fd = -1;
	l->shift = shift;
	enum ctop_err rc = lines_file_open(&l->main, fd, e);
	/* Without the other file, only what is in this one is known. */
	if (alt_fd >= 0 && lines_file_open(&l->alt, alt_fd, NULL) != CTOP_OK)
		lines_file_close(&l->alt);
	if (rc == CTOP_OK && l->alt.dwarf != NULL)
		dwarf_setalt(l->main.dwarf, l->alt.dwarf);
	if (rc == CTOP_OK)
		find_units(l);
	if (rc == CTOP_OK && l->place_count == 0)
		rc = err_set(e, CTOP_ENOENT, "no unit of its debug information has an address");
	if (rc == CTOP_OK)
		*out = l;
	else
		lines_close(l);
	return rc;
}

void lines_close(struct lines *l)
{
	if (l == NULL)
		return;
	if (l->main.dwarf != NULL)
		dwarf_setalt(l->main.dwarf, NULL);
	lines_file_close(&l->main);
	lines_file_close(&l->alt);
	pthread_mutex_destroy(&l->lock);
	free(l->units);
	free(l->keys);
	free(l->places);
	free(l);
}

/* --- units ------------------------------------------------------------------------------------ */

/* How many keys are not above an address: the last of them leads to what holds it. */
static size_t keys_up_to(const uint64_t *keys, size_t count, uint64_t addr)
{
	const uint64_t *at = keys;
	while (count > 1) {
		size_t half = count / 2;
		at += at[half - 1] <= addr ? half : 0;
		count -= half;
	}
	return (size_t)(at - keys) + (count > 0 && *at <= addr);
}

uint32_t lines_unit_of(const struct lines *l, uint64_t vaddr)
{
	size_t end = keys_up_to(l->keys, l->place_count, vaddr);
	/* Places of one unit may lie within those of another: a few before are looked at too. */
	enum { BACK = 16 };
	for (size_t i = end; i > 0 && end - i < BACK; i--)
		if (vaddr < l->places[i - 1].hi)
			return l->places[i - 1].unit;
	return LINES_NONE;
}

uint32_t lines_unit_count(const struct lines *l)
{
	return (uint32_t)l->unit_count;
}

size_t lines_bytes(const struct lines *l)
{
	return sizeof *l + l->unit_cap * sizeof *l->units + l->place_cap * sizeof *l->places +
	       l->place_count * sizeof *l->keys;
}

static enum ctop_err index_locked(struct lines *l, uint32_t unit, struct line_unit *u,
                                  struct err *e)
{
	struct unit_source s = {.shift = l->shift};
	uint8_t type;
	if (dwarf_offdie(l->main.dwarf, l->units[unit], &s.die) == NULL ||
	    dwarf_cu_info(s.die.cu, NULL, &type, NULL, NULL, NULL, NULL, NULL) != 0)
		return err_set(e, CTOP_EFORMAT, "cannot read a unit: %s", dwarf_errmsg(-1));
	lines_file_give(&l->main, &s);
	if (type == DW_UT_skeleton && lines_split_allowed(&l->main, &s.die) &&
	    dwarf_cu_info(s.die.cu, NULL, NULL, NULL, &s.split, NULL, NULL, NULL) == 0)
		s.is_split = s.split.addr != NULL;
	if (s.is_split)
		lines_split_give(&s);
	else
		s.split = s.die;
	return line_unit_fill(u, &s, e);
}

enum ctop_err lines_index(struct lines *l, uint32_t unit, struct line_unit **out, struct err *e)
{
	if (unit >= l->unit_count)
		return err_set(e, CTOP_EINVAL, "no such unit");
	struct line_unit *u = mem_zalloc(1, sizeof *u);
	pthread_mutex_lock(&l->lock);
	enum ctop_err rc = index_locked(l, unit, u, e);
	pthread_mutex_unlock(&l->lock);
	if (rc == CTOP_OK)
		*out = u;
	else
		line_unit_free(u);
	return rc;
}

void line_unit_free(struct line_unit *u)
{
	if (u == NULL)
		return;
	free(u->scopes);
	free(u->keys);
	free(u->places);
	strbuf_fini(&u->text);
	free(u);
}

size_t line_unit_bytes(const struct line_unit *u)
{
	return sizeof *u + u->scope_cap * sizeof *u->scopes +
	       u->count * (sizeof *u->keys + sizeof *u->places) + u->text.cap;
}

size_t line_unit_find(const struct line_unit *u, uint64_t vaddr,
                      struct line_frame out[LINES_INLINE_MAX])
{
	size_t end = keys_up_to(u->keys, u->count, vaddr), n = 0;
	if (end == 0)
		return 0;
	const char *text = strbuf_str(&u->text);
	struct line_place at = u->places[end - 1];
	if (at.scope == LINES_NONE) {
		out[0] = (struct line_frame){"", text + at.file, at.line};
		return at.file != 0;
	}
	for (uint32_t i = at.scope; i != LINES_NONE && n < LINES_INLINE_MAX;) {
		const struct line_scope *s = &u->scopes[i];
		out[n++] = (struct line_frame){text + s->function, text + at.file, at.line};
		at.file = s->call_file;
		at.line = s->call_line;
		i = s->parent;
	}
	return n;
}
