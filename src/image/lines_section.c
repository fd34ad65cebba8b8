/* lines_section: the bytes of one section, mapped, read or inflated; see lines_section.h. */
#include "lines_section.h"

#include <assert.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

/* Zeros behind a section that is copied; longer than any number. */
enum { PADDING = 32 };
static_assert((int)PADDING <= (int)FILEMAP_PADDING, "what is behind a map is as long");

const char *const lines_section_names[DWARF_SECTIONS] = {
        [DWARF_ARANGES] = "aranges",
        [DWARF_INFO] = "info",
        [DWARF_TYPES] = "types",
        [DWARF_ABBREV] = "abbrev",
        [DWARF_ADDR] = "addr",
        [DWARF_LINE] = "line",
        [DWARF_LINE_STR] = "line_str",
        [DWARF_STR] = "str",
        [DWARF_STR_OFFSETS] = "str_offsets",
        [DWARF_RANGES] = "ranges",
        [DWARF_RNGLISTS] = "rnglists",
};

static bool read_at(int fd, void *out, size_t len, uint64_t offset)
{
	for (size_t got = 0; got < len;) {
		ssize_t n = pread(fd, (char *)out + got, len - got, (off_t)(offset + got));
		if (n <= 0)
			return false;
		got += (size_t)n;
	}
	return true;
}

/* Compressed sections begin with a header of ELF's, old ones (.zdebug_) with "ZLIB" and a size. */
bool lines_section_find(struct lines_stored *s, int fd, const GElf_Shdr *h, bool wide, bool old,
                        uint64_t file_size)
{
	enum { RATIO_MOST = 1032 }; /* deflate's */
	unsigned char head[sizeof(Elf64_Chdr)];
	*s = (struct lines_stored){h->sh_offset, h->sh_size, h->sh_size, false, old};
	if (s->size == 0 || s->offset > file_size || s->size > file_size - s->offset)
		return false;
	s->deflated = old || (h->sh_flags & SHF_COMPRESSED) != 0;
	if (!s->deflated)
		return true;
	size_t len = old ? 12 : wide ? sizeof(Elf64_Chdr) : sizeof(Elf32_Chdr);
	if (s->size < len || !read_at(fd, head, len, s->offset))
		return false;
	struct bytes b = bytes_of(head, len);
	if (!old && bytes_u32(&b) != ELFCOMPRESS_ZLIB)
		return false;
	if (old && memcmp(head, "ZLIB", 4) != 0)
		return false;
	if (wide || old)
		bytes_u32(&b);
	s->whole = wide || old ? bytes_u64(&b) : bytes_u32(&b);
	if (old)
		s->whole = __builtin_bswap64(s->whole);
	s->offset += len;
	s->size -= len;
	return s->whole > 0 && s->whole / RATIO_MOST <= s->size;
}

static bool inflate_section(int fd, const struct lines_stored *s, unsigned char *out)
{
	enum { CHUNK = 32 << 10 };
	unsigned char in[CHUNK];
	z_stream z = {0};
	if (inflateInit(&z) != Z_OK)
		return false;
	int rc = Z_OK;
	uint64_t done = 0, filled = 0;
	while (rc == Z_OK && (z.avail_in > 0 || done < s->size)) {
		if (z.avail_in == 0) {
			size_t n = s->size - done < CHUNK ? (size_t)(s->size - done) : CHUNK;
			if (!read_at(fd, in, n, s->offset + done))
				break;
			z.next_in = in;
			z.avail_in = (uInt)n;
			done += n;
		}
		uint64_t room = s->whole - filled;
		z.next_out = out + filled;
		z.avail_out = room < UINT_MAX ? (uInt)room : UINT_MAX;
		uInt before = z.avail_out;
		rc = inflate(&z, Z_NO_FLUSH);
		filled += before - z.avail_out;
	}
	inflateEnd(&z);
	return rc == Z_STREAM_END && filled == s->whole;
}

/* Those of which libdw or we read what goes on until there is a zero. The others are tables of
 * numbers, or read here only, with bounds. */
static const bool must_end[DWARF_SECTIONS] = {
        [DWARF_INFO] = true,     [DWARF_TYPES] = true, [DWARF_ABBREV] = true,
        [DWARF_LINE_STR] = true, [DWARF_STR] = true,
};

bool lines_section_map(struct lines_section *section, enum dwarf_section which,
                       const struct filemap *map, const struct lines_stored *s)
{
	if (map->at == NULL || s->deflated || s->offset > map->len ||
	    s->whole > map->len - s->offset)
		return false;
	const unsigned char *at = map->at + s->offset;
	if (must_end[which] && at[s->whole - 1] != 0)
		return false;
	*section = (struct lines_section){at, s->whole, true};
	return true;
}

/* The memory comes with its pages: a fault for each takes as long as inflating what goes there. */
bool lines_section_read(struct lines_section *section, int fd, const struct lines_stored *s)
{
	size_t len = s->whole + PADDING;
	unsigned char *out = mmap(NULL, len, PROT_READ | PROT_WRITE,
	                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (out == MAP_FAILED)
		return false;
	bool ok = s->deflated ? inflate_section(fd, s, out) : read_at(fd, out, s->whole, s->offset);
	/* What says again that it is compressed would be inflated again. */
	if (!ok || (s->old && s->whole >= 4 && memcmp(out, "ZLIB", 4) == 0)) {
		munmap(out, len);
		return false;
	}
	*section = (struct lines_section){out, s->whole, false};
	return true;
}

void lines_section_free(struct lines_section *s)
{
	if (s->at != NULL && !s->mapped)
		munmap((void *)(uintptr_t)s->at, s->len + PADDING);
	*s = (struct lines_section){0};
}
