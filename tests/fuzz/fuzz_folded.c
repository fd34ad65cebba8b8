/* fuzz_folded: any bytes as a folded file, and as a condition about it. Lines and frames are taken
 * apart always; every fourth file becomes a profile, which is written and read again: no count is
 * lost on the way.
 * covers: src/import/unfold.c src/import/frametext.c src/import/import.c src/profile/condition.c
 */
#include "ctop/condition.h"
#include "ctop/folded.h"
#include "ctop/frametext.h"
#include "ctop/import.h"
#include "ctop/strbuf.h"
#include "ctop/unfold.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY = 16 << 20 };

struct world {
	struct funcs *funcs;
	struct import *import;
	struct profile *profile;
	struct snapshot *s; /* NULL: it is no folded file */
};

/* Reads the text in pieces whose length follows from its first byte. */
static struct world read_text(const char *text, size_t len, size_t piece,
                              const struct profile_query *q)
{
	struct world w = {.funcs = funcs_new()};
	struct err e = {0};
	w.import = import_new(w.funcs, MEMORY);
	struct profile_config c = {.memory = MEMORY,
	                           .frames_of = import_frames,
	                           .ctx = w.import,
	                           .funcs = w.funcs,
	                           .query = *q};
	w.profile = profile_new(&c);
	enum ctop_err rc = CTOP_OK;
	for (size_t at = 0; at < len && rc == CTOP_OK; at += piece)
		rc = import_feed(w.import, w.profile, "x", text + at,
		                 len - at < piece ? len - at : piece, &e);
	if (rc == CTOP_OK)
		rc = import_end(w.import, w.profile, &e);
	if (rc != CTOP_OK && (e.code != rc || e.text[0] == '\0'))
		abort();
	if (rc == CTOP_OK)
		w.s = profile_publish(w.profile, 0, NULL, 0);
	return w;
}

static void world_fini(struct world *w)
{
	snapshot_unref(w->s);
	profile_free(w->profile);
	import_free(w->import);
	funcs_free(w->funcs);
}

static enum ctop_err take_apart(void *ctx, const struct unfold_stack *s, struct err *e)
{
	size_t *sum = ctx;
	(void)e;
	for (size_t i = 0; i < s->count; i++) {
		const struct unfold_frame *u = &s->frames[i];
		struct frametext f = frametext_of(u->text, u->len);
		*sum += f.name.len + f.line.len + f.file.len + f.module.len;
		if (i == 0)
			*sum += frametext_is_thread_root(u->text, u->len);
	}
	return CTOP_OK;
}

static void try_lines(const uint8_t *data, size_t size)
{
	struct unfold u;
	size_t sum = 0;
	unfold_init(&u, "x", take_apart, &sum);
	if (unfold_feed(&u, data, size, NULL) == CTOP_OK)
		unfold_end(&u, NULL);
	unfold_fini(&u);
}

/* The first line may be a condition; returns how long it is then, with its newline. */
static size_t read_condition(char *text, size_t len, struct condition *c)
{
	char *newline = memchr(text, '\n', len);
	if (newline != NULL)
		*newline = '\0';
	if (condition_parse(c, text, NULL) == CTOP_OK)
		return newline != NULL ? (size_t)(newline + 1 - text) : len;
	c->text = NULL;
	if (newline != NULL)
		*newline = '\n';
	return 0;
}

static void try_condition(const struct condition *c, const struct snapshot *s)
{
	struct condition_result r;
	if (c->text == NULL || s == NULL)
		return;
	struct join *j = join_new(s, s);
	condition_judge(c, j, &r, NULL);
	join_free(j);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf text = {0}, again = {0};
	try_lines(data, size);
	if (size > 2 && data[2] % 4 != 0)
		return 0;
	struct profile_query q = {.group = size > 0 ? data[0] % GROUPS : 0,
	                          .hide_inlined = size > 1 && data[1] % 2};
	struct condition condition;
	strbuf_add(&text, data, size);
	size_t at = read_condition(text.data, size, &condition);
	struct world w = read_text(text.data + at, size - at, size > 0 ? 1 + data[0] % 64u : 1, &q);
	try_condition(&condition, w.s);
	if (w.s != NULL) {
		folded_write(w.s, &again);
		struct world second = read_text(strbuf_str(&again), again.len, SIZE_MAX / 2, &q);
		bool comment = strncmp(strbuf_str(&again), "# ", 2) == 0 ||
		               strstr(strbuf_str(&again), "\n# ") != NULL;
		/* A leaf that ends in a number makes it look like a differential file. */
		if (second.s != NULL && !comment &&
		    snapshot_stats(w.s)->weight_ns != snapshot_stats(second.s)->weight_ns)
			abort();
		world_fini(&second);
	}
	world_fini(&w);
	strbuf_fini(&text);
	strbuf_fini(&again);
	return 0;
}
