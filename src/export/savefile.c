/* savefile: whole or not at all; see savefile.h. */
#include "ctop/savefile.h"

#include "ctop/folded.h"
#include "ctop/owner.h"
#include "ctop/strbuf.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { TRIES = 1000 };

static int write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Writes and syncs a temporary file beside `path`. 0 or an errno. */
static int write_temporary(const char *path, const void *data, size_t len, struct strbuf *tmp)
{
	strbuf_addf(tmp, "%s.XXXXXX", path);
	int fd = mkostemp(tmp->data, O_CLOEXEC);
	if (fd < 0)
		return errno;
	mode_t mask = umask(0);
	umask(mask);
	int why = write_all(fd, data, len);
	if (why == 0 && fchmod(fd, geteuid() == 0 ? 0600 : 0666 & ~mask) != 0)
		why = errno;
	if (why == 0) {
		owner_give_to_invoker(fd);
		why = fsync(fd) != 0 ? errno : 0;
	}
	if (close(fd) != 0 && why == 0)
		why = errno;
	if (why != 0)
		unlink(tmp->data);
	return why;
}

static enum ctop_err refused(struct err *e, int why, const char *path)
{
	return err_errno(e, err_from_errno(why), why, "cannot write %s", path);
}

/* A device or pipe cannot be replaced by renaming. */
static bool is_special(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

enum ctop_err savefile_write(const char *path, const void *data, size_t len, struct err *e)
{
	bool standard = strcmp(path, "-") == 0;
	if (standard || is_special(path)) {
		int fd = standard ? STDOUT_FILENO : open(path, O_WRONLY | O_CLOEXEC);
		int why = fd < 0 ? errno : write_all(fd, data, len);
		if (fd >= 0 && !standard)
			close(fd);
		return why == 0 ? CTOP_OK : refused(e, why, standard ? "standard output" : path);
	}
	struct strbuf tmp = {0};
	int why = write_temporary(path, data, len, &tmp);
	if (why == 0 && rename(tmp.data, path) != 0) {
		why = errno;
		unlink(tmp.data);
	}
	strbuf_fini(&tmp);
	return why == 0 ? CTOP_OK : refused(e, why, path);
}

/* --- snapshots ---------------------------------------------------------------------- */

/* The target's name with what may stand in a file name. */
static void file_stem(char *out, size_t cap, const char *name, uint32_t pid)
{
	char clean[48];
	size_t n = 0;
	for (; *name != '\0' && n + 1 < sizeof clean; name++)
		clean[n++] = isalnum((unsigned char)*name) || strchr("._+-", *name) ? *name : '_';
	clean[n] = '\0';
	char when[32];
	time_t now = time(NULL);
	struct tm tm;
	strftime(when, sizeof when, "%Y%m%d-%H%M%S", localtime_r(&now, &tm));
	snprintf(out, cap, "ctop-%s-%u-%s", n > 0 ? clean : "target", pid, when);
}

/* $XDG_STATE_HOME/ctop, made if need be. */
static bool state_dir(struct strbuf *out)
{
	const char *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	if (xdg != NULL && xdg[0] == '/')
		strbuf_adds(out, xdg);
	else if (home != NULL && home[0] == '/')
		strbuf_addf(out, "%s/.local/state", home);
	else
		return false;
	strbuf_adds(out, "/ctop");
	for (char *at = strchr(out->data + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
		*at = '\0';
		mkdir(out->data, 0700);
		*at = '/';
	}
	return mkdir(out->data, 0700) == 0 || errno == EEXIST;
}

/* Writes DIR/STEM.folded, or with a number when that exists. 0 or an errno. */
static int save_new(const char *dir, const char *stem, const struct strbuf *text, char *path,
                    size_t cap)
{
	struct strbuf tmp = {0};
	snprintf(path, cap, "%s/%s.folded", dir, stem);
	int why = write_temporary(path, strbuf_str(text), text->len, &tmp);
	for (int i = 2; why == 0 && link(tmp.data, path) != 0; i++) {
		if (errno != EEXIST || i > TRIES)
			why = errno;
		else
			snprintf(path, cap, "%s/%s-%d.folded", dir, stem, i);
	}
	if (tmp.data != NULL)
		unlink(tmp.data);
	strbuf_fini(&tmp);
	return why;
}

enum ctop_err savefile_snapshot(const struct snapshot *s, const char *name, uint32_t pid,
                                char *path, size_t cap, struct err *e)
{
	char stem[128];
	struct strbuf text = {0}, dir = {0};
	file_stem(stem, sizeof stem, name, pid);
	folded_write(s, &text);
	int why = save_new(".", stem, &text, path, cap);
	int first = why;
	if (why != 0 && state_dir(&dir))
		why = save_new(dir.data, stem, &text, path, cap);
	strbuf_fini(&text);
	strbuf_fini(&dir);
	if (why == 0)
		return CTOP_OK;
	return err_errno(e, err_from_errno(first), first,
	                 "cannot write to the working directory nor to $XDG_STATE_HOME/ctop");
}

enum ctop_err savefile_snapshot_as(const struct snapshot *s, const char *path, struct err *e)
{
	struct strbuf text = {0}, tmp = {0};
	folded_write(s, &text);
	int why = write_temporary(path, strbuf_str(&text), text.len, &tmp);
	if (why == 0 && link(tmp.data, path) != 0)
		why = errno;
	if (tmp.data != NULL)
		unlink(tmp.data);
	strbuf_fini(&text);
	strbuf_fini(&tmp);
	return why == 0 ? CTOP_OK : refused(e, why, path);
}
