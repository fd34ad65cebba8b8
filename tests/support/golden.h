/* golden: text that a test compares with a file of the source tree. */
#ifndef CTOP_TESTS_GOLDEN_H
#define CTOP_TESTS_GOLDEN_H

/* Compares with tests/golden/NAME.txt, which `make golden` rewrites; shows the difference. Frees
 * the text. */
void assert_golden(const char *name, char *text);

/* The same for any file, by its path. */
void assert_same_file(const char *path, char *text);

#endif
