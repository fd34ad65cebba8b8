/* process: one process as a list shows it. A plain record. */
#ifndef CTOP_PROCESS_H
#define CTOP_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process {
	pid_t pid, ppid;
	uid_t uid;            /* real user id */
	uint64_t start_ticks; /* field 22 of /proc/PID/stat */
	uint64_t memory;      /* bytes resident */
	uint32_t threads;
	float cpu;  /* percent of a CPU since the last look; −1: not known yet */
	char state; /* R S D T … */
	bool kernel_thread;
	char user[20];     /* name or number; "" while not known. All text is clean UTF-8 */
	char comm[48];     /* its name */
	char command[256]; /* the command line, cut; "" while not known, or without one */
};

#endif
