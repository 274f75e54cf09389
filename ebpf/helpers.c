/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The built-in helper functions; see helpers.h. Printing is in print.c. */
#include "ebpf/helpers.h"

#include <inttypes.h>
#include <string.h>

#include "ebpf/helpers_linux.h"
#include "ebpf/library.h"
#include "ebpf/maps.h"
#include "ebpf/print.h"

enum {
    LARGE = 65536 /* bytes: a helper that works on more ends the slice, so that Ctrl-C works */
};

#define HELPER(name) static EBPF_HELPER_FUNCTION(name)

void ebpf_worked(struct ebpf_machine *m, uint64_t bytes)
{
    m->attention |= bytes > LARGE;
}

uint8_t *ebpf_reach(struct ebpf_machine *m, uint64_t address, uint64_t size, bool write,
                    enum ebpf_stop *stop)
{
    static uint8_t nothing[1];
    if (size == 0)
        return nothing;
    uint8_t *host = ebpf_memory_access(&m->memory, address, size, write);
    ebpf_worked(m, size);
    if (host == NULL) {
        char reason[EBPF_REASON];
        ebpf_machine_reason(m, address, size, write, reason);
        *stop = ebpf_fault_at(m, EBPF_ACCESS, address,
                              "helper: %s %" PRIu64 " bytes at 0x%" PRIx64 ": %s",
                              write ? "write" : "read", size, address, reason);
    }
    return host;
}

HELPER(copy)
{
    enum ebpf_stop stop = EBPF_RUNNING;
    const uint8_t *src = ebpf_reach(m, arg[1], arg[2], false, &stop);
    uint8_t *dst = src == NULL ? NULL : ebpf_reach(m, arg[0], arg[2], true, &stop);
    if (dst != NULL)
        memmove(dst, src, (size_t)arg[2]);
    *result = arg[0];
    return stop;
}

HELPER(set)
{
    enum ebpf_stop stop = EBPF_RUNNING;
    uint8_t *dst = ebpf_reach(m, arg[0], arg[2], true, &stop);
    if (dst != NULL)
        memset(dst, (int)(arg[1] & 0xff), (size_t)arg[2]);
    *result = arg[0];
    return stop;
}

HELPER(compare)
{
    enum ebpf_stop stop = EBPF_RUNNING;
    const uint8_t *a = ebpf_reach(m, arg[0], arg[2], false, &stop);
    const uint8_t *b = a == NULL ? NULL : ebpf_reach(m, arg[1], arg[2], false, &stop);
    if (b != NULL) {
        int order = memcmp(a, b, (size_t)arg[2]);
        *result = order < 0 ? UINT64_MAX : order > 0;
    }
    return stop;
}

EBPF_HELPER_FUNCTION(ebpf_constant)
{
    *result = self->value;
    return EBPF_RUNNING;
}

