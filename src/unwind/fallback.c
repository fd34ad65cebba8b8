/* fallback: libunwind over the copied stack.
 *
 * For rules that rows cannot hold, one step at a time, and as the oracle of
 * tests for whole stacks. libunwind's remote accessors read the stack from the
 * sample and unwind tables from the image's file; nothing touches the target.
 */
#include "ctop/elf.h"
#include "ctop/image.h"
#include "ctop/mem.h"
#include "walk.h"

#include <assert.h>
#include <gelf.h>
#include <libunwind.h>
#include <stdlib.h>
#include <string.h>

/* Exported by libunwind for this use, declared in no header. */
extern int UNW_OBJ(dwarf_search_unwind_table)(unw_addr_space_t as, unw_word_t ip,
                                              unw_dyn_info_t *di, unw_proc_info_t *pi,
                                              int need_unwind_info, void *arg);

/* The page of an image's file read last. */
struct page {
	struct image *image;
	uint64_t vaddr;
	size_t len;
	unsigned char bytes[4096];
};

struct fallback {
	unw_addr_space_t as;
	struct walk *walk;
	bool keep;              /* libunwind's cache */
	uint64_t pc;            /* handed to libunwind: one less for a return address */
	enum unwind_end missed; /* why the last reading of the stack failed, if one did */
	struct page pages[8];
	unsigned next_page;
};

/* libunwind's numbers of DWARF's registers are the same on x86-64. */
static_assert((int)UNW_X86_64_RSP == ARCH_SP && (int)UNW_X86_64_RIP == ARCH_PC,
              "register numbers agree");

/* --- memory ------------------------------------------------------------------------ */

static const struct page *page_of(struct fallback *f, struct image *im, uint64_t vaddr)
{
	uint64_t start = vaddr & ~(uint64_t)(sizeof f->pages[0].bytes - 1);
	for (unsigned i = 0; i < 8; i++)
		if (f->pages[i].image == im && f->pages[i].vaddr == start)
			return &f->pages[i];
	struct page *p = &f->pages[f->next_page++ % 8];
	p->image = im;
	p->vaddr = start;
	size_t skip = 0;
	p->len = elf_read_vaddr(im->data.elf, start, p->bytes, sizeof p->bytes);
	/* A segment may begin inside the page. */
	while (p->len == 0 && skip < vaddr - start) {
		skip += 8;
		size_t room = sizeof p->bytes - skip;
		size_t n = elf_read_vaddr(im->data.elf, start + skip, p->bytes + skip, room);
		p->len = n > 0 ? skip + n : 0;
	}
	return p;
}

static bool read_image(struct fallback *f, struct image *im, uint64_t vaddr, void *buf, size_t len)
{
	if (im->data.elf == NULL)
		return false;
	for (size_t done = 0; done < len;) {
		const struct page *p = page_of(f, im, vaddr + done);
		size_t at = (size_t)(vaddr + done - p->vaddr);
		if (at >= p->len)
			return false;
		size_t n = p->len - at < len - done ? p->len - at : len - done;
		memcpy((char *)buf + done, p->bytes + at, n);
		done += n;
	}
	return true;
}

static int access_mem(unw_addr_space_t as, unw_word_t addr, unw_word_t *value, int write, void *arg)
{
	struct fallback *f = arg;
	struct walk *w = f->walk;
	(void)as;
	if (write)
		return -UNW_EINVAL;
	enum unwind_end end = walk_read(w, addr, value);
	if (end == UNWIND_ROOT)
		return 0;
	/* Read-only data may stand in another mapping than the code's: the tables'
	 * addresses are relative to the image that was asked for last. */
	if (w->map_image != NULL && read_image(f, w->map_image, addr + w->map_bias, value, 8))
		return 0;
	f->missed = end;
	return -UNW_EINVAL;
}

static int access_reg(unw_addr_space_t as, unw_regnum_t reg, unw_word_t *value, int write,
                      void *arg)
{
	struct fallback *f = arg;
	(void)as;
	if (write || reg < 0 || reg >= ARCH_REGS ||
	    (reg != ARCH_PC && (f->walk->regs.valid & 1u << reg) == 0))
		return -UNW_EBADREG;
	*value = reg == ARCH_PC ? f->pc : f->walk->regs.r[reg];
	return 0;
}

/* --- unwind tables ------------------------------------------------------------------- */

static bool find_header(const struct image *im, uint64_t *vaddr)
{
	Elf *elf = elf_handle(im->data.elf);
	size_t count = 0;
	elf_getphdrnum(elf, &count);
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr p;
		if (gelf_getphdr(elf, (int)i, &p) != NULL && p.p_type == PT_GNU_EH_FRAME) {
			*vaddr = p.p_vaddr;
			return true;
		}
	}
	return false;
}

static int find_proc_info(unw_addr_space_t as, unw_word_t ip, unw_proc_info_t *pi, int need,
                          void *arg)
{
	struct fallback *f = arg;
	struct place place;
	uint64_t hdr;
	struct {
		uint8_t version, frame_enc, count_enc, table_enc;
		int32_t frame;
		uint32_t count;
	} head;
	if (!walk_place(f->walk, ip, &place) || place.image->state != IMAGE_READY ||
	    place.image->data.elf == NULL || !find_header(place.image, &hdr) ||
	    !read_image(f, place.image, hdr, &head, sizeof head))
		return -UNW_ENOINFO;
	if (head.version != 1 || head.count_enc != 0x03 || head.table_enc != 0x3b)
		return -UNW_ENOINFO;
	uint64_t bias = ip - place.vaddr;
	unw_dyn_info_t di = {
	        .start_ip = f->walk->map_start,
	        .end_ip = f->walk->map_end,
	        .format = UNW_INFO_FORMAT_REMOTE_TABLE,
	};
	di.u.rti.segbase = hdr + bias;
	di.u.rti.table_data = hdr + bias + sizeof head;
	di.u.rti.table_len = head.count * 8ul / sizeof(unw_word_t);
	return UNW_OBJ(dwarf_search_unwind_table)(as, ip, &di, pi, need, f);
}

