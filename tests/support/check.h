/* check: what every unit test includes before cmocka. */
#ifndef CTOP_TESTS_CHECK_H
#define CTOP_TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* Skips the running test and says why on standard error. */
#define check_skip(...)                                   \
	do {                                              \
		fprintf(stderr, "skipped: " __VA_ARGS__); \
		fputc('\n', stderr);                      \
		skip();                                   \
	} while (0)

#endif
