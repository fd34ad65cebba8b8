/* owner: whose the files are that ctop writes. Any thread.
 */
#ifndef CTOP_OWNER_H
#define CTOP_OWNER_H

/* Under sudo, hands the open file to who typed it (SUDO_UID, SUDO_GID); else, and when that is
 * refused, leaves it as it is. */
void owner_give_to_invoker(int fd);

#endif
