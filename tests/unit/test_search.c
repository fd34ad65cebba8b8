/* search: every view and page is searched, by typing, on a profile of known shape; what a search
 * costs on a large tree.
 */
#include "check.h"

#include "../../src/view/view.h"
#include "ctop/clock.h"
#include "ctop/profile.h"
#include "ctop/strbuf.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[] = {"main",  "parse", "Emit", "lexer_next", "lexer_skip",
                                    "write", "rare",  "tiny", "hot",        "loop"};

struct world {
	struct funcs *funcs;
	struct profile *profile;
	struct screen *screen;
	struct surface surface;
	struct screen_facts facts;
	struct screen_thread threads[2];
	uint64_t time;
	int rows, cols;
};

static size_t frames_of(void *ctx, const struct loc *loc, const struct profile_query *q,
                        uint32_t out[PROFILE_FRAMES])
{
	struct world *w = ctx;
	char name[32];
	(void)q;
	snprintf(name, sizeof name, "func_%u", (unsigned)loc->addr);
	bool known = loc->addr < sizeof names / sizeof names[0];
	out[0] = loc->kind == LOC_PROCESS
	                 ? funcs_add(w->funcs, "compiler", "", FUNC_PROCESS)
	                 : funcs_add(w->funcs, known ? names[loc->addr] : name, "cc", FUNC_OWN);
	return 1;
}

/* `n` samples of a stack: digits are names. */
static void add(struct world *w, const char *path, int n)
{
	struct loc locs[32] = {{.kind = LOC_PROCESS}};
	size_t count = 1;
	for (; *path != '\0'; path++)
		locs[count++] = (struct loc){(uint64_t)(*path - '0'), 1, LOC_RETURN};
	for (int i = 0; i < n; i++)
		profile_add(w->profile, w->time += CLOCK_NS_PER_MS, 0,
		            profile_stack(w->profile, locs, count), CLOCK_NS_PER_MS, true);
}

static void publish(struct world *w)
{
	struct snapshot_stats *st = profile_stats(w->profile);
	st->way = "perf";
	st->accounted = 1;
	st->cpu_percent = 100;
	st->elapsed_ns = w->time;
	struct snapshot *s = profile_publish(w->profile, w->time, NULL, 0);
	screen_set_snapshot(w->screen, s);
	snapshot_unref(s);
}

static char *draw(struct world *w)
{
	struct strbuf b = {0};
	surface_resize(&w->surface, w->rows, w->cols);
	screen_draw(w->screen, &w->surface, &w->facts);
	for (int row = 0; row < w->rows; row++) {
		char *text = surface_row_text(&w->surface, row);
		strbuf_addf(&b, "%s\n", text);
		free(text);
	}
	return b.data;
}

/* "\r" is Enter, "\b" Backspace; a screen is drawn after each key, as a person sees it. */
static void type(struct world *w, const char *keys)
{
	for (; *keys != '\0'; keys++) {
		key_code key = (unsigned char)*keys;
		key = key == '\r' ? KEY_CODE_ENTER : key == '\b' ? KEY_CODE_BACKSPACE : key;
		screen_key(w->screen, key, &w->facts);
		free(draw(w));
	}
}

static void assert_shows(struct world *w, const char *text)
{
	char *screen = draw(w);
	if (strstr(screen, text) == NULL)
		fail_msg("no '%s' on:\n%s", text, screen);
	free(screen);
}

static void assert_hides(struct world *w, const char *text)
{
	char *screen = draw(w);
	if (strstr(screen, text) != NULL)
		fail_msg("'%s' on:\n%s", text, screen);
	free(screen);
}

/* The selected line is about this function. */
static void assert_at(struct world *w, const char *name)
{
	char wanted[64];
	snprintf(wanted, sizeof wanted, "\n %s · ", name);
	w->facts.now_ns += 60 * CLOCK_NS_PER_SEC; /* messages are gone */
	assert_shows(w, wanted);
}

