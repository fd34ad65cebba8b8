/* ring: two threads, two processes, wrap, the reserve, sleeping and waking. */
#include "check.h"

#include "ctop/ring.h"
#include "process.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RECORDS = 200000 };

struct stream {
	struct ring *ring;
	uint64_t sent, refused;
	atomic_bool done;
};

/* Record i is i, then i % 500 bytes that follow from it. */
static void *produce(void *arg)
{
	struct stream *s = arg;
	for (uint64_t i = 0; i < RECORDS; i++) {
		size_t len = 8 + i % 500;
		unsigned char *p;
		while ((p = ring_reserve(s->ring, len, i % 10 == 0)) == NULL) {
			s->refused += i % 10 != 0;
			ring_signal(s->ring);
			sched_yield();
		}
		memcpy(p, &i, 8);
		memset(p + 8, (int)(i & 0xff), len - 8);
		ring_commit(s->ring);
		s->sent++;
		if (i % 7 == 0)
			ring_signal(s->ring);
	}
	atomic_store(&s->done, true);
	ring_signal(s->ring);
	return NULL;
}

static void every_record_arrives_in_order(void **state)
{
	struct stream s = {.ring = ring_new(64 * 1024)};
	pthread_t t;
	uint64_t next = 0;
	(void)state;
	assert_non_null(s.ring);
	pthread_create(&t, NULL, produce, &s);
	while (next < RECORDS) {
		size_t len;
		const unsigned char *p = ring_peek(s.ring, &len);
		if (p == NULL) {
			struct pollfd fd = {.fd = ring_fd(s.ring), .events = POLLIN};
			if (ring_sleep(s.ring)) {
				assert_int_not_equal(poll(&fd, 1, 10000),
				                     0); /* or a wake-up is lost */
				ring_awake(s.ring, true);
			}
			continue;
		}
		uint64_t i;
		memcpy(&i, p, 8);
		assert_int_equal(i, next);
		assert_int_equal(len, 8 + i % 500);
		for (size_t k = 8; k < len; k += 61)
			assert_int_equal(p[k], i & 0xff);
		ring_pop(s.ring);
		next++;
	}
	pthread_join(t, NULL);
	assert_int_equal(ring_dropped(s.ring), s.refused);
	ring_free(s.ring);
}

static void side_band_has_its_reserve(void **state)
{
	struct ring *r = ring_new(64 * 1024);
	int ordinary = 0, reserved = 0;
	(void)state;
	while (ring_reserve(r, 1000, false) != NULL) {
		ring_commit(r);
		ordinary++;
	}
	assert_int_equal(ring_dropped(r), 1);
	while (ring_reserve(r, 1000, true) != NULL) {
		ring_commit(r);
		reserved++;
	}
	assert_true(reserved >= 7); /* an eighth of 64 KB */
	assert_true(ordinary >= 55);
	assert_int_equal(ring_dropped(r), 1); /* a refused reserved one is not lost: it waits */
	ring_free(r);
}

static void a_record_larger_than_a_quarter_is_refused(void **state)
{
	struct ring *r = ring_new(64 * 1024);
	(void)state;
	assert_null(ring_reserve(r, 17 * 1024, true));
	assert_non_null(ring_reserve(r, 16 * 1024, true));
	ring_free(r);
}

static void another_process_may_be_the_producer(void **state)
{
	struct stream s = {.ring = ring_new_shared(64 * 1024)};
	struct deadline d = deadline_in(60);
	(void)state;
	assert_non_null(s.ring);
	pid_t pid = fork();
	if (pid == 0) {
		produce(&s);
		_exit(0);
	}
	for (uint64_t next = 0; next < RECORDS;) {
		size_t len;
		uint64_t i;
		const unsigned char *p = ring_peek(s.ring, &len);
		if (p == NULL) {
			assert_false(deadline_over(&d));
			sched_yield();
			continue;
		}
		memcpy(&i, p, 8);
		assert_int_equal(i, next);
		assert_int_equal(len, 8 + i % 500);
		assert_true(len == 8 || p[len - 1] == (unsigned char)(i & 0xff));
		ring_pop(s.ring);
		next++;
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	ring_free(s.ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(every_record_arrives_in_order),
	        cmocka_unit_test(another_process_may_be_the_producer),
	        cmocka_unit_test(side_band_has_its_reserve),
	        cmocka_unit_test(a_record_larger_than_a_quarter_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
