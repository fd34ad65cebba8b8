/* lines_unit: one compilation unit of DWARF made flat; see lines_unit.h.
 *
 * The rows of its table of lines and the ranges of its scopes, both sorted, become one list of
 * places: wherever one of them begins or ends. Everything else is in the files that
 * lines_builder.h names.
 */
#include "lines_unit.h"

#include "ctop/mem.h"
#include "lines_builder.h"

#include <dwarf.h>
#include <stdlib.h>

static void add_place(struct line_unit *u, uint64_t key, struct line_place p)
{
	struct line_place *last = u->count > 0 ? &u->places[u->count - 1] : NULL;
	if (last != NULL && last->scope == p.scope && last->file == p.file && last->line == p.line)
		return;
	u->keys[u->count] = key;
	u->places[u->count++] = p;
}

/* Merges rows and ranges, both in order: whatever begins or ends begins a place. */
static void merge(struct lines_builder *b)
{
	struct line_unit *u = b->u;
	size_t most = b->row_count + 2 * b->flat_count, row = 0, range = 0;
	bool within = false;
	u->keys = mem_alloc(most * sizeof *u->keys);
	u->places = mem_alloc(most * sizeof *u->places);
	struct line_place at = {.scope = LINES_NONE};
	while (row < b->row_count || range < b->flat_count) {
		uint64_t next = UINT64_MAX;
		if (range < b->flat_count)
			next = within ? b->flat[range].hi : b->flat[range].lo;
		if (row < b->row_count && b->rows[row].addr < next)
			next = b->rows[row].addr;
		for (; row < b->row_count && b->rows[row].addr == next; row++) {
			at.file = b->rows[row].file;
			at.line = b->rows[row].line;
		}
		if (within && b->flat[range].hi == next) {
			at.scope = LINES_NONE;
			within = false;
			range++;
		}
		if (!within && range < b->flat_count && b->flat[range].lo == next) {
			at.scope = b->flat[range].scope;
			within = true;
		}
		add_place(u, next, at);
	}
	u->keys = mem_realloc(u->keys, u->count, sizeof *u->keys);
	u->places = mem_realloc(u->places, u->count, sizeof *u->places);
}

/* A .dwo file may have a table of its own, the first of its section, for the files of calls. */
static void open_tables(struct lines_builder *b)
{
	const struct unit_source *s = b->source;
	Dwarf_Die die = s->die;
	Dwarf_Attribute a;
	Dwarf_Word offset;
	if (dwarf_attr(&die, DW_AT_stmt_list, &a) != NULL && dwarf_formudata(&a, &offset) == 0 &&
	    lines_table_open(&b->table, s->sections, offset))
		lines_rows_run(b, &b->table);
	bool own = s->is_split && s->split_sections[DWARF_LINE].at != NULL &&
	           lines_table_open(&b->split_table, s->split_sections, 0);
	b->of_calls = own ? &b->split_table : &b->table;
}

static void builder_fini(struct lines_builder *b)
{
	lines_table_close(&b->table);
	lines_table_close(&b->split_table);
	free(b->nested);
	free(b->flat);
	free(b->rows);
	free(b->sequences);
	hash_map_fini(&b->functions);
}

enum ctop_err line_unit_fill(struct line_unit *u, const struct unit_source *s, struct err *e)
{
	struct lines_builder b = {.u = u, .source = s, .start_ns = clock_now_ns()};
	Dwarf_Die die = s->die;
	lines_names_add(&b, "");
	b.dir = lines_names_string(s, &die, DW_AT_comp_dir);
	lines_ranges_init(&b.lists, s);
	open_tables(&b);
	lines_scopes_walk(&b);
	lines_scopes_flatten(&b);
	lines_rows_sort(&b);
	merge(&b);
	builder_fini(&b);
	if (u->count == 0)
		return err_set(e, CTOP_ENOENT, "a unit without code");
	return CTOP_OK;
}