static void put_unwind_info(unw_addr_space_t as, unw_proc_info_t *pi, void *arg)
{
	(void)as;
	(void)pi;
	(void)arg;
}

static int no_list(unw_addr_space_t as, unw_word_t *addr, void *arg)
{
	(void)as;
	(void)addr;
	(void)arg;
	return -UNW_ENOINFO;
}

static int no_fpreg(unw_addr_space_t as, unw_regnum_t reg, unw_fpreg_t *value, int write, void *arg)
{
	(void)as;
	(void)reg;
	(void)value;
	(void)write;
	(void)arg;
	return -UNW_EBADREG;
}

static int no_resume(unw_addr_space_t as, unw_cursor_t *c, void *arg)
{
	(void)as;
	(void)c;
	(void)arg;
	return -UNW_EINVAL;
}

static int no_name(unw_addr_space_t as, unw_word_t addr, char *buf, size_t len, unw_word_t *off,
                   void *arg)
{
	(void)as;
	(void)addr;
	(void)buf;
	(void)len;
	(void)off;
	(void)arg;
	return -UNW_ENOINFO;
}

struct fallback *fallback_new(void)
{
	static unw_accessors_t accessors = {
	        .find_proc_info = find_proc_info,
	        .put_unwind_info = put_unwind_info,
	        .get_dyn_info_list_addr = no_list,
	        .access_mem = access_mem,
	        .access_reg = access_reg,
	        .access_fpreg = no_fpreg,
	        .resume = no_resume,
	        .get_proc_name = no_name,
	};
	struct fallback *f = mem_zalloc(1, sizeof *f);
	f->as = unw_create_addr_space(&accessors, 0);
	return f;
}

void fallback_free(struct fallback *f)
{
	if (f == NULL)
		return;
	unw_destroy_addr_space(f->as);
	free(f);
}

void fallback_keep(struct fallback *f)
{
	f->keep = true;
	unw_set_caching_policy(f->as, UNW_CACHE_GLOBAL);
}

/* --- stepping -------------------------------------------------------------------------- */

static void take_regs(unw_cursor_t *c, struct walk *w)
{
	uint32_t keep = arch_caller_mask();
	bool signal = unw_is_signal_frame(c) > 0;
	w->regs.valid = 0;
	for (int i = 0; i < ARCH_REGS; i++) {
		unw_word_t value;
		if ((keep & 1u << i) != 0 && unw_get_reg(c, i, &value) == 0) {
			w->regs.r[i] = value;
			w->regs.valid |= 1u << i;
		}
	}
	w->exact = signal;
}

enum unwind_end fallback_step(struct fallback *f, struct walk *w, bool *root)
{
	unw_cursor_t c;
	uint64_t sp = w->regs.r[ARCH_SP];
	f->walk = w;
	f->pc = w->regs.r[ARCH_PC] - !w->exact;
	unw_flush_cache(f->as, 0, 0);
	if (unw_init_remote(&c, f->as, f) != 0)
		return UNWIND_NO_INFO;
	f->missed = UNWIND_BAD;
	int rc = unw_step(&c);
	if (rc < 0)
		return f->missed;
	*root = rc == 0;
	if (*root)
		return UNWIND_ROOT;
	bool leaf = w->exact;
	take_regs(&c, w);
	w->exact = false;
	/* Only a leaf may have taken its return address off the stack, as vfork does. */
	return w->regs.r[ARCH_SP] > sp || (leaf && w->regs.r[ARCH_SP] == sp) ? UNWIND_ROOT
	                                                                     : UNWIND_BAD;
}

void fallback_stack(struct fallback *f, struct walk *w, struct frame_addr *frames, size_t cap,
                    struct unwind_result *out)
{
	unw_cursor_t c;
	f->walk = w;
	f->pc = w->regs.r[ARCH_PC];
	if (!f->keep)
		unw_flush_cache(f->as, 0, 0);
	out->end = UNWIND_NO_INFO;
	if (unw_init_remote(&c, f->as, f) != 0)
		return;
	bool exact = true;
	for (;;) {
		unw_word_t pc = 0;
		unw_get_reg(&c, UNW_REG_IP, &pc);
		if (pc == 0) {
			out->end = UNWIND_ROOT;
			return;
		}
		if (out->count == cap) {
			out->end = UNWIND_TOO_DEEP;
			return;
		}
		struct place p;
		walk_place(w, pc, &p);
		frames[out->count++] = (struct frame_addr){
		        pc, p.vaddr, p.image->id, exact ? FRAME_IP : FRAME_RETURN, UNWIND_WAYS};
		exact = unw_is_signal_frame(&c) > 0;
		int rc = unw_step(&c);
		if (rc <= 0) {
			out->end = rc == 0 ? UNWIND_ROOT : UNWIND_NO_INFO;
			return;
		}
		out->steps[UNWIND_BY_LIBUNWIND]++;
	}
}