const struct ebpf_helper ebpf_helpers[] = {
    {1, "bpf_map_lookup_elem", "map, key", ebpf_map_lookup_helper, 0},
    {2, "bpf_map_update_elem", "map, key, value, flags", ebpf_map_update_helper, 0},
    {3, "bpf_map_delete_elem", "map, key", ebpf_map_delete_helper, 0},
    {4, "bpf_probe_read", "dst, size, src", ebpf_probe_read, 0},
    {5, "bpf_ktime_get_ns", "", ebpf_time, 1},
    {6, "bpf_trace_printk", "format, size, a, b, c", ebpf_print_format, 0},
    {7, "bpf_get_prandom_u32", "", ebpf_random, 0},
    {8, "bpf_get_smp_processor_id", "", ebpf_constant, 0},
    {9, "bpf_skb_store_bytes", "context, offset, from, size, flags", ebpf_store_bytes, 0},
    {10, "bpf_l3_csum_replace", "context, offset, from, to, size", ebpf_constant, 0},
    {11, "bpf_l4_csum_replace", "context, offset, from, to, flags", ebpf_constant, 0},
    {12, "bpf_tail_call", "context, map, index", ebpf_tail_call, 0},
    {14, "bpf_get_current_pid_tgid", "", ebpf_constant, UINT64_C(1) << 32 | 1},
    {15, "bpf_get_current_uid_gid", "", ebpf_constant, 0},
    {16, "bpf_get_current_comm", "buffer, size", ebpf_current_comm, 0},
    {23, "bpf_redirect", "interface, flags", ebpf_redirect, 0},
    {25, "bpf_perf_event_output", "context, map, flags, data, size", ebpf_perf_event_output, 0},
    {26, "bpf_skb_load_bytes", "context, offset, to, size", ebpf_load_bytes, 0},
    {27, "bpf_get_stackid", "context, map, flags", ebpf_constant, (uint64_t)EBPF_EFAULT},
    {28, "bpf_csum_diff", "from, size, to, size, seed", ebpf_csum_diff, 0},
    {34, "bpf_get_hash_recalc", "context", ebpf_constant, 0},
    {35, "bpf_get_current_task", "", ebpf_constant, 0},
    {39, "bpf_skb_pull_data", "context, size", ebpf_constant, 0},
    {40, "bpf_csum_update", "context, sum", ebpf_constant, 0},
    {41, "bpf_set_hash_invalid", "context", ebpf_constant, 0},
    {42, "bpf_get_numa_node_id", "", ebpf_constant, 0},
    {44, "bpf_xdp_adjust_head", "context, distance", ebpf_adjust_packet, 0},
    {45, "bpf_probe_read_str", "dst, size, src", ebpf_probe_read_str, 0},
    {46, "bpf_get_socket_cookie", "context", ebpf_constant, 1},
    {47, "bpf_get_socket_uid", "context", ebpf_constant, 0},
    {51, "bpf_redirect_map", "map, key, flags", ebpf_redirect, 0},
    {65, "bpf_xdp_adjust_tail", "context, distance", ebpf_adjust_packet, 1},
    {67, "bpf_get_stack", "context, buffer, size, flags", ebpf_constant, (uint64_t)EBPF_EFAULT},
    {68, "bpf_skb_load_bytes_relative", "context, offset, to, size, start", ebpf_load_bytes, 0},
    {80, "bpf_get_current_cgroup_id", "", ebpf_constant, 1},
    {87, "bpf_map_push_elem", "map, value, flags", ebpf_map_push_helper, 0},
    {88, "bpf_map_pop_elem", "map, value", ebpf_map_pop_helper, 1},
    {89, "bpf_map_peek_elem", "map, value", ebpf_map_pop_helper, 0},
    {93, "bpf_spin_lock", "lock", ebpf_constant, 0},
    {94, "bpf_spin_unlock", "lock", ebpf_constant, 0},
    {112, "bpf_probe_read_user", "dst, size, src", ebpf_probe_read, 0},
    {113, "bpf_probe_read_kernel", "dst, size, src", ebpf_probe_read, 0},
    {114, "bpf_probe_read_user_str", "dst, size, src", ebpf_probe_read_str, 0},
    {115, "bpf_probe_read_kernel_str", "dst, size, src", ebpf_probe_read_str, 0},
    {118, "bpf_jiffies64", "", ebpf_time, 4000000},
    {125, "bpf_ktime_get_boot_ns", "", ebpf_time, 1},
    {130, "bpf_ringbuf_output", "map, data, size, flags", ebpf_ringbuf_output, 0},
    {131, "bpf_ringbuf_reserve", "map, size, flags", ebpf_ringbuf_reserve, 0},
    {132, "bpf_ringbuf_submit", "record, flags", ebpf_ringbuf_commit, 1},
    {133, "bpf_ringbuf_discard", "record, flags", ebpf_ringbuf_commit, 0},
    {134, "bpf_ringbuf_query", "map, what", ebpf_ringbuf_query, 0},
    {153, "bpf_per_cpu_ptr", "pointer, cpu", ebpf_same_pointer, 0},
    {154, "bpf_this_cpu_ptr", "pointer", ebpf_same_pointer, 0},
    {158, "bpf_get_current_task_btf", "", ebpf_constant, 0},
    {160, "bpf_ktime_get_coarse_ns", "", ebpf_time, 1},
    {164, "bpf_for_each_map_elem", "map, function, context, flags", ebpf_loop_map, 0},
    {165, "bpf_snprintf", "to, size, format, data, size", ebpf_print_to, 0},
    {173, "bpf_get_func_ip", "context", ebpf_constant, 0},
    {174, "bpf_get_attach_cookie", "context", ebpf_constant, 0},
    {177, "bpf_trace_vprintk", "format, size, data, size", ebpf_print_data, 0},
    {181, "bpf_loop", "count, function, context, flags", ebpf_loop_count, 0},
    {182, "bpf_strncmp", "a, size, b", ebpf_compare_strings, 0},
    {195, "bpf_map_lookup_percpu_elem", "map, key, cpu", ebpf_map_lookup_helper, 0},
    {208, "bpf_ktime_get_tai_ns", "", ebpf_time, 1},
    {1000, "memcpy", "dst, src, size", copy, 0},
    {1001, "memmove", "dst, src, size", copy, 0},
    {1002, "memset", "dst, byte, size", set, 0},
    {1003, "memcmp", "a, b, size", compare, 0},
    {1004, "puts", "string", ebpf_print_string, 0},
    EBPF_LIBRARY,
};
const size_t ebpf_helper_count = sizeof ebpf_helpers / sizeof ebpf_helpers[0];

const struct ebpf_helper *ebpf_helper_by_id(const struct ebpf_helper *table, size_t count,
                                            uint32_t id)
{
    for (size_t i = 0; i < count; i++)
        if (table[i].id == id && id != 0)
            return &table[i];
    return NULL;
}

const struct ebpf_helper *ebpf_helper_by_name(const struct ebpf_helper *table, size_t count,
                                              const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (table[i].name != NULL && strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}
