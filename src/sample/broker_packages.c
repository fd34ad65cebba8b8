/* broker_packages: which Debian packages files belong to; see broker.h.
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

static const char LISTS[] = "/var/lib/dpkg/info", SUFFIX[] = ".list";

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

/* Enters the package of this list for those files that it has. Returns how many. */
static size_t search_list(const char *list, struct broker_file *files, size_t count)
{
	char name[512], *text;
	size_t len, found = 0, base = strlen(list) - (sizeof SUFFIX - 1);
	snprintf(name, sizeof name, "%s/%s", LISTS, list);
	if (broker_read_file(name, &text, &len, NULL) != CTOP_OK)
		return 0;
	for (size_t i = 0; i < count; i++) {
		struct broker_file *f = &files[i];
		bool moved = strncmp(f->path, "/usr/", 5) == 0;
		if (f->path[0] != '/' || f->package[0] != '\0' ||
		    !(has_line(text, len, f->path) || (moved && has_line(text, len, f->path + 4))))
			continue;
		snprintf(f->package, sizeof f->package, "%.*s", (int)base, list);
		found++;
	}
	free(text);
	return found;
}

void broker_packages(struct broker *b, struct broker_file *files, size_t count)
{
	size_t left = count;
	for (size_t i = 0; i < count; i++)
		files[i].package[0] = '\0';
	DIR *dir = b->ops->packages && count > 0 ? opendir(LISTS) : NULL;
	if (dir == NULL)
		return;
	for (struct dirent *d; left > 0 && (d = readdir(dir)) != NULL;) {
		size_t len = strlen(d->d_name);
		if (len >= sizeof SUFFIX &&
		    strcmp(d->d_name + len + 1 - sizeof SUFFIX, SUFFIX) == 0)
			left -= search_list(d->d_name, files, count);
	}
	closedir(dir);
}
