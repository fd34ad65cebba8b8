/* cfi_entry: CIEs and FDEs; see cfi_entry.h. */
#include "cfi_entry.h"

#include <dwarf.h>
#include <string.h>

enum { LETTERS_MOST = 16 };

bool cfi_entry_address(const struct cfi_bytes *s, struct bytes *b, uint8_t encoding, uint64_t *out)
{
	uint64_t here = s->vaddr + (uint64_t)(b->at - s->data);
	switch (encoding & 0x0f) {
	case DW_EH_PE_absptr:
	case DW_EH_PE_udata8:
	case DW_EH_PE_sdata8:
		*out = bytes_u64(b);
		break;
	case DW_EH_PE_udata4:
		*out = bytes_u32(b);
		break;
	case DW_EH_PE_sdata4:
		*out = (uint64_t)(int64_t)(int32_t)bytes_u32(b);
		break;
	case DW_EH_PE_udata2:
		*out = bytes_u16(b);
		break;
	case DW_EH_PE_sdata2:
		*out = (uint64_t)(int64_t)(int16_t)bytes_u16(b);
		break;
	case DW_EH_PE_uleb128:
		*out = bytes_uleb(b);
		break;
	case DW_EH_PE_sleb128:
		*out = (uint64_t)bytes_sleb(b);
		break;
	default:
		return false;
	}
	if ((encoding & 0x70) == DW_EH_PE_pcrel)
		*out += here;
	else if ((encoding & 0x70) != DW_EH_PE_absptr)
		return false;
	return !b->bad && (encoding & DW_EH_PE_indirect) == 0;
}

/* An entry's body behind its length and its id. */
struct entry {
	struct bytes body;
	size_t next; /* 0: none follows */
	bool is_cie;
	size_t cie_offset; /* of an FDE */
};

static bool is_cie_id(const struct cfi_bytes *s, uint64_t id, bool wide)
{
	if (s->section == CFI_EH_FRAME)
		return id == 0;
	return id == (wide ? UINT64_MAX : UINT32_MAX);
}

static bool read_entry(const struct cfi_bytes *s, size_t offset, struct entry *out)
{
	*out = (struct entry){0};
	if (offset >= s->len)
		return false;
	struct bytes b = bytes_of(s->data + offset, s->len - offset);
	uint64_t len = bytes_u32(&b);
	bool wide = len == UINT32_MAX;
	if (wide)
		len = bytes_u64(&b);
	if (b.bad || len == 0 || len > bytes_left(&b))
		return false;
	out->body = bytes_take(&b, len);
	out->next = bytes_left(&b) > 0 ? (size_t)(b.at - s->data) : 0;
	size_t id_at = (size_t)(out->body.at - s->data);
	bool wide_id = wide && s->section == CFI_DEBUG_FRAME;
	uint64_t id = wide_id ? bytes_u64(&out->body) : bytes_u32(&out->body);
	out->is_cie = is_cie_id(s, id, wide_id);
	out->cie_offset = (size_t)(s->section == CFI_EH_FRAME ? id_at - id : id);
	return !out->body.bad;
}

/* The augmentation data of a CIE, as its letters say. */
static bool read_augmentation(const struct cfi_bytes *s, struct bytes data, const char *letters,
                              struct cfi_cie *out)
{
	uint64_t ignored;
	for (; *letters != '\0'; letters++) {
		uint8_t encoding;
		switch (*letters) {
		case 'R':
			out->encoding = bytes_u8(&data);
			break;
		case 'L':
			bytes_u8(&data);
			break;
		case 'P':
			encoding = bytes_u8(&data) & (uint8_t)~DW_EH_PE_indirect;
			if (!cfi_entry_address(s, &data, encoding, &ignored))
				return false;
			break;
		case 'S':
			out->signal = true;
			break;
		default:
			break; /* without data, or the last that we would understand */
		}
	}
	return !data.bad;
}

static bool read_cie(const struct cfi_bytes *s, size_t offset, struct cfi_cie *out)
{
	struct entry e;
	*out = (struct cfi_cie){.encoding = DW_EH_PE_absptr};
	if (!read_entry(s, offset, &e) || !e.is_cie)
		return false;
	struct bytes *b = &e.body;
	uint8_t version = bytes_u8(b);
	/* Read for each FDE: no producer has a long one. */
	size_t most = bytes_left(b) < LETTERS_MOST ? bytes_left(b) : LETTERS_MOST;
	if (most == 0 || memchr(b->at, '\0', most) == NULL)
		return false;
	const char *letters = bytes_str(b);
	if (version != 1 && version != 3 && version != 4)
		return false;
	if (version == 4 && (bytes_u8(b) != 8 || bytes_u8(b) != 0))
		return false; /* addresses of another size, or segments */
	if (strcmp(letters, "eh") == 0)
		bytes_u64(b);
	else if (letters[0] != '\0' && letters[0] != 'z')
		return false;
	out->code_align = bytes_uleb(b);
	out->data_align = bytes_sleb(b);
	out->ra = version == 1 ? bytes_u8(b) : (uint32_t)bytes_uleb(b);
	out->sized = letters[0] == 'z';
	if (out->sized && !read_augmentation(s, bytes_take(b, bytes_uleb(b)), letters + 1, out))
		return false;
	out->program = *b;
	return !b->bad && out->ra < CFI_REGS;
}

bool cfi_entry_fde(const struct cfi_bytes *s, size_t offset, struct cfi_fde *out, size_t *next)
{
	struct entry e;
	bool ok = read_entry(s, offset, &e);
	*next = e.next;
	if (!ok || e.is_cie || !read_cie(s, e.cie_offset, &out->cie))
		return false;
	uint8_t encoding = out->cie.encoding;
	if (!cfi_entry_address(s, &e.body, encoding, &out->start) ||
	    !cfi_entry_address(s, &e.body, encoding & 0x0f, &out->size))
		return false;
	if (out->cie.sized)
		bytes_take(&e.body, bytes_uleb(&e.body));
	out->program = e.body;
	return !e.body.bad;
}
