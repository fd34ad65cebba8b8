/* debuginfod: the real ctop fetches from a real debuginfod on loopback, and gives up on a server
 * that says nothing. */
#include "check.h"

#include "process.h"
#include "ptyterm.h"
#include "run_session.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECONDS = 60 };

static char directory[] = "/tmp/ctop-debuginfod-XXXXXX";
static char sources[128];
static pid_t server, target;
static int port;

static void shell(const char *command)
{
	struct process_result r = process_run(
	        (char *[]){"sh", "-ec", (char *)(uintptr_t)command, NULL}, NULL, SECONDS);
	if (r.code != 0)
		print_message("%s\n%s%s", command, r.out, r.err);
	assert_int_equal(r.code, 0);
	process_result_fini(&r);
}

/* A socket that listens on loopback, and its port. */
static int listen_somewhere(int *number)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(fd, 16), 0);
	getsockname(fd, (struct sockaddr *)&a, &len);
	*number = ntohs(a.sin_port);
	return fd;
}

/* Whether the server has that of a build by now: "debuginfo", "source/…". */
static bool is_served(const char *build_id, const char *what)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
	                        .sin_port = htons((uint16_t)port),
	                        .sin_addr = {htonl(INADDR_LOOPBACK)}};
	char text[512];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ssize_t n = -1;
	snprintf(text, sizeof text, "GET /buildid/%s/%s HTTP/1.0\r\n\r\n", build_id, what);
	if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0 &&
	    write(fd, text, strlen(text)) == (ssize_t)strlen(text))
		n = read(fd, text, sizeof text - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return strstr(text, " 200 ") != NULL;
}

static void start_server(void)
{
	char number[16];
	close(listen_somewhere(&port));
	snprintf(number, sizeof number, "%d", port);
	server = fork();
	if (server == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (chdir(directory) == 0 && freopen("server.log", "w", stdout) != NULL)
			dup2(1, 2);
		execlp("debuginfod", "debuginfod", "-p", number, "-d", ":memory:", "-F", "debug",
		       NULL);
		_exit(127);
	}
	assert_true(server > 0);
}

/* A program of which the server has the debug file and the sources, and nobody else. */
static int start(void **state)
{
	(void)state;
	char command[1024];
	assert_non_null(mkdtemp(directory));
	snprintf(sources, sizeof sources, "%s/src", directory);
	snprintf(command, sizeof command,
	         "mkdir %s/src %s/debug; cp tests/workloads/inlined.cc %s/src; cd %s/src; "
	         "g++ -O2 -g -o ../prog %s/src/inlined.cc; cd ..; "
	         "objcopy --only-keep-debug prog debug/prog.debug; strip prog; "
	         "readelf -n prog | sed -n 's/.*Build ID: //p' >id",
	         directory, directory, directory, directory, directory);
	shell(command);
	start_server();
	snprintf(command, sizeof command, "cat %s/id", directory);
	struct process_result id =
	        process_run((char *[]){"sh", "-c", command, NULL}, NULL, SECONDS);
	id.out[strcspn(id.out, "\n")] = '\0';
	struct deadline end = deadline_in(SECONDS);
	bool served = false;
	snprintf(command, sizeof command, "source%s/inlined.cc", sources);
	while (!served && !deadline_over(&end))
		served = is_served(id.out, "debuginfo") && is_served(id.out, command);
	assert_true(served);
	process_result_fini(&id);
	snprintf(command, sizeof command, "%s/prog", directory);
	target = fork();
	if (target == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(command, "prog", "0", NULL);
		_exit(127);
	}
	return target > 0 ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	workload_end(target);
	workload_end(server);
	char command[256];
	snprintf(command, sizeof command, "rm -rf %s", directory);
	shell(command);
	return 0;
}

/* Where ctop asks, and where it keeps what it gets: anew each time. */
static void ask_at(int number, const char *cache)
{
	char text[256];
	snprintf(text, sizeof text, "http://127.0.0.1:%d", number);
	setenv("DEBUGINFOD_URLS", text, 1);
	snprintf(text, sizeof text, "%s/%s", directory, cache);
	setenv("DEBUGINFOD_CACHE_PATH", text, 1);
}

static struct process_result record(const char *option, const char *value, void (*prepare)(void))
{
	char pid[32], *ctop = process_path("ctop"), word[32], more[64];
	snprintf(pid, sizeof pid, "%d", target);
	snprintf(word, sizeof word, "%s", option);
	snprintf(more, sizeof more, "%s", value);
	struct process_result r =
	        process_run((char *[]){ctop, "record", "-d", "1", "--pid", pid, "-o", "-",
	                               "--debuginfod", word, more, NULL},
	                    prepare, SECONDS);
	free(ctop);
	return r;
}