/* What is highlighted, pieces joined by a bar. */
static char *highlighted(struct world *w)
{
	struct strbuf b = {0};
	bool before = false;
	free(draw(w));
	strbuf_adds(&b, "");
	for (int i = 0; i < w->rows * w->cols; i++) {
		const struct cell *c = &w->surface.cells[i];
		bool on = (c->style & STYLE_MASK) == STYLE_MATCH;
		if (on && !before && b.len > 0)
			strbuf_addc(&b, '|');
		if (on)
			strbuf_adds(&b, c->text);
		before = on && (i + 1) % w->cols != 0;
	}
	return b.data;
}

static void assert_highlights(struct world *w, const char *wanted)
{
	char *text = highlighted(w);
	assert_string_equal(text, wanted);
	free(text);
}

static int set_up(void **state)
{
	static struct world w;
	static const struct screen_options options = {0};
	w = (struct world){
	        .funcs = funcs_new(), .screen = screen_new(&options), .rows = 24, .cols = 100};
	struct profile_config c = {
	        .memory = 256 << 20, .frames_of = frames_of, .ctx = &w, .funcs = w.funcs};
	w.profile = profile_new(&c);
	profile_thread_add(w.profile, 7, 7, "compiler");
	add(&w, "013", 300); /* main parse lexer_next */
	add(&w, "014", 200); /* main parse lexer_skip */
	add(&w, "0143", 50); /* … lexer_next */
	add(&w, "025", 200); /* main Emit write */
	add(&w, "98888", 246);
	add(&w, "986", 2); /* beside a chain that hides it */
	add(&w, "027", 2);
	w.threads[0] = (struct screen_thread){7, 7, 'R', "compiler", ""};
	w.threads[1] = (struct screen_thread){7, 9, 'S', "linker", "futex_wait"};
	w.facts = (struct screen_facts){.title = "compiler",
	                                .pid = 7,
	                                .threads = w.threads,
	                                .thread_count = 2,
	                                .threads_known = true,
	                                .wait_status = -1};
	publish(&w);
	free(draw(&w));
	*state = &w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	screen_free(w->screen);
	surface_fini(&w->surface);
	profile_free(w->profile);
	funcs_free(w->funcs);
	return 0;
}

static void typing_moves_the_cursor_and_esc_takes_it_back(void **state)
{
	struct world *w = *state;
	type(w, "1j"); /* the second row */
	assert_at(w, "hot");
	type(w, "/l");
	assert_shows(w, "\n/l");
	assert_highlights(w, "l|l|l"); /* two lexers and the compiler's … no: its tabs are not */
	type(w, "exer_s");
	assert_highlights(w, "lexer_s");
	type(w, "zz");
	assert_shows(w, "not found");
	type(w, "\b\b\x1b");
	assert_at(w, "hot");
	assert_highlights(w, "");
	type(w, "/lexer\r");
	assert_at(w, "lexer_skip");
	type(w, "n");
	assert_shows(w, "search wrapped to the top");
	assert_at(w, "lexer_next");
	type(w, "N");
	assert_shows(w, "search wrapped to the bottom");
	assert_at(w, "lexer_skip");
	type(w, "N");
	assert_hides(w, "wrapped");
	assert_at(w, "lexer_next");
}

static void case_expressions_and_what_is_not_found(void **state)
{
	struct world *w = *state;
	type(w, "1n");
	assert_shows(w, "nothing to search for yet");
	type(w, "/emit\r");
	assert_at(w, "Emit");
	type(w, "/EMIT\r");
	assert_shows(w, "pattern not found: EMIT");
	type(w, "n");
	assert_shows(w, "pattern not found: EMIT");
	type(w, "/^(w|r).*e$\r");
	assert_highlights(w, "write|rare");
	type(w, "/le(xer\r");
	assert_shows(w, "pattern not found: le(xer (searched as plain text: Unmatched (");
	/* The history gives back what was typed before; an empty line repeats. */
	type(w, "/");
	screen_key(w->screen, KEY_CODE_UP, &w->facts);
	screen_key(w->screen, KEY_CODE_UP, &w->facts);
	screen_key(w->screen, KEY_CODE_ENTER, &w->facts);
	assert_at(w, "write");
	type(w, "/\r");
	assert_at(w, "rare");
	type(w, "\x1b");
	assert_highlights(w, "");
	type(w, "n"); /* and the pattern is still there */
	assert_at(w, "write");
	assert_highlights(w, "write|rare");
}

