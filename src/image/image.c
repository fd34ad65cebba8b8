/* image: loading one image; see image.h. */
#include "ctop/image.h"

#include "ctop/cfi.h"
#include "ctop/code.h"
#include "ctop/elf.h"
#include "ctop/kallsyms.h"
#include "ctop/pclntab.h"
#include "ctop/plt.h"
#include "ctop/symtab.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Distance between the addresses of an image and of its debug file, which
 * prelinking may have moved apart. */
static uint64_t shift_between(const struct elf *image, const struct elf *debug)
{
	size_t n, m;
	const struct elf_segment *a = elf_segments(image, &n), *b = elf_segments(debug, &m);
	return n > 0 && m > 0 ? a[0].vaddr - b[0].vaddr : 0;
}

static bool same_build(const struct elf *debug, const unsigned char *id, size_t len)
{
	size_t have;
	const unsigned char *other = elf_build_id(debug, &have);
	return len == 0 || have == 0 || (have == len && memcmp(other, id, len) == 0);
}

static struct elf *open_debug(const struct image_data *d, const struct image_opener *o)
{
	int fd = -1;
	if (d->build_id_len > 1)
		fd = o->by_build_id(o->ctx, d->build_id, d->build_id_len);
	if (fd < 0) {
		uint32_t crc;
		const char *name = elf_debuglink(d->elf, &crc);
		if (name == NULL || name[0] == '\0' || strchr(name, '/') != NULL)
			return NULL;
		fd = o->by_link(o->ctx, name, crc);
	}
	struct elf *debug = NULL;
	if (fd < 0 || elf_open(&debug, fd, NULL) != CTOP_OK)
		return NULL;
	if (same_build(debug, d->build_id, d->build_id_len))
		return debug;
	elf_close(debug);
	return NULL;
}

/* The supplementary file of `f`, −1 for none. */
static int open_alt(struct elf *f, const struct image_opener *o)
{
	const unsigned char *id, *have;
	size_t len, have_len;
	struct elf *alt = NULL;
	char *name = elf_altlink(f, &id, &len);
	if (name == NULL)
		return -1;
	int fd = len > 1 ? o->by_build_id(o->ctx, id, len) : -1;
	if (fd < 0 && o->by_altlink != NULL)
		fd = o->by_altlink(o->ctx, name);
	int kept = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
	if (fd >= 0 && elf_open(&alt, fd, NULL) == CTOP_OK) {
		have = elf_build_id(alt, &have_len);
		if (have_len == len && memcmp(have, id, len) == 0) {
			elf_close(alt);
			free(name);
			return kept;
		}
	}
	elf_close(alt);
	if (kept >= 0)
		close(kept);
	free(name);
	return -1;
}

static void keep_dwarf(struct image_data *d, struct elf *f, const struct image_opener *o)
{
	if (elf_fd(f) < 0 || !elf_has_dwarf(f))
		return;
	d->dwarf_fd = fcntl(elf_fd(f), F_DUPFD_CLOEXEC, 0);
	d->has_dwarf = d->dwarf_fd >= 0;
	d->dwarf_shift = f != d->elf ? shift_between(d->elf, f) : 0;
	d->dwarf_alt_fd = open_alt(f, o);
}

/* What a debug file adds to it: symbols, debug information, unwind tables. */
static void load_debug(struct image_data *d, const struct image_opener *o)
{
	struct elf *debug = open_debug(d, o);
	if (debug == NULL)
		return;
	if (!d->has_symtab) {
		d->has_symtab = elf_has_symtab(debug);
		symtab_add_elf(d->symbols, debug, shift_between(d->elf, debug), false, NULL);
	}
	if (d->cfi == NULL)
		d->cfi = cfi_load_debug(debug);
	keep_dwarf(d, debug, o);
	elf_close(debug);
}

/* "func@plt". */
static void add_stub(void *ctx, const struct plt_stub *stub)
{
	char name[1024];
	int len = snprintf(name, sizeof name, "%s@plt", stub->name);
	if (len > 0 && (size_t)len < sizeof name)
		symtab_add(ctx, stub->start, stub->size, name, (size_t)len);
}

/* What the program's maker has left of its symbols in a compressed ELF file of its own
 * (.gnu_debugdata, as Fedora's programs have it). */
static void load_minidebug(struct image_data *d)
{
	size_t len;
	unsigned char *packed = elf_section_bytes(d->elf, ".gnu_debugdata", &len);
	struct elf *mini = NULL;
	if (packed != NULL && elf_open_xz(&mini, packed, len, NULL) == CTOP_OK) {
		symtab_add_elf(d->symbols, mini, 0, false, NULL);
		elf_close(mini);
	}
	free(packed);
}

enum ctop_err image_load(struct image_data *out, int fd, const struct image_opener *opener,
                         struct err *e)
{
	*out = (struct image_data){.dwarf_fd = -1, .dwarf_alt_fd = -1};
	enum ctop_err rc = elf_open(&out->elf, fd, e);
	if (rc != CTOP_OK)
		return rc;
	size_t len;
	const unsigned char *id = elf_build_id(out->elf, &len);
	if (len <= sizeof out->build_id) {
		out->build_id_len = (uint32_t)len;
		if (len > 0)
			memcpy(out->build_id, id, len);
	}
	out->cfi = cfi_load(out->elf);
	out->entry = elf_entry(out->elf);
	out->has_symtab = elf_has_symtab(out->elf);
	out->pclntab = pclntab_load(out->elf);
	out->symbols = symtab_new();
	symtab_add_elf(out->symbols, out->elf, 0, true, NULL);
	if (!out->has_symtab)
		load_minidebug(out);
	if (opener != NULL)
		keep_dwarf(out, out->elf, opener);
	if (opener != NULL && (!out->has_symtab || out->dwarf_fd < 0))
		load_debug(out, opener);
	plt_each(out->elf, add_stub, out->symbols);
	if (!out->has_symtab && out->pclntab != NULL)
		pclntab_add_symbols(out->pclntab, out->symbols);
	symtab_finish(out->symbols);
	return CTOP_OK;
}

enum ctop_err image_load_kernel(struct image_data *out, int fd, struct err *e)
{
	*out = (struct image_data){.dwarf_fd = -1, .dwarf_alt_fd = -1};
	return kallsyms_read(fd, &out->symbols, &out->names_hidden, e);
}

void image_data_fini(struct image_data *d)
{
	elf_close(d->elf);
	cfi_free(d->cfi);
	pclntab_free(d->pclntab);
	code_free(d->code);
	symtab_free(d->symbols);
	if (d->dwarf_fd > 0)
		close(d->dwarf_fd);
	if (d->dwarf_alt_fd > 0)
		close(d->dwarf_alt_fd);
	*d = (struct image_data){.dwarf_fd = -1, .dwarf_alt_fd = -1};
}

uint64_t image_vaddr(const struct image *im, uint64_t start, uint64_t pgoff, uint64_t addr)
{
	if (im->kind == IMAGE_ANON || im->kind == IMAGE_KERNEL)
		return addr;
	uint64_t offset = addr - start + pgoff, vaddr;
	if (im->data.elf != NULL && elf_offset_to_vaddr(im->data.elf, offset, &vaddr))
		return vaddr;
	return offset;
}