static void names_and_lines_are_fetched(void **state)
{
	(void)state;
	ask_at(port, "cache");
	struct process_result r = record("--format", "text", NULL);
	assert_int_equal(r.code, 0);
	assert_non_null(strstr(r.err, "ctop: prog: its debug file was fetched"));
	assert_non_null(strstr(r.out, "shop::store::work"));
	assert_non_null(strstr(r.out, "mix"));
	assert_non_null(strstr(r.out, "(inlined)"));
	assert_null(strstr(r.out, "prog+0x"));
	process_result_fini(&r);
}

static void hide_sources(void)
{
	if (unshare(CLONE_NEWNS) != 0 || mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("none", sources, "tmpfs", 0, NULL) != 0)
		_exit(99);
}

static void sources_are_fetched(void **state)
{
	(void)state;
	ask_at(port, "cache");
	struct process_result r = record("--annotate", "mix", hide_sources);
	if (r.code == 99) {
		print_message("SKIP: no mount namespace can be made here\n");
		process_result_fini(&r);
		skip();
	}
	assert_int_equal(r.code, 0);
	assert_non_null(strstr(r.out, "x = x * 1103515245 + 12345;"));
	process_result_fini(&r);
}

static void without_servers_the_cure_is_told(void **state)
{
	(void)state;
	unsetenv("DEBUGINFOD_URLS");
	struct process_result r = record("--format", "text", NULL);
	assert_int_equal(r.code, 2);
	assert_non_null(strstr(r.err, "export DEBUGINFOD_URLS=https://debuginfod.debian.net"));
	process_result_fini(&r);
}

static struct pty *watch(void)
{
	char pid[32], *ctop = process_path("ctop");
	snprintf(pid, sizeof pid, "%d", target);
	struct pty *p =
	        pty_start((char *[]){ctop, "--pid", pid, NULL}, 24, 120, "xterm-256color", NULL);
	free(ctop);
	assert_true(pty_wait_text(p, "prog+0x", SECONDS));
	return p;
}

static void a_key_fetches(void **state)
{
	(void)state;
	int status;
	ask_at(port, "cache2");
	struct pty *p = watch();
	pty_type(p, "F");
	assert_true(pty_wait_text(p, "mix (inlined)", SECONDS));
	assert_true(pty_wait_gone(p, "prog+0x", SECONDS));
	pty_type(p, "d");
	assert_true(pty_wait_text(p, "its debug file was fetched", SECONDS));
	pty_type(p, "qq");
	assert_true(pty_wait_exit(p, SECONDS, &status));
	pty_free(p);
}

/* The screen goes on, the key stops it, and so does the end. */
static void a_server_that_says_nothing_is_given_up(void **state)
{
	(void)state;
	int status, silent, fd = listen_somewhere(&silent);
	ask_at(silent, "cache3");
	struct pty *p = watch();
	pty_type(p, "F");
	assert_true(pty_wait_text(p, "asking for its debug file", SECONDS));
	pty_type(p, "t");
	assert_true(pty_wait_text(p, "CALL TREE", SECONDS));
	pty_type(p, "F");
	assert_true(pty_wait_gone(p, "asking for its debug file", SECONDS));
	pty_type(p, "F");
	assert_true(pty_wait_text(p, "asking for its debug file", SECONDS));
	pty_type(p, "q");
	assert_true(pty_wait_exit(p, SECONDS, &status));
	assert_int_equal(status, 0);
	pty_free(p);
	close(fd);
}

static void a_server_that_is_not_there_is_named(void **state)
{
	(void)state;
	int status, gone;
	close(listen_somewhere(&gone));
	ask_at(gone, "cache4");
	struct pty *p = watch();
	pty_type(p, "F");
	assert_true(pty_wait_text(p, "F tries again", SECONDS));
	pty_type(p, "q");
	assert_true(pty_wait_exit(p, SECONDS, &status));
	pty_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(names_and_lines_are_fetched),
	        cmocka_unit_test(sources_are_fetched),
	        cmocka_unit_test(without_servers_the_cure_is_told),
	        cmocka_unit_test(a_key_fetches),
	        cmocka_unit_test(a_server_that_says_nothing_is_given_up),
	        cmocka_unit_test(a_server_that_is_not_there_is_named),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
