/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz target: any bytes as a program, in the machine and in the reference interpreter. The first
 * byte selects the way (tests/ebpf/compare.h); the program's input and the code follow.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/ebpf/compare.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 + COMPARE_INPUT + 8)
        return 0;
    size_t slots = (size - 1 - COMPARE_INPUT) / 8;
    if (slots > COMPARE_SLOTS_MAX)
        return 0;
    const char *wrong = compare_run(data + 1 + COMPARE_INPUT, slots, data + 1,
                                    (enum compare_way)(data[0] % COMPARE_WAYS));
    if (wrong != NULL) {
        fprintf(stderr, "not so: %s\n", wrong);
        abort();
    }
    return 0;
}
