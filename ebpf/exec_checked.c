/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The checked interpreter loop: before each instruction it checks the end of a step or of the
 * slice, breakpoints and watchpoints. It is used for steps, with watchpoints, and near the end of a
 * budget.
 */
#include "ebpf/exec.h"

static const void *const *loop_labels;

enum { CONTINUE = -1 };

static inline int check_stop(const struct ebpf_machine *m, const struct ebpf_op *ip, uint64_t low,
                             uint64_t high, uintptr_t limit)
{
    if (m->memory.hit != NULL)
        return EBPF_WATCHPOINT;
    /* A trampoline: the fault of the jump comes first. */
    if (ip->code == OP_OUTSIDE)
        return CONTINUE;
    if (address_of(m, ip) - low >= high - low)
        return EBPF_STEPPED;
    if ((uintptr_t)ip >= limit)
        return EBPF_RUNNING;
    if (ip < m->code + m->slots && m->breaks[ip - m->code] != 0)
        return EBPF_BREAKPOINT;
    return CONTINUE;
}

#define IS_read false
#define IS_write true
#define ACCESS(address, size, way) ebpf_memory_access(&m->memory, address, size, IS_##way)
#define LOOP_CHECK                                                                                 \
    do {                                                                                           \
        int result = check_stop(m, ip, low, high, limit);                                          \
        if (result != CONTINUE) {                                                                  \
            stop = (enum ebpf_stop)result;                                                         \
            goto out;                                                                              \
        }                                                                                          \
    } while (0)
#define GO(ip) (labels[(ip)->code])
#define LOOP                                                                                       \
    enum ebpf_stop ebpf_run_checked(struct ebpf_machine *m, uint64_t low, uint64_t high,           \
                                    uint64_t slice)

#include "ebpf/loop.h"
