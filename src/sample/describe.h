/* describe: the state of a process, as records that a source hands on first. Private to the
 * sample layer.
 */
#ifndef CTOP_SAMPLE_DESCRIBE_H
#define CTOP_SAMPLE_DESCRIBE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct broker;
struct strbuf;
struct target_info;

/* Adds FORK and COMM records of a thread, flagged RECORD_INITIAL. */
void describe_thread(struct strbuf *out, const struct target_info *info, uint64_t time);

/* Adds MMAP records of what is executable, by the text of /proc/PID/maps, which is cut up. */
void describe_maps(struct strbuf *out, char *text, pid_t pid, uint64_t time);

/* Adds both of a process; `threads`: of all its threads, else of the main one. */
void describe_process(struct broker *b, struct strbuf *out, pid_t pid, uint64_t time, bool threads);

#endif
