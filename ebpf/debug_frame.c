/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes .debug_frame, by which debuggers unwind the shadow call stack (frames.h). */
#include "ebpf/frames.h"
#include "ebpf/linker.h"
#include "ebpf/machine.h"

/* DWARF 5, section 7.24. */
enum { CFA_NOP = 0, CFA_UNDEFINED = 7, CFA_DEF_CFA = 0x0c, CFA_OFFSET = 0x80 };

static void add_uleb(struct buf *b, uint64_t value)
{
    do {
        (void)buf_addc(b, (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0)));
        value >>= 7;
    } while (value != 0);
}

/* Appends a rule: the caller's `reg` is saved at `offset` in the record. */
static void add_saved(struct buf *b, unsigned reg, unsigned offset)
{
    (void)buf_addc(b, (uint8_t)(CFA_OFFSET | reg));
    add_uleb(b, (EBPF_RECORD_SIZE - offset) / 8);
}

static void add_cie(struct buf *b)
{
    static const uint8_t head[] = {0xff,
                                   0xff,
                                   0xff,
                                   0xff,
                                   1 /* version */,
                                   0 /* augmentation */,
                                   8 /* code */,
                                   0x78 /* data: -8 */,
                                   EBPF_DWARF_X30 /* return */};
    (void)buf_add(b, head, sizeof head);
    (void)buf_addc(b, CFA_DEF_CFA);
    add_uleb(b, EBPF_DWARF_X29);
    add_uleb(b, EBPF_RECORD_SIZE);
    for (unsigned r = 0; r < 6; r++) {
        (void)buf_addc(b, CFA_UNDEFINED);
        add_uleb(b, r);
    }
    for (unsigned r = 6; r <= 10; r++)
        add_saved(b, r, EBPF_RECORD_R6 + 8 * (r - 6));
    add_saved(b, EBPF_DWARF_BASE, EBPF_RECORD_BASE);
    add_saved(b, EBPF_DWARF_X29, EBPF_RECORD_LINK);
    add_saved(b, EBPF_DWARF_X30, EBPF_RECORD_PC);
    add_saved(b, EBPF_DWARF_SP, EBPF_RECORD_R10);
}

/* Pads an entry and writes its length field. */
static void finish_entry(struct buf *out, struct buf *entry)
{
    while ((entry->len + 4) % 8 != 0 && entry->error == 0)
        (void)buf_addc(entry, CFA_NOP);
    uint32_t length = (uint32_t)entry->len;
    (void)buf_add(out, &length, sizeof length);
    (void)buf_add(out, entry->data, entry->len);
    buf_reset(entry);
}

int link_debug_frame(const struct linker *l, struct buf *out)
{
    const struct ebpf_image *image = l->image;
    uint64_t start = image->code_at - image->bias;
    struct buf entry;
    uint32_t cie = 0;
    buf_init(&entry, 1024);
    add_cie(&entry);
    finish_entry(out, &entry);
    (void)buf_add(&entry, &cie, sizeof cie);
    (void)buf_add(&entry, &start, sizeof start);
    (void)buf_add(&entry, &image->code_size, sizeof image->code_size);
    finish_entry(out, &entry);
    int rc = entry.error != 0 ? entry.error : out->error;
    buf_free(&entry);
    return rc;
}
