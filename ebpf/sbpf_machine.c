/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a machine has for an sBPF program: versions, hashes, memory, registers; see sbpf.h. */
#include "ebpf/sbpf.h"

#include <string.h>

#include "proto/err.h"

const struct sbpf *sbpf_version(uint32_t version, bool machine)
{
    static const struct sbpf versions[SBPF_VERSIONS + 1] = {
        {.version = 0, .gaps = true},
        {.version = 1, .dynamic = true},
        {.version = 2, .dynamic = true, .pqr = true},
        {.version = 3, .strict = true, .jmp32 = true},
        {.version = 3, .strict = true, .dynamic = true, .pqr = true, .markers = true},
    };
    if (version >= SBPF_VERSIONS)
        return NULL;
    return &versions[version == 3 && machine ? SBPF_VERSIONS : version];
}

static uint32_t rotate_left(uint32_t x, int bits)
{
    return x << bits | x >> (32 - bits);
}

static uint32_t scramble(uint32_t word)
{
    return rotate_left(word * 0xcc9e2d51, 15) * 0x1b873593;
}

/* MurmurHash3_x86_32 (Austin Appleby, public domain), seed 0. */
uint32_t sbpf_hash(const char *name, size_t len)
{
    uint32_t hash = 0, word = 0;
    for (size_t i = 0; i < len; i++) {
        word |= (uint32_t)(uint8_t)name[i] << 8 * (i % 4);
        if (i % 4 != 3)
            continue;
        hash = rotate_left(hash ^ scramble(word), 13) * 5 + 0xe6546b64;
        word = 0;
    }
    hash ^= scramble(word);
    hash ^= (uint32_t)len;
    hash = (hash ^ hash >> 16) * 0x85ebca6b;
    hash = (hash ^ hash >> 13) * 0xc2b2ae35;
    return hash ^ hash >> 16;
}

/*
 * Version 0 and 3 use a fixed frame for each call, upwards; r10 is its end. In version 0 each frame
 * is followed by a gap of the same size. In versions 1 and 2 r10 starts at the end of the stack.
 */
static int set_up_stack(struct ebpf_machine *m, const struct sbpf *v)
{
    uint64_t frame = m->frame_size, size = frame * m->depth_max;
    int rc = ebpf_map_region(m, "stack", SBPF_STACK, NULL, v->gaps ? 2 * size - frame : size,
                             EBPF_READ | EBPF_WRITE | (v->gaps ? EBPF_VALUES : 0U));
    if (rc != 0)
        return rc;
    struct ebpf_region *r = ebpf_memory_find(&m->memory, SBPF_STACK);
    r->stride = 2 * m->frame_size;
    r->value = m->frame_size;
    m->frame_step = v->dynamic ? 0 : v->gaps ? 2 * frame : frame;
    m->reg[10] = SBPF_STACK + (v->dynamic ? size : frame);
    return 0;
}

int sbpf_set_up(struct ebpf_machine *m)
{
    const struct ebpf_options *o = &m->options;
    if (o->context == EBPF_CONTEXT_XDP || o->context == EBPF_CONTEXT_SKB)
        return ebpf_machine_error(m, NETGDB_PROTO,
                                  "a program for Solana gets its input in r1, no packet of Linux: "
                                  "use it without --context");
    int rc = set_up_stack(m, m->image->sbpf);
    if (rc == 0)
        rc = ebpf_map_region(m, "heap", SBPF_HEAP, NULL, SBPF_HEAP_SIZE, EBPF_READ | EBPF_WRITE);
    m->input_size = o->input_size != 0 ? o->input_size : SBPF_EMPTY_INPUT;
    if (rc == 0)
        rc = ebpf_map_region(m, "input", SBPF_INPUT, o->input_size != 0 ? o->input : NULL,
                             m->input_size, EBPF_READ | EBPF_WRITE);
    m->reg[1] = SBPF_INPUT;
    m->reg[2] = m->input_size;
    return rc;
}
