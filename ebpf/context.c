/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a program gets in r1: the input itself, or a structure of Linux that describes it as a
 * packet (linux/bpf.h: struct xdp_md, struct __sk_buff). Their pointers to the packet have 32 bits,
 * as the machine's addresses.
 */
#include <string.h>

#include "ebpf/machine.h"
#include "proto/err.h"

/* Offsets of fields. */
enum {
    XDP_SIZE = 24,
    XDP_DATA = 0,
    XDP_DATA_END = 4,
    XDP_DATA_META = 8,
    XDP_IFINDEX = 12,
    SKB_SIZE = 192,
    SKB_LEN = 0,
    SKB_PROTOCOL = 16,
    SKB_INGRESS_IFINDEX = 36,
    SKB_IFINDEX = 40,
    SKB_DATA = 76,
    SKB_DATA_END = 80,
    SKB_DATA_META = 140,
    SKB_WIRE_LEN = 160
};

enum { ETHER_TYPE_AT = 12 /* in a frame; 2 bytes, as in the field `protocol` */ };

static uint8_t *context_host(const struct ebpf_machine *m)
{
    return ebpf_memory_find(&m->memory, EBPF_CONTEXT_BASE)->host;
}

static void set_field(struct ebpf_machine *m, unsigned offset, uint32_t value)
{
    memcpy(context_host(m) + offset, &value, sizeof value);
}

void ebpf_context_packet(struct ebpf_machine *m, uint64_t data, uint64_t end)
{
    bool xdp = m->options.context == EBPF_CONTEXT_XDP;
    m->packet_at = data;
    m->packet_end = end;
    set_field(m, xdp ? XDP_DATA : SKB_DATA, (uint32_t)data);
    set_field(m, xdp ? XDP_DATA_END : SKB_DATA_END, (uint32_t)end);
    set_field(m, xdp ? XDP_DATA_META : SKB_DATA_META, (uint32_t)data);
    if (!xdp)
        set_field(m, SKB_LEN, (uint32_t)(end - data));
}

static int set_up_structure(struct ebpf_machine *m)
{
    bool xdp = m->options.context == EBPF_CONTEXT_XDP;
    uint32_t type = 0;
    int rc = ebpf_map_region(m, "context", EBPF_CONTEXT_BASE, NULL, xdp ? XDP_SIZE : SKB_SIZE,
                             xdp ? EBPF_READ : EBPF_READ | EBPF_WRITE);
    if (rc != 0)
        return rc;
    ebpf_context_packet(m, EBPF_INPUT_BASE, EBPF_INPUT_BASE + m->input_size);
    if (m->input_size >= ETHER_TYPE_AT + 2)
        (void)ebpf_memory_peek(&m->memory, EBPF_INPUT_BASE + ETHER_TYPE_AT, &type, 2);
    if (xdp)
        set_field(m, XDP_IFINDEX, 1);
    else {
        set_field(m, SKB_PROTOCOL, type);
        set_field(m, SKB_INGRESS_IFINDEX, 1);
        set_field(m, SKB_IFINDEX, 1);
        set_field(m, SKB_WIRE_LEN, (uint32_t)m->input_size);
    }
    m->reg[1] = EBPF_CONTEXT_BASE;
    return 0;
}

int ebpf_context_set_up(struct ebpf_machine *m)
{
    const struct ebpf_options *o = &m->options;
    bool packet = o->context == EBPF_CONTEXT_XDP || o->context == EBPF_CONTEXT_SKB;
    m->input_size = o->input_size;
    if (o->input_size == 0 && o->context != EBPF_CONTEXT_NONE)
        m->input_size = packet ? EBPF_FRAME_BYTES : EBPF_RAW_SIZE;
    if (m->input_size == 0)
        return 0;
    int rc = ebpf_map_region(m, "input", EBPF_INPUT_BASE, o->input_size != 0 ? o->input : NULL,
                             m->input_size, EBPF_READ | EBPF_WRITE);
    if (rc != 0 || packet)
        return rc != 0 ? rc : set_up_structure(m);
    m->reg[1] = EBPF_INPUT_BASE;
    m->reg[2] = m->input_size;
    return 0;
}
