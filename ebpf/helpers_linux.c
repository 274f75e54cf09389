/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Helpers of Linux that read memory, or facts of the machine; see helpers.h. */
#include "ebpf/helpers_linux.h"

#include <stdio.h>
#include <string.h>

#include "ebpf/maps.h"

/* bpf_probe_read: dst, size, src. Returns an error instead of a fault. */
EBPF_HELPER_FUNCTION(ebpf_probe_read)
{
    enum ebpf_stop stop = EBPF_RUNNING;
    uint8_t *dst = ebpf_reach(m, arg[0], arg[1], true, &stop);
    if (dst == NULL)
        return stop;
    const uint8_t *src = arg[1] == 0 ? dst : ebpf_memory_access(&m->memory, arg[2], arg[1], false);
    if (src == NULL)
        memset(dst, 0, (size_t)arg[1]);
    else
        memmove(dst, src, (size_t)arg[1]);
    *result = src == NULL ? (uint64_t)EBPF_EFAULT : 0;
    return stop;
}

/* The same for a string with its NUL; the result is the length with the NUL. */
EBPF_HELPER_FUNCTION(ebpf_probe_read_str)
{
    enum ebpf_stop stop = EBPF_RUNNING;
    uint8_t *dst = ebpf_reach(m, arg[0], arg[1], true, &stop);
    if (dst == NULL)
        return stop;
    *result = (uint64_t)EBPF_EFAULT;
    for (uint64_t i = 0; i < arg[1]; i++) {
        const uint8_t *src = ebpf_memory_access(&m->memory, arg[2] + i, 1, false);
        if (src == NULL)
            return stop;
        dst[i] = i + 1 == arg[1] ? 0 : *src;
        if (dst[i] == 0) {
            *result = i + 1;
            return stop;
        }
    }
    return stop;
}

/* splitmix64, for which every seed is good. */
EBPF_HELPER_FUNCTION(ebpf_random)
{
    uint64_t x = m->random += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    *result = (uint32_t)(x ^ x >> 31);
    return EBPF_RUNNING;
}

/* Linux's bpf_strncmp: s1, its size, s2. */
EBPF_HELPER_FUNCTION(ebpf_compare_strings)
{
    enum ebpf_stop stop = EBPF_RUNNING;
    for (uint64_t i = 0; i < arg[1]; i++) {
        const uint8_t *a = ebpf_reach(m, arg[0] + i, 1, false, &stop);
        const uint8_t *b = a == NULL ? NULL : ebpf_reach(m, arg[2] + i, 1, false, &stop);
        if (b == NULL)
            return stop;
        *result = *a < *b ? UINT64_MAX : *a > *b;
        ebpf_worked(m, i);
        if (*a != *b || *a == 0)
            break;
    }
    return stop;
}

/* Time in units of `value` ns: of the world, else 0. */
EBPF_HELPER_FUNCTION(ebpf_time)
{
    const struct ebpf_world *w = m->options.world;
    *result = (w != NULL && w->now != NULL ? w->now(w->context) : 0) / self->value;
    return EBPF_RUNNING;
}

/* bpf_get_current_comm: buffer, size. The process has the program's name. */
EBPF_HELPER_FUNCTION(ebpf_current_comm)
{
    enum ebpf_stop stop = EBPF_RUNNING;
    uint32_t size = (uint32_t)arg[1];
    uint8_t *to = ebpf_reach(m, arg[0], size, true, &stop);
    if (to != NULL && size != 0) {
        memset(to, 0, size);
        snprintf((char *)to, size < 16 ? size : 16, "%s", m->image->name);
    }
    *result = 0;
    return stop;
}

/* bpf_per_cpu_ptr and bpf_this_cpu_ptr: there is one CPU. */
EBPF_HELPER_FUNCTION(ebpf_same_pointer)
{
    *result = arg[0];
    return EBPF_RUNNING;
}
