/* capture_format: the bytes of a capture file (ctop-capture(5)). Private. */
#ifndef CTOP_SAMPLE_CAPTURE_FORMAT_H
#define CTOP_SAMPLE_CAPTURE_FORMAT_H

#include <assert.h>
#include <stdint.h>

#define CAPTURE_MAGIC "CTOPCAP\1"

enum { CAPTURE_MAGIC_LEN = 8 };
enum { CHUNK_INFO = 1, CHUNK_RECORDS = 2, CHUNK_FILE = 3, CHUNK_END = 4 };
static const uint32_t CHUNK_RECORDS_TARGET = 256 << 10; /* raw bytes after which one is written */
static const uint32_t CHUNK_RAW_MOST = 256u << 20;

/* In front of every chunk's payload, which is deflated (zlib format). */
struct chunk_header {
	uint32_t type;
	uint32_t length;     /* of the payload as it stands in the file */
	uint32_t raw_length; /* inflated */
	uint32_t crc;        /* CRC-32 (zlib's) of the payload as it stands in the file */
};
static_assert(sizeof(struct chunk_header) == 16, "chunk header is 16 bytes");

/* CHUNK_INFO. */
struct capture_info_bytes {
	uint32_t arch, way;
	uint32_t rate_hz, stack_bytes;
	uint32_t kernel, drain_ms;
	uint64_t regs_mask;
	uint64_t start_ns;
	int64_t realtime_offset;
	uint32_t pid, reserved;
	char name[64];
	char notes[512];
};
static_assert(sizeof(struct capture_info_bytes) == 632, "session facts are 632 bytes");

/* CHUNK_FILE: this, the key padded to 8, then the data to the end. */
struct capture_file_bytes {
	uint32_t kind, key_len;
};

#endif
