/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs a program in the machine and in the reference interpreter, and compares the results. */
#ifndef NETGDB_TESTS_EBPF_COMPARE_H
#define NETGDB_TESTS_EBPF_COMPARE_H

#include <stddef.h>
#include <stdint.h>

enum { COMPARE_SLOTS_MAX = 512, COMPARE_INPUT = 96, COMPARE_LIMIT = 3000 };

/* Ways to run the machine; all must end in the same state. */
enum compare_way {
    COMPARE_UNCHECKED,   /* in slices of odd lengths */
    COMPARE_STEPS,       /* one instruction at a time */
    COMPARE_BREAKPOINTS, /* with a breakpoint on every third slot */
    COMPARE_WATCHED,     /* with a watchpoint in the stack */
    COMPARE_WAYS
};

/* Returns NULL if machine and reference agree, else a text in a static buffer: the difference. */
const char *compare_run(const uint8_t *code, size_t slots, const uint8_t *input,
                        enum compare_way way);

#endif
