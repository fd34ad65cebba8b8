/* prune: what a capture needs of an ELF file; see prune.h.
 *
 * The binary search table of .eh_frame_hdr is kept in full length, but entries
 * nobody needs repeat the needed one before them: it stays sorted, finds the same
 * for every wanted address, and deflates to nearly nothing.
 */
#include "ctop/prune.h"

#include "ctop/cfi.h"
#include "ctop/elf.h"
#include "ctop/mem.h"
#include "ctop/pclntab.h"
#include "ctop/plt.h"
#include "ctop/sparse.h"

#include <fcntl.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint64_t SMALL = 1 << 20;  /* sections kept whole are no larger */
static const uint64_t TABLE = 64 << 20; /* nor tables that are read whole */

struct pruning {
	int fd;
	struct elf *elf;
	Elf *handle;
	const struct prune_wanted *w;
	struct sparse *out;
};

static bool has_between(const uint64_t *list, size_t count, uint64_t from, uint64_t to)
{
	size_t lo = 0, hi = count;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (list[mid] < from)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < count && list[lo] < to;
}

/* Bytes of the file in memory the caller frees; NULL when they are not all there. */
static unsigned char *read_bytes(const struct pruning *p, uint64_t offset, uint64_t len)
{
	if (len == 0 || len > TABLE)
		return NULL;
	unsigned char *buf = mem_alloc(len);
	if (pread(p->fd, buf, len, (off_t)offset) == (ssize_t)len)
		return buf;
	free(buf);
	return NULL;
}

static void keep(const struct pruning *p, uint64_t offset, uint64_t len)
{
	unsigned char *buf = read_bytes(p, offset, len);
	if (buf != NULL)
		sparse_put(p->out, offset, buf, len);
	free(buf);
}

/* --- call frame information --------------------------------------------------------- */

static bool vaddr_to_offset(const struct pruning *p, uint64_t vaddr, uint64_t *offset)
{
	size_t count;
	const struct elf_segment *s = elf_segments(p->elf, &count);
	for (size_t i = 0; i < count; i++)
		if (vaddr >= s[i].vaddr && vaddr - s[i].vaddr < s[i].filesz) {
			*offset = vaddr - s[i].vaddr + s[i].offset;
			return true;
		}
	return false;
}

/* Keeps one CIE or FDE; returns the place of an FDE's CIE, 0 for none. */
static uint64_t keep_entry(const struct pruning *p, uint64_t offset)
{
	uint32_t head[2];
	if (pread(p->fd, head, sizeof head, (off_t)offset) != sizeof head || head[0] == 0 ||
	    head[0] >= SMALL)
		return 0;
	keep(p, offset, 4 + (uint64_t)head[0]);
	return head[1] != 0 && head[1] <= offset + 4 ? offset + 4 - head[1] : 0;
}

struct hdr_entry {
	int32_t pc, fde; /* from the beginning of .eh_frame_hdr */
};

static void keep_table(const struct pruning *p, uint64_t offset, uint64_t vaddr, uint64_t len)
{
	unsigned char *bytes = read_bytes(p, offset, len);
	uint32_t count = 0;
	if (bytes == NULL)
		return;
	if (len >= 12)
		memcpy(&count, bytes + 8, sizeof count);
	if (len < 12 || count > (len - 12) / 8)
		count = 0;
	struct hdr_entry last = {0, 0}, e, next;
	for (uint32_t i = 0; i < count; i++) {
		unsigned char *at = bytes + 12 + 8 * (size_t)i;
		memcpy(&e, at, sizeof e);
		uint64_t from = vaddr + (uint64_t)(int64_t)e.pc, to = UINT64_MAX, fde, cie;
		if (i + 1 < count) {
			memcpy(&next, at + 8, sizeof next);
			to = vaddr + (uint64_t)(int64_t)next.pc;
		}
		if (has_between(p->w->pcs, p->w->pc_count, from, to)) {
			last = e;
			if (vaddr_to_offset(p, vaddr + (uint64_t)(int64_t)e.fde, &fde) &&
			    (cie = keep_entry(p, fde)) != 0)
				keep_entry(p, cie);
		} else if (i == 0) {
			last = e;
		}
		memcpy(at, &last, sizeof last);
	}
	sparse_put(p->out, offset, bytes, len);
	free(bytes);
}