static void the_tree_is_searched_where_it_is_closed(void **state)
{
	struct world *w = *state;
	type(w, "2g-");
	assert_hides(w, "lexer");
	type(w, "/lexer_n");
	assert_shows(w, "lexer_next");
	assert_shows(w, "lexer_skip");
	type(w, "\x1b"); /* what was opened on the way is closed again */
	assert_hides(w, "lexer");
	assert_at(w, "compiler");
	type(w, "/lexer\r");
	assert_at(w, "lexer_next");
	type(w, "n");
	assert_at(w, "lexer_skip");
	type(w, "n");
	assert_at(w, "lexer_next");
	assert_hides(w, "wrapped");
	type(w, "n");
	assert_shows(w, "search wrapped to the top");
	type(w, "N");
	assert_shows(w, "search wrapped to the bottom");
	type(w, "N");
	assert_at(w, "lexer_skip");
	type(w, "/main\r");
	assert_shows(w, "▾ main");
}

/* A callee that a chain of single callees hides is shown, and hidden again by Esc. */
static void a_chain_gives_way_to_what_it_hides(void **state)
{
	struct world *w = *state;
	type(w, "2g*");
	assert_shows(w, "loop › hot › hot › hot");
	assert_hides(w, "rare");
	type(w, "/rare");
	assert_shows(w, "rare");
	type(w, "\x1b");
	assert_hides(w, "rare");
	assert_shows(w, "loop › hot › hot › hot");
	type(w, "/rare\r");
	assert_at(w, "rare");
	type(w, "/hot\r");
	assert_highlights(w, "hot|hot|hot|hot");
}

static void a_search_survives_a_change_of_view(void **state)
{
	struct world *w = *state;
	type(w, "1/lexer_skip\r3");
	assert_at(w, "lexer_skip");
	assert_highlights(w, "lexer_skip");
	type(w, "g/parse\r");
	assert_shows(w, "pattern not found: parse"); /* not a leaf, and nothing is open */
	type(w, "/lexer_skip\r\r/parse\r");
	assert_at(w, "through parse");
	type(w, "5/futex\r");
	assert_shows(w, "thread 9 of process 7");
	type(w, "/compiler\r");
	assert_shows(w, "thread 7 of process 7");
}

/* 550 of 1000 stacks pass through a lexer_; those through two of them count once. */
static void the_flamegraph_tells_the_matched_share(void **state)
{
	struct world *w = *state;
	type(w, "4/lexer\r");
	assert_shows(w, "\n matched: 55.0% of the visible time · lexer_next");
	type(w, "/^hot|^loop\r");
	assert_shows(w, "\n matched: 24.8% of the visible time · loop");
	type(w, "\r"); /* zoomed in, it is all */
	assert_shows(w, "\n matched: 100.0% of the visible time · loop");
	type(w, "\x1b/write\r\x1b");
	type(w, "/parse\r\r/lexer_s\r");
	assert_shows(w, "\n matched: 45.5% of the visible time · lexer_skip");
	type(w, "\x1b\x1b\x1b"); /* first out of the zoom, then the highlighting */
	assert_shows(w, "matched");
	type(w, "\x1b");
	assert_hides(w, "matched");
	type(w, "/tiny\r");
	assert_shows(w, "too narrow to draw");
	w->rows = 10;
	w->cols = 40;
	type(w, "/lexer\r");
	assert_shows(w, "matched: 55.0%");
}

static void pages_are_searched(void **state)
{
	struct world *w = *state;
	w->rows = 14;
	type(w, "?/flamegraph\r");
	assert_shows(w, "flamegraph; again: flip it");
	assert_highlights(w, "flamegraph");
	type(w, "/subtree|sub-tree\r");
	assert_shows(w, "expand the whole sub-tree");
	type(w, "/^quit$\rn");
	assert_shows(w, "search wrapped");
	type(w, "/zebra");
	assert_shows(w, "not found");
	type(w, "\x1b");
	assert_shows(w, "KEYS"); /* still the page: the prompt alone was closed */
	type(w, "\x1b");
	assert_shows(w, "SELF%");
	type(w, "d/complete\r");
	assert_highlights(w, "complete");
}

