/* dump: the real `ctop dump` on threads in every state. */
#include "check.h"

#include "process.h"
#include "run_session.h"

#include <json.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECONDS = 20 };

static pid_t target;

/* A member of an object, which must be there. */
static struct json_object *get(struct json_object *o, const char *key)
{
	struct json_object *value;
	assert_true(json_object_object_get_ex(o, key, &value));
	return value;
}

static const char *text_of(struct json_object *o, const char *key)
{
	struct json_object *value;
	return json_object_object_get_ex(o, key, &value) ? json_object_get_string(value) : "";
}

/* Runs `ctop dump` with one more option; the caller puts the object back. */
static struct json_object *dump(const char *option)
{
	char number[32], word[32];
	snprintf(number, sizeof number, "%d", target);
	snprintf(word, sizeof word, "%s", option != NULL ? option : "");
	char *ctop = process_path("ctop");
	struct process_result r =
	        process_run((char *[]){ctop, "dump", "--pid", number, "-f", "json",
	                               option != NULL ? word : NULL, NULL},
	                    NULL, SECONDS);
	assert_string_equal(r.err, "");
	assert_int_equal(r.code, 0);
	struct json_object *o = json_tokener_parse(r.out);
	assert_non_null(o);
	process_result_fini(&r);
	free(ctop);
	return o;
}

/* A thread by name; NULL when there is none. Borrowed. */
static struct json_object *thread_of(struct json_object *top, const char *name)
{
	struct json_object *first = json_object_array_get_idx(get(top, "processes"), 0);
	struct json_object *threads = get(first, "threads");
	assert_int_equal(json_object_get_int(get(first, "pid")), target);
	for (size_t i = 0; i < json_object_array_length(threads); i++) {
		struct json_object *t = json_object_array_get_idx(threads, i);
		if (strcmp(text_of(t, "name"), name) == 0)
			return t;
	}
	return NULL;
}

/* Whether these functions, leaf first, stand in a row in its stack. */
static bool has_chain(struct json_object *thread, const char *const *chain)
{
	struct json_object *frames = get(thread, "frames");
	size_t n = json_object_array_length(frames);
	for (size_t at = 0; at < n; at++) {
		size_t k = 0;
		while (chain[k] != NULL && at + k < n &&
		       strcmp(text_of(json_object_array_get_idx(frames, at + k), "function"),
		              chain[k]) == 0)
			k++;
		if (chain[k] == NULL)
			return true;
	}
	return false;
}

static void assert_chain(struct json_object *top, const char *name, const char *const *chain)
{
	struct json_object *t = thread_of(top, name);
	if (t == NULL || !has_chain(t, chain))
		fail_msg("%s is not where it should be: %s", name,
		         json_object_to_json_string(t != NULL ? t : top));
}

static bool is_true(struct json_object *top, const char *thread, const char *key)
{
	return json_object_get_boolean(get(thread_of(top, thread), key));
}

/* Whether every thread has come to where it stays. */
static bool is_settled(struct json_object *top)
{
	static const char *const names[] = {"reader", "frame", "vforker", "poller"};
	bool all = thread_of(top, "busy") != NULL;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct json_object *t = thread_of(top, names[i]);
		all = all && t != NULL && strcmp(text_of(t, "state"), "R") != 0 &&
		      text_of(t, "syscall")[0] != '\0';
	}
	return all && strcmp(text_of(thread_of(top, "vforker"), "state"), "D") == 0;
}

static int start(const char *arg)
{
	target = workload_start("sleepers", arg);
	for (struct deadline d = deadline_in(SECONDS);;) {
		struct json_object *top = dump("--no-stop");
		bool settled = is_settled(top);
		json_object_put(top);
		if (settled)
			return 0;
		if (deadline_over(&d))
			return -1;
	}
}

static int set_up(void **state)
{
	(void)state;
	return start(NULL);
}

static int tear_down(void **state)
{
	(void)state;
	workload_end(target);
	return 0;
}

static const char *const read_chain[] = {"inner_read", "outer_read", "reader", "start_thread",
                                         NULL};
static const char *const frame_chain[] = {"framed_wait", "frame", "start_thread", NULL};
static const char *const epoll_chain[] = {"wait_for_events", "poller", "start_thread", NULL};
static const char *const spin_chain[] = {"spin", "busy", "start_thread", NULL};
static const char *const vfork_chain[] = {"vforker", "start_thread", NULL};

static void every_thread_is_shown_where_it_is(void **state)
{
	(void)state;
	struct json_object *top = dump(NULL);
	assert_chain(top, "reader", read_chain);
	assert_chain(top, "frame", frame_chain);
	assert_chain(top, "poller", epoll_chain);
	assert_chain(top, "busy", spin_chain);
	assert_chain(top, "vforker", vfork_chain);
	json_object_put(top);
}

