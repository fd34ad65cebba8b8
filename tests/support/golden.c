/* golden: text that a test compares with a file; see golden.h. */
#include "golden.h"

#include "check.h"

#include <stdlib.h>
#include <unistd.h>

void assert_same_file(const char *path, char *text)
{
	char command[600], mine[] = "/tmp/ctop-golden-XXXXXX";
	if (getenv("CTOP_GOLDEN_WRITE") != NULL) {
		FILE *f = fopen(path, "w");
		assert_non_null(f);
		fputs(text, f);
		fclose(f);
	}
	int fd = mkstemp(mine);
	FILE *f = fdopen(fd, "w");
	fputs(text, f);
	fclose(f);
	free(text);
	snprintf(command, sizeof command, "diff -u %s %s >&2", path, mine);
	int rc = system(command);
	remove(mine);
	if (rc != 0)
		fail_msg("%s differs; if that is meant: make golden", path);
}

void assert_golden(const char *name, char *text)
{
	char path[256];
	snprintf(path, sizeof path, "tests/golden/%s.txt", name);
	assert_same_file(path, text);
}
