/* broker_package: which Debian package a file belongs to; see broker.h.
 *
 * dpkg keeps one list of paths a package. A file may be listed where it was before /lib became
 * a link to /usr/lib.
 */
#include "broker_ops.h"
#include "ctop/mem.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char LISTS[] = "/var/lib/dpkg/info";

/* Whether a line of the text is the path. */
static bool has_line(const char *text, size_t len, const char *path)
{
	size_t n = strlen(path);
	const char *at = text, *end = text + len;
	while ((at = memmem(at, (size_t)(end - at), path, n)) != NULL) {
		bool begins = at == text || at[-1] == '\n';
		bool ends = at + n == end || at[n] == '\n';
		if (begins && ends)
			return true;
		at += n;
	}
	return false;
}

static bool lists_file(const char *list, const char *path)
{
	char name[512], *text;
	size_t len;
	snprintf(name, sizeof name, "%s/%s", LISTS, list);
	if (broker_read_file(name, &text, &len, NULL) != CTOP_OK)
		return false;
	bool found = has_line(text, len, path) ||
	             (strncmp(path, "/usr/", 5) == 0 && has_line(text, len, path + 4));
	free(text);
	return found;
}

bool broker_package(struct broker *b, const char *path, char *out, size_t cap)
{
	bool found = false;
	out[0] = '\0';
	DIR *dir = b->ops->packages && path[0] == '/' ? opendir(LISTS) : NULL;
	if (dir == NULL)
		return false;
	for (struct dirent *d; !found && (d = readdir(dir)) != NULL;) {
		size_t len = strlen(d->d_name);
		if (len <= 5 || strcmp(d->d_name + len - 5, ".list") != 0)
			continue;
		found = lists_file(d->d_name, path);
		if (found)
			snprintf(out, cap, "%.*s", (int)(len - 5), d->d_name);
	}
	closedir(dir);
	return found;
}
