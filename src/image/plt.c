/* plt: stubs and the functions they lead to; see plt.h, and the x86-64 psABI, 5.2, for the
 * layouts of the stubs.
 */
#include "ctop/plt.h"

#include "ctop/elf.h"
#include "ctop/vec.h"

#include <gelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS_MAX = 1 << 20, STUBS_MOST = 1 << 24 };

/* A relocated word, and the symbol it gets the address of. */
struct slot {
	uint64_t vaddr, rela; /* rela: where the relocation stands in the file */
	uint32_t symbol;
};

struct stubs {
	Elf *elf;
	struct slot *slots; /* by address */
	size_t count, cap;
	struct slot *lazy; /* those of .rela.plt, in its order */
	size_t lazy_count, lazy_cap;
	GElf_Shdr symbols, strings; /* of the dynamic symbols */
	Elf_Data *symbol_data;
	const char *text;
	size_t text_len;
};

static bool is_jump_slot(uint64_t info)
{
	return GELF_R_TYPE(info) == R_X86_64_JUMP_SLOT;
}

static void add_slots(struct stubs *s, Elf_Scn *scn, const GElf_Shdr *h)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	size_t n = data != NULL ? data->d_size / sizeof(Elf64_Rela) : 0;
	for (size_t i = 0; i < n && s->count < SLOTS_MAX; i++) {
		GElf_Rela r;
		if (gelf_getrela(data, (int)i, &r) == NULL)
			continue;
		struct slot slot = {r.r_offset, h->sh_offset + i * sizeof(Elf64_Rela),
		                    (uint32_t)GELF_R_SYM(r.r_info)};
		if (is_jump_slot(r.r_info)) {
			s->lazy = vec_reserve(s->lazy, &s->lazy_cap, s->lazy_count + 1,
			                      sizeof *s->lazy);
			s->lazy[s->lazy_count++] = slot;
		}
		if (!is_jump_slot(r.r_info) && GELF_R_TYPE(r.r_info) != R_X86_64_GLOB_DAT)
			continue;
		s->slots = vec_reserve(s->slots, &s->cap, s->count + 1, sizeof *s->slots);
		s->slots[s->count++] = slot;
	}
}

static void read_tables(struct stubs *s)
{
	for (Elf_Scn *scn = NULL; (scn = elf_nextscn(s->elf, scn)) != NULL;) {
		GElf_Shdr h;
		if (gelf_getshdr(scn, &h) == NULL)
			continue;
		if (h.sh_type == SHT_RELA && (h.sh_flags & SHF_ALLOC) != 0)
			add_slots(s, scn, &h);
		if (h.sh_type != SHT_DYNSYM)
			continue;
		Elf_Scn *strings = elf_getscn(s->elf, h.sh_link);
		Elf_Data *text = strings != NULL ? elf_getdata(strings, NULL) : NULL;
		if (text == NULL || text->d_buf == NULL ||
		    gelf_getshdr(strings, &s->strings) == NULL)
			continue;
		s->symbols = h;
		s->symbol_data = elf_getdata(scn, NULL);
		s->text = text->d_buf;
		s->text_len = text->d_size;
	}
}

static int by_vaddr(const void *va, const void *vb)
{
	const struct slot *a = va, *b = vb;
	return (a->vaddr > b->vaddr) - (a->vaddr < b->vaddr);
}

static const struct slot *find_slot(const struct stubs *s, uint64_t vaddr)
{
	struct slot key = {.vaddr = vaddr};
	return s->count > 0 ? bsearch(&key, s->slots, s->count, sizeof key, by_vaddr) : NULL;
}

/* What a stub's code at `vaddr` leads to: "jmp *slot(%rip)", or, before the first call, "push
 * index; jmp". endbr64 and bnd may stand before either. */
static const struct slot *slot_of(const struct stubs *s, const unsigned char *code, size_t len,
                                  uint64_t vaddr)
{
	static const unsigned char endbr[] = {0xf3, 0x0f, 0x1e, 0xfa};
	size_t at = len >= 4 && memcmp(code, endbr, 4) == 0 ? 4 : 0;
	uint32_t index;
	int32_t rel;
	at += at < len && code[at] == 0xf2;
	if (at + 6 <= len && code[at] == 0xff && code[at + 1] == 0x25) {
		memcpy(&rel, code + at + 2, sizeof rel);
		return find_slot(s, vaddr + at + 6 + (uint64_t)(int64_t)rel);
	}
	if (at + 5 > len || code[at] != 0x68)
		return NULL;
	memcpy(&index, code + at + 1, sizeof index);
	return index < s->lazy_count ? &s->lazy[index] : NULL;
}

static bool fill_stub(const struct stubs *s, const struct slot *slot, struct plt_stub *out)
{
	GElf_Sym sym;
	if (s->symbol_data == NULL || slot->symbol > INT32_MAX ||
	    gelf_getsym(s->symbol_data, (int)slot->symbol, &sym) == NULL ||
	    sym.st_name >= s->text_len || s->text[sym.st_name] == '\0' ||
	    memchr(s->text + sym.st_name, '\0', s->text_len - sym.st_name) == NULL)
		return false;
	out->name = s->text + sym.st_name;
	out->rela = slot->rela;
	out->symbol = s->symbols.sh_offset + (uint64_t)slot->symbol * PLT_SYMBOL;
	out->text = s->strings.sh_offset + sym.st_name;
	return true;
}

static void walk_section(const struct stubs *s, Elf_Scn *scn, const GElf_Shdr *h, plt_fn *fn,
                         void *ctx)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	size_t size = h->sh_entsize == 8 ? 8 : 16;
	if (data == NULL || data->d_buf == NULL || data->d_size > STUBS_MOST)
		return;
	const unsigned char *code = data->d_buf;
	for (size_t at = 0; at + size <= data->d_size; at += size) {
		struct plt_stub stub = {.start = h->sh_addr + at, .size = size};
		const struct slot *slot = slot_of(s, code + at, size, stub.start);
		if (slot != NULL && fill_stub(s, slot, &stub))
			fn(ctx, &stub);
	}
}

void plt_each(struct elf *f, plt_fn *fn, void *ctx)
{
	struct stubs s = {.elf = elf_handle(f)};
	GElf_Ehdr eh;
	size_t names;
	if (gelf_getehdr(s.elf, &eh) == NULL || eh.e_machine != EM_X86_64 ||
	    elf_getshdrstrndx(s.elf, &names) != 0)
		return;
	read_tables(&s);
	if (s.count > 1)
		qsort(s.slots, s.count, sizeof *s.slots, by_vaddr);
	for (Elf_Scn *scn = NULL; s.count > 0 && (scn = elf_nextscn(s.elf, scn)) != NULL;) {
		GElf_Shdr h;
		if (gelf_getshdr(scn, &h) == NULL || h.sh_type != SHT_PROGBITS)
			continue;
		const char *name = elf_strptr(s.elf, names, h.sh_name);
		if (name != NULL && strncmp(name, ".plt", 4) == 0)
			walk_section(&s, scn, &h, fn, ctx);
	}
	free(s.slots);
	free(s.lazy);
}
