/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The interpreter that asks before each instruction: is the step done, the slice used up to the
 * last instruction, is there a breakpoint, was a watchpoint touched? For steps, for watchpoints,
 * and for the end of a budget.
 */
#include "ebpf/exec.h"

static const void *const *loop_labels;

enum { GO_ON = -1 };

static inline int question(const struct ebpf_machine *m, const struct ebpf_op *ip, uint64_t low,
                           uint64_t high, uintptr_t limit)
{
    if (m->memory.hit != NULL)
        return EBPF_WATCHPOINT;
    if (ip->code == OP_OUTSIDE)
        return GO_ON; /* the jump before it is still to be answered for */
    if (address_of(m, ip) - low >= high - low)
        return EBPF_STEPPED;
    if ((uintptr_t)ip >= limit)
        return EBPF_RUNNING;
    if (ip < m->code + m->slots && m->breaks[ip - m->code] != 0)
        return EBPF_BREAKPOINT;
    return GO_ON;
}

#define IS_read false
#define IS_write true
#define ACCESS(address, size, way) ebpf_memory_access(&m->memory, address, size, IS_##way)
#define LOOP_CHECK                                                                                 \
    do {                                                                                           \
        int answer = question(m, ip, low, high, limit);                                            \
        if (answer != GO_ON) {                                                                     \
            stop = (enum ebpf_stop)answer;                                                         \
            goto out;                                                                              \
        }                                                                                          \
    } while (0)
#define GO(ip) (labels[(ip)->code])
#define LOOP                                                                                       \
    enum ebpf_stop ebpf_careful(struct ebpf_machine *m, uint64_t low, uint64_t high, uint64_t slice)

#include "ebpf/loop.h"