static bool has_usual_table(const struct pruning *p, const GElf_Phdr *ph)
{
	static const unsigned char usual[] = {1, 0x1b, 0x03, 0x3b};
	unsigned char head[4];
	return pread(p->fd, head, 4, (off_t)ph->p_offset) == 4 && memcmp(head, usual, 4) == 0;
}

static void keep_frames(const struct pruning *p)
{
	size_t count = 0;
	elf_getphdrnum(p->handle, &count);
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr ph;
		if (gelf_getphdr(p->handle, (int)i, &ph) != NULL && ph.p_type == PT_GNU_EH_FRAME &&
		    has_usual_table(p, &ph)) {
			keep_table(p, ph.p_offset, ph.p_vaddr, ph.p_filesz);
			return;
		}
	}
	/* Without the table a reader scans the section, so it is kept whole. */
	size_t names;
	if (elf_getshdrstrndx(p->handle, &names) != 0)
		return;
	for (Elf_Scn *scn = NULL; (scn = elf_nextscn(p->handle, scn)) != NULL;) {
		GElf_Shdr h;
		const char *name = gelf_getshdr(scn, &h) != NULL
		                           ? elf_strptr(p->handle, names, h.sh_name)
		                           : NULL;
		if (name != NULL && h.sh_type != SHT_NOBITS &&
		    (strcmp(name, ".eh_frame") == 0 || strcmp(name, ".eh_frame_hdr") == 0))
			keep(p, h.sh_offset, h.sh_size);
	}
}

/* Code that nothing describes is looked at: it may be a signal trampoline, and a call must
 * stand before a return address, and its first instructions tell of a frame pointer. */
static void keep_undescribed(const struct pruning *p)
{
	enum { BEFORE = 8, BYTES = 32 };
	struct cfi *c = cfi_load(p->elf);
	for (size_t i = 0; i < p->w->pc_count; i++) {
		uint64_t start, size, offset, pc = p->w->pcs[i];
		if (c != NULL && cfi_function(c, pc, &start, &size))
			continue;
		if (vaddr_to_offset(p, pc - BEFORE, &offset))
			keep(p, offset, BYTES);
	}
	for (size_t i = 0; i < p->w->start_count; i++) {
		uint64_t start, size, offset;
		if ((c == NULL || !cfi_function(c, p->w->starts[i], &start, &size)) &&
		    vaddr_to_offset(p, p->w->starts[i], &offset))
			keep(p, offset, PRUNE_PROLOGUE);
	}
	cfi_free(c);
}

/* Calls, so that a stack can be held against the code: the bytes before each return address. */
static void keep_calls(const struct pruning *p)
{
	enum { BEFORE = 8 };
	for (size_t i = 0; i < p->w->pc_count; i++) {
		uint64_t ret = p->w->pcs[i] + 1, offset;
		if (ret >= BEFORE && vaddr_to_offset(p, ret - BEFORE, &offset))
			keep(p, offset, BEFORE);
	}
}

/* --- Go's table ------------------------------------------------------------------------- */

struct go_place {
	const struct pruning *p;
	uint64_t offset; /* of the table in the file */
};

static void keep_go_piece(void *ctx, size_t offset, size_t len)
{
	const struct go_place *at = ctx;
	keep(at->p, at->offset + offset, len);
}

static void keep_go(const struct pruning *p)
{
	struct pclntab *t = pclntab_load(p->elf);
	struct go_place at = {.p = p};
	uint64_t vaddr;
	if (t == NULL || pclntab_section(p->elf, &vaddr) == NULL ||
	    !vaddr_to_offset(p, vaddr, &at.offset)) {
		pclntab_free(t);
		return;
	}
	pclntab_common_pieces(t, keep_go_piece, &at);
	for (size_t i = 0; i < p->w->pc_count; i++)
		pclntab_pieces(t, p->w->pcs[i], keep_go_piece, &at);
	pclntab_free(t);
}

/* --- symbols ---------------------------------------------------------------------------- */

static void keep_symbol(const struct pruning *p, uint64_t offset, const Elf64_Sym *sym,
                        const GElf_Shdr *strings, const char *names, size_t names_len)
{
	if (sym->st_name >= names_len)
		return;
	const char *name = names + sym->st_name;
	sparse_put(p->out, offset, sym, sizeof *sym);
	sparse_put(p->out, strings->sh_offset + sym->st_name, name,
	           strnlen(name, names_len - sym->st_name));
}