/* Pasted keys are text; without a prompt they do nothing. */
static void pasted_text_goes_to_the_prompt(void **state)
{
	struct world *w = *state;
	type(w, "1");
	screen_key(w->screen, KEY_CODE_PASTE, &w->facts);
	type(w, "q\rr");
	assert_shows(w, "pasted text is taken by a prompt only");
	screen_key(w->screen, KEY_CODE_PASTE_END, &w->facts);
	type(w, "/");
	screen_key(w->screen, KEY_CODE_PASTE, &w->facts);
	for (const char *c = "lexer_skip\r"; *c != '\0'; c++)
		screen_key(w->screen, *c == '\r' ? (key_code)KEY_CODE_ENTER : (key_code)*c,
		           &w->facts);
	screen_key(w->screen, KEY_CODE_PASTE_END, &w->facts);
	assert_shows(w, "\n/lexer_skip");
	type(w, "\r");
	assert_at(w, "lexer_skip");
}

/* No order of keys in the prompt and out of it crashes (sanitizers see). */
static void any_keys_are_survived(void **state)
{
	static const char keys[] = "12345dDtfj/nN\r\x1b//ler.*(|[x\b\x17\x15+-*HoK?p\x10\x0e";
	struct world *w = *state;
	unsigned seed = 5;
	for (int i = 0; i < 4000; i++) {
		char key[2] = {keys[(size_t)rand_r(&seed) % (sizeof keys - 1)], '\0'};
		w->rows = 1 + rand_r(&seed) % 30;
		w->cols = 1 + rand_r(&seed) % 120;
		type(w, key);
		if (i % 40 == 0) {
			add(w, "0143", 1);
			publish(w);
		}
	}
}

/* --- a large tree ------------------------------------------------------------------------- */

static void add_large(struct world *w, int stacks)
{
	unsigned seed = 3;
	for (int i = 0; i < stacks; i++) {
		struct loc locs[20] = {{.kind = LOC_PROCESS}};
		for (size_t k = 1; k < 20; k++)
			locs[k] = (struct loc){100 + (unsigned)rand_r(&seed) % 5000, 1, LOC_RETURN};
		profile_add(w->profile, w->time += 1000, 0, profile_stack(w->profile, locs, 20),
		            1000, true);
	}
}

static double key_ms(struct world *w, const char *key)
{
	uint64_t from = clock_now_ns();
	type(w, key);
	return (double)(clock_now_ns() - from) / 1e6;
}

static void a_key_costs_little_on_a_large_tree(void **state)
{
	struct world *w = *state;
	double most = 0;
	add_large(w, 20000);
	publish(w);
	assert_true(snapshot_node_count(screen_snapshot(w->screen)) > 300000);
	for (const char *view = "24"; *view != '\0'; view++) {
		type(w, (char[]){*view, '\0'});
		for (const char *k = "/func_4\rnnnNN/func_12[0-9]*7\rnN"; *k != '\0'; k++) {
			double ms = key_ms(w, (char[]){*k, '\0'});
			most = ms > most ? ms : most;
		}
	}
	print_message("the slowest key of a search on %u nodes: %.1f ms\n",
	              snapshot_node_count(screen_snapshot(w->screen)), most);
	assert_true(most < 2000); /* a bound for slow machines, not the aim */
}

int main(void)
{
#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        WITH_WORLD(typing_moves_the_cursor_and_esc_takes_it_back),
	        WITH_WORLD(case_expressions_and_what_is_not_found),
	        WITH_WORLD(the_tree_is_searched_where_it_is_closed),
	        WITH_WORLD(a_chain_gives_way_to_what_it_hides),
	        WITH_WORLD(a_search_survives_a_change_of_view),
	        WITH_WORLD(the_flamegraph_tells_the_matched_share),
	        WITH_WORLD(pages_are_searched),
	        WITH_WORLD(pasted_text_goes_to_the_prompt),
	        WITH_WORLD(any_keys_are_survived),
	        WITH_WORLD(a_key_costs_little_on_a_large_tree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
