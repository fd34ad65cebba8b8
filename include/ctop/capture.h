/* capture: a recorded session in one self-contained file (ctop-capture(5)).
 *
 * The file is a header, then chunks {type, flags, length, raw length, checksum,
 * payload}: records (deflated), and, written at the end, the files the records
 * refer to. A file cut at any byte replays up to the last whole chunk. The
 * reader treats every byte as hostile.
 *
 * Writer: one thread at a time (the pipeline's capture thread). Reader: opened
 * once; capture_next() by one thread, capture_find() by any.
 */
#ifndef CTOP_CAPTURE_H
#define CTOP_CAPTURE_H

#include "ctop/err.h"
#include "ctop/source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct capture_writer;
struct capture_reader;
struct record;

/* What a capture says of its session. */
struct capture_info {
	struct source_info source; /* as it was when recording; notes included */
	uint32_t arch;             /* ELF e_machine of the recorded machine */
	uint64_t start_ns;         /* CLOCK_MONOTONIC at the start */
	int64_t realtime_offset;   /* add to a record's time to get CLOCK_REALTIME, ns */
	char name[64];             /* first target's name */
	uint32_t pid;              /* first target */
};

/* Files kept beside the records. The key is a byte string that names the file
 * among its kind. */
enum capture_file {
	CAPTURE_IMAGE = 1,  /* key: struct capture_image_key + path; data: a pruned ELF file */
	CAPTURE_DEBUG,      /* key: build id bytes; data: a pruned debug file */
	CAPTURE_DEBUG_LINK, /* key: crc (4 bytes) + name */
	CAPTURE_MEMORY,     /* key: pid (4), pad (4), start (8); data: raw bytes (vdso) */
	CAPTURE_KALLSYMS,   /* no key; data: lines as /proc/kallsyms has them, those used */
	CAPTURE_FILES
};

/* Identity of a mapped file; a path follows it in the key. */
struct capture_image_key {
	uint64_t inode;
	uint32_t dev_major, dev_minor;
};

/* Creates `path` whole or not at all: writes to a temporary file beside it,
 * mode 0600; capture_writer_close() renames. `path` "-" is standard output. */
enum ctop_err capture_writer_open(struct capture_writer **out, const char *path,
                                  const struct capture_info *info, struct err *e);

/* Whether a descriptor that can be read at any place begins like a capture. */
bool capture_is(int fd);

/* Adds one record; buffered, deflated in chunks of about 256 KB. */
enum ctop_err capture_write_record(struct capture_writer *w, const struct record *r, struct err *e);

/* Adds one file. */
enum ctop_err capture_write_file(struct capture_writer *w, enum capture_file kind, const void *key,
                                 size_t key_len, const void *data, size_t len, struct err *e);

/* Flushes, fsyncs, renames; frees the writer in every case. `keep` false
 * abandons the file. */
enum ctop_err capture_writer_close(struct capture_writer *w, bool keep, struct err *e);

/* Opens a capture from a descriptor (taken over) and indexes its chunks.
 * CTOP_EFORMAT when it is not a capture. A cut or damaged tail is noted, not
 * an error. */
enum ctop_err capture_reader_open(struct capture_reader **out, int fd, struct err *e);
void capture_reader_free(struct capture_reader *r);

const struct capture_info *capture_info(const struct capture_reader *r);

/* "" or one line that says what is missing ("cut after 12 345 records"). */
const char *capture_damage(const struct capture_reader *r);

/* The next record, checked by record_check(); NULL at the end. Borrowed until
 * the next call. */
const struct record *capture_next(struct capture_reader *r);

/* Starts again from the first record. */
void capture_rewind(struct capture_reader *r);

/* A kept file, inflated into memory the caller frees. CTOP_ENOENT when the
 * capture does not have it. */
enum ctop_err capture_find(struct capture_reader *r, enum capture_file kind, const void *key,
                           size_t key_len, void **data, size_t *len, struct err *e);

#endif