static void keep_symbols(const struct pruning *p, const GElf_Shdr *h)
{
	GElf_Shdr strings;
	Elf_Scn *scn = elf_getscn(p->handle, h->sh_link);
	if (scn == NULL || gelf_getshdr(scn, &strings) == NULL)
		return;
	unsigned char *table = read_bytes(p, h->sh_offset, h->sh_size);
	unsigned char *names = read_bytes(p, strings.sh_offset, strings.sh_size);
	for (size_t i = 0;
	     table != NULL && names != NULL && (i + 1) * sizeof(Elf64_Sym) <= h->sh_size; i++) {
		Elf64_Sym sym;
		memcpy(&sym, table + i * sizeof sym, sizeof sym);
		if (sym.st_shndx != SHN_UNDEF &&
		    has_between(p->w->starts, p->w->start_count, sym.st_value, sym.st_value + 1))
			keep_symbol(p, h->sh_offset + i * sizeof sym, &sym, &strings,
			            (const char *)names, strings.sh_size);
	}
	free(table);
	free(names);
}

/* Stubs of wanted addresses: their code, and what names them. */
static void keep_stub(void *ctx, const struct plt_stub *stub)
{
	const struct pruning *p = ctx;
	uint64_t offset;
	if (!has_between(p->w->pcs, p->w->pc_count, stub->start, stub->start + stub->size) ||
	    !vaddr_to_offset(p, stub->start, &offset))
		return;
	keep(p, offset, stub->size);
	keep(p, stub->rela, PLT_RELA);
	keep(p, stub->symbol, PLT_SYMBOL);
	sparse_put(p->out, stub->text, stub->name, strlen(stub->name));
}

/* --- the file ------------------------------------------------------------------------------ */

static void keep_headers(const struct pruning *p)
{
	GElf_Ehdr h;
	size_t sections = 0, names = 0;
	GElf_Shdr s;
	if (gelf_getehdr(p->handle, &h) == NULL)
		return;
	elf_getshdrnum(p->handle, &sections);
	keep(p, 0, h.e_ehsize);
	keep(p, h.e_phoff, (uint64_t)h.e_phnum * h.e_phentsize);
	keep(p, h.e_shoff, (uint64_t)sections * h.e_shentsize);
	if (elf_getshdrstrndx(p->handle, &names) == 0 &&
	    gelf_getshdr(elf_getscn(p->handle, names), &s) != NULL && s.sh_size <= SMALL)
		keep(p, s.sh_offset, s.sh_size);
}

static void keep_sections(const struct pruning *p)
{
	size_t names = 0;
	elf_getshdrstrndx(p->handle, &names);
	for (Elf_Scn *scn = NULL; (scn = elf_nextscn(p->handle, scn)) != NULL;) {
		GElf_Shdr h;
		if (gelf_getshdr(scn, &h) == NULL || h.sh_type == SHT_NOBITS)
			continue;
		const char *name = elf_strptr(p->handle, names, h.sh_name);
		bool whole = h.sh_type == SHT_NOTE || h.sh_type == SHT_DYNAMIC ||
		             (name != NULL && (strcmp(name, ".gnu_debuglink") == 0 ||
		                               strcmp(name, ".gnu_debugdata") == 0 ||
		                               strcmp(name, ".debug_frame") == 0));
		if (whole && h.sh_size <= SMALL)
			keep(p, h.sh_offset, h.sh_size);
		else if (h.sh_type == SHT_SYMTAB || h.sh_type == SHT_DYNSYM)
			keep_symbols(p, &h);
	}
}

enum ctop_err prune_elf(int fd, const struct prune_wanted *w, struct sparse *out, struct err *e)
{
	struct stat st;
	struct pruning p = {.fd = fd, .w = w, .out = out};
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	sparse_init(out, fstat(fd, &st) == 0 ? (uint64_t)st.st_size : 0);
	if (copy < 0)
		return err_set(e, CTOP_ELIMIT, "out of file descriptors");
	enum ctop_err rc = elf_open(&p.elf, copy, e);
	if (rc != CTOP_OK)
		return rc;
	p.handle = elf_handle(p.elf);
	keep_headers(&p);
	keep_sections(&p);
	keep_frames(&p);
	keep_undescribed(&p);
	keep_calls(&p);
	keep_go(&p);
	plt_each(p.elf, keep_stub, &p);
	elf_close(p.elf);
	return CTOP_OK;
}
