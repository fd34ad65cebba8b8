/* remote: files from debuginfod servers; see remote.h. */
#include "ctop/remote.h"

#include <dirent.h>
#include <dlfcn.h>
#include <elfutils/debuginfod.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The functions of libdebuginfod that are used here. */
struct client_library {
	__typeof__(debuginfod_begin) *begin;
	__typeof__(debuginfod_end) *end;
	__typeof__(debuginfod_find_debuginfo) *find_debuginfo;
	__typeof__(debuginfod_find_source) *find_source;
	__typeof__(debuginfod_set_progressfn) *set_progressfn;
	__typeof__(debuginfod_set_user_data) *set_user_data;
	__typeof__(debuginfod_get_user_data) *get_user_data;
	__typeof__(debuginfod_set_verbose_fd) *set_verbose_fd;
};

static struct client_library library;
static bool loaded;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void)
{
	static const struct {
		const char *name;
		void *slot;
	} wanted[] = {
	        {"debuginfod_begin", &library.begin},
	        {"debuginfod_end", &library.end},
	        {"debuginfod_find_debuginfo", &library.find_debuginfo},
	        {"debuginfod_find_source", &library.find_source},
	        {"debuginfod_set_progressfn", &library.set_progressfn},
	        {"debuginfod_set_user_data", &library.set_user_data},
	        {"debuginfod_get_user_data", &library.get_user_data},
	        {"debuginfod_set_verbose_fd", &library.set_verbose_fd},
	};
	void *handle = dlopen(DEBUGINFOD_SONAME, RTLD_NOW | RTLD_LOCAL);
	loaded = handle != NULL;
	for (size_t i = 0; loaded && i < sizeof wanted / sizeof wanted[0]; i++) {
		void *f = dlsym(handle, wanted[i].name);
		/* POSIX promises that a pointer from dlsym() holds a function's address. */
		memcpy(wanted[i].slot, &f, sizeof f);
		loaded = f != NULL;
	}
}

enum ctop_err remote_possible(struct err *e)
{
	const char *urls = getenv(DEBUGINFOD_URLS_ENV_VAR);
	if (urls != NULL && urls[strspn(urls, " ")] != '\0')
		return CTOP_OK;
	return err_set(
	        e, CTOP_EINVAL,
	        "DEBUGINFOD_URLS names no server to fetch debug files from; on Debian: export "
	        "DEBUGINFOD_URLS=https://debuginfod.debian.net");
}

static int on_progress(debuginfod_client *client, long done, long total)
{
	const struct remote_request *r = library.get_user_data(client);
	bool known = total > 0 && done >= 0; /* else `done` counts how often this was called */
	return r->progress(r->ctx, known ? (uint64_t)done : 0, known ? (uint64_t)total : 0) ? 0 : 1;
}

/* Opens the library's directory for a build; −1 when there is none. */
static int open_cached(const struct remote_request *r)
{
	static const struct {
		const char *variable, *below;
	} places[] = {
	        {DEBUGINFOD_CACHE_PATH_ENV_VAR, ""},
	        {"XDG_CACHE_HOME", "/debuginfod_client"},
	        {"HOME", "/.cache/debuginfod_client"},
	};
	char path[PATH_MAX];
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		const char *base = getenv(places[i].variable);
		if (base == NULL || base[0] == '\0')
			continue;
		int n = snprintf(path, sizeof path, "%.3800s%s/", base, places[i].below);
		for (size_t k = 0; k < r->build_id_len; k++)
			n += snprintf(path + n, 3, "%02x", r->build_id[k]);
		return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	return -1;
}

/* The library notes by an empty file that nobody has what was asked for, and does not ask again
 * for ten minutes: also when it was only told to give up, or nobody answered. */
static void forget_miss(const struct remote_request *r)
{
	int fd = open_cached(r);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (dir == NULL && fd >= 0)
		close(fd);
	for (struct dirent *d; dir != NULL && (d = readdir(dir)) != NULL;) {
		struct stat st;
		if (fstatat(fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
		    st.st_size == 0)
			unlinkat(fd, d->d_name, 0);
	}
	if (dir != NULL)
		closedir(dir);
}

static enum ctop_err explain(const struct remote_request *r, int error, struct err *e)
{
	if (!r->progress(r->ctx, 0, 0))
		return err_set(e, CTOP_EAGAIN, "given up");
	if (error == ENOENT)
		return err_set(e, CTOP_ENOENT, "no debuginfod server has it");
	return err_errno(e, CTOP_EIO, error, "debuginfod (%s)", getenv(DEBUGINFOD_URLS_ENV_VAR));
}

enum ctop_err remote_fetch(const struct remote_request *r, int *fd, struct err *e)
{
	enum ctop_err rc = remote_possible(e);
	if (rc != CTOP_OK)
		return rc;
	pthread_once(&once, load);
	debuginfod_client *client = loaded ? library.begin() : NULL;
	if (client == NULL)
		return err_set(e, CTOP_EUNSUP,
		               "%s cannot be loaded: install the package libdebuginfod1",
		               DEBUGINFOD_SONAME);
	/* The address of the request is all that goes through it. */
	library.set_user_data(client, (void *)(uintptr_t)r);
	library.set_progressfn(client, on_progress);
	library.set_verbose_fd(client, -1); /* the screen is not the library's */
	int n = r->source != NULL
	                ? library.find_source(client, r->build_id, (int)r->build_id_len, r->source,
	                                      NULL)
	                : library.find_debuginfo(client, r->build_id, (int)r->build_id_len, NULL);
	library.end(client);
	if (n < 0) {
		rc = explain(r, -n, e);
		if (rc != CTOP_ENOENT)
			forget_miss(r);
		return rc;
	}
	fcntl(n, F_SETFD, FD_CLOEXEC);
	lseek(n, 0, SEEK_SET); /* it was written through this very descriptor */
	*fd = n;
	return CTOP_OK;
}