static void sleepers_are_read_without_a_stop(void **state)
{
	(void)state;
	struct json_object *top = dump(NULL);
	assert_false(is_true(top, "reader", "stopped"));
	assert_false(is_true(top, "poller", "stopped"));
	assert_false(is_true(top, "vforker", "stopped"));
	assert_true(is_true(top, "reader", "complete"));
	assert_true(is_true(top, "poller", "complete"));
	/* One that is found by its frame pointer alone is stopped, and so is one that runs. */
	assert_true(is_true(top, "frame", "stopped"));
	assert_true(is_true(top, "frame", "complete"));
	assert_true(is_true(top, "busy", "stopped"));
	json_object_put(top);
}

static void no_stop_means_no_stop(void **state)
{
	(void)state;
	struct json_object *top = dump("--no-stop");
	assert_chain(top, "reader", read_chain);
	assert_false(is_true(top, "frame", "stopped"));
	assert_false(is_true(top, "frame", "complete"));
	assert_string_equal(text_of(thread_of(top, "frame"), "missing"),
	                    "[registers not known without a stop]");
	assert_false(is_true(top, "busy", "stopped"));
	assert_int_equal(json_object_array_length(get(thread_of(top, "busy"), "frames")), 0);
	json_object_put(top);
}

/* The poller ends the program when its call ends early: it must be alive after all of this. */
static void no_call_of_a_sleeper_ends_early(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++)
		json_object_put(dump(NULL));
	assert_int_equal(waitpid(target, NULL, WNOHANG), 0);
}

/* Waits until a thread is in that state. */
static void wait_for_state(const char *thread, char state)
{
	for (struct deadline d = deadline_in(SECONDS);;) {
		struct json_object *top = dump("--no-stop");
		bool is = text_of(thread_of(top, thread), "state")[0] == state;
		json_object_put(top);
		if (is)
			return;
		assert_false(deadline_over(&d));
	}
}

static void a_stopped_process_is_shown_and_stays_stopped(void **state)
{
	(void)state;
	workload_end(target);
	/* Being stopped ends the poller's call early too (signal(7)). */
	assert_int_equal(start("calm"), 0);
	kill(target, SIGSTOP);
	wait_for_state("reader", 'T');
	wait_for_state("busy", 'T');
	struct json_object *top = dump(NULL);
	assert_chain(top, "reader", read_chain);
	assert_chain(top, "busy", (const char *const[]){"spin", NULL});
	json_object_put(top);
	top = dump(NULL);
	assert_string_equal(text_of(thread_of(top, "busy"), "state"), "T");
	json_object_put(top);
	kill(target, SIGCONT);
	wait_for_state("busy", 'R');
}

/* What somebody else debugs is read all the same. */
static void a_traced_process_is_shown(void **state)
{
	int status;
	(void)state;
	if (ptrace(PTRACE_SEIZE, target, NULL, NULL) != 0)
		check_skip("tracing is not allowed here");
	assert_int_equal(ptrace(PTRACE_INTERRUPT, target, NULL, NULL), 0);
	assert_int_equal(waitpid(target, &status, __WALL), target);
	struct json_object *top = dump(NULL);
	struct json_object *t = thread_of(top, "sleepers");
	assert_non_null(t);
	assert_string_equal(text_of(t, "state"), "t");
	assert_true(has_chain(t, (const char *const[]){"pause", "main", NULL}));
	json_object_put(top);
	assert_int_equal(ptrace(PTRACE_DETACH, target, NULL, NULL), 0);
}

static void as_text_it_says_what_is_missing(void **state)
{
	char number[32];
	(void)state;
	snprintf(number, sizeof number, "%d", target);
	char *ctop = process_path("ctop");
	struct process_result r = process_run(
	        (char *[]){ctop, "dump", "-p", number, "--no-stop", NULL}, NULL, SECONDS);
	assert_int_equal(r.code, 0);
	assert_non_null(strstr(r.out, "reader: asleep in "));
	assert_non_null(strstr(r.out, "inner_read"));
	assert_non_null(strstr(r.out, "(the rest needs a stop)"));
	assert_non_null(strstr(r.out, "(no stack: it runs, and was not to be stopped)"));
	assert_non_null(strstr(r.out, "vforker: asleep, uninterruptibly"));
	process_result_fini(&r);
	free(ctop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(every_thread_is_shown_where_it_is),
	        cmocka_unit_test(sleepers_are_read_without_a_stop),
	        cmocka_unit_test(no_stop_means_no_stop),
	        cmocka_unit_test(no_call_of_a_sleeper_ends_early),
	        cmocka_unit_test(a_stopped_process_is_shown_and_stays_stopped),
	        cmocka_unit_test(a_traced_process_is_shown),
	        cmocka_unit_test(as_text_it_says_what_is_missing),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
