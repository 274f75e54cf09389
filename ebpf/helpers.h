/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a program can call by number. The numbers, names and arguments of 1 to 7, 45 and 182 are
 * Linux's (linux/bpf.h, enum bpf_func_id); those from 1000 on are ours, for the C functions that
 * compilers call and programs like to have. The loader binds undefined functions by these names.
 */
#ifndef NETGDB_EBPF_HELPERS_H
#define NETGDB_EBPF_HELPERS_H

#include <stddef.h>
#include <stdint.h>

#include "ebpf/machine.h"

struct ebpf_helper {
    uint32_t id;
    const char *name;
    const char *arguments; /* for people */
    /*
     * Gets r1 to r5, sets *result (r0). Returns EBPF_RUNNING, or a fault made by ebpf_fault_at:
     * the machine then stands at the call, and r0 is as it was.
     */
    enum ebpf_stop (*call)(struct ebpf_machine *m, const uint64_t arg[5], uint64_t *result);
};

extern const struct ebpf_helper ebpf_helpers[];
extern const size_t ebpf_helper_count;

/* The entry of a number or a name in a table, or NULL. */
const struct ebpf_helper *ebpf_helper_by_id(const struct ebpf_helper *table, size_t count,
                                            uint32_t id);
const struct ebpf_helper *ebpf_helper_by_name(const struct ebpf_helper *table, size_t count,
                                              const char *name);

#endif
