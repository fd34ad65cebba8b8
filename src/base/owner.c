/* owner: whose the files are that ctop writes; see owner.h. */
#include "ctop/owner.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

void owner_give_to_invoker(int fd)
{
	const char *uid = getenv("SUDO_UID"), *gid = getenv("SUDO_GID");
	if (geteuid() != 0 || uid == NULL || gid == NULL)
		return;
	/* A refusal leaves the file root's, which is no loss. */
	if (fchown(fd, (uid_t)strtoul(uid, NULL, 10), (gid_t)strtoul(gid, NULL, 10)) != 0)
		errno = 0;
}
