/* filemap: a file mapped for reading; see filemap.h.
 *
 * Ranges that are mapped stand in a table that the handler reads while others change it: a slot is
 * taken by its flag, its end is set before its start, and a start of 0 holds nothing. The range a
 * thread faults in is in the table all the while, as its owner waits for the reader.
 */
#include "ctop/filemap.h"

#include <errno.h>
#include <linux/magic.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { SLOTS = 1024 };

static struct {
	atomic_bool taken;
	atomic_uintptr_t start, end;
} slots[SLOTS];

static struct sigaction previous;
static uintptr_t page_size;

/* --- the handler -------------------------------------------------------------------------------
 */

static bool is_mapped(uintptr_t addr)
{
	for (int i = 0; i < SLOTS; i++) {
		uintptr_t start = atomic_load(&slots[i].start), end = atomic_load(&slots[i].end);
		if (start != 0 && addr >= start && addr < end &&
		    start == atomic_load(&slots[i].start))
			return true;
	}
	return false;
}

/* mmap(2) is a bare system call, although POSIX does not list it for handlers. */
bool filemap_mend(const siginfo_t *info)
{
	uintptr_t addr = (uintptr_t)info->si_addr;
	int saved = errno;
	/* One that was sent has no address. */
	if (info->si_code <= 0 || !is_mapped(addr))
		return false;
	void *page = (char *)info->si_addr - addr % page_size;
	bool ok = mmap(page, page_size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
	               0) != MAP_FAILED;
	errno = saved;
	return ok;
}

static void on_bus(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if (filemap_mend(info))
		return;
	sigaction(sig, &previous, NULL);
	raise(sig); /* delivered when the handler returns */
}

static void install(void)
{
	struct sigaction sa = {.sa_sigaction = on_bus, .sa_flags = SA_SIGINFO | SA_ONSTACK};
	page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
	sigaction(SIGBUS, &sa, &previous);
}

void filemap_guard(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, install);
}

/* --- mapping -----------------------------------------------------------------------------------
 */

/* Root's, or ours unless we have more rights than who may change them. What a file system in user
 * space says of its files, and keeps of them, is what its owner likes. */
static bool is_ours(int fd, const struct stat *st)
{
	struct statfs fs;
	bool own = st->st_uid == geteuid() && getauxval(AT_SECURE) == 0;
	return S_ISREG(st->st_mode) && (st->st_mode & (S_IWGRP | S_IWOTH)) == 0 &&
	       (st->st_uid == 0 || own) && fstatfs(fd, &fs) == 0 && fs.f_type != FUSE_SUPER_MAGIC;
}

static int take_slot(void)
{
	for (int i = 0; i < SLOTS; i++)
		if (!atomic_exchange(&slots[i].taken, true))
			return i;
	return -1;
}

static void give_slot(int slot)
{
	atomic_store(&slots[slot].start, 0);
	atomic_store(&slots[slot].end, 0);
	atomic_store(&slots[slot].taken, false);
}

/* Zeros first, and the file over all of them but the last. */
static unsigned char *map_file(int fd, size_t len, size_t whole)
{
	unsigned char *at = mmap(NULL, whole, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		return NULL;
	if (mmap(at, len, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0) != MAP_FAILED)
		return at;
	munmap(at, whole);
	return NULL;
}

enum ctop_err filemap_open(struct filemap *m, int fd, struct err *e)
{
	struct stat st;
	*m = (struct filemap){.slot = -1};
	if (fstat(fd, &st) != 0)
		return err_errno(e, CTOP_EIO, errno, "cannot look at a file");
	if (!is_ours(fd, &st))
		return err_set(e, CTOP_EPERM, "others may change the file");
	if (st.st_size <= 0 || (uint64_t)st.st_size > SIZE_MAX / 2)
		return err_set(e, CTOP_EINVAL, "a file of no size");
	filemap_guard();
	size_t len = (size_t)st.st_size;
	size_t pages = (len + page_size - 1) / page_size * page_size;
	int slot = take_slot();
	if (slot < 0)
		return err_set(e, CTOP_ELIMIT, "too many files are mapped");
	unsigned char *at = map_file(fd, len, pages + FILEMAP_PADDING);
	if (at == NULL) {
		give_slot(slot);
		return err_errno(e, CTOP_ELIMIT, errno, "cannot map a file");
	}
	atomic_store(&slots[slot].end, (uintptr_t)at + pages);
	atomic_store(&slots[slot].start, (uintptr_t)at);
	*m = (struct filemap){at, len, pages + FILEMAP_PADDING, slot};
	return CTOP_OK;
}

void filemap_close(struct filemap *m)
{
	if (m->at == NULL)
		return;
	/* Out of the table first: the addresses may be another's at once. */
	give_slot(m->slot);
	munmap((void *)(uintptr_t)m->at, m->whole);
	*m = (struct filemap){.slot = -1};
}
