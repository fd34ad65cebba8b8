/* filemap: which files are mapped, and what is read of one that is cut short meanwhile. */
#include "check.h"

#include "ctop/filemap.h"
#include "ctop/mem.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LEN = 100000 };

/* A file of `LEN` bytes that are not zero. */
static int make_file(mode_t mode)
{
	char path[] = "/tmp/ctop-filemap-XXXXXX", *bytes = mem_zalloc(LEN, 1);
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	memset(bytes, 'x', LEN);
	assert_int_equal(write(fd, bytes, LEN), LEN);
	assert_int_equal(fchmod(fd, mode), 0);
	unlink(path);
	free(bytes);
	return fd;
}

static size_t count(const struct filemap *m, char wanted)
{
	size_t n = 0;
	for (size_t i = 0; i < m->len; i++)
		n += m->at[i] == (unsigned char)wanted;
	return n;
}

static void files_end_with_zeros(void **state)
{
	struct filemap m;
	int fd = make_file(0644);
	(void)state;
	assert_int_equal(filemap_open(&m, fd, NULL), CTOP_OK);
	close(fd);
	assert_int_equal(m.len, LEN);
	assert_int_equal(count(&m, 'x'), LEN);
	for (size_t i = 0; i < FILEMAP_PADDING; i++)
		assert_int_equal(m.at[LEN + i], 0);
	filemap_close(&m);
	assert_null(m.at);
	filemap_close(&m);
}

static void only_what_nobody_else_can_change_is_mapped(void **state)
{
	static const mode_t modes[] = {0664, 0646, 0666};
	struct filemap m;
	(void)state;
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		int fd = make_file(modes[i]);
		assert_int_equal(filemap_open(&m, fd, NULL), CTOP_EPERM);
		assert_null(m.at);
		close(fd);
	}
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	assert_int_equal(filemap_open(&m, fd, NULL), CTOP_EPERM);
	close(fd);
	fd = make_file(0600);
	if (fchown(fd, 12345, 12345) == 0)
		assert_int_equal(filemap_open(&m, fd, NULL), CTOP_EPERM);
	close(fd);
	assert_int_equal(filemap_open(&m, -1, NULL), CTOP_EIO);
}

static void *count_zeros(void *ctx)
{
	return (void *)count(ctx, 0);
}

/* Several threads at once meet the same pages; in a child, as cmocka takes signals for itself. */
static bool reads_zeros(void)
{
	enum { THREADS = 4, LEFT = 5000 };
	struct filemap m;
	pthread_t threads[THREADS];
	bool ok = true;
	int fd = make_file(0600);
	if (filemap_open(&m, fd, NULL) != CTOP_OK || count(&m, 'x') != LEN ||
	    ftruncate(fd, LEFT) != 0)
		return false;
	for (int i = 0; i < THREADS; i++)
		ok = ok && pthread_create(&threads[i], NULL, count_zeros, &m) == 0;
	for (int i = 0; ok && i < THREADS; i++) {
		void *zeros;
		pthread_join(threads[i], &zeros);
		ok = (size_t)zeros == LEN - LEFT;
	}
	filemap_close(&m);
	close(fd);
	return ok;
}

static void on_bus(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if (!filemap_mend(info))
		_exit(sig);
}

static void assert_child_reads_zeros(bool own)
{
	struct sigaction sa = {.sa_sigaction = on_bus, .sa_flags = SA_SIGINFO};
	int status;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		signal(SIGBUS, SIG_DFL);
		filemap_guard();
		if (own)
			sigaction(SIGBUS, &sa, NULL);
		_exit(reads_zeros() ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void what_is_cut_off_is_read_as_zeros(void **state)
{
	(void)state;
	assert_child_reads_zeros(false);
	assert_child_reads_zeros(true);
}

static void on_other(int sig)
{
	(void)sig;
	_exit(42);
}

/* In a child: how it ends that reads, behind the end of a file, what is not filemap's. */
static int end_of_stray_reader(void)
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int fd = make_file(0600);
		const volatile char *at = mmap(NULL, LEN, PROT_READ, MAP_SHARED, fd, 0);
		filemap_guard();
		if (ftruncate(fd, 0) != 0 || at[0] != 0)
			_exit(1);
		_exit(2);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void others_get_their_signals(void **state)
{
	(void)state;
	signal(SIGBUS, SIG_DFL);
	int status = end_of_stray_reader();
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
	signal(SIGBUS, on_other);
	status = end_of_stray_reader();
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 42);
}

static void many_can_be_mapped(void **state)
{
	enum { MOST = 2000 };
	struct filemap *all = mem_zalloc(MOST, sizeof *all);
	int fd = make_file(0600), n = 0;
	(void)state;
	while (n < MOST && filemap_open(&all[n], fd, NULL) == CTOP_OK)
		n++;
	assert_in_range(n, 1000, MOST - 1);
	filemap_close(&all[n / 2]);
	assert_int_equal(filemap_open(&all[n / 2], fd, NULL), CTOP_OK);
	while (n > 0)
		filemap_close(&all[--n]);
	free(all);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        /* First, as the handler is installed once a process. */
	        cmocka_unit_test(others_get_their_signals),
	        cmocka_unit_test(what_is_cut_off_is_read_as_zeros),
	        cmocka_unit_test(files_end_with_zeros),
	        cmocka_unit_test(only_what_nobody_else_can_change_is_mapped),
	        cmocka_unit_test(many_can_be_mapped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
