/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The unchecked interpreter loop: direct-threaded code without checks between two instructions. A
 * breakpoint is a separate op. exec_checked.c handles watchpoints and steps.
 */
#include "ebpf/exec.h"

/* Keeps GCC from merging the jumps at the ends of the ops, which would hurt branch prediction. */
#ifdef __clang__
#define THREADED
#else
#define THREADED __attribute__((optimize("no-gcse", "no-crossjumping")))
#endif

static const void *const *loop_labels;

static inline uint8_t *window_access(struct ebpf_machine *m, const struct ebpf_window *windows,
                                     uint64_t address, uint64_t size, bool write)
{
    const struct ebpf_window *w = &windows[address >> EBPF_WINDOW_SHIFT & (EBPF_WINDOWS - 1)];
    uint64_t at = address - w->base;
    if (__builtin_expect(at <= w->size - size, 1))
        return w->host + at;
    return ebpf_memory_access(&m->memory, address, size, write);
}

#define IS_read false
#define IS_write true
#define ACCESS(address, size, way) window_access(m, m->memory.way, address, size, IS_##way)
#define LOOP_CHECK                                                                                 \
    do {                                                                                           \
    } while (0)
#define GO(ip) ((ip)->go)
#define LOOP THREADED enum ebpf_stop ebpf_run_unchecked(struct ebpf_machine *m, uint64_t slice)

#include "ebpf/loop.h"

const void *const *ebpf_op_labels(void)
{
    if (loop_labels == NULL)
        (void)ebpf_run_unchecked(NULL, 0);
    return loop_labels;
}
