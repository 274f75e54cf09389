/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes the shadow call stack; see frames.h. */
#include "ebpf/frames.h"

#include <string.h>

#include "ebpf/machine.h"

uint64_t ebpf_frame_base(const struct ebpf_machine *m, uint64_t pc, uint64_t r10)
{
    const struct ebpf_symbol *f = ebpf_image_function(m->image, pc);
    return f == NULL ? r10 : r10 - f->frame_size;
}

static void frames_put(uint8_t *record, unsigned offset, uint64_t value)
{
    memcpy(record + offset, &value, sizeof value);
}

uint64_t ebpf_shadow_at(const struct ebpf_machine *m)
{
    return EBPF_SHADOW_BASE + (uint64_t)EBPF_RECORD_SIZE * (m->depth_max - 1 - m->depth);
}

uint64_t ebpf_machine_shadow(struct ebpf_machine *m)
{
    const struct ebpf_region *r = ebpf_memory_find(&m->memory, EBPF_SHADOW_BASE);
    uint64_t at = EBPF_SHADOW_BASE + (uint64_t)EBPF_RECORD_SIZE * m->depth_max - EBPF_RECORD_SIZE;
    memset(r->host, 0, (size_t)r->size);
    frames_put(r->host + (at - r->base), EBPF_RECORD_LINK, at + EBPF_RECORD_SIZE);
    for (unsigned i = 0; i < m->depth; i++) {
        const struct ebpf_frame *f = &m->frames[i];
        uint64_t ret = m->text + (uint64_t)f->ret * BPF_INSN_SIZE;
        at -= EBPF_RECORD_SIZE;
        uint8_t *record = r->host + (at - r->base);
        frames_put(record, EBPF_RECORD_PC, ret);
        memcpy(record + EBPF_RECORD_R6, f->saved, sizeof f->saved);
        frames_put(record, EBPF_RECORD_LINK, at + EBPF_RECORD_SIZE);
        frames_put(record, EBPF_RECORD_BASE, ebpf_frame_base(m, ret - BPF_INSN_SIZE, f->saved[4]));
    }
    return at;
}
