/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The helpers that use a packet: the input, by a context of xdp or skb; see helpers.h. */
#include "ebpf/helpers_linux.h"

#include <string.h>

#include "ebpf/maps.h"

/* The bytes of the packet at an offset; NULL: not inside. */
static uint8_t *packet_at(struct ebpf_machine *m, uint64_t offset, uint64_t size, bool write)
{
    uint32_t at = (uint32_t)offset;
    if (at > m->input_size || size > m->input_size - at)
        return NULL;
    return ebpf_memory_access(&m->memory, EBPF_INPUT_BASE + at, size, write);
}

/* bpf_skb_load_bytes: context, offset, to, size. */
EBPF_HELPER_FUNCTION(ebpf_load_bytes)
{
    enum ebpf_stop stop = EBPF_RUNNING;
    uint32_t size = (uint32_t)arg[3];
    uint8_t *to = ebpf_reach(m, arg[2], size, true, &stop);
    if (to == NULL)
        return stop;
    const uint8_t *from = packet_at(m, arg[1], size, false);
    if (from != NULL)
        memmove(to, from, size);
    else
        memset(to, 0, size);
    *result = from != NULL ? 0 : (uint64_t)(int64_t)EBPF_EFAULT;
    return stop;
}

/* bpf_skb_store_bytes: context, offset, from, size, flags. */
EBPF_HELPER_FUNCTION(ebpf_store_bytes)
{
    enum ebpf_stop stop = EBPF_RUNNING;
    uint32_t size = (uint32_t)arg[3];
    const uint8_t *from = ebpf_reach(m, arg[2], size, false, &stop);
    if (from == NULL)
        return stop;
    uint8_t *to = packet_at(m, arg[1], size, true);
    if (to != NULL)
        memmove(to, from, size);
    *result = to != NULL ? 0 : (uint64_t)(int64_t)EBPF_EFAULT;
    return stop;
}

/*
 * bpf_xdp_adjust_head (value 0) and _tail (1): context, distance. The packet can only become
 * smaller, and keeps the header of a frame, 14 bytes.
 */
EBPF_HELPER_FUNCTION(ebpf_adjust_packet)
{
    uint64_t by = (uint64_t)(int64_t)(int32_t)arg[1];
    uint64_t data = m->packet_at + (self->value == 0 ? by : 0);
    uint64_t end = m->packet_end + (self->value == 0 ? 0 : by);
    bool inside = data >= EBPF_INPUT_BASE && end <= EBPF_INPUT_BASE + m->input_size &&
                  data + 14 <= end && m->options.context == EBPF_CONTEXT_XDP;
    if (inside)
        ebpf_context_packet(m, data, end);
    *result = inside ? 0 : (uint64_t)(int64_t)EBPF_EINVAL;
    return EBPF_RUNNING;
}

/* The sum of 32-bit words in ones' complement, as 32 bits. */
static uint64_t add_words(uint64_t sum, const uint8_t *p, uint64_t size, bool negated)
{
    for (uint64_t i = 0; i + 4 <= size; i += 4) {
        uint32_t word;
        memcpy(&word, p + i, sizeof word);
        sum += negated ? ~word : word;
        sum = (sum & UINT32_MAX) + (sum >> 32);
    }
    return sum;
}

/* bpf_csum_diff: from, its size, to, its size, seed. */
EBPF_HELPER_FUNCTION(ebpf_csum_diff)
{
    enum ebpf_stop stop = EBPF_RUNNING;
    uint32_t from_size = (uint32_t)arg[1], to_size = (uint32_t)arg[3];
    const uint8_t *from = ebpf_reach(m, arg[0], from_size, false, &stop);
    const uint8_t *to = from == NULL ? NULL : ebpf_reach(m, arg[2], to_size, false, &stop);
    if (to != NULL)
        *result = add_words(add_words((uint32_t)arg[4], from, from_size, true), to, to_size, false);
    return stop;
}

/* bpf_redirect and the like: the program's result for it. */
EBPF_HELPER_FUNCTION(ebpf_redirect)
{
    *result = m->options.context == EBPF_CONTEXT_SKB ? 7 : 4; /* TC_ACT_REDIRECT, XDP_REDIRECT */
    return EBPF_RUNNING;
}
