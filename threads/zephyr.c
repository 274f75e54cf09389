/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Zephyr. With CONFIG_DEBUG_THREAD_INFO its image has a table of the offsets in its structures.
 * Sources: subsys/debug/thread_info.c (the table), include/zephyr/kernel_structs.h (state bits).
 */
#include "threads/engine.h"
#include "threads/frame_pieces.h"

enum { KERNEL, OFFSETS, SIZE_T, COUNT };

static const struct rtos_symbol symbols[] = {
    [KERNEL] = {"_kernel", SYMBOL_NEEDED},
    [OFFSETS] = {"_kernel_thread_info_offsets", SYMBOL_NEEDED},
    [SIZE_T] = {"_kernel_thread_info_size_t_size", SYMBOL_MAY},
    [COUNT] = {"_kernel_thread_info_num_offsets", SYMBOL_MAY},
    {NULL, SYMBOL_MAY},
};

/* Rows of the table. Offsets with in_arch are relative to the member `arch`, row 10. */
enum { ARCH = 10 };
static const struct {
    enum rtos_field_id id;
    uint8_t number; /* of the row */
    uint8_t size;
    bool in_arch;
} rows[] = {
    {KERNEL_CURRENT, 1, 0, false}, {KERNEL_THREADS, 2, 0, false}, {TCB_NEXT, 4, 0, false},
    {TCB_STATE, 5, 1, false},      {TCB_PRIORITY, 7, 1, false},   {TCB_SP, 8, 0, false},
    {TCB_NAME, 9, 32, false},      {TCB_FLOATS, 11, 64, true},    {TCB_EXC_RETURN, 13, 1, true},
};

/* _THREAD_DUMMY to _THREAD_QUEUED. Several bits may be set: the first in this list is shown. */
static const struct rtos_state states[] = {
    {0x08, "Dead"},    {0x20, "Aborting"}, {0x10, "Suspended"}, {0x40, "Suspending"},
    {0x02, "Pending"}, {0x04, "Sleeping"}, {0x01, "Dummy"},     {0x80, "Ready"},
};

/* Fields that are only in debug information. For the others the table is more reliable. */
static const struct rtos_field fields[] = {
    {TCB_STACK_LOW, "k_thread.stack_info", {-1, -1}, 0},
};

/* Reads the whole table in one request; newer kernels have more rows. */
static int read_offset_table(struct engine *e, uint64_t *table, uint64_t *n)
{
    unsigned word = e->arch->word;
    *n = 11;
    if (e->have[COUNT]) {
        int rc = memory_number(e->memory, e->symbols[COUNT].address, word, n);
        if (rc != 0)
            return rc;
    }
    *n = *n < 16 ? *n : 16;
    struct memory_range range = {e->symbols[OFFSETS].address, (size_t)*n * word};
    int rc = memory_prefetch(e->memory, &range, 1);
    for (uint64_t i = 0; rc == 0 && i < *n; i++)
        rc = memory_pointer(e->memory, e->symbols[OFFSETS].address + i * word, &table[i]);
    return rc;
}

static int zephyr_learn(struct engine *e)
{
    uint64_t table[16] = {0}, n = 0;
    int rc = read_offset_table(e, table, &n);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t offset = rows[i].number < n ? table[rows[i].number] : UINT64_MAX;
        uint64_t arch = n > ARCH ? table[ARCH] : UINT64_MAX;
        if (offset >= 0x4000 || (rows[i].in_arch && arch >= 0x4000))
            continue;
        layout_set(e, rows[i].id, offset + (rows[i].in_arch ? arch : 0), rows[i].size,
                   ORIGIN_TABLE);
    }
    return 0;
}

/* Saved contexts. Sources: arch/arm (swap_helper), arch/riscv (switch.S). On ARM, struct
 * _callee_saved of k_thread: r4 to r11, then the stack pointer. */
static const struct piece arm_m[] = {{PIECE_TCB_EXC_RETURN, 0, 0, ALWAYS, 0},
                                     {PIECE_AT_FLOATS, 0, 0, ALWAYS, 0},
                                     ARM_S16_TO_S31,
                                     {PIECE_AT_FIELD, 0, 8, ALWAYS, 0},
                                     ARM_R4_TO_R11,
                                     {PIECE_AT_SP, 0, 0, ALWAYS, 0},
                                     ARM_EXCEPTION_FRAME};

/* On RISC-V, struct _callee_saved: sp, ra, s0 to s11; the switch returns to ra. */
static const struct piece riscv[] = {{PIECE_AFTER_FIELD, 0, 0, ALWAYS, 0},
                                     {PIECE_REGS, RISCV_RA, 1, ALWAYS, 0},
                                     {PIECE_COPY, RISCV_PC, RISCV_RA, ALWAYS, 0},
                                     {PIECE_REGS, 8, 2, ALWAYS, 0},
                                     {PIECE_REGS, 18, 10, ALWAYS, 0},
                                     {PIECE_AT_SP, 0, 0, ALWAYS, 0},
                                     FRAME_END};

static const struct frame frame_arm_m = {"Cortex-M", ON_ARM, PROOF_ARM_M, arm_m, 0};
static const struct frame frame_riscv = {"RISC-V", ON_RISCV, 0, riscv, 0};

static const struct frame *const frames[] = {&frame_arm_m, &frame_riscv, NULL};

const struct rtos rtos_zephyr = {
    .name = "Zephyr",
    .symbols = symbols,
    .fields = fields,
    .n_fields = sizeof fields / sizeof fields[0],
    .frames = frames,
    .current = KERNEL,
    .current_is_member = true,
    .currents = NO_SYMBOL,
    .counter = NO_SYMBOL,
    .started = NO_SYMBOL,
    .count = NO_SYMBOL,
    .walk = WALK_CHAIN,
    .head = KERNEL,
    .states = states,
    .n_states = sizeof states / sizeof states[0],
    .states_are_bits = true,
    .at_rest = "Ready",
    .priority_is_signed = true, /* cooperative threads have priorities below 0 */
    .learn = zephyr_learn,
};
